# GRUB Legacy 0.97 on a raw floppy; shows its grub> prompt.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

boot_floppy "$output"
