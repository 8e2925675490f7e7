# GRUB Legacy on an El Torito CD: a menu with a boot sector and GRUB Invaders, a multiboot kernel.
# Arguments: OUTPUT SECTOR.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need $grub_legacy/stage2_eltorito grub-legacy
mkdir -p "$scratch/tree/boot/grub"
cp $grub_legacy/stage2_eltorito "$scratch/tree/boot/grub/"
need /boot/invaders.exec grub-invaders
cp "$2" "$scratch/tree/boot/sector.bin"
cp /boot/invaders.exec "$scratch/tree/boot/"
cat >"$scratch/tree/boot/grub/menu.lst" <<'MENU'
title boot sector
chainloader /boot/sector.bin
title invaders
kernel /boot/invaders.exec
MENU
iso "$output" "$scratch/tree" -b boot/grub/stage2_eltorito -c boot/boot.cat
