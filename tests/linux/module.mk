# A whole operating system in the interpreter, on the host: Debian's installer kernel boots and runs
# a program, which must print what it prints on the processor itself; `make check-linux`.
# Not here: Linux started by a boot loader (tests/boot).
# SPDX-License-Identifier: GPL-2.0-only

linux-dir := tests/linux
linux-build := build/linux
linux-image := /usr/lib/debian-installer/images/12/i386/text/debian-installer/i386/linux
linux-packages := debian-installer-12-netboot-i386
linux-runner := $(linux-build)/linux
linux-trial := $(linux-build)/trial
linux-parts := $(linux-runner) $(linux-trial) $(linux-build)/kernel $(linux-build)/initramfs.gz

linux-sources := board interrupt_controllers interval_timer main
linux-objects := $(linux-sources:%=$(linux-build)/$(linux-dir)/%.o) \
	$(addprefix $(linux-build)/tests/unit/,native_host.o port_strings.o) \
	$(patsubst %.c,$(linux-build)/%.o,$(wildcard emulator/*.c))
linux-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror -Iinclude -Iemulator -Itests/unit -MMD -MP

# The program has no C library: it must run as the only file of a system.
linux-trial-sources := system trial trial_debugger trial_faults trial_memory trial_segments trial_units
linux-trial-objects := $(linux-trial-sources:%=$(linux-build)/program/%.o)
linux-trial-cflags := -m32 -std=gnu11 -O1 -Wall -Wextra -Werror -ffreestanding -fno-stack-protector -fno-pic \
	-fno-omit-frame-pointer -mno-sse -fno-asynchronous-unwind-tables -MMD -MP

CHECK_TARGETS += check-linux-trial
CHECK_PARTS += $(linux-parts)
CHECK_PACKAGES += $(linux-packages)

$(linux-objects): $(linux-build)/%.o: %.c
	@mkdir -p $(@D)
	gcc $(linux-cflags) -c -o $@ $<

$(linux-runner): $(linux-objects)
	gcc -o $@ $^

$(linux-trial-objects): $(linux-build)/program/%.o: $(linux-dir)/%.c
	@mkdir -p $(@D)
	gcc $(linux-trial-cflags) -c -o $@ $<

$(linux-trial): $(linux-trial-objects)
	ld -m elf_i386 -N -s --no-warn-rwx-segments -o $@ $^

$(linux-build)/kernel: $(linux-dir)/kernel.py $(linux-image)
	@mkdir -p $(@D)
	$(RUN_PYTHON) $< $(linux-image) $@

$(linux-build)/initramfs.gz: tests/boot/initramfs.sh tests/boot/common.sh $(linux-trial)
	sh $< $@ $(linux-trial)

.PHONY: check-linux check-linux-trial
check-linux:
	@sh tests/run/install-packages.sh $(RUN_PACKAGES) $(linux-packages)
	@$(MAKE) -s --no-print-directory check-linux-trial

check-linux-trial: $(linux-parts)
	@$(RUN_PYTHON) $(linux-dir)/check.py --kernel $(linux-build)/kernel --image $(linux-image) \
		--initramfs $(linux-build)/initramfs.gz --trial $(linux-trial) --runner $(linux-runner) \
		--logs $(linux-build)

-include $(shell find $(linux-build) -name "*.d" 2>/dev/null)
