# Boots media under a bundled hvmloader without a helper: each line of /lab/media.list is a floppy image, what its
# screen must show, and within how many seconds. Not here: which media (module.mk).
# SPDX-License-Identifier: GPL-2.0-only
. guest.sh

while read -r medium shown limit; do
    guest_config /run/guest.cfg 'boot="a"' 'on_reboot="preserve"' \
        'firmware_override="/lab/hvmloader"' \
        "$(media -drive "if=floppy,format=raw,file=/lab/$(basename "$medium")" -boot a)"
    guest_start /run/guest.cfg || return 1
    guest_wait "$shown" "$limit" || return 1
    say "shown: $shown"
    guest_screen | sed '/^$/d; s/^/SCREEN: /'
    guest_end
done </lab/media.list
