# An interrupt in the PE = 1 window while SS has low selector bits, which VT-x cannot enter; nothing else.
# Not here: the same with an exception (windowfault.s), and all the other states there (rpl.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set STACK_SELECTOR, 0x9003

guest:
    cli
    call install_ivt
    lgdt gdt_pointer
    movb $1, trap_same_level
    movl %esp, saved_esp
    movw $STACK_SELECTOR, %ax
    movw %ax, %ss
    movl $0xc00, %esp
    movl %esp, escape_esp
    show_selectors "real:  "
    lidt idt_pointer
    movl $ESCAPE + 1f, %ebp
    enter_protected
    call arm_timer
    sti
    nop
2:  jmp 2b
    code32
1:  show_selectors "after: "
    ljmp $CODE16, $1f
    code16
1:  leave_protected
    ljmp $0, $1f
1:  lidt real_idt_pointer
    xorw %ax, %ax
    movw %ax, %ss
    movl saved_esp, %esp
    finish "windowirq"

saved_esp:
    .long 0

.include "timer.inc"

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end
idt:
    trap_gates gate32, CODE32, INTERRUPT32
idt_end:
table_pointer idt_pointer, idt, idt_end
