# Boots each medium of /lab/proof.list (its image, the BIOS' letter of its drive, the transports, what it must
# show) with the stock hvmloader, under hvmassistd, and under hvmassist without it. Sends out what each run has
# shown (IMAGE.TRANSPORT.screen, .com1), and the helper's log. Not here: which media (module.mk), what must be the
# same (compare.py). SPDX-License-Identifier: GPL-2.0-only
. lab.sh

patience=1200

drive() {
    case $1 in
    a) media -drive "if=floppy,format=raw,file=$2" ;;
    d) media -drive "if=ide,index=2,media=cdrom,format=raw,file=$2" ;;
    esac
}

# show IMAGE LETTER TRANSPORT EXPRESSION
show() {
    firmware=
    [ "$3" = stock ] || firmware="firmware_override=\"/run/hvmloader-$3\""
    guest_config /run/guest.cfg "boot=\"$2\"" 'on_reboot="preserve"' 'on_poweroff="preserve"' \
        'uuid="5e5e0000-0000-4000-8000-00000000c0de"' "$firmware" "$(drive "$2" "/lab/$1")"
    guest_start /run/guest.cfg || return 1
    guest_wait "$4" $patience || { helper_report; return 1; }
    sleep 1
    say "$1, $3: shows $4"
    guest_screen >/run/last-screen || return 1
    send "$1.$3.screen" /run/last-screen
    send "$1.$3.com1" /run/serial
    [ "$3" != hypercall ] || hvmassist status >/run/status
    guest_end
}

# round TRANSPORT: all media that are listed for it.
round() {
    # The list is not the standard input of what runs here.
    while read -r medium letter transports shown <&3; do
        case ,$transports, in
        *,$1,*) show "$(basename "$medium")" "$letter" "$1" "$shown" || return 1 ;;
        *) continue ;;
        esac
        [ "$1" = hypercall ] || continue
        sed 's/^/STATUS: /' /run/status
        awk '$2 == "guest" { served = $3 == "hypercall" && $4 > 0 && $5 > 0 && $6 == 0 } END { exit !served }' /run/status ||
            { say "not served as it should"; helper_report; return 1; }
    done 3</lab/proof.list
}

PATH=/lab:$PATH
hvmassist-bundle --wait 600 /usr/lib/xen-4.17/boot/hvmloader /run/hvmloader-hypercall || return 1
hvmassist-bundle --wait 0 /usr/lib/xen-4.17/boot/hvmloader /run/hvmloader-native || return 1
round stock && round native || return 1
helper_start --check-loads
round hypercall || return 1

equal=$(grep -c 'read back equal' /run/helper.log)
different=$(grep -c 'read back DIFFERENT' /run/helper.log)
say "loads read back equal: $equal, different: $different"
grep 'read back DIFFERENT' /run/helper.log | head -n 5
gzip -c /run/helper.log >/run/helper.log.gz
send helper.log.gz /run/helper.log.gz
[ "$equal" -ge 2 ] && [ "$different" = 0 ]
