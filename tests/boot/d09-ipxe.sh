# iPXE by SYSLINUX from floppy: it unpacks itself in protected mode with interrupts off.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /usr/bin/syslinux syslinux
need /boot/ipxe.lkrn ipxe
fat_floppy "$output"
syslinux --install "$output"
cp /boot/ipxe.lkrn "$scratch/ipxe.krn"
cat >"$scratch/syslinux.cfg" <<'CONFIGURATION'
DEFAULT ipxe
LABEL ipxe
 KERNEL ipxe.krn
CONFIGURATION
modules "$scratch" ldlinux
fat_copy "$output" "$scratch"/syslinux.cfg "$scratch"/ipxe.krn "$scratch"/ldlinux.c32
