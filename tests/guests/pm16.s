# 16-bit protected mode: bases that are not selector << 4, far calls, thunks to the BIOS.
# Not here: gates and privilege (gates.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set CODE_A, 0x28
.set BASE_A, 0x7c00
.set CODE_B, 0x30
.set BASE_B, 0x6000
.set CODE_FENCED, 0x38                  # ends behind the second byte of `fence`
.set DATA_A, 0x40
.set DATA_BASE, 0x10000
.set ROUNDS, 3

guest:
    cli
    call install_ivt
    xorl %ebp, %ebp
    movw $ROUNDS, rounds
1:  call excursion
    call stay_in_descriptor
    decw rounds
    jnz 1b
    finish "pm16"

# PM16 with CS = CODE_A, DS = DATA_A, SS = DATA16
excursion:
    lgdt gdt_pointer
    lidt idt_pointer
    enter_protected
    ljmp $CODE_A, $1f - BASE_A
1:  movw $DATA_A, %ax
    movw %ax, %ds
    movw %ax, %es
    movw $DATA16, %ax
    movw %ax, %ss
    show_selectors "a:"
    movl $0xaaaa5555, 0x10
    movl 0x10, %eax
    show "data ", %eax
    say "\n"

    # direct, indirect, 32-bit operand, with parameters
    lcall $CODE_B, $far_b - BASE_B
    movw $far_b - BASE_B, 0x20
    movw $CODE_B, 0x22
    lcall *0x20
    movl $far_b_32 - BASE_B, 0x24
    movw $CODE_B, 0x28
    lcalll *0x24
    pushw $0x1111
    pushw $0x2222
    lcall $CODE_B, $far_b_parameters - BASE_B
    movl %esp, %eax
    show "esp after lret 4: ", %eax
    say "\n"
    # 16-bit and 32-bit frames into 32-bit code
    lcall $CODE32, $far_32_by_word
    lcalll $CODE32, $far_32_by_dword
    # near transfers, with addresses relative to the base
    movw $near - BASE_A, %bx
    call *%bx
    movw $near - BASE_A, 0x30
    call *0x30
    try_at BASE_A, ljmp *%ds:0xfffe     # the operand crosses the limit
    try_at BASE_A, ljmp $DATA_A, $0
    try_at BASE_A, lcall $0, $0
    try_at BASE_A, lcall $0x1000, $0

    # fetches past the limit of CS
    movl $ESCAPE + 1f, %ebp
    movl %esp, %ss:escape_esp
    ljmp $CODE_FENCED, $fence - boot_loaded
1:  call show_there
    movl $ESCAPE + 1f, %ebp
    ljmp $CODE_FENCED, $fence - boot_loaded + 3
1:  call show_there
    movl $ESCAPE + 1f, %ebp
    ljmp $CODE_FENCED, $fence - boot_loaded + 2
1:  call show_there
    ljmp $CODE_A, $1f - BASE_A

    # BIOS calls by thunk
1:  movw $0x0f00, %ax
    movb $0x10, %cl
    lcall $CODE_B, $bios - BASE_B
    movzbl %al, %eax
    show "INT 10h/0f mode=", %eax, 2
    movb $0x12, %cl
    lcall $CODE_B, $bios - BASE_B
    movzwl %ax, %eax
    show " INT 12h ax=", %eax, 4
    movw $0x0100, %ax
    movb $0x16, %cl
    lcall $CODE_B, $bios - BASE_B
    say " INT 16h/01\n"
    show_selectors "a after the BIOS:"
    movl 0x10, %eax
    show "data ", %eax
    say "\n"

    movw $DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    ljmp $CODE16, $1f
1:  leave_protected
    ljmp $0, $1f
1:  lidt real_idt_pointer
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    ret

near:
    movzwl (%esp), %eax
    show "near return address ", %eax, 4
    say "\n"
    ret

# in the handler's code segment, after an escape: which one it is
show_there:
    show_selectors "escaped to"
    ret

# the instructions that the fence cuts: one that ends beyond it, then one that starts beyond it
fence:
    movw $0x1234, %ax
    nop
    nop
fence_end:

# CL: vector, AX: argument and result. Real mode for one INT, then back; SS:SP stays the same memory.
bios:
    movb %cl, %ss:bios_int + 1
    pushw %ds
    pushw %es
    movw %ax, %ss:bios_ax
    movw $DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
    ljmp $CODE16, $1f
1:  leave_protected
    ljmp $0, $1f
1:  lidt real_idt_pointer
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw bios_ax, %ax
bios_int:
    int $0
    cli
    movw %ax, bios_ax
    lidt idt_pointer
    enter_protected
    ljmp $CODE_B, $1f - BASE_B
1:  movw $DATA16, %ax
    movw %ax, %ss
    popw %es
    popw %ds
    movw %ss:bios_ax, %ax
    lret
bios_ax:
    .word 0

far_b:
    call show_frame
    lretw
far_b_32:
    call show_frame
    lretl
far_b_parameters:
    call show_frame
    lretw $4
show_frame:
    show "b: cs=", %cs, 4
    movl 2(%esp), %eax
    show " frame ", %eax
    movl %esp, %eax
    show " esp=", %eax
    say "\n"
    ret

    code32
far_32_by_word:
    show "32-bit code: cs=", %cs, 4
    movl (%esp), %eax
    show " word frame ", %eax
    say "\n"
    lretw
far_32_by_dword:
    show "32-bit code: cs=", %cs, 4
    movl (%esp), %eax
    show " dword frame ", %eax
    movl 4(%esp), %eax
    show " ", %eax, 4
    say "\n"
    lretl
    code16

# CR0.PE is cleared while CS is CODE_A: real mode goes on at its base; an INT then returns to selector << 4
stay_in_descriptor:
    lgdt gdt_pointer
    enter_protected
    ljmp $CODE_A, $1f - BASE_A
1:  leave_protected
    show_selectors "real mode, base kept:"
    call near
    movl $1f - (CODE_A << 4), %ebp
    int $0x30
    say "not reached\n"
1:  show_selectors "real mode, reloaded by IRET:"
    call near
    ljmp $0, $1f
1:  ret

rounds:
    .word 0

trap_set gate16, 16, 2, 1

    .balign 8
gdt:
    standard_descriptors
    descriptor BASE_A, 0xffff, 0x009b
    descriptor BASE_B, 0xffff, 0x009b
    descriptor_at boot_loaded, (fence + 1 - boot_loaded), 0x009b
    descriptor DATA_BASE, 0xffff, 0x0093
gdt_end:
idt:
    trap_gates gate16, CODE16, INTERRUPT16
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
