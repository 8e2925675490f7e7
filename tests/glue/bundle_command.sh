# The command line of hvmassist-bundle: `sh bundle_command.sh PROGRAM STANDINS DEBIAN`;
# DEBIAN is the hvmloader of its Xen 4.17. Prints TAP.
# Not here: what is in the files it writes (bundle_test.c).
# SPDX-License-Identifier: GPL-2.0-only
set -u

program=$(realpath "$1")
standins=$(realpath "$2")
debian=$(realpath "$3")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
number=0
failed=0

# verdict STATUS NAME
verdict() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        failed=$((failed + 1))
        echo "not ok $number - $2"
        sed 's/^/# /' errors
    fi
}

# refused NAME TEXT ARGUMENT...: status 1, the text on standard error, and OUT as it was.
refused() {
    name=$1
    text=$2
    shift 2
    echo before >OUT
    "$program" "$@" >output 2>errors
    status=$?
    [ $status -eq 1 ] && grep -qF -- "$text" errors && [ "$(cat OUT)" = before ] && [ "$(ls | wc -l)" -eq 3 ]
    verdict $? "$name"
    rm -f OUT
}

for standin in xen3-O0 xen3-O2 xen3-Os xen4; do
    "$program" "$standins/$standin.elf" OUT >output 2>errors && "$program" --check OUT >output 2>errors &&
        grep -q 'with hvmassist$' output && [ "$(ls | wc -l)" -eq 3 ]
    verdict $? "$standin is bundled, and checks"
done
"$program" "$debian" OUT >output 2>errors && grep -q 'hvmloader of Xen 4.8 or later' output &&
    "$program" --check OUT >output 2>errors && grep -q 'the start of the BIOS at 0x100065' output
verdict $? "Debian's own is bundled, and checks"
"$program" --check "$standins/xen4.elf" >output 2>errors
[ $? -eq 3 ] && grep -q 'without hvmassist' output
verdict $? "--check tells one that is not bundled"
"$program" --wait 7 "$standins/xen4.elf" OUT >output 2>errors && "$program" --check OUT >output 2>errors &&
    grep -q '7000 ms' output
verdict $? "--wait is kept"

cp "$standins/xen4.elf" "$folder.bundle" && "$program" "$standins/xen4.elf" "$folder.bundle" >output 2>errors
refused "bundled twice" "already bundled" "$folder.bundle" OUT
rm -f "$folder.bundle"
head -c 3000 "$standins/xen4.elf" >"$folder.part"
refused "truncated" "truncated" "$folder.part" OUT
rm -f "$folder.part"
refused "64-bit" "64-bit" /proc/self/exe OUT
refused "not an ELF file" "not an ELF file" /etc/passwd OUT
refused "two places" "more than one place" "$standins/xen4-twice.elf" OUT
refused "no such file" "No such file" "$folder/none" OUT
refused "a folder" "Invalid argument" / OUT

"$program" "$standins/xen4.elf" none/OUT >output 2>errors
[ $? -eq 1 ] && grep -q 'No such file' errors
verdict $? "a folder that is not there"
(ulimit -f 8 && trap '' XFSZ && "$program" "$standins/xen4.elf" OUT >output 2>errors)
[ $? -eq 1 ] && [ ! -e OUT ] && [ "$(ls | wc -l)" -eq 2 ]
verdict $? "nothing is left of a file that cannot be written whole"
for arguments in "" "one" "one two three" "--check" "--wait x one two" "--wait -1 one two" "--nonsense one two"; do
    # shellcheck disable=SC2086
    "$program" $arguments >output 2>errors
    [ $? -eq 2 ] && grep -q usage errors
    verdict $? "usage: $arguments"
done
echo "1..$number"
[ $failed -eq 0 ]
