# How long GRUB Legacy takes to its prompt, in dom0's seconds: with the stock hvmloader, under hvmassist alone, and
# with the helper. Not here: a boot (rounds.sh). SPDX-License-Identifier: GPL-2.0-only
. rounds.sh

now() { cut -d' ' -f1 /proc/uptime; }

# timed TRANSPORT
timed() {
    begin d02-grub-legacy.img a "$1" || return 1
    started=$(now)
    guest_wait '^grub>' $patience || return 1
    say "seconds to grub>, $1: $(echo "$started $(now)" | awk '{ printf "%.1f", $2 - $1 }')"
    guest_end
}

bundles_make && timed stock && timed native || return 1
helper_start
timed hypercall
