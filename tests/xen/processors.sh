# The media of /lab/proof.list in guests with two processors, as proof.sh does it: Xen itself starts the second one
# in real mode, whatever the transport. Not here: a round (rounds.sh). SPDX-License-Identifier: GPL-2.0-only
. rounds.sh

more='vcpus=2'
bundles_make && round stock && round native || return 1
helper_start --check-loads
round hypercall && loads_judge
