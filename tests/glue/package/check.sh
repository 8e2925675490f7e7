# The package, tried: `sh check.sh FOLDER HVMLOADER`; FOLDER is where it was built, HVMLOADER Debian's of
# Xen 4.17. As root, at least in a user namespace. Prints TAP. Not here: whether the tools are right (tests/glue, tests/xen).
# SPDX-License-Identifier: GPL-2.0-only
set -u

folder=$(realpath "$1")
hvmloader=$(realpath "$2")
package=$(echo "$folder"/hvmassist_*_amd64.deb)
root=$folder/root
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
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

# Into a folder of its own: its libraries are this machine's, not packages there.
dpkg_in_root() { dpkg --root="$root" --force-script-chrootless --force-depends "$@" >errors 2>&1; }

# left: files below the root that are not dpkg's.
left() { (cd "$root" && find . ! -type d ! -path './var/lib/dpkg/*' ! -path './var/log/dpkg.log' | sort); }

lintian --allow-root --fail-on error,warning --display-info "$package" >errors 2>&1
verdict $? "lintian"

rm -rf "$root"
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
dpkg_in_root --install "$package"
verdict $? "installs"

(
    set -e
    for name in usr/bin/hvmassist-bundle usr/sbin/hvmassist usr/sbin/hvmassistd; do
        test -x "$root/$name"
    done
    for name in usr/lib/hvmassist/hvmassist-xen3.bin usr/lib/hvmassist/hvmassist-xen4.bin \
        usr/share/man/man1/hvmassist-bundle.1.gz usr/share/man/man8/hvmassist.8.gz \
        usr/share/man/man8/hvmassistd.8.gz lib/systemd/system/hvmassistd.service \
        usr/share/doc/hvmassist/copyright usr/share/doc/hvmassist/changelog.gz \
        usr/share/doc/hvmassist/examples/guest.cfg; do
        echo "is not there, or empty: $name" >errors
        test -s "$root/$name"
    done
)
verdict $? "has every file"

test "$(readlink "$root/etc/systemd/system/multi-user.target.wants/hvmassistd.service")" = \
    /lib/systemd/system/hvmassistd.service
verdict $? "the unit is enabled"
grep -q '^ExecStart=/usr/sbin/hvmassistd$' "$root/lib/systemd/system/hvmassistd.service"
verdict $? "the unit names the daemon"

version=$(dpkg-deb --field "$package" Version)
for name in hvmassist hvmassistd; do
    test "$("$root/usr/sbin/$name" --version 2>errors)" = "$name $version"
    verdict $? "$name --version"
    "$root/usr/sbin/$name" --help 2>errors | grep -q "^Usage: $name"
    verdict $? "$name --help"
done
"$root/usr/bin/hvmassist-bundle" --help 2>errors | grep -q '^usage: hvmassist-bundle'
verdict $? "hvmassist-bundle --help"

"$root/usr/bin/hvmassist-bundle" "$hvmloader" bundled >errors 2>&1 &&
    "$root/usr/bin/hvmassist-bundle" --check bundled >output 2>errors &&
    grep -q 'with hvmassist$' output && grep -q 'checksum .* good$' output
verdict $? "bundles Debian's hvmloader"

# What is installed as a file is what the bundler has in it.
blob="$root/usr/lib/hvmassist/hvmassist-xen4.bin"
size=$(sed -n 's/.*blob: \([0-9]*\) bytes.*/\1/p' output)
echo "the blob has $(stat -c %s "$blob") bytes, the bundled one $size" >errors
test "$(stat -c %s "$blob")" = "$size" && python3 -c 'import sys
blob, bundled = (open(name, "rb").read() for name in sys.argv[1:])
sys.exit(blob not in bundled)' "$blob" bundled
verdict $? "the blob as a file is the bundled one"

"$root/usr/sbin/hvmassist" create "$root/usr/share/doc/hvmassist/examples/guest.cfg" >output 2>errors
test $? -eq 2 && grep -q 'there is no Xen to ask' errors
verdict $? "hvmassist create without a Xen says so"

for page in "$root"/usr/share/man/man*/*; do
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --encoding=UTF-8 --local-file --troff-device=utf8 --ditroff \
        "$page" >/dev/null 2>errors
    test ! -s errors
    verdict $? "manual page $(basename "$page")"
done

mkdir -p "$root/var/lib/hvmassist"
: >"$root/var/lib/hvmassist/hvmloader-4.17"
dpkg_in_root --remove hvmassist
test -e "$root/var/lib/hvmassist/hvmloader-4.17" && test ! -e "$root/usr/sbin/hvmassistd"
verdict $? "removed, what was made is kept"
dpkg_in_root --purge hvmassist
left >errors
test ! -s errors
verdict $? "purged, nothing is left"

echo "1..$number"
[ $failed -eq 0 ]
