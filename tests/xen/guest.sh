# Shell functions for scripts that run in dom0: one guest at a time, started, watched, typed to, ended.
# Not here: any guest, nor what it must show.
# SPDX-License-Identifier: GPL-2.0-only

guest=guest
monitor=/run/monitor

# guest_config FILE [LINE...]: an xl configuration of a small guest; LINEs are added, one each.
guest_config() {
    cat >"$1" <<END
name="$guest"
type="hvm"
memory=64
maxmem=64
vcpus=1
bios="seabios"
vga="stdvga"
videoram=16
vnc=0
sdl=0
usb=0
xen_platform_pci=0
serial="file:/run/serial"
on_poweroff="destroy"
on_crash="preserve"
on_reboot="restart"
END
    guest_config_file=$1
    shift
    for line in "$@"; do
        echo "$line" >>"$guest_config_file"
    done
}

# media ARGUMENT...: the configuration line that gives QEMU these arguments, and a monitor.
media() {
    list=
    for word in "$@" -chardev pipe,id=monitor,path=$monitor -mon chardev=monitor; do
        list="$list\"$word\","
    done
    echo "device_model_args_hvm=[$list]"
}

# guest_start FILE [ARGUMENT...]: xl create; more arguments go to xl.
guest_start() {
    rm -f $monitor.in $monitor.out
    mkfifo $monitor.in $monitor.out
    # Opened both ways, so that neither end ever waits for the other.
    exec 8<>$monitor.in 9<>$monitor.out
    cat <&9 >/run/monitor.log &
    monitor_reader=$!
    : >/run/serial
    xl create "$@" || { guest_report; return 1; }
}

guest_command() { echo "$*" >&8; }

# guest_key NAME...: QEMU's names of keys, one stroke each.
guest_key() {
    for name in "$@"; do
        guest_command "sendkey $name"
        sleep 0.3
    done
}

# guest_screen: the 80 by 25 text screen.
guest_screen() {
    rm -f /run/screen
    guest_command 'pmemsave 0xb8000 4000 "/run/screen"'
    tries=0
    until [ "$(stat -c %s /run/screen 2>/dev/null)" = 4000 ]; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || return 1
        sleep 0.1
    done
    xxd -p -c2 /run/screen | cut -c1-2 | tr -d '\n' | xxd -r -p | tr '\000' ' ' | fold -w80 |
        sed 's/ *$//'
    echo
}

# guest_runs: it exists, and has neither shut down nor crashed. xl fails now and then on a busy machine.
guest_runs() {
    for attempt in 1 2 3 4 5; do
        state=$(xl list $guest 2>/dev/null | awk 'NR == 2 { print $5 }')
        case $state in
        *s* | *c*) return 1 ;;
        ?*) return 0 ;;
        esac
        sleep 1
    done
    return 1
}

# guest_shows EXPRESSION: on its screen or COM1, now.
guest_shows() {
    { guest_screen; cat /run/serial; } >/run/shown
    grep -qE "$1" /run/shown
}

# guest_wait EXPRESSION SECONDS: until it shows it.
guest_wait() {
    deadline=$(($(cut -d. -f1 /proc/uptime) + $2))
    while [ "$(cut -d. -f1 /proc/uptime)" -lt $deadline ]; do
        if guest_shows "$1"; then return 0; fi
        # It may have shown it, and ended, since.
        guest_runs || { guest_shows "$1" && return 0; break; }
        sleep 0.5
    done
    say "not seen: $1"
    guest_report
    return 1
}

# guest_report: what there is to say about the guest.
guest_report() {
    xl list
    guest_screen | sed '/^$/d; s/^/SCREEN: /'
    sed 's/^/COM1: /' /run/serial
    tail -n 20 /var/log/xen/qemu-dm-$guest.log | sed 's/^/QEMU: /'
    domain=$(xl domid $guest 2>/dev/null) && xenctx "$domain" 0 | head -n 24 | sed 's/^/CONTEXT: /'
}

guest_end() {
    xl destroy $guest >/run/destroy 2>&1
    kill $monitor_reader 2>/dev/null
    exec 8>&- 9>&-
}
