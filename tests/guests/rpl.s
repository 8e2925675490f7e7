# Real-mode CS and SS selectors with low bits set, used on in the PE = 1 window and after it.
# Not here: selectors that are equal to those of protected mode (window.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

# The image is copied to where CS says, at the same offsets, so that every label holds there too.

.macro trial cs_selector, ss_selector
    say "CS=\cs_selector SS=\ss_selector\n"
    movw $\cs_selector, %ax
    movw $\ss_selector, %bx
    call run_trial
.endm

guest:
    cli
    call install_ivt
    lgdt gdt_pointer
    movb $1, trap_same_level
    .irp cs_selector, 0x1237, 0x2002, 0x1801, 0x2404
    trial \cs_selector, 0x0601
    trial \cs_selector, 0x8fc3
    .endr
    finish "rpl"

# AX: CS, BX: SS. Window, 16-bit and 32-bit protected mode, then real mode again.
run_trial:
    movw %ax, trial_cs
    movw %ax, %es
    movw $IMAGE_START, %si
    movw %si, %di
    movw $image_end - IMAGE_START, %cx
    cld
    rep movsb
    movl %esp, saved_esp
    movw %bx, %ss
    movl $0xc00, %esp
    pushw %ax
    pushw $1f
    lretw
1:  show_selectors "real: "
    call see_stack
    # the unreal idiom: in and out again before anything was reloaded
    enter_protected
    call in_window
    movw $DATA16, %ax
    movw %ax, %fs
    movl %fs:IMAGE_START, %ebx
    leave_protected
    call see_stack
    show "in and out: fs:[7c00]=", %ebx
    show_selectors " "

    # the same and on
    lidt idt_pointer
    enter_protected
    call in_window
    movl %esp, %fs:escape_esp           # FS is flat here, DS not
    movl $ESCAPE + 1f, %ebp
    movw $DATA16 + 3, %ax
    movw %ax, %es                       # CPL 0 is asked for RPL 3: DPL 0 is too little
    say "not reached\n"
    code32
1:  show_selectors "after #GP, 32-bit:"
    movl $ESCAPE + 1f, %ebp
    pushl $0x00000002
    pushl %fs:trial_cs
    pushl $1b
    iretl                               # to a selector that no table has
    say "not reached\n"
1:  show_selectors "after IRET, 32-bit:"
    movl $ESCAPE + 1f, %ebp
    movl %ss, %eax
    movw %ax, %ss
    movl $0, %ebp
    say "ss reloaded\n"
1:  pushl $0x600d
    popl %eax
    show "stack still good: ", %eax, 4
    say "\n"
    ljmp $CODE16, $1f
    code16
1:  call see_stack
    show_selectors "16-bit:"
    movl $0, %ebp
    int $0x30
    leave_protected
    call see_stack                      # real mode with the selector of protected mode in CS
    ljmp $0, $1f
1:  lidt real_idt_pointer
    call see_stack
    show_selectors "real: "
    xorw %ax, %ax
    movw %ax, %ss
    movl saved_esp, %esp
    movw %ax, %es
    movw %ax, %fs
    ret

see_stack:
    pushw %cs
    pushw %ss
    pushl $0x2468ace0
    popl %edx
    popw %bx
    popw %ax
    movzwl %ax, %eax
    show "push cs=", %eax, 4
    movzwl %bx, %ebx
    show " ss=", %ebx, 4
    show " dword=", %edx
    say "\n"
    ret

# what the instructions of protected mode say in the window
in_window:
    call see_stack
    show_selectors "window:"
    xorl %eax, %eax
    smsw %ax
    andw $0xf, %ax
    show "smsw=", %eax, 2
    sldt %ax
    show " sldt=", %eax, 4
    str %ax
    show " str=", %eax, 4
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show " flags=", %eax, 8
    .irp selector, DATA16, CODE16, DATA16 + 3
    movw $\selector, %ax
    verw %ax
    setz %cl
    verr %ax
    setz %ch
    movzwl %cx, %ecx
    show " verr,verw=", %ecx, 4
    .endr
    movl $0x33333333, %edx
    movw $DATA32, %ax
    lsll %eax, %edx
    show " lsl=", %edx
    larl %eax, %edx
    andl $0xfff0ffff, %edx              # bits 19:16 are undefined
    show " lar=", %edx
    movw %cs, %ax
    movl $0x44444444, %edx
    larl %eax, %edx
    show " lar cs=", %edx
    movw $4, %ax
    movw $3, %bx
    arpl %bx, %ax
    show " arpl=", %eax, 4
    clts
    sti
    cli
    inb $0x61, %al
    say "\n"
    ret

saved_esp:
    .long 0
trial_cs:
    .long 0

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
