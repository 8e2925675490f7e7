# The Debian installer's i386 kernel with a user space of one program, by ISOLINUX; says
# TINY-INIT-OK on COM1. Arguments: OUTPUT INIT. Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

installer=/usr/lib/debian-installer/images/12/i386/text/debian-installer/i386
need $installer/linux debian-installer-12-netboot-i386

# padding SIZE: zero bytes up to the next multiple of four.
padding() {
    head -c $(((4 - $1 % 4) % 4)) /dev/zero
}

# entry NAME MODE DEVICE_MAJOR DEVICE_MINOR [FILE]: one entry of an initramfs archive ("newc", the
# kernel's Documentation/driver-api/early-userspace/buffer-format.rst). Written here because a
# device node in a folder would take a privileged user.
entry_number=0
entry() {
    entry_number=$((entry_number + 1))
    size=0
    [ -z "${5-}" ] || size=$(stat -c %s "$5")
    printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x' \
        $entry_number "0$2" 0 0 1 $SOURCE_DATE_EPOCH "$size" 0 0 "$3" "$4" $((${#1} + 1)) 0
    printf '%s\0' "$1"
    padding $((110 + ${#1} + 1))
    [ -z "${5-}" ] || cat "$5"
    padding "$size"
}

mkdir "$scratch/tree"
cp $installer/linux "$scratch/tree/"
{
    entry dev 40755 0 0
    entry dev/console 20600 5 1
    entry init 100755 0 0 "$2"
    entry 'TRAILER!!!' 0 0 0
} | gzip -9n >"$scratch/tree/tiny.gz"
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
