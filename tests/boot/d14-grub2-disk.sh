# GRUB 2's boot.img and embedded core.img (LZMA stage) on a disk; says GRUB2-HD-CORE-OK on COM1.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /usr/bin/grub-mkimage grub-common
need $grub2/boot.img grub-pc-bin
fat_disk "$output"
cat >"$scratch/early.cfg" <<'CONFIGURATION'
serial --unit=0 --speed=115200
terminal_output console serial
echo GRUB2-HD-CORE-OK
CONFIGURATION
grub-mkimage -O i386-pc -d $grub2 -p '(hd0,msdos1)/boot/grub' -c "$scratch/early.cfg" \
    -o "$scratch/core.img" biosdisk part_msdos fat serial terminal echo ls normal minicmd test
dd if=$grub2/boot.img of="$output" bs=440 count=1 conv=notrunc status=none
dd if="$scratch/core.img" of="$output" bs=512 seek=1 conv=notrunc status=none
