# SYSLINUX 6 on a FAT12 floppy; shows its boot: prompt, which knows the word mem.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /usr/bin/syslinux syslinux
fat_floppy "$output"
syslinux --install "$output"
cat >"$scratch/syslinux.cfg" <<'CONFIGURATION'
PROMPT 1
TIMEOUT 0
SAY SYSLINUX-FLOPPY-READY
LABEL mem
 COM32 meminfo.c32
CONFIGURATION
modules "$scratch" ldlinux libcom32 libutil meminfo
fat_copy "$output" "$scratch"/syslinux.cfg "$scratch"/*.c32
