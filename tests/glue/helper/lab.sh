# Shell functions for scripts that run in dom0 with a helper: started, watched, killed.
# Not here: guests in general (tests/xen/guest.sh).
# SPDX-License-Identifier: GPL-2.0-only

. guest.sh

# helper_start [OPTION...]: hvmassistd, its log added to /run/helper.log; back when it is ready.
helper_start() {
    touch /run/helper.log
    readies=$(grep -c ': ready$' /run/helper.log)
    /lab/hvmassistd "$@" 2>>/run/helper.log &
    helper=$!
    until [ "$(grep -c ': ready$' /run/helper.log)" -gt "$readies" ]; do
        kill -0 $helper || return 1
        sleep 0.05
    done
}

# helper_kill: as a crash would.
helper_kill() {
    kill -9 "$helper"
    wait "$helper" 2>/dev/null
}

# said EXPRESSION: how many lines of the guests so far match.
said() { xl dmesg | grep -cE "^\(XEN\) \[.*\] \(d[0-9]+\) $1|^\(d[0-9]+\) $1"; }

# said_wait EXPRESSION COUNT SECONDS: until so many lines of the guests match.
said_wait() {
    deadline=$(($(cut -d. -f1 /proc/uptime) + $3))
    until [ "$(said "$1")" -ge "$2" ]; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt $deadline ] || { say "not said: $1"; helper_report; return 1; }
        sleep 0.2
    done
}

helper_report() {
    tail -n 60 /run/helper.log | sed 's/^/HELPER: /'
    xl dmesg | tail -n 20 | sed 's/^/XEN: /'
    xl list
}
