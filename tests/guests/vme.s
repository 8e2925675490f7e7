# CR4.VME and CR4.PVI: VIF, VIP and the interrupt redirection bitmap. Also built KEPT.
# Not here: virtual-8086 mode without them (v86.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "timer.inc"

.set CR4_VME, 1
.set CR4_PVI, 2
.set VIF, 0x80000
.set VIP, 0x100000

    code16
guest:
    cli
    call install_ivt
    call init_pics
    movw $redirected, 0x60 * 4
    movw $0, 0x60 * 4 + 2
    movw $redirected, 0x61 * 4
    movw $0, 0x61 * 4 + 2
    keep_state
    enter_ring0
    andb $~1, tss_redirection + 0x60 / 8        # 60h stays in virtual-8086 mode, 61h does not
    movl %cr4, %eax
    orb $CR4_VME, %al
    movl %eax, %cr4
    .irp flags, 0, VIF, VIP, 0x3000, 0x3200
    movl $\flags, %eax
    show "VME, flags ", %eax
    say "\n"
    v86 trial, \flags
    call results
    .endr
    say "VME, VIF and VIP: nothing runs\n"
    v86 trial, VIF+VIP, 0x600, ESCAPE+level_exit
    movl %cr4, %eax
    xorb $CR4_VME, %al
    movl %eax, %cr4
    say "without VME\n"
    v86 trial, 0x3000
    call results
    movl %cr4, %eax
    orb $CR4_PVI, %al
    movl %eax, %cr4
    .irp flags, 0, VIF, VIP, 0x3000
    movl $\flags, %eax
    show "PVI, flags ", %eax
    say "\n"
    ring3 ring3_trial, \flags
    .endr
    movl %cr4, %eax
    xorb $CR4_PVI, %al
    movl %eax, %cr4
    leave_ring0
    release_state
    finish "vme"

# Virtual-8086 mode cannot print at IOPL 0: PUSHFD is refused. It notes words in `noted` (DS = 0), the
# monitor prints them.
.set NOTES, 16
.macro note_flags number
    movl %esp, %edx
    pushw $0xdead
    try pushfw
    popw noted + 2 * \number
    movl %edx, %esp
.endm
    code16
trial:
    note_flags 0
    try cli
    note_flags 1
    try sti
    note_flags 2
    try cli
    pushw $0x0202
    try popfw
    note_flags 3
    try cli
    pushw $0x0202
    pushw $0
    pushw $1f
    try iretw
1:  note_flags 4
    try int $0x60
    note_flags 8
    try int $0x61
    try int $0x30
    pushw $0x0102                       # TF
    try popfw
    try pushfl
    leave_v86

# INT 60h, in virtual-8086 mode by its IVT: notes the frame's and its own flags
redirected:
    pushw %bp
    movw %sp, %bp
    pushw 6(%bp)
    popw noted + 2 * 5
    pushw 2(%bp)
    popw noted + 2 * 6
    popw %bp
    pushfw
    popw noted + 2 * 7
    iretw

    code32
results:
    xorl %ecx, %ecx
1:  movzwl noted(, %ecx, 2), %eax
    show " ", %eax, 4
    movw $0, noted(, %ecx, 2)
    incl %ecx
    cmpl $NOTES, %ecx
    jb 1b
    say "\n"
    ret

ring3_trial:
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  flags ", %eax
    try sti
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show " sti ", %eax
    try cli
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show " cli ", %eax
    pushl $0x202
    popfl
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show " popf ", %eax
    say "\n"
    int $0x31

noted:
    .fill NOTES, 2, 0

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
