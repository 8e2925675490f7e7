# GRUB 2 on a hybrid CD: a script walks BIOS services and says GRUB2-DONE on screen and COM1. With
# "vbe" it asks for the VBE modes, and says VBE-DONE. Arguments: OUTPUT [vbe].
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /usr/bin/grub-mkimage grub-common
need $grub2/boot_hybrid.img grub-pc-bin
case ${2-} in
vbe)
    commands='vbeinfo
echo VBE-DONE'
    modules='vbe videoinfo'
    ;;
*)
    commands='ls (cd)/boot
lsmmap
cpuid -p
echo GRUB2-DONE'
    modules='ls lsmmap cpuid'
    ;;
esac
mkdir -p "$scratch/tree/boot/grub"
cat >"$scratch/tree/boot/grub/grub.cfg" <<CONFIGURATION
serial --unit=0 --speed=115200
terminal_output console serial
terminal_input console serial
$commands
sleep 600
CONFIGURATION
grub-mkimage -O i386-pc-eltorito -d $grub2 -p /boot/grub -o "$scratch/tree/boot/grub/core.img" \
    biosdisk iso9660 normal serial terminal echo sleep $modules
iso "$output" "$scratch/tree" -b boot/grub/core.img -c boot/boot.cat \
    --grub2-boot-info --grub2-mbr $grub2/boot_hybrid.img
