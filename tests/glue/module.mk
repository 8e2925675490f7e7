# Tests of the glue that need no Xen: the bundler on stand-ins for hvmloaders, run in the interpreter,
# its command line, and its fuzzer. Not here: the glue itself, nor the tests on Xen (tests/xen).
# SPDX-License-Identifier: GPL-2.0-only

glue_dir := tests/glue
glue_out := build/tests/glue
glue_flags := -std=gnu11 -O1 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iemulator -I$(bundle_dir) \
	-Itests/unit -fsanitize=address,undefined -fno-sanitize-recover=all -DEMULATOR_TRACE -MMD -MP
# Not a multiple of anything, as the real ones.
GLUE_VMXASSIST_SIZE := 9220

glue_standin_flags := -m32 -march=i686 -std=gnu11 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables -I$(glue_out)/standin
glue_standin_link := -m32 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
	-Wl,-z,noexecstack -Wl,-z,norelro -Wl,-T,$(glue_dir)/standin/standin.lds
glue_standins3 := $(foreach level,O0 O2 Os,$(addprefix $(glue_out)/standin/xen3-$(level),.elf -own.elf))
glue_standins := $(glue_standins3) $(addprefix $(glue_out)/standin/,xen4.elf xen4-twice.elf)

glue_bundle_objects := $(patsubst %.c,$(glue_out)/%.o,$(BUNDLE_SOURCES)) $(bundle_out)/embedded.o
glue_machine_objects := $(addprefix $(glue_out)/tests/unit/,machine.o machine_tables.o port_strings.o) \
	$(patsubst %.c,$(glue_out)/%.o,$(wildcard emulator/*.c))

CHECK_UNITS += $(addprefix $(glue_out)/,bundle_test bundle_fuzz)
CHECK_TARGETS += check-bundle check-xen3-tree
CHECK_PACKAGES += libelf-dev

.PHONY: check-bundle
check-bundle: $(bundle_out)/hvmassist-bundle $(glue_standins) $(glue_out)/debian/root.list
	@sh $(glue_dir)/bundle_command.sh $< $(glue_out)/standin $(glue_out)/debian/root/usr/lib/xen-4.17/boot/hvmloader

# The real one, unpacked only.
$(glue_out)/debian/root.list: tests/xen/packages.sh
	sh $< $(@D) xen-utils-4.17

.PHONY: check-xen3-tree
check-xen3-tree: build/firmware/hvmassist.bin
	@sh $(glue_dir)/xen3_tree.sh $<

$(glue_out)/standin/vmxassist.bin: $(glue_dir)/standin/vmxassist.S
	@mkdir -p $(@D)
	$(CC) -m32 -DVMXASSIST_SIZE=$(GLUE_VMXASSIST_SIZE) -c $< -o $(@:.bin=.o)
	objcopy -O binary -j .text $(@:.bin=.o) $@

$(glue_out)/standin/roms.h: $(glue_out)/standin/vmxassist.bin
	{ echo 'static unsigned rombios[16384] = {1};'; echo 'static unsigned vmxassist[] = {'; \
		od -An -v -tx4 $< | sed 's/ \([0-9a-f]\{8\}\)/0x\1,/g'; echo '};'; } >$@

# $(call glue_standin3,name,flags)
define glue_standin3
$(glue_out)/standin/xen3-$(1).elf: $(glue_dir)/standin/hvmloader3.c $(glue_dir)/standin/start3.S $(glue_dir)/standin/memcpy.c \
		$(glue_dir)/standin/standin.lds $(glue_out)/standin/roms.h
	$$(CC) $(glue_standin_flags) $(2) $(glue_standin_link) $$(filter %.c %.S,$$^) -o $$@
endef
$(foreach level,O0 O2 Os,$(eval $(call glue_standin3,$(level),-$(level))))
$(foreach level,O0 O2 Os,$(eval $(call glue_standin3,$(level)-own,-$(level) -DOWN_MEMCPY)))

$(glue_out)/standin/xen4.elf $(glue_out)/standin/xen4-twice.elf: $(glue_dir)/standin/start4.S $(glue_dir)/standin/standin.lds
	@mkdir -p $(@D)
	$(CC) $(glue_standin_flags) $(if $(findstring twice,$@),-DTWICE) $(glue_standin_link) $< -o $@

$(glue_out)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(glue_flags) -c $< -o $@

$(glue_out)/bundle_test: $(glue_out)/$(glue_dir)/bundle_test.o $(glue_bundle_objects) $(glue_machine_objects) | $(glue_standins)
	gcc -fsanitize=address,undefined -o $@ $^ -lcmocka -lelf -lm

$(glue_out)/standin/xen4-bundled.elf: $(glue_out)/standin/xen4.elf $(bundle_out)/hvmassist-bundle
	$(bundle_out)/hvmassist-bundle $< $@

$(glue_out)/bundle_fuzz: $(glue_out)/$(glue_dir)/bundle_fuzz.o $(glue_bundle_objects) | $(glue_standins) $(glue_out)/standin/xen4-bundled.elf
	gcc -fsanitize=address,undefined -o $@ $^ -lcmocka -lelf

include $(wildcard $(glue_dir)/*/module.mk)
-include $(shell find $(glue_out) -type f -name '*.d' 2>/dev/null)
