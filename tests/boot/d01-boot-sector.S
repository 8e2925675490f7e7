/* The smallest medium: a boot sector that prints BOOTSECTOR-OK by INT 10h and idles with HLT.
 * Not here: how it gets onto a floppy (module.mk). */
/* SPDX-License-Identifier: GPL-2.0-only */
        .code16
        .globl start
start:  ljmp $0x07c0, $(main - start)   /* CS = 07c0h, so that IP is the offset in the sector */
main:   movw %cs, %ax
        movw %ax, %ds
        movw $(message - start), %si
        movb $0x0e, %ah                 /* INT 10h AH=0Eh: teletype output */
        movw $0x0007, %bx
next:   lodsb
        testb %al, %al
        jz idle
        int $0x10
        jmp next
idle:   sti
        hlt
        jmp idle

message: .asciz "BOOTSECTOR-OK\r\n"

        .org 510
        .word 0xaa55
