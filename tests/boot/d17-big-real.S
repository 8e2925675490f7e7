/* A boot sector that lives in big real mode: 1000 trips into protected mode that bring 4 GiB limits
 * for DS and ES back, each with a BIOS call and an access above 1 MiB. Says BIGREAL-OK or -BAD.
 * Not here: how it gets onto a floppy (module.mk). */
/* SPDX-License-Identifier: GPL-2.0-only */
        .equ TRIPS, 1000
        .equ ARRAY, 0x200000            /* 2 MiB: an even MiB, yet far beyond a 64 KiB limit */

        .code16
        .globl start
start:  ljmp $0, $main
main:   xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %ss
        movw $0x7c00, %sp
        inb $0x92, %al                  /* A20 on by the fast gate, without its reset bit */
        orb $0x02, %al
        andb $0xfe, %al
        outb %al, $0x92
        movw $TRIPS, %cx

trip:   pushw %cx
        cli
        lgdt table_register
        movl %cr0, %eax
        orb $0x01, %al
        movl %eax, %cr0
        jmp 1f                          /* CS keeps its real-mode cache */
1:      movw $(flat - table), %bx
        movw %bx, %ds
        movw %bx, %es
        andb $0xfe, %al
        movl %eax, %cr0
        ljmp $0, $unreal
unreal: xorw %ax, %ax                   /* new bases; the 4 GiB limits stay */
        movw %ax, %ds
        movw %ax, %es
        sti
        popw %cx
        pushw %cx
        movzwl %cx, %edx
        movl $ARRAY, %ebx
        movl %edx, (%ebx, %edx, 4)
        movb $0x01, %ah                 /* INT 16h AH=01h: the BIOS runs with the flat limits */
        int $0x16
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %es
        movl $ARRAY, %esi
        movl (%esi, %edx, 4), %eax
        cmpl %edx, %eax
        jne bad
        popw %cx
        loop trip
        movw $good_message, %si
        jmp say
bad:    movw $bad_message, %si
say:    movb $0x0e, %ah
        movw $0x0007, %bx
next:   lodsb
        testb %al, %al
        jz idle
        int $0x10
        jmp next
idle:   sti
        hlt
        jmp idle

good_message: .asciz "BIGREAL-OK\r\n"
bad_message:  .asciz "BIGREAL-BAD\r\n"

        .balign 8
table:  .quad 0
flat:   .quad 0x008f92000000ffff        /* base 0, limit 4 GiB, DPL 0 writable data */
table_register:
        .word table_register - table - 1
        .long table

        .org 510
        .word 0xaa55
