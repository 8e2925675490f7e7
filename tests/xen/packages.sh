# Unpacks Debian packages without installing them into FOLDER/root: `sh packages.sh FOLDER PACKAGE...`. of:PACKAGE
# is what that one depends on first: the real package behind a name that stays.
# Not here: which packages (module.mk), nor what is taken from them (initramfs.sh).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

folder=$1
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
fetched=$folder/packages.partial
rm -rf "$fetched" "$folder/root"
mkdir -p "$fetched" "$folder/root"
resolve() {
    for name in "$@"; do
        case $name in
        of:*) apt-cache depends "${name#of:}" | sed -n 's/^ *Depends: //p' | head -n 1 ;;
        *) echo "$name" ;;
        esac
    done
}
download() { (cd "$fetched" && apt-get -q download $(resolve "$@") >messages 2>&1); }
# The package lists may be missing or old: then fetch them and try once more.
if ! download "$@"; then
    apt-get -o DPkg::Lock::Timeout=300 -q update >"$fetched/messages" 2>&1
    download "$@" || { cat "$fetched/messages" >&2; exit 2; }
fi
for package in "$fetched"/*.deb; do
    dpkg-deb -x "$package" "$folder/root"
done
(cd "$fetched" && ls ./*.deb) >"$folder/root.list"
rm -rf "$fetched"
