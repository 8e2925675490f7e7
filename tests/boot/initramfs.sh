# A user space of one program, as the archive that a kernel unpacks: initramfs.sh OUTPUT INIT.
# Not here: the program, and the kernel.
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

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

{
    entry dev 40755 0 0
    entry dev/console 20600 5 1
    entry init 100755 0 0 "$2"
    entry 'TRAILER!!!' 0 0 0
} | gzip -9n >"$output"
