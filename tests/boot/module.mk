# Boot media made from Debian packages, and the two boot sectors of ours.
# `make check-boot` boots them all, `make check-boot-installer` the Debian installer.
# Not here: one run (tests/run), nor the other checks (tests/check).
# SPDX-License-Identifier: GPL-2.0-only

BOOT_FOLDER := tests/boot
BOOT_PACKAGES := binutils grub-invaders grub-legacy xorriso
BOOT_PACKAGES_ALL := $(BOOT_PACKAGES) dosfstools fdisk grub-common grub-pc-bin grub-rescue-pc \
	ipxe isolinux mbr mtools syslinux syslinux-common win32-loader \
	debian-installer-12-netboot-i386

# The media of `make check`.
BOOT_MEDIA := d00-failing.img d01-boot-sector.img d02-grub-legacy.img d03-grub-legacy.iso d17-big-real.img
BOOT_MEDIA_ALL := $(BOOT_MEDIA) d04-grub2.iso d05-syslinux.img d06-isolinux.iso \
	d04-grub2-vbe.iso d06-isolinux-menu.iso d18-grub-legacy-keys.iso \
	$(foreach mode,raw int bigraw,d07-memdisk-$(mode).iso) \
	d09-ipxe.img d12-g2ldr.img d13-mbr-syslinux.img d14-grub2-disk.img d15-grub-rescue.img d16-linux.iso
# Those of the ladder that `make check` boots (ladder.py says which).
BOOT_MEDIA_PART := d04-grub2.iso d05-syslinux.img d06-isolinux.iso d07-memdisk-raw.iso \
	d13-mbr-syslinux.img d14-grub2-disk.img d18-grub-legacy-keys.iso

.PHONY: media
media: $(addprefix build/media/,$(BOOT_MEDIA_ALL))

BOOT_SECTORS := $(patsubst %,build/media/%.sector,d00-failing d01-boot-sector d17-big-real)

$(BOOT_SECTORS): build/media/%.sector: $(BOOT_FOLDER)/%.S
	@mkdir -p $(@D)
	as --32 -o $@.o $<
	ld -m elf_i386 -Ttext 0x7c00 -e start --oformat binary -o $@ $@.o

build/media/%.img: build/media/%.sector
	cp $< $@
	truncate -s 1440K $@

build/media/%.img: $(BOOT_FOLDER)/%.sh $(BOOT_FOLDER)/common.sh
	@mkdir -p $(@D)
	sh $< $@

build/media/%.iso: $(BOOT_FOLDER)/%.sh $(BOOT_FOLDER)/common.sh
	@mkdir -p $(@D)
	sh $< $@

build/media/d03-grub-legacy.iso: build/media/d01-boot-sector.sector
build/media/d03-grub-legacy.iso: $(BOOT_FOLDER)/d03-grub-legacy.sh $(BOOT_FOLDER)/common.sh
	sh $< $@ build/media/d01-boot-sector.sector

build/media/d04-grub2-vbe.iso: $(BOOT_FOLDER)/d04-grub2.sh $(BOOT_FOLDER)/common.sh
	@mkdir -p $(@D)
	sh $< $@ vbe

build/media/d06-isolinux-menu.iso: $(BOOT_FOLDER)/d06-isolinux.sh $(BOOT_FOLDER)/common.sh
	@mkdir -p $(@D)
	sh $< $@ menu

build/media/d16-linux.iso: $(BOOT_FOLDER)/d16-linux.sh $(BOOT_FOLDER)/common.sh build/media/d16-tiny.gz
	sh $< $@ build/media/d16-tiny.gz

build/media/d16-tiny.gz: $(BOOT_FOLDER)/initramfs.sh $(BOOT_FOLDER)/common.sh build/media/d16-init
	sh $< $@ build/media/d16-init

build/media/d16-init: $(BOOT_FOLDER)/d16-init.S
	@mkdir -p $(@D)
	as --32 -o $@.o $<
	ld -m elf_i386 -s -N --no-warn-rwx-segments -o $@ $@.o

build/media/d07-memdisk-%.iso: $(BOOT_FOLDER)/d07-memdisk.sh $(BOOT_FOLDER)/common.sh
	@mkdir -p $(@D)
	sh $< $@ $*

# --- the ladder ----------------------------------------------------------------------------------

BOOT_ABIS := 3.2 3.1 hypercall
boot_roms = $(foreach variant,$(2),$(patsubst %,$(1)/testvisor-%$(variant).rom,$(BOOT_ABIS)))
BOOT_ROMS := $(call boot_roms,build/testvisor,-leave -ring) $(patsubst %,build/testvisor/testvisor-%.rom,$(BOOT_ABIS))
BOOT_PARTS = $(BOOT_ROMS) build/run-tools/disassemble
CHECK_TARGETS += check-boot-part check-soak-short
CHECK_PARTS += $(BOOT_PARTS) $(addprefix build/media/,$(BOOT_MEDIA_PART))
CHECK_PACKAGES += $(BOOT_PACKAGES_ALL)

.PHONY: check-boot check-boot-part check-boot-installer check-boot-parts check-soak check-soak-short
check-boot: override export ONLY := $(value ONLY)
check-boot:
	@sh tests/run/install-packages.sh $(RUN_PACKAGES) $(BOOT_PACKAGES_ALL)
	@$(MAKE) -s --no-print-directory check-boot-parts
	@$(RUN_PYTHON) $(BOOT_FOLDER)/check_boot.py --only "$$ONLY"
	@$(if $(ONLY),,$(RUN_PYTHON) $(BOOT_FOLDER)/soak.py --seconds 30 --burst 2)

check-boot-parts: $(BOOT_PARTS) $(addprefix build/media/,$(BOOT_MEDIA_ALL))
	@:

# What `make check` has time for.
check-boot-part: $(BOOT_PARTS) $(addprefix build/media/,$(BOOT_MEDIA_PART))
	@$(RUN_PYTHON) $(BOOT_FOLDER)/check_boot.py --part

# Ten minutes and more. The kernel wants more memory, and no Xen that it could make hypercalls to.
INSTALLER_ROMS := build/testvisor-installer
check-boot-installer:
	@sh tests/run/install-packages.sh $(RUN_PACKAGES) $(BOOT_PACKAGES_ALL)
	@$(MAKE) -s --no-print-directory testvisor_out=$(INSTALLER_ROMS) TESTVISOR_MEMORY_MIB=770 \
		$(INSTALLER_ROMS)/testvisor-3.2.rom $(INSTALLER_ROMS)/testvisor-3.2-ring.rom \
		build/run-tools/disassemble build/media/d11-debian-installer.iso
	@$(RUN_PYTHON) $(BOOT_FOLDER)/check_boot.py --installer --roms $(INSTALLER_ROMS)

# Ten minutes of guest time at GRUB's menu.
check-soak:
	@sh tests/run/install-packages.sh $(RUN_PACKAGES) $(BOOT_PACKAGES_ALL)
	@$(MAKE) -s --no-print-directory check-boot-parts
	@$(RUN_PYTHON) $(BOOT_FOLDER)/soak.py

check-soak-short: $(BOOT_ROMS) build/media/d18-grub-legacy-keys.iso
	@$(RUN_PYTHON) $(BOOT_FOLDER)/soak.py --seconds 12 --burst 2 --abis 3.2
