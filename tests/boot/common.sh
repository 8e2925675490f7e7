# What the medium recipes share: strict mode, fixed dates, package messages, file systems.
# Not here: any one medium. `sh RECIPE OUTPUT [...]` runs a recipe, which sources this file first.
# SPDX-License-Identifier: GPL-2.0-only
set -eu

output=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The same bytes on every build: no clock, no locale, no time zone in a medium.
SOURCE_DATE_EPOCH=1640995200
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C MTOOLS_SKIP_CHECK=1

syslinux_modules=/usr/lib/syslinux/modules/bios
grub_legacy=/usr/lib/grub/x86_64-pc
grub2=/usr/lib/grub/i386-pc

# need FILE PACKAGE: stop with a clear message unless FILE, which Debian's PACKAGE brings, is there.
need() {
    [ -e "$1" ] && return
    echo "${0##*/}: $1 is missing: install the Debian package $2" >&2
    exit 2
}

# quietly COMMAND...: run it, and show what it says only when it fails.
quietly() {
    "$@" >"$scratch/messages" 2>&1 && return
    cat "$scratch/messages" >&2
    exit 1
}

# boot_floppy IMAGE: a raw GRUB Legacy floppy, stage 1 in sector 0 and stage 2 from sector 1 on.
boot_floppy() {
    need $grub_legacy/stage2 grub-legacy
    cat $grub_legacy/stage1 $grub_legacy/stage2 >"$1"
    truncate -s 1440K "$1"
}

# fat_floppy IMAGE: an empty FAT12 floppy of 1.44 MB.
fat_floppy() {
    need /sbin/mkfs.fat dosfstools
    rm -f "$1"
    truncate -s 1440K "$1"
    mkfs.fat --invariant -F 12 -n HVMASSIST "$1" >/dev/null
}

# fat_disk IMAGE: a 32 MiB disk with one active FAT16 partition from 1 MiB to the end.
fat_disk() {
    need /sbin/sfdisk fdisk
    need /sbin/mkfs.fat dosfstools
    rm -f "$1"
    truncate -s 32M "$1"
    printf 'label: dos\nlabel-id: 0x48564d41\n2048,,6,*\n' | sfdisk -q "$1"
    mkfs.fat --invariant -F 16 --offset 2048 -h 2048 "$1" $((31 * 1024)) >/dev/null
}

# fat_copy IMAGE[@@OFFSET] FILE... : copy files into the root folder of a FAT file system.
fat_copy() {
    need /usr/bin/mcopy mtools
    fat_target=$1
    shift
    touch -d "@$SOURCE_DATE_EPOCH" "$@"
    mcopy -m -o -i "$fat_target" "$@" ::
}

# modules FOLDER NAME... : put SYSLINUX modules into FOLDER.
modules() {
    module_folder=$1
    shift
    for module in "$@"; do
        need "$syslinux_modules/$module.c32" syslinux-common
        cp "$syslinux_modules/$module.c32" "$module_folder/"
    done
}

# iso OUTPUT TREE ARGUMENT... : an ISO 9660 image of TREE with El Torito arguments for xorriso.
iso() {
    need /usr/bin/xorriso xorriso
    iso_output=$1
    iso_tree=$2
    shift 2
    find "$iso_tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    quietly xorriso -as mkisofs -quiet -o "$iso_output" -V HVMASSIST -R -no-emul-boot \
        -boot-load-size 4 -boot-info-table "$@" "$iso_tree"
}

# isolinux_iso OUTPUT TREE: TREE with ISOLINUX added, bootable as a CD and as a disk.
isolinux_iso() {
    need /usr/lib/ISOLINUX/isolinux.bin isolinux
    cp /usr/lib/ISOLINUX/isolinux.bin "$2/"
    modules "$2" ldlinux
    iso "$1" "$2" -J -b isolinux.bin -c boot.cat -isohybrid-mbr /usr/lib/ISOLINUX/isohdpfx.bin
}
