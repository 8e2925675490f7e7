# Debian packages: `sh install-packages.sh PACKAGE...` installs what is missing, or names it.
# Not here: which packages are wanted (module.mk).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

missing=
for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=none
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "these Debian packages are missing:$missing" >&2
    echo "install them as root: apt-get install$missing" >&2
    exit 2
fi

messages=$(mktemp)
trap 'rm -f "$messages"' EXIT
echo "installing:$missing"
install() {
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y \
        --no-install-recommends install $missing >"$messages" 2>&1
}
# The package lists may be missing or old: then fetch them and try once more.
install && exit 0
apt-get -o DPkg::Lock::Timeout=300 -q update >"$messages" 2>&1 && install && exit 0
cat "$messages" >&2
echo "could not install:$missing" >&2
exit 2
