# Stack and transfers: near and far calls, INT and IRET, PUSHA, PUSHF, ENTER and LEAVE.
# Not here: protected mode, and work that computes (alu.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "workload.inc"

.set VECTOR, 0x60

setup:
    movw $interrupt, VECTOR * 4
    movw %cs, VECTOR * 4 + 2
    ret

work:
    iterations 5
    xorw %dx, %dx                       # the checksum
    movw $1, %bx
1:  movw $1000, %cx
2:  pushw %bx
    pushw %cx
    call with_argument
    popw %cx
    popw %bx
    pushw %cs                           # a far call, as linkers relax one
    call far_increment
    lcall $0, $far_exclusive
    pushfw
    popfw
    int $VECTOR
    pushaw
    popaw
    pushw $77
    call with_frame
    addw %ax, %dx
    decw %cx
    jnz 2b
    iterate 1b
    movzwl %dx, %eax
    ret

with_argument:
    pushw %bp
    movw %sp, %bp
    pushw %si
    movw 6(%bp), %si
    addw %si, %dx
    call inner
    popw %si
    popw %bp
    ret
inner:
    addw %cx, %dx
    ret
far_increment:
    incw %dx
    lretw
far_exclusive:
    xorw %bx, %dx
    lretw
with_frame:
    enter $4, $0
    movw 4(%bp), %ax
    movw %ax, -2(%bp)
    addw -2(%bp), %ax
    leave
    ret $2
interrupt:
    pushw %ax
    pushw %ds
    xorw %ax, %ax
    movw %ax, %ds
    addw COUNTER, %dx
    popw %ds
    popw %ax
    iretw
