# The frame of ckern.c: compiled code, 32-bit operands and addresses in a 16-bit segment.
# Not here: the work.
# SPDX-License-Identifier: GPL-2.0-only
.include "workload.inc"

.set ITERATIONS, 4

setup:
    ret

work:
    pushl $ITERATIONS
    calll kernel
    addw $4, %sp
    ret
