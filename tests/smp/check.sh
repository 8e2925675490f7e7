#!/bin/sh
# Runs the two-processor machine in Bochs and looks at what both wrote: check.sh ROM FOLDER
# Not here: what they run (rom.S).
# SPDX-License-Identifier: GPL-2.0-only
set -eu

rom=$(realpath "$1")
folder=$2
limit=200000000

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
cat > bochsrc <<RC
config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file=$rom, address=0xffff0000
vgaromimage: file=/usr/share/vgabios/vgabios.bin
cpu: model=core2_penryn_t9600, count=2, ips=8000000, reset_on_triple_fault=0
memory: guest=64, host=64
clock: sync=none
log: bochs.log
panic: action=fatal
port_e9_hack: enabled=1
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
speaker: enabled=1, mode=none
pci: enabled=1, chipset=i440fx
RC
printf 'sb %s\nc\nq\n' $limit > commands
# Once more when another Bochs has taken the port of its display in the same moment (tests/run/debugger.py).
for _ in 1 2 3 4 5; do
    # Bochs ends with status 1 when the guest asks for it.
    timeout 300 bochs -q -f bochsrc -rc commands < /dev/null > output.txt 2>&1 || true
    grep -q 'Could not listen on socket\.' bochs.log || break
done

line=$(grep -a '^[ab]\{2,\}' output.txt || true)
letters=${line%% *}
if [ "${line#"$letters"}" != " started" ]; then
    echo "check-smp: the second processor did not finish where it should: '$line'" >&2
    exit 1
fi
for letter in a b; do
    count=$(printf %s "$letters" | tr -cd $letter | wc -c)
    if [ "$count" -ne 8 ]; then
        echo "check-smp: $count times '$letter' instead of 8: $letters" >&2
        exit 1
    fi
done
case $letters in
*ab*ab*) ;;
*)
    echo "check-smp: one after the other, not at the same time: $letters" >&2
    exit 1
    ;;
esac
echo "check-smp: $letters: two processors interpreted at the same time"
