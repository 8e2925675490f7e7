# SS with a base that its selector does not say, in real, 16-bit and 32-bit protected mode.
# Not here: SS with a 4 GiB limit under BIOS calls (bigreal.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set SMALL, FIRST_OWN                   # base 5000, limit fff
.set BIG, FIRST_OWN + 8                 # base 5000, 4 GiB, B = 1
.set DOWN, FIRST_OWN + 16               # base 4000, expand-down, 800-ffff
.set SMALL_BIG, FIRST_OWN + 24          # base 5000, limit fff, B = 1
.set REAL_SS, 0x0640
.set REAL_SS2, 0x0501

# the stacks' memory, 4000-6fff, without what earlier tests left there
.macro clear_stacks
    movw $0x4000, %di
    movw $0x3000, %cx
    xorw %ax, %ax
    cld
    rep stosb
.endm

guest:
    cli
    call install_ivt
    lgdt gdt_pointer

    # a real-mode SS goes through every mode and comes back
    .irp selector, REAL_SS, REAL_SS2
    say "real-mode SS\n"
    clear_stacks
    movw $\selector, %ax
    movw %ax, %ss
    movl $0x800, %esp
    pushl $0x0ddba11e
    call round_trip
    call round_trip
    popl %eax
    show "marker ", %eax
    show_selectors ""
    .endr

    # protected-mode stacks go to real mode and round
    .irp selector, SMALL, BIG, DOWN, SMALL_BIG
    say "stack \selector\n"
    clear_stacks
    enter_protected
    ljmp $CODE16, $1f
1:  movw $\selector, %ax
    movw %ax, %ss
    movl $0xc00, %esp
    pushl $0x0ddba11e
    leave_protected
    ljmp $0, $1f
1:  call real_services
    call round_trip
    call limits_real
    call round_trip
    popl %eax
    show "marker ", %eax
    show_selectors ""
    .endr

    enter_protected
    ljmp $CODE16, $1f
1:  movw $DATA16, %ax
    movw %ax, %ss
    leave_protected
    ljmp $0, $1f
1:  xorw %ax, %ax
    movw %ax, %ss
    movl $STACK_TOP, %esp
    finish "ssbase"

# what a stack does: where the words land (seen through flat DS), CALL, PUSHA, ENTER
.macro stack_set name, bits
    code\bits
stack_\name:
    show "\name ss=", %ss, 4
    movl %esp, %eax
    show " esp=", %eax
    pushl $0x13572468
    pushw $0xbeef
    pushw %ss
    popw %ax
    movzwl %ax, %eax
    show " push ss=", %eax, 4
    movl %esp, %ebx
    movl %ss:(%ebx), %eax
    show " [ss:esp]=", %eax
    movl %esp, %ebx
    movl 0x5000(%ebx), %eax
    show " [5000+esp]=", %eax
    movl 0x5010(%ebx), %eax
    show " [5010+esp]=", %eax
    movl 0x6400(%ebx), %eax
    show " [6400+esp]=", %eax
    movl 0x4000(%ebx), %eax
    show " [4000+esp]=", %eax
    say "\n"
    popw %ax
    popl %ecx
    show "  popped ", %eax, 4
    show " ", %ecx
    pushal
    movl 12(%esp), %eax                 # ESP as PUSHA stored it
    subl %esp, %eax
    movl %eax, 28(%esp)
    popal
    show " pusha: ", %eax, 2
    leal 8(%esp), %ebp                  # an outer frame for level 2 to copy from
    enter $0x20, $2
    movl %esp, %eax
    show " enter: esp=", %eax
    show " ebp=", %ebp
    leave
    movl %esp, %eax
    show " leave: esp=", %eax
    say "\n"
    xorl %ebp, %ebp
    ret
.endm
stack_set real, 16
stack_set 16, 16
stack_set 32, 32

    code16
round_trip:
    call stack_real
    int $0x30
    lidt idt_pointer
    enter_protected                     # in the window
    call stack_16
    ljmp $CODE16, $1f
1:  call stack_16
    int $0x30
    ljmpl $CODE32, $1f
    code32
1:  call stack_32
    int $0x30
    ljmpl $CODE16, $1f
    code16
1:  leave_protected
    ljmp $0, $1f
1:  lidt real_idt_pointer
    call stack_real
    int $0x30
    ret

real_services:
    movb $0x0f, %ah
    int $0x10
    movzbl %al, %eax
    show "INT 10h/0f mode=", %eax, 2
    movb $1, %ah
    sti
    int $0x16
    cli
    setz %al
    movzbl %al, %eax
    show " INT 16h/01 zf=", %eax, 2
    say "\n"
    ret

# accesses around the limits of the stacks above
limits_real:
    .irp offset, 0x7fe, 0x7ff, 0x800, 0xffe, 0xfff, 0x1000, 0xfffe, 0xffff
    try movw %ss:\offset, %ax
    .endr
    try a32 movw %ss:0x10000, %ax
    movl %esp, %edx
    movl $0xfff, %esp
    try popw %ax                        # across the end of the small ones
    xchgl %edx, %esp
    show "pop: esp=", %edx
    say "\n"
    ret

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    descriptor 0x5000, 0x00fff, 0x0093
    descriptor 0x5000, 0xfffff, 0xc093
    descriptor 0x4000, 0x007ff, 0x0097
    descriptor 0x5000, 0x00fff, 0x4093
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
