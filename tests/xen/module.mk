# The lab: Debian's Xen and a dom0 of ours, in an emulated machine. `make xen-lab` builds its parts.
# Not here: the scripts' contents (this folder), nor hvmassist's own parts.
# SPDX-License-Identifier: GPL-2.0-only

xen_folder := tests/xen
xen_out := build/xen
# Unpacked, not installed: they would turn this machine into a Xen host.
xen_unpacked := busybox-static of:linux-image-amd64 qemu-system-xen seabios \
	xen-hypervisor-4.17-amd64 xen-utils-4.17 xenstore-utils
# Installed: the emulator, the tools, and the libraries that dom0's programs are linked with.
XEN_PACKAGES := binutils cpio libspice-server1 libxen-dev python3 qemu-system-x86

# For the Intel machine.
XEN_BOCHS_PACKAGES := $(XEN_PACKAGES) bochs bochsbios e2fsprogs grub-common grub-pc-bin vgabios

.PHONY: xen-lab xen-lab-bochs
xen-lab:
	@sh tests/run/install-packages.sh $(XEN_PACKAGES)
	@$(MAKE) --no-print-directory $(xen_out)/initramfs.cpio $(xen_out)/vmlinux

xen-lab-bochs: xen-lab
	@sh tests/run/install-packages.sh $(XEN_BOCHS_PACKAGES)
	@$(MAKE) --no-print-directory $(xen_out)/debug/root.list

# Xen's symbols.
$(xen_out)/debug/root.list: $(xen_folder)/packages.sh
	sh $< $(@D) xen-hypervisor-4.17-amd64-dbg

$(xen_out)/root.list: $(xen_folder)/packages.sh $(xen_out)/wanted
	sh $< $(xen_out) $(xen_unpacked)

# New only when the list is another one.
$(xen_out)/wanted: $(xen_folder)/module.mk
	@mkdir -p $(@D)
	@echo $(xen_unpacked) | cmp -s - $@ || echo $(xen_unpacked) >$@

$(xen_out)/vmlinux: $(xen_folder)/vmlinux.py $(xen_out)/root.list
	$(RUN_PYTHON) $< $(xen_out)/root/boot/vmlinuz-* $@

$(xen_out)/initramfs.cpio: $(xen_folder)/initramfs.sh $(xen_folder)/init $(xen_folder)/guest.sh $(xen_out)/root.list
	sh $< $(xen_out)/root $(xen_folder)/init $(xen_folder)/guest.sh $@

.PHONY: check-xen
check-xen: check-xen-proof check-xen-processors check-xen-install check-xen-moved check-xen-native check-xen-helper

# hvmassist's own programs in dom0.
xen_tools := $(helper_out)/hvmassistd $(helper_out)/hvmassist $(bundle_out)/hvmassist-bundle $(helper_test_dir)/lab.sh
# $(call xen_run,name,script,more files): a run of the lab, its output in a folder of that name.
xen_run = $(RUN_PYTHON) $(xen_folder)/lab.py --out $(xen_out)/$(1) --limit 3000 $(addprefix --file ,$(xen_tools) $(3)) $(xen_folder)/$(2)

# With both transports, against the stock hvmloader and against QEMU alone. $(call xen_proof,list,script,options
# for QEMU alone)
xen_proof_media = $(shell cut -d' ' -f1 $(xen_folder)/$(1).list)
define xen_proof
.PHONY: check-xen-$(1)
check-xen-$(1): xen-lab $(xen_tools) $(call xen_proof_media,$(1))
	@mkdir -p $(xen_out)/$(1)
	@while read -r medium letter transports shown; do \
		$(RUN_PYTHON) $(xen_folder)/bare.py $(3) $$$$medium $$$$letter "$$$$shown" $(xen_out)/$(1)/$$$$(basename $$$$medium).bare || exit 1; \
	done <$(xen_folder)/$(1).list
	$(call xen_run,$(1),$(2),$(xen_folder)/rounds.sh $(xen_folder)/$(1).list=/lab/proof.list $(call xen_proof_media,$(1)))
	@$(RUN_PYTHON) $(xen_folder)/compare.py $(xen_folder)/$(1).list $(xen_out)/$(1) qemu
endef
$(eval $(call xen_proof,proof,proof.sh))
$(eval $(call xen_proof,quick,proof.sh))
$(eval $(call xen_proof,processors,processors.sh,--processors 2))

# In `make check`, on what is built before checks run side by side.
CHECK_TARGETS += check-xen-quick
CHECK_PARTS += $(xen_out)/initramfs.cpio $(xen_out)/vmlinux $(xen_tools) $(call xen_proof_media,quick)
CHECK_PACKAGES += $(XEN_PACKAGES)

# The same on an Intel machine without unrestricted guest, against Bochs alone. Xen's emulator must not run one
# instruction before the control, where it must; and the guests that Xen cannot run, it must not.
.PHONY: check-xen-bochs
check-xen-bochs: xen-lab-bochs $(xen_tools) $(call xen_proof_media,bochs)
	@mkdir -p $(xen_out)/bochs
	@while read -r medium letter transports shown; do \
		name=$(xen_out)/bochs/$$(basename $$medium).bare; \
		$(MAKE) -s --no-print-directory run IMAGE=$$medium ABI=bare LIMIT=4G UNTIL="$$shown" OUT=$$name >/dev/null && \
		cp $$name/screen.txt $$name.screen && cp $$name/com1.txt $$name.com1 || exit 1; \
	done <$(xen_folder)/bochs.list
	$(call xen_run,bochs,bochs.sh,$(xen_folder)/rounds.sh $(xen_folder)/bochs.list=/lab/proof.list $(call xen_proof_media,bochs)) \
		--bochs --stop-at vmx_realmode_emulate_one --limit 20000
	@$(RUN_PYTHON) $(xen_folder)/compare.py $(xen_folder)/bochs.list $(xen_out)/bochs bochs
	@sh $(xen_folder)/control.sh $(xen_out)/bochs/log $(xen_out)/bochs/control.txt

# Without reading back what is loaded, as users run it.
.PHONY: measure-boot
measure-boot: xen-lab-bochs $(xen_tools) build/media/d02-grub-legacy.img
	$(call xen_run,boot,measure-boot.sh,$(xen_folder)/rounds.sh build/media/d02-grub-legacy.img) --bochs
	@sed -n 's/.*LAB: \(seconds to grub>, .*\) (.*/\1/p' $(xen_out)/boot/log

# With the Debian package's files, where they are installed.
.PHONY: check-xen-install
check-xen-install: xen-lab deb $(xen_out)/install.img
	@rm -rf $(xen_out)/package
	@dpkg-deb -x $(deb_out)/hvmassist_*.deb $(xen_out)/package
	$(RUN_PYTHON) $(xen_folder)/lab.py --out $(xen_out)/install --limit 3000 \
		$$(cd $(xen_out)/package && find . -type f -printf ' --file $(xen_out)/package/%P=/%P') \
		--file $(helper_test_dir)/lab.sh --file $(xen_out)/install.img $(xen_folder)/install.sh
	@grep -F '(d1) INSTALL: written, and read back equal' $(xen_out)/install/log
	@grep -F '(d2) INSTALLED: big real mode works' $(xen_out)/install/log

.PHONY: check-xen-moved
check-xen-moved: xen-lab $(xen_tools) build/media/d02-grub-legacy.img
	$(call xen_run,moved,moved.sh,$(xen_folder)/rounds.sh build/media/d02-grub-legacy.img)

$(xen_out)/install.img: $(xen_folder)/install.S $(xen_folder)/install.lds
	@mkdir -p $(@D)
	$(CC) -m32 -c $< -o $(@:.img=.o)
	$(LD) -m elf_i386 --no-check-sections -T $(xen_folder)/install.lds $(@:.img=.o) -o $(@:.img=.elf)
	objcopy -O binary $(@:.img=.elf) $@
	truncate -s 1440K $@

# Without a helper: everything up to paging is interpreted.
xen_native_media := $(shell cut -d' ' -f1 $(xen_folder)/native.list)

.PHONY: check-xen-native
check-xen-native: xen-lab $(bundle_out)/hvmassist-bundle $(xen_native_media)
	$(bundle_out)/hvmassist-bundle --wait 0 $(xen_out)/root/usr/lib/xen-4.17/boot/hvmloader $(xen_out)/hvmloader
	$(call xen_run,native,native.sh,$(xen_out)/hvmloader $(xen_folder)/native.list=/lab/media.list $(xen_native_media))
	@grep 'hvmassist: no helper answers' $(xen_out)/native/log
	@grep 'hvmassist: the one hand-off' $(xen_out)/native/log

# $(call xen_floppy,name,source,flags)
define xen_floppy
$(xen_out)/$(1).img: $(xen_folder)/$(2).S
	@mkdir -p $$(@D)
	$$(CC) -m32 $(3) -c $$< -o $$(@:.img=.o)
	$$(LD) -m elf_i386 -Ttext 0x7c00 -e start --oformat binary -o $$@ $$(@:.img=.o)
	truncate -s 1440K $$@
endef
$(eval $(call xen_floppy,turn-paging-on,turn-paging-on,))
$(eval $(call xen_floppy,turn-paging-on-late,turn-paging-on,-DLATE))
$(eval $(call xen_floppy,turn-paging-on-late-pae,turn-paging-on,-DLATE -DPAE))
$(eval $(call xen_floppy,processors,processors,))
