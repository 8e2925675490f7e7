# Block instructions in both directions, at odd addresses, with SCAS and short runs;
# 67,580 bytes in an iteration. Not here: the plain forward ones (copy.s).
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
    iterations 20
1:  pushw %ds
    movw %cs:segment_a, %ds
    movw %cs:segment_b, %es
    std
    movw $0x7ffe, %si                   # 16 KiB downwards, aligned
    movw $0x7ffe, %di
    movw $0x2000, %cx
    rep movsw
    movw $0x9fff, %si                   # 8 KiB downwards, neither side aligned
    movw $0xbffd, %di
    movw $0x2000, %cx
    rep movsb
    movw $0xeffb, %di                   # 8 KiB of stores downwards
    movw $0x0800, %cx
    movl $0x11223344, %eax
    rep stosl
    cld
    movw $0x1003, %si                   # 16 KiB upwards, unaligned, not a multiple
    movw $0x0001, %di
    movw $0x0fff, %cx
    rep movsl
    movw $0xd001, %di                   # 7 KiB searched in vain
    movw $0x0e00, %cx
    movw $0x5555, %ax
    repne scasw
    movw $0xd003, %di                   # and 7 KiB that are all the same
    movl $0x11223344, %eax
    movw $0x0700, %cx
    repe scasl
    movw $64, %bx                       # short runs
    xorw %si, %si
    movw $0x2000, %di
2:  movw $8, %cx
    rep movsl
    movw $16, %cx
    rep movsw
    decw %bx
    jnz 2b
    popw %ds
    iterate 1b
    movw %es:0x0fff, %ax
    shll $16, %eax
    movw %es:0xbff0, %ax
    addw %cx, %ax
    addw %di, %ax
    ret
