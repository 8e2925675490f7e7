# ISOLINUX on a hybrid CD; shows its boot: prompt, which knows the word mem.
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

mkdir "$scratch/tree"
modules "$scratch/tree" libcom32 libutil meminfo
cat >"$scratch/tree/isolinux.cfg" <<'CONFIGURATION'
PROMPT 1
TIMEOUT 0
SAY ISOLINUX-READY
LABEL mem
 COM32 meminfo.c32
CONFIGURATION
isolinux_iso "$output" "$scratch/tree"
