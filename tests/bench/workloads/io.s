# REP INS and OUTS as a disk driver without DMA has them: sectors, single and several, both widths.
# Not here: single IN and OUT; nothing but our own interpreter is run with this.
# SPDX-License-Identifier: GPL-2.0-only
.include "workload.inc"

.set DATA_PORT, 0x1f0
.set SECTOR_WORDS, 256

setup:
    ret

work:
    iterations 20
1:  movw %cs:segment_a, %es
    movw $DATA_PORT, %dx
    xorw %di, %di
    movw $16, %bx                       # 16 sectors, each read by itself
2:  movw $SECTOR_WORDS, %cx
    rep insw
    decw %bx
    jnz 2b
    movw $32 * SECTOR_WORDS, %cx        # 16 KiB at one go
    rep insw
    movw $0x1001, %di                   # unaligned, as bytes and as dwords
    movw $512, %cx
    rep insb
    movw $0x0800, %cx
    rep insl
    pushw %ds
    movw %cs:segment_a, %ds
    xorw %si, %si
    movw $16 * SECTOR_WORDS, %cx
    rep outsw
    popw %ds
    iterate 1b
    movzwl %di, %eax
    shll $16, %eax
    movw %si, %ax
    ret
