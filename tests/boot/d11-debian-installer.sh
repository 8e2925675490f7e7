# The Debian 12 i386 installer, as it is for network installation, by ISOLINUX; asks its first
# question ("Prompt: ") on COM1. Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

installer=/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
need $installer/linux debian-installer-12-netboot-i386
mkdir "$scratch/tree"
cp $installer/linux $installer/initrd.gz "$scratch/tree/"
cat >"$scratch/tree/isolinux.cfg" <<'CONFIGURATION'
SERIAL 0 115200
DEFAULT installer
PROMPT 0
LABEL installer
 LINUX /linux
 INITRD /initrd.gz
 APPEND vga=normal nokaslr tsc=reliable console=tty0 console=ttyS0,115200 DEBIAN_FRONTEND=text priority=high lowmem/low=true ---
CONFIGURATION
isolinux_iso "$output" "$scratch/tree"
