# Block instructions: MOVSW, MOVSB at odd addresses, STOSD, CMPSB; 60,416 bytes in an iteration.
# Not here: port strings (io.s), other directions and SCAS (strings.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "workload.inc"

setup:
    movw %cs:segment_a, %es
    xorw %di, %di
    movw $0x8000, %cx
    movw $1, %ax
1:  stosw
    next_random
    loop 1b
    ret

work:
    iterations 50
1:  pushw %ds
    movw %cs:segment_a, %ds
    movw %cs:segment_b, %es
    xorw %si, %si
    xorw %di, %di
    movw $0x4000, %cx
    rep movsw
    movw $1, %si
    movw $0x8003, %di
    movw $0x1000, %cx
    rep movsb
    movw $0xa000, %di
    movw $0x1600, %cx
    movl $0x5a5a1234, %eax
    rep stosl
    movw $0x100, %si
    movw $0x100, %di
    movw $0x400, %cx
    repe cmpsb
    popw %ds
    iterate 1b
    movw %es:0x7000, %ax
    shll $16, %eax
    movw %es:0xa010, %ax
    addw %cx, %ax
    ret
