# Floppy images of the guest programs: build/guests/NAME.img for each NAME in $(GUESTS).
# Not here: running or comparing them.
# SPDX-License-Identifier: GPL-2.0-only

# How segment state crosses the mode switches.
GUESTS_SWITCHING := btx bigreal fsgs ssbase rpl window windowfault windowirq pending pm16 stepflip nmi
# Real mode and what is around the processor.
GUESTS_REAL := ivt pic a20 edges selfmod
# Protected mode in full. Each is built twice: NAME-kept.img keeps its state from ever being enterable
# by VT-x without unrestricted guest (lib/kept.inc), so that it has to be interpreted throughout.
GUESTS_PROTECTED := gates descriptors tasks v86 vme monitor ntloader paging debug

# The same, but for which there is no other way than to be interpreted.
GUESTS_KEPT_ONLY := taskfaults
GUESTS := $(GUESTS_SWITCHING) $(GUESTS_REAL) $(GUESTS_PROTECTED) \
	$(addsuffix -kept,$(GUESTS_PROTECTED) $(GUESTS_KEPT_ONLY))

guests_dir := tests/guests
guests_lib := $(wildcard $(guests_dir)/lib/*.inc)
guests_as := as --32 --fatal-warnings -I $(guests_dir)/lib

.PHONY: guests
guests: $(GUESTS:%=build/guests/%.img)

build/guests:
	@mkdir -p $@

build/guests/%.o: $(guests_dir)/%.s $(guests_lib) | build/guests
	$(guests_as) -o $@ $<

build/guests/%-kept.o: $(guests_dir)/%.s $(guests_lib) | build/guests
	$(guests_as) --defsym KEPT=1 -o $@ $<

build/guests/%.elf: build/guests/%.o $(guests_dir)/lib/guest.ld
	ld -m elf_i386 --no-warn-rwx-segments -z noexecstack -T $(guests_dir)/lib/guest.ld -o $@ $<

build/guests/%.img: build/guests/%.elf
	objcopy -O binary -j .image $< $@.tmp
	truncate -s 1474560 $@.tmp
	mv $@.tmp $@

# The ELF files stay: their symbols name the addresses in a guest's output.
.SECONDARY: $(GUESTS:%=build/guests/%.elf) $(GUESTS:%=build/guests/%.o)
