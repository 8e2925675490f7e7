# install-xen3 and uninstall-xen3 on a stand-in for a Xen tree: `sh xen3_tree.sh BLOB`. Prints TAP.
# Not here: running what the tree builds.
# SPDX-License-Identifier: GPL-2.0-only
set -u

blob=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0
failed=0

# A folder name that make and the shell could trip over.
tree="$folder/a \$tree"

# fresh VERSION SUBVERSION: a tree with what the real ones have, as far as it matters.
fresh() {
    rm -rf "$tree"
    firmware=$tree/tools/firmware
    mkdir -p "$tree/xen" "$firmware/hvmloader" "$firmware/vmxassist"
    printf 'export XEN_VERSION       = %s\nexport XEN_SUBVERSION    = %s\n' "$1" "$2" >"$tree/xen/Makefile"
    printf '#!/bin/sh\necho "unsigned $1[] = {"\nod -v -t x4 $2 | sed "s/^[0-9]*//; s/ \\([0-9a-f]*\\)/0x\\1,/g"\necho "};"\n' \
        >"$firmware/hvmloader/mkhex"
    printf 'roms.h: ../vmxassist/vmxassist.bin\n\tsh ./mkhex vmxassist ../vmxassist/vmxassist.bin > roms.h\n' \
        >"$firmware/hvmloader/Makefile"
    printf 'all clean:\n\t-for d in vmxassist; do $(MAKE) -C $$d $@; done\n\t$(MAKE) -C hvmloader\n' >"$firmware/Makefile"
    printf 'all:\n\techo old > vmxassist.bin\n' >"$firmware/vmxassist/Makefile"
    touch "$firmware/vmxassist/head.S" "$firmware/vmxassist/vm86.c" "$firmware/vmxassist/vmxassist.ld"
    rm -rf "$folder/before"
    cp -a "$tree" "$folder/before"
}

verdict() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        failed=$((failed + 1))
        echo "not ok $number - $2"
        sed 's/^/# /' "$folder/output"
    fi
}

run() { XEN=$tree make --no-print-directory "$@" >"$folder/output" 2>&1; }

# refuses NAME TEXT TARGET: fails, says why, changes nothing.
refuses() {
    cp -a "$tree" "$folder/kept"
    run "$3"
    [ $? -ne 0 ] && grep -q -- "$2" "$folder/output" && diff -r "$folder/kept" "$tree" >>"$folder/output"
    verdict $? "$1"
    rm -rf "$folder/kept"
}

for subversion in 0 1 2; do
    fresh 3 $subversion
    run install-xen3 && make -C "$tree/tools/firmware" all >"$folder/output" 2>&1 &&
        cmp "$blob" "$tree/tools/firmware/vmxassist/vmxassist.bin" >>"$folder/output"
    verdict $? "a 3.$subversion tree builds with the image, unchanged"
done
# The word array, back to bytes.
sed -n 's/^0x.*/&/p' "$tree/tools/firmware/hvmloader/roms.h" | tr ',' '\n' | sed -n 's/^ *0x\(..\)\(..\)\(..\)\(..\)$/\4\3\2\1/p' |
    xxd -r -p | cmp - "$blob" >"$folder/output" 2>&1
verdict $? "hvmloader's word array is the image"
make -C "$tree/tools/firmware/vmxassist" clean >"$folder/output" 2>&1 &&
    [ ! -e "$tree/tools/firmware/vmxassist/vmxassist.bin" ] && [ -e "$tree/tools/firmware/vmxassist/hvmassist.bin" ]
verdict $? "clean keeps the image itself"
refuses "installed twice" "there already" install-xen3
rm -f "$tree/tools/firmware/hvmloader/roms.h"
run uninstall-xen3 && diff -r "$folder/before" "$tree" >>"$folder/output"
verdict $? "uninstalled, the tree is what it was"
refuses "uninstalled twice" "not there" uninstall-xen3

fresh 4 17
refuses "Xen 4" "only 3.0.2 to 3.2" install-xen3
fresh 3 2
rm "$tree/tools/firmware/vmxassist/vm86.c"
refuses "another vmxassist" "has no vm86.c" install-xen3
fresh 3 2
echo 'x: ../vmxassist/mkhex' >>"$tree/tools/firmware/hvmloader/Makefile"
refuses "an hvmloader that takes more" "takes more" install-xen3
fresh 3 2
echo all: >"$tree/tools/firmware/hvmloader/Makefile"
refuses "an hvmloader that takes none" "takes no vmxassist.bin" install-xen3
fresh 3 2
rm -r "$tree/xen"
refuses "not a Xen tree" "not a Xen source tree" install-xen3
tree=
run install-xen3
[ $? -ne 0 ] && grep -q 'say where the tree is' "$folder/output"
verdict $? "no tree named"
echo "1..$number"
[ $failed -eq 0 ]
