# ISOLINUX on a hybrid CD; shows its boot: prompt, which knows the word mem; with "menu", a menu
# titled ISOLINUX-MENU. Arguments: OUTPUT [menu].
# Not here: what recipes share (common.sh).
# SPDX-License-Identifier: GPL-2.0-only
. "${0%/*}/common.sh"

mkdir "$scratch/tree"
modules "$scratch/tree" libcom32 libutil meminfo menu
case ${2-} in
menu)
    start='UI menu.c32
MENU TITLE ISOLINUX-MENU'
    ;;
*)
    start='PROMPT 1
SAY ISOLINUX-READY'
    ;;
esac
cat >"$scratch/tree/isolinux.cfg" <<CONFIGURATION
$start
TIMEOUT 0
LABEL mem
 COM32 meminfo.c32
CONFIGURATION
isolinux_iso "$output" "$scratch/tree"
