# Faults, INTs and IRQ0 inside the PE = 1 window, through every kind of protected-mode gate.
# Not here: selectors with low bits set (rpl.s) and real-mode interrupts (ivt.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

# The window's CS is a real-mode selector that the GDT has too, with the same base, so that IRET comes
# back to the same place; other values show that the handler is reached and IRET is not possible.
.set WINDOW, 0x50
.set WINDOW_BASE, WINDOW << 4
.set ABSENT_DATA, 0x28
.set ABSENT_STACK, 0x30
.set ABSENT_GATE, 0x32                  # an IDT vector

guest:
    cli
    call install_ivt
    call init_pics
    lgdt gdt_pointer
    .irp kind, interrupt16, trap16, interrupt32, trap32, mixed16, mixed32
    movw $idt_\kind\()_pointer, %bx
    movw $name_\kind, %si
    call run_kind
    .endr
    call interrupt_at_bios_base
    finish "window"

.macro causes list:vararg
    .irp cause, \list
    say "\cause"
    call print_name
    movw $\cause - WINDOW_BASE, %bx
    call run_cause
    .endr
.endm
# BX: IDT pointer, SI: name
run_kind:
    movw %bx, idt_choice
    causes divide, undefined, selector, limit, not_present, stack_selector, stack_limit, bound
    causes into, int3, int30, int_absent, int_beyond, step, timer, timer_wait
    ret

# prints " by " and the text at DS:SI
print_name:
    pushw %si
    say " by "
1:  lodsb
    testb %al, %al
    jz 2f
    call putc16
    jmp 1b
2:  say "\n"
    popw %si
    ret

# BX: offset of the cause in the window's code segment
run_cause:
    pushal
    movw %bx, cause_offset
    ljmp $WINDOW, $1f - WINDOW_BASE
1:  movw idt_choice, %di
    lidt (%di)
    enter_protected
    movw cause_offset, %bx
    call *%bx
    pushw %cs
    popw %ax
    movzwl %ax, %eax
    show "  back: cs=", %eax, 4
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show " flags=", %eax
    cli
    leave_protected
    ljmp $0, $1f
1:  lidt real_idt_pointer
    show " ss=", %ss, 4
    movl %esp, %eax
    show " esp=", %eax
    say "\n"
    popal
    ret

divide:
    xorl %edx, %edx
    xorl %ecx, %ecx
    try_at WINDOW_BASE, divl %ecx
    ret
undefined:
    try_at WINDOW_BASE, ud2
    ret
selector:
    movw $0x1234, %ax
    try_at WINDOW_BASE, movw %ax, %fs
    movw $CODE32, %ax
    try_at WINDOW_BASE, movw %ax, %ss
    movw $0x78, %ax
    try_at WINDOW_BASE, ltr %ax
    ret
limit:
    try_at WINDOW_BASE, movw 0xffff, %ax
    movl $0x10000, %ebx
    try_at WINDOW_BASE, movb %al, (%ebx)
    ret
not_present:
    movw $ABSENT_DATA, %ax
    try_at WINDOW_BASE, movw %ax, %gs
    try_at WINDOW_BASE, ljmp $ABSENT_DATA, $0
    ret
stack_selector:
    movw $ABSENT_STACK, %ax
    try_at WINDOW_BASE, movw %ax, %ss
    ret
stack_limit:
    try_at WINDOW_BASE, movw %ss:0xffff, %ax
    ret
bound:
    movw $5, %ax
    try_at WINDOW_BASE, boundw %ax, bounds
    ret
into:
    xorl %ebp, %ebp
    movb $0x7f, %al
    addb $1, %al
    into
    ret
int3:
    xorl %ebp, %ebp
    int3
    ret
int30:
    xorl %ebp, %ebp
    sti
    int $0x30
    cli
    ret
int_absent:
    try_at WINDOW_BASE, int $ABSENT_GATE
    ret
int_beyond:
    try_at WINDOW_BASE, int $0x40
    ret
step:
    xorl %ebp, %ebp
    pushfl
    orw $0x100, (%esp)
    popfl
    nop                                 # #DB after this one
    pushfl
    andw $~0x100, (%esp)
    popfl
    ret
timer:
    call arm_timer
    movl $1f - WINDOW_BASE, %ebp        # where the loop's interrupt goes on
    sti
    nop
2:  jmp 2b
1:  cli
    ret
timer_wait:
    call arm_timer
    xorl %ebp, %ebp
    sti
    hlt
    cli
    ret

.include "timer.inc"

# IRQ0 at vector 8, where the BIOS leaves the PIC, in the window
    code16
interrupt_at_bios_base:
    movb $8, pic_base
    .irp kind, bios16, bios32
    say "timer_wait"
    movw $idt_\kind\()_pointer, %bx
    movw $name_\kind, %si
    movw %bx, idt_choice
    call print_name
    movw $timer_wait - WINDOW_BASE, %bx
    call run_cause
    .endr
    ret

idt_choice:
    .word 0
cause_offset:
    .word 0
bounds:
    .word 6, 9

trap_set gate16, 16, 2, 1
trap_set gate32, 32, 4, 1
trap_set gate16_to_32, 32, 2, 1
trap_set gate32_to_16, 16, 4, 1

    .balign 8
gdt:
    standard_descriptors
    descriptor 0, 0xffff, 0x0013        # data, not present
    descriptor 0, 0xffff, 0x0013
    .fill (WINDOW - 0x38) / 8, 8, 0
    descriptor WINDOW_BASE, 0xffff, 0x009b
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end

# table, reporters, code selector, gate attributes, vector of the timer
.macro idt kind, reporters, selector, attributes, timer
idt_\kind:
    trap_gates \reporters, \selector, \attributes, \timer
    gate \selector, \reporters\()_30, \attributes & ~0x80
idt_\kind\()_end:
table_pointer idt_\kind\()_pointer, idt_\kind, idt_\kind\()_end
name_\kind:
    .asciz "\kind"
.endm
idt interrupt16, gate16, CODE16, INTERRUPT16, 0x20
idt trap16, gate16, CODE16, TRAP16, 0x20
idt interrupt32, gate32, CODE32, INTERRUPT32, 0x20
idt trap32, gate32, CODE32, TRAP32, 0x20
idt mixed16, gate16_to_32, CODE32, INTERRUPT16, 0x20
idt mixed32, gate32_to_16, CODE16, INTERRUPT32, 0x20
idt bios16, gate16, CODE16, INTERRUPT16, 8
idt bios32, gate32, CODE32, INTERRUPT32, 8
