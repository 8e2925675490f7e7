# Builds the testvisor and its ROMs, and runs its self-test in Bochs.
# Not here: the general Bochs runner, nor the blobs that the ROMs carry.
# SPDX-License-Identifier: GPL-2.0-only

# Machine memory in MiB, even, 32 to 1024. The guest sees 2 MiB less: the testvisor lives in the last
# but one MiB, the high-layout blob in the last.
TESTVISOR_MEMORY_MIB ?= 64

# 1: no Xen CPUID leaves, for guests that would take them as an invitation to hypercalls.
TESTVISOR_HIDES_XEN ?= 0

testvisor_dir := tests/testvisor
testvisor_out := build/testvisor
testvisor_bios := /usr/share/bochs/BIOS-bochs-legacy

testvisor_base := $(shell printf 0x%08X $$(( ($(TESTVISOR_MEMORY_MIB) - 2) << 20 )))
testvisor_high_base := $(shell printf 0x%08X $$(( ($(TESTVISOR_MEMORY_MIB) - 1) << 20 )))
testvisor_low_base := 0xD0000

testvisor_flags := -m32 -march=i686 -O2 -std=gnu11 -Wall -Wextra -Wconversion -Werror \
	-ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-mgeneral-regs-only -Iinclude -I$(testvisor_dir) -MMD -MP
testvisor_objects := $(patsubst $(testvisor_dir)/%.c,$(testvisor_out)/%.o,$(wildcard $(testvisor_dir)/*.c)) \
	$(testvisor_out)/start.o
testvisor_roms := $(addprefix $(testvisor_out)/testvisor-,3.2.rom 3.1.rom hypercall.rom)
testvisor_parameters := $(TESTVISOR_MEMORY_MIB) $(TESTVISOR_HIDES_XEN)

.PHONY: testvisor check-testvisor
all: testvisor
testvisor: $(testvisor_roms)

$(testvisor_out)/%.o: $(testvisor_dir)/%.c
	@mkdir -p $(@D)
	$(CC) $(testvisor_flags) -c $< -o $@

$(testvisor_out)/%.o: $(testvisor_dir)/%.S
	@mkdir -p $(@D)
	$(CC) $(testvisor_flags) -c $< -o $@

# Rewritten, and so newer than what depends on it, only when a parameter has changed.
$(testvisor_out)/parameters: testvisor_force
	@mkdir -p $(@D)
	@echo $(testvisor_parameters) | cmp -s - $@ || echo $(testvisor_parameters) > $@
.PHONY: testvisor_force

$(testvisor_out)/testvisor.elf: $(testvisor_objects) $(testvisor_dir)/testvisor.ld $(testvisor_out)/parameters
	@test $$(( $(TESTVISOR_MEMORY_MIB) % 2 )) -eq 0 -a $(TESTVISOR_MEMORY_MIB) -ge 32 \
		-a $(TESTVISOR_MEMORY_MIB) -le 1024 || \
		{ echo "TESTVISOR_MEMORY_MIB=$(TESTVISOR_MEMORY_MIB): must be even, 32 to 1024" >&2; exit 2; }
	$(LD) -m elf_i386 -Map=$(testvisor_out)/testvisor.map --defsym=TESTVISOR_BASE=$(testvisor_base) \
		-T $(testvisor_dir)/testvisor.ld $(testvisor_objects) -o $@

$(testvisor_out)/testvisor.bin: $(testvisor_out)/testvisor.elf
	objcopy -O binary $< $@

# $(call testvisor_rom,output,ABI number,blob,address of the blob): one ROM, made from the parts.
define testvisor_rom
$(1): $(testvisor_dir)/rom.S $(testvisor_dir)/layout.h $(testvisor_dir)/rom.ld $(testvisor_out)/testvisor.bin $(3) $(testvisor_out)/parameters
	@mkdir -p $$(@D)
	$$(CC) -m32 -I$(testvisor_dir) -DROM_ABI=$(2) -DROM_FLAGS=$(TESTVISOR_HIDES_XEN) -DROM_BLOB_BASE=$(4) \
		-DTESTVISOR_BASE=$(testvisor_base) -DROM_BIOS='"$(testvisor_bios)"' -DROM_BLOB='"$(3)"' \
		-DROM_TESTVISOR='"$(testvisor_out)/testvisor.bin"' -c $$< -o $$@.o
	$$(LD) -m elf_i386 -T $(testvisor_dir)/rom.ld $$@.o -o $$@
endef

# $(call testvisor_roms_of,variant of the blob): empty, -trace, -ring, -profile or -leave: the ROMs of all
# three ABIs.
define testvisor_roms_of
$(call testvisor_rom,$(testvisor_out)/testvisor-3.2$(1).rom,1,build/firmware/hvmassist-at-$(testvisor_low_base)$(1).bin,$(testvisor_low_base))
$(call testvisor_rom,$(testvisor_out)/testvisor-3.1$(1).rom,2,build/firmware/hvmassist-at-$(testvisor_low_base)$(1).bin,$(testvisor_low_base))
$(call testvisor_rom,$(testvisor_out)/testvisor-hypercall$(1).rom,3,build/firmware/hvmassist-at-$(testvisor_high_base)$(1).bin,$(testvisor_high_base))
endef
$(eval $(call testvisor_roms_of,))
$(eval $(call testvisor_roms_of,-trace))
$(eval $(call testvisor_roms_of,-profile))
$(eval $(call testvisor_roms_of,-leave))
$(eval $(call testvisor_roms_of,-ring))

-include $(wildcard $(testvisor_out)/*.d)
include $(testvisor_dir)/selftest/module.mk
