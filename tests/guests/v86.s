# Virtual-8086 mode under a 32-bit monitor that emulates nothing. Also built KEPT.
# Not here: CR4.VME (vme.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "timer.inc"

.set CONFORMING, RINGS_OWN

    code16
guest:
    cli
    call install_ivt
    call init_pics
    keep_state
    enter_ring0
    say "IOPL 3\n"
    v86 first, 0x3000
    say "instructions, IOPL 3\n"
    v86 instructions, 0x3000
    say "instructions, IOPL 0\n"
    v86 instructions, 0
    say "sensitive, IOPL 0\n"
    v86 sensitive, 0
    say "sensitive, IOPL 2\n"
    v86 sensitive, 0x2000
    say "limits\n"
    v86 limits, 0x3000
    say "control flow\n"
    v86 control_flow, 0x3000
    say "interrupts\n"
    v86 interrupts, 0x3000
    say "IRQ0 after STI\n"
    call arm_timer_32
    v86 timer_sti, 0x3000
    say "IRQ0, IF set by the monitor, IOPL 0\n"
    call arm_timer_32
    v86 timer_loop, 0x200, 0x600, timer_left
    say "nested: ring 3 in between\n"
    ring3 ring3_code, 0x3002
    leave_ring0
    release_state
    finish "v86"

    code16
first:
    show_selectors "v86:"
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  pushfl ", %eax
    pushfw
    popw %ax
    movzwl %ax, %eax
    andl $SYSTEM_FLAGS, %eax
    show " pushfw ", %eax
    movl %esp, %eax
    show " esp ", %eax
    smsw %ax
    andl $0xf, %eax
    show " smsw ", %eax, 2
    say "\n"
    # what POPF and IRET may change
    pushl $0x001b0202
    popfl
    pushfl
    popl %eax
    cli
    andl $SYSTEM_FLAGS, %eax
    show "  popfl of 1b0202 gives ", %eax
    pushfl
    pushl $0
    pushl $1f
    andl $~0x23000, 8(%esp)             # VM and IOPL stay
    iretl
1:  pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show " iretl gives ", %eax
    pushw $0x4002
    popfw
    pushfw
    popw %ax
    movzwl %ax, %eax
    andl $SYSTEM_FLAGS, %eax
    show " popfw of 4002 gives ", %eax
    pushw $2
    popfw
    say "\n"
    movw $0x1001, %ax
    movw %ax, %ds
    movw $0x2003, %ax
    movw %ax, %es
    movw $0x3000, %ax
    movw %ax, %fs
    movw $0xf000, %ax
    movw %ax, %gs
    xorl %ebp, %ebp
    int $0x30                           # the handler sees them on its stack, its own are null
    show_selectors "v86:"
    movw $0x1122, 0x10
    pushw $0x1000
    popw %ds
    movzwl 0x20, %eax
    show "  1000:0020 is 1001:0010: ", %eax, 4
    say "\n"
    leave_v86

# the same list for any IOPL, without printing in between
instructions:
    try hlt
    try movl %cr0, %eax
    try movl %eax, %cr0
    try movl %db7, %eax
    try lgdt 0
    try lidt 0
    try lmsw %ax
    try clts
    try invd
    try wbinvd
    try invlpg (%bx)
    try rdmsr
    try sldt %ax
    try str %ax
    try lldt %ax
    try ltr %ax
    try verr %ax
    try lar %ax, %bx
    try lsl %ax, %bx
    try arpl %ax, %bx
    try ud2
    try .byte 0xf0, 0x90                # LOCK NOP
    xorw %cx, %cx
    try divw %cx
    try boundw %ax, bounds
    try inb $0x61, %al
    movw $0x3fd, %dx
    try inb %dx, %al
    movw $0x3ff, %dx
    try inw %dx, %ax
    try outb %al, $0x80
    try sgdt 0x600
    try sidt 0x600
    leave_v86

sensitive:
    try cli
    try sti
    try pushfw
    try pushfl
    try popfw
    try popfl
    try int $0x30
    try int $0x20
    try int3
    movb $0x7f, %al
    addb $1, %al
    try into
    try .byte 0xf1
    pushw $2
    pushw $0
    pushw $1f
    try iretw
1:  movl $2, 0x600
    leave_v86

limits:
    try movw 0xffff, %ax
    try movl %eax, %es:0xfffd
    try movw %ss:0xffff, %ax
    try movw %cs:0xffff, %ax
    try a32 movb 0x10000, %al
    try a32 movb %ss:0x10000, %al
    movw $0xfffe, %bx
    movw (%bx), %ax
    movl %esp, %edx
    movw $0xffff, %sp                   # across the end
    try popw %ax
    movl $1, %esp
    try pushw %ax
    xorl %esp, %esp                     # wraps to fffe: SS = 600, so 0x15ffe
    pushw $0x7777
    movl %esp, %eax
    popw %bx
    movl %edx, %esp
    movzwl %bx, %ebx
    show "  esp after a push at 0: ", %eax
    show " popped ", %ebx, 4
    say "\n"
    leave_v86

control_flow:
    lcall $0x0010, $1f - 0x100
    show "  back: cs=", %cs, 4
    say "\n"
    lcall *far_pointer
    pushw $0x0030
    pushw $2f - 0x300
    lretw
1:  show "  cs=", %cs, 4
    say "\n"
    lret
2:  show "  cs=", %cs, 4
    say "\n"
    pushfw
    pushw $0
    pushw $3f
    iretw
3:  show "  cs=", %cs, 4
    say "\n"
    movl $0x10000, %eax
    try jmpl *%eax
    leave_v86
far_pointer:
    .word 1b - 0x200, 0x0020

interrupts:
    xorl %ebp, %ebp
    int $0x30
    try int $0x20
    try int $0x32                       # to ring 1
    try int $0x33                       # to conforming code
    try int $0x34                       # not present
    try int $0x35                       # a task gate to nowhere
    try int $0x80                       # beyond the limit
    sti
    int $0x30
    pushfl
    popl %eax
    cli
    andl $SYSTEM_FLAGS, %eax
    show "  flags ", %eax
    say "\n"
    pushfl
    orl $0x100, (%esp)
    popfl
    nop
    pushfl
    andl $~0x100, (%esp)
    popfl
    leave_v86

timer_sti:
    movl $1f, %ebp
    sti
    nop
2:  jmp 2b
1:  cli
    leave_v86
timer_loop:
    jmp timer_loop
timer_left:
    leave_v86

    code32
ring3_code:
    show_selectors "  ring 3:"
    # VM in an IRET at CPL 3 is ignored
    pushfl
    orl $0x20000, (%esp)
    pushl $CODE3 + 3
    pushl $1f
    iretl
1:  pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  flags ", %eax
    say "\n"
    int $0x31

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    descriptor 0, 0xfffff, 0xc09f
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
    gate CODE1, gate32_30, INTERRUPT32 | DPL3
    gate CONFORMING, gate32_30, INTERRUPT32 | DPL3
    gate CODE32, gate32_30, (INTERRUPT32 & 0x7f) | DPL3
    gate DATA32, 0, TASK_GATE | DPL3
idt_end:
bounds:
    .word 6, 9
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
