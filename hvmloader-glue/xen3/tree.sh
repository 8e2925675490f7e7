# Puts hvmassist into a source tree of Xen 3.0.2 to 3.2, in the place of vmxassist, and takes it out again:
# `sh tree.sh install TREE BLOB MAKEFILE`, `sh tree.sh uninstall TREE`. Not here: the Makefile (Makefile.in-tree).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

refuse() {
    echo "hvmassist: $tree: $*" >&2
    exit 1
}

# What a tree has whose hvmloader takes in vmxassist.bin, and nothing else from that folder.
check_tree() {
    [ -d "$tree" ] || refuse "no such folder"
    [ -f "$tree/xen/Makefile" ] && [ -f "$hvmloader" ] || refuse "not a Xen source tree"
    version=$(sed -n 's/^export XEN_VERSION[ 	]*=[ 	]*//p' "$tree/xen/Makefile")
    subversion=$(sed -n 's/^export XEN_SUBVERSION[ 	]*=[ 	]*//p' "$tree/xen/Makefile")
    case $version.$subversion in
    3.[0-3]) ;;
    *) refuse "Xen ${version:-?}.${subversion:-?}: only 3.0.2 to 3.2 have vmxassist" ;;
    esac
    grep -q 'vmxassist/vmxassist\.bin' "$hvmloader" || refuse "its hvmloader takes no vmxassist.bin"
    others=$(grep -o '\.\./vmxassist/[A-Za-z0-9_.-]*' "$hvmloader" | grep -vc '/vmxassist\.bin$' || true)
    [ "$others" -eq 0 ] || refuse "its hvmloader takes more than vmxassist.bin from there"
}

is_ours() { [ -f "$place/HVMASSIST" ]; }

install_blob() {
    blob=$1
    makefile=$2
    check_tree
    [ ! -L "$place" ] || refuse "$place is a symbolic link"
    if is_ours || [ -e "$backup" ]; then refuse "hvmassist is there already: uninstall-xen3 first"; fi
    for file in Makefile head.S vm86.c vmxassist.ld; do
        [ -f "$place/$file" ] || refuse "$place is not vmxassist: it has no $file"
    done
    new=$place.new
    rm -rf "$new"
    mkdir "$new"
    cp "$blob" "$new/hvmassist.bin"
    cp "$makefile" "$new/Makefile"
    echo "hvmassist in the place of vmxassist, which is in $(basename "$backup")." >"$new/HVMASSIST"
    mv "$place" "$backup"
    mv "$new" "$place" || { mv "$backup" "$place"; refuse "could not be changed; it is as it was"; }
    echo "hvmassist is in $place; vmxassist is kept in $backup"
}

uninstall_blob() {
    [ -d "$tree" ] || refuse "no such folder"
    is_ours || refuse "hvmassist is not there"
    [ -d "$backup" ] || refuse "there is no $backup to go back to"
    mv "$place" "$place.old"
    mv "$backup" "$place" || { mv "$place.old" "$place"; refuse "could not be changed; it is as it was"; }
    rm -rf "$place.old"
    echo "$place is vmxassist again"
}

action=$1
tree=$2
hvmloader=$tree/tools/firmware/hvmloader/Makefile
place=$tree/tools/firmware/vmxassist
backup=$tree/tools/firmware/vmxassist.original
case $action in
install) install_blob "$3" "$4" ;;
uninstall) uninstall_blob ;;
esac
