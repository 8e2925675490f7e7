# Unpacks Debian packages without installing them: `sh packages.sh FOLDER PACKAGE...`; FOLDER/PACKAGE names
# become FOLDER/root. Not here: which packages (module.mk), nor what is taken from them (initramfs.sh).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

folder=$1
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
fetched=$folder/packages.partial
rm -rf "$fetched" "$folder/root"
mkdir -p "$fetched" "$folder/root"
download() { (cd "$fetched" && apt-get -q download "$@" >messages 2>&1); }
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
