# The Debian installer's i386 kernel with a user space of one program, by ISOLINUX; says
# TINY-INIT-OK on COM1. Arguments: OUTPUT INITRAMFS. Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

installer=/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
need $installer/linux debian-installer-12-netboot-i386

mkdir "$scratch/tree"
cp $installer/linux "$scratch/tree/"
cp "$2" "$scratch/tree/tiny.gz"
cat >"$scratch/tree/isolinux.cfg" <<'CONFIGURATION'
SERIAL 0 115200
DEFAULT linux
PROMPT 0
LABEL linux
 LINUX /linux
 INITRD /tiny.gz
 APPEND vga=normal nokaslr tsc=reliable console=tty0 console=ttyS0,115200 earlyprintk=serial,ttyS0,115200
CONFIGURATION
isolinux_iso "$output" "$scratch/tree"
