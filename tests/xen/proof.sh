# The media of /lab/proof.list on an AMD machine: with the stock hvmloader, under hvmassist alone, and with the
# helper. Not here: a round (rounds.sh). SPDX-License-Identifier: GPL-2.0-only
. rounds.sh

bundles_make && round stock && round native || return 1
helper_start --check-loads
round hypercall && loads_judge
