# GRUB Legacy on an El Torito CD whose menu has 400 numbered entries, for counting keys: each says its
# number when it is chosen. Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need $grub_legacy/stage2_eltorito grub-legacy
mkdir -p "$scratch/tree/boot/grub"
cp $grub_legacy/stage2_eltorito "$scratch/tree/boot/grub/"
number=0
while [ $number -lt 400 ]; do
    printf 'title number %u\npause\n' $number
    number=$((number + 1))
done >"$scratch/tree/boot/grub/menu.lst"
iso "$output" "$scratch/tree" -b boot/grub/stage2_eltorito -c boot/boot.cat
