# The self-test blob in both layouts, its three ROMs, and the run in Bochs.
# Not here: the testvisor itself.
# SPDX-License-Identifier: GPL-2.0-only

testvisor_selftest_dir := $(testvisor_dir)/selftest
testvisor_selftest_out := $(testvisor_out)/selftest
testvisor_selftest_objects := $(patsubst $(testvisor_selftest_dir)/%.c,$(testvisor_selftest_out)/%.o,$(wildcard $(testvisor_selftest_dir)/*.c)) \
	$(testvisor_selftest_out)/start.o $(testvisor_out)/memory.o
testvisor_selftest_roms := $(addprefix $(testvisor_selftest_out)/selftest-,3.2.rom 3.1.rom hypercall.rom)

$(testvisor_selftest_out)/start.o: $(testvisor_selftest_dir)/blob.S
	@mkdir -p $(@D)
	$(CC) $(testvisor_flags) -c $< -o $@

$(testvisor_selftest_out)/%.elf: $(testvisor_selftest_objects) $(testvisor_selftest_dir)/blob.ld $(testvisor_out)/parameters
	$(LD) -m elf_i386 --defsym=BLOB_BASE=$(if $(findstring low,$*),$(testvisor_low_base),$(testvisor_high_base)) \
		-T $(testvisor_selftest_dir)/blob.ld $(testvisor_selftest_objects) -o $@

$(testvisor_selftest_out)/%.bin: $(testvisor_selftest_out)/%.elf
	objcopy -O binary $< $@

$(eval $(call testvisor_rom,$(testvisor_selftest_out)/selftest-3.2.rom,1,$(testvisor_selftest_out)/blob-low.bin,$(testvisor_low_base)))
$(eval $(call testvisor_rom,$(testvisor_selftest_out)/selftest-3.1.rom,2,$(testvisor_selftest_out)/blob-low.bin,$(testvisor_low_base)))
$(eval $(call testvisor_rom,$(testvisor_selftest_out)/selftest-hypercall.rom,3,$(testvisor_selftest_out)/blob-high.bin,$(testvisor_high_base)))

# The entry rules on the host: prints TAP.
CHECK_UNITS += $(testvisor_out)/entry_check_test
CHECK_TARGETS += check-testvisor
$(testvisor_out)/entry_check_test: $(testvisor_dir)/host/entry_check_test.c $(testvisor_dir)/entry_check.c $(testvisor_dir)/entry_check.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 -Wall -Wextra -Wconversion -Werror -Iinclude -I$(testvisor_dir) $(filter %.c,$^) -o $@

check-testvisor: $(testvisor_selftest_roms)
	$(testvisor_selftest_dir)/run $(testvisor_selftest_out) $(TESTVISOR_MEMORY_MIB)

.PRECIOUS: $(testvisor_selftest_out)/%.elf
-include $(wildcard $(testvisor_selftest_out)/*.d)
