# Speed: `make bench` (against other interpreters), `make bench-count` (host instructions for a guest
# instruction), `make bench-profile WORKLOAD=alu`, `make bench-boot` (machine instructions of a boot),
# `make bench-readme` (the last result into README.md).
# Not here: the scripts' contents (this folder).
# SPDX-License-Identifier: GPL-2.0-only

bench_dir := tests/bench
bench_out := build/bench
bench_assembled := alu unreal copy strings calls io
bench_workloads := $(bench_assembled) ckern ckern4k
bench_includes := $(bench_dir)/workloads/workload.inc

BENCH_COUNT_PACKAGES := binutils gcc gcc-multilib python3 valgrind
BENCH_PACKAGES := $(BENCH_COUNT_PACKAGES) libunicorn-dev libx86emu-dev qemu-system-x86
BENCH_ROUNDS ?= 7

# Workloads, and media that bring one into a machine.
$(bench_out)/%.o: $(bench_dir)/workloads/%.s $(bench_includes)
	@mkdir -p $(@D)
	as --32 --fatal-warnings -I $(bench_dir)/workloads -o $@ $<

$(bench_out)/kernel.o: $(bench_dir)/workloads/ckern.c
	@mkdir -p $(@D)
	gcc -m16 -march=i386 -std=gnu11 -O2 -Wall -Wextra -Wconversion -Werror -ffreestanding \
		-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -c -o $@ $<

bench_link := ld -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $(bench_dir)/workloads/workload.ld
$(bench_assembled:%=$(bench_out)/%.elf): $(bench_out)/%.elf: $(bench_out)/%.o
	$(bench_link) --defsym data_alignment=4 -o $@ $(filter %.o,$^)
$(bench_out)/ckern.elf: $(bench_out)/ckern.o $(bench_out)/kernel.o
	$(bench_link) --defsym data_alignment=4 -o $@ $(filter %.o,$^)
$(bench_out)/ckern4k.elf: $(bench_out)/ckern.o $(bench_out)/kernel.o
	$(bench_link) --defsym data_alignment=4096 -o $@ $(filter %.o,$^)
$(bench_workloads:%=$(bench_out)/%.elf): $(bench_dir)/workloads/workload.ld

$(bench_out)/%.bin: $(bench_out)/%.elf
	objcopy -O binary -j .image $< $@

# $(call bench_medium,name)
define bench_medium
$(bench_out)/%.$(1): $(bench_dir)/workloads/$(1).s $(bench_out)/%.bin
	@mkdir -p $(bench_out)/$(1)-$$*
	cp $(bench_out)/$$*.bin $(bench_out)/$(1)-$$*/image.bin
	as --32 --fatal-warnings -I $(bench_out)/$(1)-$$* -o $(bench_out)/$(1)-$$*/medium.o $$<
	objcopy -O binary -j .text $(bench_out)/$(1)-$$*/medium.o $$@
endef
$(eval $(call bench_medium,rom))
$(eval $(call bench_medium,floppy))

# The blob's own interpreter, the very objects, with a platform built as the blob is; and hosted code
# that calls it. The blob's memory functions stay inside: a C library's have another convention.
bench_blob_parts = $(patsubst %.c,$(firmware_out)/$(1)/%.o,$(EMULATOR_SOURCES) $(firmware_dir)/string.c)

# $(call bench_blob,layout,folder of its objects)
define bench_blob
$(bench_out)/blob-$(1).o: $(call bench_blob_parts,$(2)) $(bench_out)/blob.o
	ld -m elf_i386 -r -o $$@ $$^
	objcopy --keep-global-symbol=blob_run $$@
$(bench_out)/blob-$(1): $(bench_out)/blob-$(1).o $(bench_out)/blob_host-32.o $(bench_out)/host-32.o
	gcc -m32 -no-pie -static -Wl,--gc-sections -Wl,-z,noexecstack -o $$@ $$^
endef
$(eval $(call bench_blob,low,plain))

$(bench_out)/blob.o: $(bench_dir)/blob.c
	@mkdir -p $(@D)
	$(CC) $(firmware_flags) $(call firmware_size,$<) -c -o $@ $<

bench_flags := -std=gnu11 -O2 -Wall -Wextra -Wconversion -Werror -fno-pie -MMD -MP
$(bench_out)/%-32.o: $(bench_dir)/%.c
	@mkdir -p $(@D)
	gcc -m32 $(bench_flags) -c -o $@ $<
$(bench_out)/%-64.o: $(bench_dir)/%.c
	@mkdir -p $(@D)
	gcc $(bench_flags) -c -o $@ $<

$(bench_out)/native: $(bench_out)/native-32.o $(bench_out)/host-32.o
	gcc -m32 -no-pie -static -Wl,-z,noexecstack -o $@ $(filter %.o,$^)
$(bench_out)/x86emu: $(bench_out)/x86emu-64.o $(bench_out)/host-64.o
	gcc -no-pie -o $@ $^ -lx86emu
$(bench_out)/unicorn: $(bench_out)/unicorn-64.o $(bench_out)/host-64.o
	gcc -no-pie -o $@ $^ -lunicorn

bench_images := $(bench_workloads:%=$(bench_out)/%.bin)
bench_media := $(foreach kind,rom floppy,$(bench_workloads:%=$(bench_out)/%.$(kind)))
bench_peers := $(addprefix $(bench_out)/,blob-low native x86emu unicorn)

.PHONY: bench bench-parts bench-readme bench-count bench-profile check-bench-count
bench-parts: $(bench_peers) $(bench_images) $(bench_media)
	@:

bench:
	@sh tests/run/install-packages.sh $(BENCH_PACKAGES)
	@$(MAKE) -s --no-print-directory bench-parts firmware
	@$(RUN_PYTHON) $(bench_dir)/bench.py --rounds $(BENCH_ROUNDS) $(if $(BOCHS),--bochs '$(BOCHS)')

bench-readme:
	@$(RUN_PYTHON) $(bench_dir)/readme.py

bench_counted := $(bench_out)/blob-low $(bench_images)

bench-count:
	@sh tests/run/install-packages.sh $(BENCH_COUNT_PACKAGES)
	@$(MAKE) -s --no-print-directory $(bench_counted)
	@$(RUN_PYTHON) $(bench_dir)/count.py $(if $(RECORD),--record)

bench-profile:
	@sh tests/run/install-packages.sh $(BENCH_COUNT_PACKAGES)
	@$(MAKE) -s --no-print-directory $(bench_counted)
	@$(RUN_PYTHON) $(bench_dir)/callgrind.py $(WORKLOAD)

CHECK_PACKAGES += $(BENCH_COUNT_PACKAGES)
CHECK_PARTS += $(bench_counted)
CHECK_TARGETS += check-bench-count
check-bench-count: $(bench_counted)
	@$(RUN_PYTHON) $(bench_dir)/count.py

# Boots. MEDIA names some of them only.
bench_boot_media := d02-grub-legacy.img d04-grub2.iso d06-isolinux.iso

.PHONY: bench-boot
bench-boot:
	@sh tests/run/install-packages.sh $(RUN_PACKAGES) $(BOOT_PACKAGES_ALL)
	@$(MAKE) -s --no-print-directory $(bench_boot_media:%=build/media/%) \
		build/testvisor/testvisor-3.2.rom build/testvisor/testvisor-3.2-profile.rom
	@$(RUN_PYTHON) $(bench_dir)/boot.py $(MEDIA)

-include $(wildcard $(bench_out)/*.d)
