# ISOLINUX and memdisk boot a floppy in memory. Arguments: OUTPUT COPY-MODE (raw, int, bigraw...).
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /usr/lib/syslinux/memdisk syslinux-common
mkdir "$scratch/tree"
cp /usr/lib/syslinux/memdisk "$scratch/tree/"
boot_floppy "$scratch/tree/floppy.img"
cat >"$scratch/tree/isolinux.cfg" <<CONFIGURATION
DEFAULT memdisk
PROMPT 0
LABEL memdisk
 LINUX /memdisk
 INITRD /floppy.img
 APPEND floppy $2
CONFIGURATION
isolinux_iso "$output" "$scratch/tree"
