# Shell functions that boot the media of /lab/proof.list (each line: image, the BIOS' letter of its drive, the
# transports, what it must show), and send out what each run has shown: IMAGE.TRANSPORT.screen and .com1.
# Not here: the order of the rounds (proof.sh, bochs.sh), what must be the same (compare.py).
# SPDX-License-Identifier: GPL-2.0-only
. lab.sh

patience=1200
# One more line for each guest's configuration.
more=

drive() {
    case $1 in
    a) media -drive "if=floppy,format=raw,file=$2" ;;
    d) media -drive "if=ide,index=2,media=cdrom,format=raw,file=$2" ;;
    esac
}

# begin IMAGE LETTER TRANSPORT
begin() {
    firmware=
    case $3 in hypercall | native) firmware="firmware_override=\"/run/hvmloader-$3\"" ;; esac
    guest_config /run/guest.cfg "boot=\"$2\"" 'on_reboot="preserve"' 'on_poweroff="preserve"' \
        'uuid="5e5e0000-0000-4000-8000-00000000c0de"' "$firmware" "$more" "$(drive "$2" "/lab/$1")"
    say "$1, $3: starts"
    guest_start /run/guest.cfg
}

# keep IMAGE TRANSPORT: sends what it has shown.
keep() {
    guest_screen >/run/last-screen || return 1
    send "$1.$2.screen" /run/last-screen
    send "$1.$2.com1" /run/serial
}

# show IMAGE LETTER TRANSPORT EXPRESSION: it must show that.
show() {
    begin "$1" "$2" "$3" || return 1
    guest_wait "$4" $patience || { [ "$3" != hypercall ] || helper_report; return 1; }
    sleep 1
    say "$1, $3: shows $4"
    keep "$1" "$3" || return 1
    [ "$3" != hypercall ] || hvmassist status >/run/status
    guest_end
}

# observe IMAGE LETTER TRANSPORT EXPRESSION: says what becomes of it; sent as control.txt.
observe() {
    begin "$1" "$2" "$3" || return 1
    if guest_wait "$4" 60 >/run/why; then outcome=shows
    elif ! guest_runs; then outcome=destroyed
    else outcome=lost; fi
    echo "$1 $outcome" >>/run/control.txt
    say "$1, $3: $outcome"
    keep "$1" "$3" || say "no screen"
    sed 's/^/CONTROL: /' /run/why
    guest_end
}

# round TRANSPORT [FUNCTION]: all media that are listed for it.
round() {
    each=${2:-show}
    # The list is not the standard input of what runs here.
    while read -r medium letter transports shown <&3; do
        case ,$transports, in
        *,$1,*) $each "$(basename "$medium")" "$letter" "$1" "$shown" || return 1 ;;
        *) continue ;;
        esac
        [ "$1" = hypercall ] || continue
        sed 's/^/STATUS: /' /run/status
        awk '$2 == "guest" { served = $3 == "hypercall" && $4 > 0 && $5 > 0 && $6 == 0 } END { exit !served }' /run/status ||
            { say "not served as it should"; helper_report; return 1; }
    done 3</lab/proof.list
}

PATH=/lab:$PATH

bundles_make() {
    hvmassist-bundle --wait 600 /usr/lib/xen-4.17/boot/hvmloader /run/hvmloader-hypercall &&
        hvmassist-bundle --wait 0 /usr/lib/xen-4.17/boot/hvmloader /run/hvmloader-native
}

# loads_judge: was every state that the helper has loaded read back equal? Sends its log.
loads_judge() {
    equal=$(grep -c 'read back equal' /run/helper.log)
    different=$(grep -c 'read back DIFFERENT' /run/helper.log)
    say "loads read back equal: $equal, different: $different"
    grep 'read back DIFFERENT' /run/helper.log | head -n 5
    gzip -c /run/helper.log >/run/helper.log.gz
    send helper.log.gz /run/helper.log.gz
    [ "$equal" -ge 2 ] && [ "$different" = 0 ]
}
