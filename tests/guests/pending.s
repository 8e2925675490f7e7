# An interrupt that is requested while the guest, with IF = 0, goes from protected mode to real mode and back:
# what the 8259 shows of it, how fast protected mode runs meanwhile, and that it comes once in the end.
# Not here: an 8259 that is read while it waits in real mode alone (pic.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "timer.inc"

.set LOOP, 10000

.macro to_protected
    enter_protected
    ljmp $CODE32, $1f
    code32
1:  movw $DATA32, %ax
    movw %ax, %ds
    movw %ax, %ss
.endm
.macro to_real
    ljmp $CODE16, $1f
    code16
1:  leave_protected
    ljmp $0, $1f
1:  xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
.endm

code16
guest:
    cli
    call install_ivt
    movw $service, 0x20 * 4
    movw $0, 0x20 * 4 + 2
    call init_pics
    outb_to $0x34, 0x43                 # channel 0, mode 2, both bytes; 0 is 65536
    outb_to $0, 0x40
    outb_to $0, 0x40
    outb_to $0xfe, 0x21
    lgdt gdt_pointer
    to_protected
    call new_period
    call measure
    movl %eax, usual
    call new_period                     # by now it is requested
    say "protected"
    call request_32
    to_real
    say "real"
    call request_16
    to_protected
    say "protected again"
    call request_32
    call new_period
    call new_period
    call measure
    movl usual, %ecx
    shll $1, %ecx
    cmpl %ecx, %eax
    ja 1f
    say "as fast as before\n"
    jmp 2f
1:  say "slower\n"
2:  say "still"
    call request_32
    to_real
    say "real again"
    call request_16
    sti
    nop
    nop
    cli
    show "served ", served, 2
    call request_16
    finish "pending"

usual:
    .long 0
served:
    .long 0

service:
    incl %cs:served
    pushl %eax
    outb_to $0x20, 0x20
    popl %eax
    iretw

# The first 8259: is IRQ0 requested, is it in service?
.macro request bits
    code\bits
request_\bits:
    pushl %eax
    outb_to $0x0a, 0x20
    inb $0x20, %al
    andl $1, %eax
    show " irr=", %eax, 2
    outb_to $0x0b, 0x20
    inb $0x20, %al
    andl $1, %eax
    show " isr=", %eax, 2
    say "\n"
    popl %eax
    ret
.endm
request 16
request 32

# The counter, downwards, in EAX.
count:
    outb_to $0, 0x43
    inb $0x40, %al
    movb %al, %cl
    inb $0x40, %al
    shll $8, %eax
    movb %cl, %al
    movzwl %ax, %eax
    ret

# Until the counter begins anew.
new_period:
    call count
1:  movl %eax, %edx
    call count
    cmpl %edx, %eax
    jbe 1b
    ret

# EAX: how much the counter went down in a loop.
measure:
    call count
    movl %eax, %edx
    movl $LOOP, %ecx
1:  decl %ecx
    jnz 1b
    call count
    subl %eax, %edx
    movzwl %dx, %eax
    ret

    .balign 8
gdt:
    standard_descriptors
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end
