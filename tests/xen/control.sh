# The emulator inside Xen and the control run: `sh control.sh LOG CONTROL`; LOG is of a run that notes when Xen
# emulates an instruction, CONTROL what has become of the guests with the stock hvmloader. Prints TAP.
# Not here: the runs (bochs.sh). SPDX-License-Identifier: GPL-2.0-only
set -u

stops() { awk -v wanted="$1" '/LAB: control begins/ { control = 1 } /Breakpoint [0-9]+, / && control + 0 == wanted { n++ }
    END { print n + 0 }' "$log"; }
is() { grep -qx "$1.img $2" "$control"; }
failed=0
number=0
# verdict NAME COMMAND...
verdict() {
    name=$1
    shift
    number=$((number + 1))
    if "$@"; then echo "ok $number - $name"; else echo "not ok $number - $name"; failed=1; fi
}

log=$1
control=$2
before=$(stops 0)
after=$(stops 1)
verdict "the control has begun" grep -q 'LAB: control begins' "$log"
verdict "under hvmassist Xen has emulated no instruction ($before)" [ "$before" -eq 0 ]
verdict "with the stock hvmloader it has ($after)" [ "$after" -gt 0 ]
verdict "an exception in the window: Xen alone destroys the guest" is windowfault destroyed
verdict "an interrupt in the window: Xen alone destroys the guest, or it is lost" \
    sh -c "grep -Eqx 'windowirq.img (destroyed|lost)' '$control'"
sed 's/^/# control: /' "$control"
echo "1..$number"
exit $failed
