# Two processors interpreted at the same time, in Bochs, without a hypervisor: make check-smp.
# Not here: the blob.
# SPDX-License-Identifier: GPL-2.0-only

smp_dir := tests/smp
smp_rom := build/smp/smp.rom

CHECK_TARGETS += check-smp
CHECK_PARTS += $(smp_rom)

.PHONY: check-smp
check-smp: $(smp_rom)
	@sh $(smp_dir)/check.sh $(smp_rom) build/smp/run

$(smp_rom): $(smp_dir)/rom.S build/firmware/hvmassist.bin
	@mkdir -p $(@D)
	$(CC) -m32 -DBLOB_FILE='"build/firmware/hvmassist.bin"' -c $< -o $@.o
	$(LD) -m elf_i386 -Ttext 0 -e 0 --oformat binary $@.o -o $@
