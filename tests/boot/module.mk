# Boot media made from Debian packages, and the two boot sectors of ours.
# Not here: running them (tests/run), nor what they must show (tests/check).
# SPDX-License-Identifier: GPL-2.0-only

BOOT_FOLDER := tests/boot
BOOT_PACKAGES := binutils grub-invaders grub-legacy xorriso
BOOT_PACKAGES_ALL := $(BOOT_PACKAGES) dosfstools fdisk grub-common grub-pc-bin isolinux mbr mtools \
	syslinux syslinux-common win32-loader debian-installer-12-netboot-i386

# The media of `make check`.
BOOT_MEDIA := d01-boot-sector.img d02-grub-legacy.img d03-grub-legacy.iso d17-big-real.img
BOOT_MEDIA_ALL := $(BOOT_MEDIA) d04-grub2.iso d05-syslinux.img d06-isolinux.iso \
	d04-grub2-vbe.iso d06-isolinux-menu.iso \
	$(foreach mode,raw int bigraw,d07-memdisk-$(mode).iso) \
	d12-g2ldr.img d13-mbr-syslinux.img d14-grub2-disk.img d16-linux.iso

.PHONY: media
media: $(addprefix build/media/,$(BOOT_MEDIA_ALL))

BOOT_SECTORS := build/media/d01-boot-sector.sector build/media/d17-big-real.sector

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

build/media/d16-linux.iso: $(BOOT_FOLDER)/d16-linux.sh $(BOOT_FOLDER)/common.sh build/media/d16-init
	sh $< $@ build/media/d16-init

build/media/d16-init: $(BOOT_FOLDER)/d16-init.S
	@mkdir -p $(@D)
	as --32 -o $@.o $<
	ld -m elf_i386 -s -N --no-warn-rwx-segments -o $@ $@.o

build/media/d07-memdisk-%.iso: $(BOOT_FOLDER)/d07-memdisk.sh $(BOOT_FOLDER)/common.sh
	@mkdir -p $(@D)
	sh $< $@ $*
