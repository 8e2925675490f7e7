# Floppy images of the guest programs: build/guests/NAME.img for each NAME in $(GUESTS).
# Not here: running or comparing them.
# SPDX-License-Identifier: GPL-2.0-only

# These are built twice: NAME-kept.img has a state that VT-x can never enter.
GUESTS_KEPT := gates descriptors tasks v86 vme paging
GUESTS := btx bigreal fsgs ssbase rpl window pm16 ivt pic a20 $(GUESTS_KEPT) $(GUESTS_KEPT:%=%-kept)

guests_dir := tests/guests
guests_lib := $(wildcard $(guests_dir)/lib/*.inc)

.PHONY: guests
guests: $(GUESTS:%=build/guests/%.img)

build/guests:
	@mkdir -p $@

build/guests/%.o: $(guests_dir)/%.s $(guests_lib) | build/guests
	as --32 --fatal-warnings -I $(guests_dir)/lib -o $@ $<

build/guests/%-kept.o: $(guests_dir)/%.s $(guests_lib) | build/guests
	as --32 --fatal-warnings --defsym KEPT=1 -I $(guests_dir)/lib -o $@ $<

build/guests/%.elf: build/guests/%.o $(guests_dir)/lib/guest.ld
	ld -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $(guests_dir)/lib/guest.ld -o $@ $<

.SECONDARY:

build/guests/%.img: build/guests/%.elf
	objcopy -O binary -j .image $< $@.tmp
	truncate -s 1474560 $@.tmp
	mv $@.tmp $@
