# win32-loader's 16-bit master boot record and GRUB 2 core on a FAT16 disk; shows GRUB 2's prompt.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

loader=/usr/share/win32/win32-loader
need $loader/g2ldr.mbr win32-loader
fat_disk "$output"
# Bytes 440-511 of the first sector hold the disk's own signature and partition table.
dd if=$loader/g2ldr.mbr of="$output" bs=440 count=1 conv=notrunc status=none
dd if=$loader/g2ldr.mbr of="$output" bs=512 skip=1 seek=1 conv=notrunc status=none
cp $loader/g2ldr "$scratch/"
fat_copy "$output@@1M" "$scratch/g2ldr"
