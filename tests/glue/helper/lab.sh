# Shell functions for scripts that run in dom0 with a helper: started, watched, killed.
# Not here: guests in general (tests/xen/guest.sh).
# SPDX-License-Identifier: GPL-2.0-only

. guest.sh

hvmassistd=/lab/hvmassistd

# helper_start [OPTION...]: hvmassistd, its log added to /run/helper.log; back when it is ready. When it
# ends by itself it is started again, as its unit does.
helper_start() {
    touch /run/helper.log
    readies=$(grep -c ': ready$' /run/helper.log)
    rm -f /run/helper.stop
    while [ ! -e /run/helper.stop ]; do
        $hvmassistd "$@" 2>>/run/helper.log &
        echo $! >/run/helper.pid
        wait $!
        [ -e /run/helper.stop ] || echo "LAB: hvmassistd ended by itself, status $?" >>/run/helper.log
    done &
    supervisor=$!
    until [ "$(grep -c ': ready$' /run/helper.log)" -gt "$readies" ]; do
        sleep 0.05
    done
}

# helper_stop [SIGNAL]: for good.
helper_stop() {
    touch /run/helper.stop
    kill ${1:--TERM} "$(cat /run/helper.pid)"
    wait $supervisor
}

# helper_kill: as a crash would.
helper_kill() { helper_stop -KILL; }

# guest_of NAME FIRMWARE [LINE...]: /run/NAME.cfg, of a guest whose COM1 is /run/serial-NAME.
guest_of() {
    name=$1
    firmware=$2
    shift 2
    guest=$name guest_config "/run/$name.cfg" "firmware_override=\"$firmware\"" 'on_reboot="destroy"' "$@"
    sed -i "s,/run/serial,/run/serial-$name," "/run/$name.cfg"
    : >"/run/serial-$name"
}

# said NAME EXPRESSION: has the guest said so?
said() { grep -qE "$2" "/run/serial-$1"; }

# said_wait NAME EXPRESSION SECONDS: until it has.
said_wait() {
    deadline=$(($(cut -d. -f1 /proc/uptime) + $3))
    until said "$1" "$2"; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt $deadline ] || { say "$1 has not said: $2"; helper_report; return 1; }
        sleep 0.2
    done
}

# guest_judge NAME SECONDS: has it found everything right?
guest_judge() {
    said_wait "$1" 'GUEST: (OK|NOT OK)' "$2" || return 1
    said "$1" 'GUEST: OK' || { helper_report; return 1; }
}

helper_report() {
    tail -n 60 /run/helper.log | sed 's/^/HELPER: /'
    for file in /run/serial-*; do [ ! -e $file ] || sed "s,^,${file#/run/serial-}: ," $file; done
    xl dmesg | grep -v ' HVM' | tail -n 20 | sed 's/^/XEN: /'
    xl list
}
