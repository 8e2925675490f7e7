# The media of /lab/proof.list on an Intel machine without unrestricted guest: with the helper, under hvmassist
# alone; then, as a control, what becomes of them with the stock hvmloader. Not here: a round (rounds.sh).
# SPDX-License-Identifier: GPL-2.0-only
. rounds.sh

guest_config /run/guest.cfg
hvmassist create --dry-run /run/guest.cfg || { say "this host needs hvmassist"; return 1; }
bundles_make || return 1
helper_start --check-loads
hvmassist status | sed 's/^/STATUS: /'
round hypercall && loads_judge || return 1
helper_stop
round native || return 1
say "control begins"
: >/run/control.txt
round control observe || return 1
send control.txt /run/control.txt
