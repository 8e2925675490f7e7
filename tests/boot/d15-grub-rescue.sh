# The rescue floppy that Debian packages: GRUB 2 with a core image that fills it, and its menu.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

need /usr/lib/grub-rescue/grub-rescue-floppy.img grub-rescue-pc
cp /usr/lib/grub-rescue/grub-rescue-floppy.img "$output"
truncate -s 1440K "$output"
