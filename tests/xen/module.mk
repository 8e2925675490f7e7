# The lab: Debian's Xen and a dom0 of ours, in an emulated machine. `make xen-lab` builds its parts.
# Not here: the scripts' contents (this folder), nor hvmassist's own parts.
# SPDX-License-Identifier: GPL-2.0-only

xen_folder := tests/xen
xen_out := build/xen
# Unpacked, not installed: they would turn this machine into a Xen host.
xen_unpacked := busybox-static linux-image-6.1.0-56-amd64 qemu-system-xen seabios \
	xen-hypervisor-4.17-amd64 xen-utils-4.17 xenstore-utils
# Installed: the emulator, the tools, and the libraries that dom0's programs are linked with.
XEN_PACKAGES := binutils cpio libspice-server1 libxen-dev python3 qemu-system-x86

.PHONY: xen-lab
xen-lab:
	@sh tests/run/install-packages.sh $(XEN_PACKAGES)
	@$(MAKE) --no-print-directory $(xen_out)/initramfs.cpio $(xen_out)/vmlinux

$(xen_out)/root.list: $(xen_folder)/packages.sh $(xen_folder)/module.mk
	sh $< $(xen_out) $(xen_unpacked)

$(xen_out)/vmlinux: $(xen_folder)/vmlinux.py $(xen_out)/root.list
	$(RUN_PYTHON) $< $(xen_out)/root/boot/vmlinuz-* $@

$(xen_out)/initramfs.cpio: $(xen_folder)/initramfs.sh $(xen_folder)/init $(xen_folder)/guest.sh $(xen_out)/root.list
	sh $< $(xen_out)/root $(xen_folder)/init $(xen_folder)/guest.sh $@

# Without a helper: everything up to paging is interpreted.
xen_native_media := $(shell cut -d' ' -f1 $(xen_folder)/native.list)

.PHONY: check-xen-native
check-xen-native: xen-lab $(bundle_out)/hvmassist-bundle $(xen_native_media)
	$(bundle_out)/hvmassist-bundle $(xen_out)/root/usr/lib/xen-4.17/boot/hvmloader $(xen_out)/hvmloader
	$(RUN_PYTHON) $(xen_folder)/lab.py --out $(xen_out)/native --limit 1500 --file $(xen_out)/hvmloader \
		--file $(xen_folder)/native.list=/lab/media.list $(addprefix --file ,$(xen_native_media)) $(xen_folder)/boot.sh
	@grep 'hvmassist: no helper answers' $(xen_out)/native/log
	@grep 'hvmassist: the one hand-off' $(xen_out)/native/log

# $(call xen_paging,name,flags)
define xen_paging
$(xen_out)/$(1).img: $(xen_folder)/turn-paging-on.S
	@mkdir -p $$(@D)
	$$(CC) -m32 $(2) -c $$< -o $$(@:.img=.o)
	$$(LD) -m elf_i386 -Ttext 0x7c00 -e start --oformat binary -o $$@ $$(@:.img=.o)
	truncate -s 1440K $$@
endef
$(eval $(call xen_paging,turn-paging-on,))
$(eval $(call xen_paging,turn-paging-on-late,-DLATE))
$(eval $(call xen_paging,turn-paging-on-late-pae,-DLATE -DPAE))
