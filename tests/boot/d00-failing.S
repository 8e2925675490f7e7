# A boot sector that fails on purpose: it goes to protected mode and back three times, then enters
# it with a stack whose RPL is not its DPL, which VT-x cannot run, and stays there doing nothing.
# Not here: what the failure must leave behind (test_failure.py).
# SPDX-License-Identifier: GPL-2.0-only
        .code16
        .globl start
start:  ljmp $0, $main
main:   cli
        xorw %ax, %ax
        movw %ax, %ds
        movw %ax, %ss
        movw $0x7c00, %sp
        movw $0xb800, %ax
        movw %ax, %es
        movl $0x0f420f41, %es:0x20      # "AB" on the screen
        lgdt gdt_pointer
        movw $3, %cx
trip:   movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmp $8, $inside
inside: movl $0x10000, %edx             # long enough to be no short stay
1:      decl %edx
        jnz 1b
        movl %cr0, %eax
        andb $0xfe, %al
        movl %eax, %cr0
        ljmp $0, $outside
outside:
        sti                             # what has come meanwhile keeps the guest in the interpreter
        nop
        nop
        cli
        loop trip
        movw $0x0601, %ax
        movw %ax, %ss
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmp $8, $stay
stay:   movw $0x10, %ax
        movw %ax, %ds
        movl $0x600df00d, %esi
spin:   incl %edi
        jmp spin
        .balign 8
gdt:    .quad 0
        .quad 0x00009b000000ffff        # 08: code, 16 bits
        .quad 0x000093000000ffff        # 10: data
gdt_pointer:
        .word gdt_pointer - gdt - 1
        .long gdt
        .org 510
        .word 0xaa55
