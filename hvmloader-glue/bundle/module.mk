# Builds hvmassist-bundle, with both blobs in it. Not here: the blobs (firmware), the tests (tests/glue).
# SPDX-License-Identifier: GPL-2.0-only

# The MiB that hvmloader of Xen 4 leaves to the guest.
BUNDLE_HIGH_BASE := 0xFE700000

bundle_dir := hvmloader-glue/bundle
bundle_out := build/bundle
bundle_blob3 := build/firmware/hvmassist.bin
bundle_blob4 := build/firmware/hvmassist-at-$(BUNDLE_HIGH_BASE).bin

bundle_flags := -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror -Iinclude -I$(bundle_dir) -MMD -MP \
	$(CPPFLAGS) $(CFLAGS)
# A stub runs anywhere, before anything else does.
bundle_stub_flags := -m32 -march=i686 -Os -std=gnu11 -Wall -Wextra -Wconversion -Werror -ffreestanding -fpic \
	-fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables -fno-jump-tables \
	-mgeneral-regs-only -mregparm=3 -D__XEN_TOOLS__ -Iinclude -I$(bundle_dir) -MMD -MP

# All but main.c: the tests link these.
BUNDLE_SOURCES := $(filter-out $(bundle_dir)/main.c $(bundle_dir)/stub%.c,$(wildcard $(bundle_dir)/*.c))
BUNDLE_OBJECTS := $(patsubst $(bundle_dir)/%.c,$(bundle_out)/%.o,$(BUNDLE_SOURCES)) $(bundle_out)/embedded.o

.PHONY: bundle
all: bundle
bundle: $(bundle_out)/hvmassist-bundle

$(bundle_out)/hvmassist-bundle: $(bundle_out)/main.o $(BUNDLE_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lelf

$(bundle_out)/%.o: $(bundle_dir)/%.c
	@mkdir -p $(@D)
	$(CC) $(bundle_flags) -c $< -o $@

$(bundle_out)/stub3.o $(bundle_out)/stub4_entry.o: $(bundle_out)/%.o: $(bundle_dir)/%.S
	@mkdir -p $(@D)
	$(CC) $(bundle_stub_flags) -c $< -o $@

$(bundle_out)/stub4.o: $(bundle_dir)/stub4.c
	@mkdir -p $(@D)
	$(CC) $(bundle_stub_flags) -c $< -o $@

$(bundle_out)/stub3.elf: $(bundle_out)/stub3.o
$(bundle_out)/stub4.elf: $(bundle_out)/stub4_entry.o $(bundle_out)/stub4.o
$(bundle_out)/stub%.elf: $(bundle_dir)/stub.lds
	$(LD) -m elf_i386 -z noexecstack -T $< -e 0 -o $@ $(filter %.o,$^)

$(bundle_out)/stub%.bin: $(bundle_out)/stub%.elf
	objcopy -O binary -j .text $< $@

$(bundle_out)/embedded.o: $(bundle_dir)/embedded.S $(bundle_out)/stub3.bin $(bundle_out)/stub4.bin $(bundle_blob3) $(bundle_blob4)
	$(CC) -c $< -o $@ -DSTUB3='"$(bundle_out)/stub3.bin"' -DSTUB4='"$(bundle_out)/stub4.bin"' \
		-DBLOB3='"$(bundle_blob3)"' -DBLOB4='"$(bundle_blob4)"'

-include $(wildcard $(bundle_out)/*.d)
