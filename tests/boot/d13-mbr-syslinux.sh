# Debian's interactive master boot record, then SYSLINUX on a FAT16 disk with a menu.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /sbin/install-mbr mbr
need /usr/bin/syslinux syslinux
fat_disk "$output"
install-mbr --force -t 80 -p 1 "$output"
syslinux --install -t 1048576 "$output"
cat >"$scratch/syslinux.cfg" <<'CONFIGURATION'
UI menu.c32
MENU TITLE HD-SYSLINUX-MENU
LABEL mem
 COM32 meminfo.c32
CONFIGURATION
modules "$scratch" ldlinux libcom32 libutil menu meminfo
fat_copy "$output@@1M" "$scratch"/syslinux.cfg "$scratch"/*.c32
