# Guest programs on Xen as it is and under a bundled hvmloader without a helper: what each writes to COM1 must be
# the same. /lab/guests.list names the images; each ends with a line `end`. Not here: which guests (module.mk).
# SPDX-License-Identifier: GPL-2.0-only
. guest.sh

# guest_output IMAGE OUT [LINE...]: boots it until it says that it is done.
guest_output() {
    image=$1
    out=$2
    shift 2
    guest_config /run/guest.cfg 'boot="a"' 'on_reboot="preserve"' 'on_poweroff="preserve"' "$@" \
        "$(media -drive "if=floppy,format=raw,file=/lab/$image" -boot a)"
    guest_start /run/guest.cfg || return 1
    waited=0
    until grep -q ': end' /run/serial; do
        waited=$((waited + 1))
        if [ $waited -gt 400 ]; then break; fi
        sleep 1
    done
    cp /run/serial "$out"
    [ $waited -le 400 ] || guest_report
    guest_end
    [ $waited -le 400 ]
}

while read -r image; do
    guest_output "$image" /run/bare || return 1
    guest_output "$image" /run/assisted 'firmware_override="/lab/hvmloader"' || return 1
    send "$image.bare" /run/bare
    send "$image.assisted" /run/assisted
    cmp /run/bare /run/assisted || return 1
    say "the same: $image, $(wc -l </run/bare) lines"
done </lab/guests.list
