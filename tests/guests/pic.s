# What the guest reads from the two 8259s while an interrupt waits, is served, and after its EOI.
# Not here: delivery itself (ivt.s, window.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

# In the guest's time assisted takes longer, and what is looked at first is an 8259 without a request.
.set TIMER_COUNT, 0x2000

guest:
    cli
    call install_ivt
    .irp base, 0x08, 0x20, 0x30, 0x50, 0x68
    say "base \base\n"
    movb $\base, pic_base
    movw $service, \base * 4
    movw $0, \base * 4 + 2
    call arm_timer
    call registers
    movl $0x10000, %ecx
1:  decl %ecx
    jnz 1b
    say "waiting"
    call registers
    movb $0xff, %al                     # masked while it waits: the request stays
    outb %al, $0x21
    say "masked"
    call registers
    sti
    nop
    nop
    cli
    movb $0xfe, %al
    outb %al, $0x21
    sti
    nop
    cli
    say "after"
    call registers
    .endr
    finish "pic"

# IRR, ISR and IMR of both
registers:
    movb $0x0a, %al
    outb %al, $0x20
    inb $0x20, %al
    movzbl %al, %eax
    show " irr=", %eax, 2
    movb $0x0b, %al
    outb %al, $0x20
    inb $0x20, %al
    show " isr=", %eax, 2
    inb $0x21, %al
    show " imr=", %eax, 2
    movb $0x0a, %al
    outb %al, $0xa0
    inb $0xa0, %al
    show " slave irr=", %eax, 2
    movb $0x0b, %al
    outb %al, $0xa0
    inb $0xa0, %al
    show " isr=", %eax, 2
    inb $0xa1, %al
    show " imr=", %eax, 2
    say "\n"
    ret

service:
    pushal
    say "served"
    call registers
    movb $0x60, %al                     # specific EOI of IRQ0
    outb %al, $0x20
    say "ended"
    call registers
    popal
    iretw

.include "timer.inc"
