# Tests of the helper in dom0: on this host with a made-up Xen, and in the lab.
# Not here: the helper itself (hvmloader-glue/helper).
# SPDX-License-Identifier: GPL-2.0-only

helper_test_dir := tests/glue/helper
helper_test_out := build/tests/helper

# A guest that stands in for a blob.
helper_guest_dir := $(helper_test_dir)/guest
helper_guest_flags := -m32 -march=i686 -O2 -std=gnu11 -Wall -Wextra -Wconversion -Werror -ffreestanding -fno-pic \
	-fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only --param=min-pagesize=0 -D__XEN_TOOLS__ -Iinclude

$(helper_test_out)/guest-%.elf: $(wildcard $(helper_guest_dir)/*) $(wildcard include/hvmassist/*.h)
	@mkdir -p $(@D)
	$(CC) $(helper_guest_flags) -DROUNDS=$* -c $(helper_guest_dir)/main.c -o $@.main.o
	$(CC) $(helper_guest_flags) -c $(helper_guest_dir)/start.S -o $@.start.o
	$(LD) -m elf_i386 -z noexecstack -T $(helper_guest_dir)/guest.lds $@.start.o $@.main.o -o $@

$(helper_test_out)/reboot.img: $(helper_guest_dir)/reboot.S
	@mkdir -p $(@D)
	$(CC) -m32 -c $< -o $@.o
	$(LD) -m elf_i386 --oformat binary -Ttext 0x7c00 -o $@ $@.o
	truncate -s 1440K $@

# In the lab (tests/xen): make check-xen-helper.
helper_labs := round-trip takeover domains create
helper_lab_files := $(helper_out)/hvmassistd $(helper_out)/hvmassist $(bundle_out)/hvmassist-bundle \
	$(helper_test_dir)/lab.sh $(addprefix $(helper_test_out)/,guest-200.elf guest-3000.elf reboot.img)

.PHONY: check-xen-helper $(helper_labs:%=check-xen-helper-%)
check-xen-helper: $(helper_labs:%=check-xen-helper-%)
$(helper_labs:%=check-xen-helper-%): check-xen-helper-%: $(helper_test_dir)/lab-% xen-lab $(helper_lab_files)
	$(RUN_PYTHON) $(xen_folder)/lab.py --out $(xen_out)/helper-$* --limit 1500 $(addprefix --file ,$(helper_lab_files)) $<

# Where time is counted in instructions, and Xen does not write a line for each load.
.PHONY: measure-hand-off
measure-hand-off: $(helper_test_dir)/lab-count xen-lab $(helper_lab_files)
	@$(RUN_PYTHON) $(xen_folder)/lab.py --out $(xen_out)/helper-count --limit 3000 --count --xen guest_loglvl=none \
		$(addprefix --file ,$(helper_lab_files)) $<
	@sed -n 's/.*LAB: \(instructions a round trip: [0-9]*\).*/\1/p' $(xen_out)/helper-count/log

# On this host.
helper_test_flags := -std=gnu11 -O1 -g -Wall -Wextra -Wconversion -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D__XEN_TOOLS__ -Iinclude -I$(helper_dir) -I$(helper_test_dir) -MMD -MP
helper_test_objects := $(patsubst %.c,$(helper_test_out)/%.o,$(HELPER_SOURCES)) \
	$(patsubst %,$(helper_test_out)/%.o,$(addprefix $(helper_test_dir)/,fake_xen fake_context fake_guest) tests/testvisor/entry_check)

CHECK_UNITS += $(addprefix $(helper_test_out)/,parts_test state_test scenario_test survival_test fuzz_test command_test)

$(helper_test_out)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(helper_test_flags) -c $< -o $@

$(helper_test_out)/%_test: $(helper_test_out)/$(helper_test_dir)/%_test.o $(helper_test_objects)
	gcc -fsanitize=address,undefined -o $@ $^ -lcmocka

$(addprefix $(helper_test_out)/,scenario_test survival_test): $(helper_test_out)/$(helper_test_dir)/scenario.o

-include $(shell find $(helper_test_out) -type f -name '*.d' 2>/dev/null)
