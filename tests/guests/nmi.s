# NMIs from the local APIC to itself, in real and protected mode: IF, shadows, blocking until IRET.
# Not here: NMIs through task gates.
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set APIC_SPURIOUS, 0xfee000f0
.set APIC_COMMAND, 0xfee00300           # interrupt command register, low half
.set NMI_TO_ID_0, 0x00004400            # the shorthand for self is for fixed interrupts only, in Bochs
.set FLAT, FIRST_OWN                    # 4 GiB, 16 bits

guest:
    cli
    call install_ivt
    call init_pics                      # nothing else comes
    movw $nmi_16, 2 * 4
    movw $0, 2 * 4 + 2
    lgdt gdt_pointer
    enter_protected
    movw $FLAT, %ax
    movw %ax, %fs                       # stays flat in real mode
    leave_protected
    addr32 orl $0x100, %fs:APIC_SPURIOUS
    say "real mode\n"
    call trials_16
    say "protected mode\n"
    lidt idt_pointer
    enter_protected
    ljmpl $CODE32, $1f
    code32
1:  movw $DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw %ax, %fs
    call trials_32
    movl $0x8000, %ecx                  # long enough to run natively
2:  decl %ecx
    jnz 2b
    call trials_32
    movw $DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    ljmpl $CODE16, $1f
    code16
1:  leave_protected
    ljmp $0, $1f
1:  xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    lidt real_idt_pointer
    finish "nmi"

# One NMI; the write is done when the next instruction begins, give or take what the bus needs.
.macro send
    a32 movl $NMI_TO_ID_0, %fs:APIC_COMMAND
.endm
.macro settle
    .rept 8
    nop
    .endr
.endm
.macro trial text, instructions:vararg
    say "  \text:"
    movw $0, count
    movw $0, inside
    \instructions
    settle
    movl count, %eax
    show " ", %eax, 4
    movl inside, %eax
    show " inside ", %eax, 4
    say "\n"
.endm

.macro trials bits
    code\bits
trials_\bits:
    trial "IF=0", send
    trial "twice", send_twice_\bits
    trial "one more from the handler", send_more_\bits
    trial "IF=1", send_open_\bits
    trial "STI", send_sti_\bits
    trial "MOV SS", send_ss_\bits
    trial "a hundred", send_many_\bits
    ret
.endm
.macro send_twice_16
    send
    settle
    send
.endm
.macro send_twice_32
    send_twice_16
.endm
.macro send_more_16
    movb $1, more
    send
.endm
.macro send_more_32
    send_more_16
.endm
.macro send_open_16
    sti
    send
    settle
    cli
.endm
.macro send_open_32
    send_open_16
.endm
.macro send_sti_16
    sti
    send
    cli
.endm
.macro send_sti_32
    send_sti_16
.endm
.macro send_ss_16
    movw %ss, %ax
    movw %ax, %ss
    send
.endm
.macro send_ss_32
    send_ss_16
.endm
.macro send_many_16
    movl $100, %ecx
8880:
    send
    settle
    decl %ecx
    jnz 8880b
.endm
.macro send_many_32
    send_many_16
.endm

# counts; with `more`, sends another, which must wait for the IRET
.macro handler bits
    code\bits
nmi_\bits:
    pushl %eax
    incw count
    cmpb $0, more
    je 1f
    movb $0, more
    movw count, %ax
    send
    settle
    subw count, %ax                     # 0: it waits
    movw %ax, inside
1:  popl %eax
    .if \bits == 16
    iretw
    .else
    iretl
    .endif
.endm
trials 16
trials 32
handler 16
handler 32

    .balign 4
count:
    .long 0
inside:
    .long 0
more:
    .byte 0

.include "timer.inc"

    .balign 8
gdt:
    standard_descriptors
    descriptor 0, 0xfffff, 0x8093
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end
idt:
    .fill 2, 8, 0
    gate CODE32, nmi_32, INTERRUPT32
idt_end:
table_pointer idt_pointer, idt, idt_end
