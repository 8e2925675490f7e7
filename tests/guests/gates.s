# Rings, call gates, conforming code, returns to outer rings, I/O permission. Also built KEPT.
# Not here: tasks (tasks.s), inspection (descriptors.s), virtual-8086 mode (v86.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "timer.inc"
.include "rings.inc"

.set CONFORMING, RINGS_OWN
.set GATE32, 0x58                       # to ring 0, two dwords
.set GATE16, 0x60                       # to 16-bit ring 0, two words
.set GATE_DPL0, 0x68
.set GATE_ABSENT, 0x70
.set GATE_CONFORMING, 0x78
.set GATE_TO_DATA, 0x80
.set GATE_RING1, 0x88
.set GATE_TO_ABSENT, 0x90
.set ABSENT_CODE, 0x98
.set GATE_31, 0xa0                      # 31 dwords
.set GATE_NULL, 0xa8
.set CODE3_16, 0xb0
.set SMALL_STACK1, 0xb8
.set ABSENT_STACK1, 0xc0
.set TSS_SHORT, 0xc8
.set GATE_LOCAL, 0xd0                   # to ring 3's own code
.set GATE_JUMP, 0xd8

    code16
guest:
    cli
    call install_ivt
    call init_pics
    keep_state
    show_selectors "real:"
    enter_ring0
    show_selectors "ring 0:"
    say "gates from ring 0\n"
    pushl $0x01020304
    pushl $0x05060708
    lcall $GATE32, $0x1234
    movl %esp, %eax
    show "esp ", %eax
    say "\n"
    try lcall $GATE_DPL0 + 3, $0
    lcall $GATE_DPL0, $0
    try lcall $GATE_RING1, $0           # outward
    try lcall $GATE_LOCAL, $0
    ljmp $GATE_JUMP, $0
jumped:
    say "jumped through a gate\n"
    say "ring 3, selectors\n"
    ring3 ring3_selectors
    say "ring 3, privileged instructions\n"
    ring3 ring3_privileged
    say "ring 3, I/O and IF\n"
    ring3 ring3_io
    say "ring 3 with IOPL 3\n"
    ring3 ring3_io, 0x3002
    say "ring 3, interrupts\n"
    ring3 ring3_interrupts
    say "ring 3, gates\n"
    ring3 ring3_gates
    say "ring 3, direct transfers\n"
    ring3 ring3_transfers
    say "ring 1\n"
    ring1 ring1_code, 0x1002
    say "bad stacks of ring 1\n"
    .irp selector, 0, DATA32, CODE1 + 1, DATA1 + 3, 0xfff9, ABSENT_STACK1 + 1, SMALL_STACK1 + 1
    movw $\selector, tss + 0x10
    show "ss1=", tss + 0x10, 4
    say "\n"
    ring3 ring3_to_ring1
    .endr
    movw $DATA1 + 1, tss + 0x10
    say "short TSS\n"
    movw $TSS_SHORT, %ax
    ltr %ax
    ring3 ring3_to_ring1, 0x3002
    say "outward returns\n"
    call outward
    leave_ring0
    release_state
    finish "gates"

# What the gates lead to. Each prints its frame and returns.
    code32
gate_target:
    show "  gate: cs=", %cs, 4
    show " ss=", %ss, 4
    movl %esp, %eax
    show " esp=", %eax
    .irp offset, 0, 4, 8, 12, 16, 20
    movl %ss:\offset(%esp), %eax
    show " ", %eax
    .endr
    show " ds=", %ds, 4
    say "\n"
    lretl $8
gate_target_16:
    code16
    show "  gate: cs=", %cs, 4
    show " ss=", %ss, 4
    movl %esp, %eax
    show " esp=", %eax
    .irp offset, 0, 4, 8
    movl %ss:\offset(%esp), %eax
    show " ", %eax
    .endr
    say "\n"
    lretw $4
    code32
gate_target_31:
    xorl %eax, %eax
    movl $31, %ecx
1:  addl %ss:4(%esp, %ecx, 4), %eax
    loop 1b
    show "  31 parameters add up to ", %eax
    movl %ss:8 + 31 * 4(%esp), %eax
    show " old esp=", %eax
    say "\n"
    lretl $31 * 4
gate_target_plain:
    show "  gate: cs=", %cs, 4
    show " ss=", %ss, 4
    movl %esp, %eax
    show " esp=", %eax
    say "\n"
    lretl

.macro ds_loads list:vararg
    .irp selector, \list
    movl $\selector, %eax
    show "  ds<-", %eax, 4
    say "\n"
    try movw %ax, %ds
    .endr
.endm
ring3_selectors:
    show_selectors "  entered:"
    ds_loads DATA3 + 3, DATA3, DATA1 + 3, DATA32, DATA32 + 3, CODE32, CODE32 + 3
    ds_loads CONFORMING, CONFORMING + 3, CODE3, GATE32, 0, 3
    .irp selector, DATA3 + 3, DATA3, DATA32, CODE3 + 3, 0, 3
    movl $\selector, %eax
    show "  ss<-", %eax, 4
    say "\n"
    try movw %ax, %ss
    .endr
    movl $DATA3, %eax
    movw %ax, %ds
    movw %ax, %es
    show_selectors "  now:"
    int $0x31

ring3_privileged:
    movw $DATA3, %ax
    movw %ax, %ds
    try hlt
    try movl %cr0, %eax
    try movl %eax, %cr3
    try movl %db7, %eax
    try clts
    try lmsw %ax
    try invd
    try wbinvd
    try invlpg (%eax)
    try lgdt gdt_pointer
    try lidt idt_pointer
    try lldt %ax
    try ltr %ax
    try rdmsr
    try wrmsr
    try movl %eax, %cr1
    smsw %eax
    andl $0xf, %eax
    show "  smsw ", %eax, 2
    str %eax
    show " str ", %eax, 4
    sldt %eax
    show " sldt ", %eax, 4
    say "\n"
    int $0x31

ring3_io:
    try cli
    try sti
    try inb $0x61, %al
    try outb %al, $0x80
    movw $0x3fd, %dx
    try inb %dx, %al
    movw $0x3ff, %dx
    try inw %dx, %ax                    # crosses into what is not allowed
    movw $0x401, %dx
    try inb %dx, %al                    # beyond the bitmap
    movw $0xffff, %dx
    try inb %dx, %al
    pushl $0x3302
    andl $~0x100, (%esp)
    popfl
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  popf 3202 gives ", %eax
    say "\n"
    pushl $0x0002
    popfl
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  popf 0002 gives ", %eax
    say "\n"
    int $0x31

ring3_interrupts:
    xorl %ebp, %ebp
    int $0x30
    try int3
    try int $0x20
    try int $0x0d
    try int $0x32
    movb $0x7f, %al
    addb $1, %al
    try into
    try .byte 0xf1                      # INT1: no DPL check
    try ud2
    int $0x31

ring3_gates:
    pushl $0x11111111
    pushl $0x22222222
    lcall $GATE32 + 3, $0
    movl %esp, %eax
    show "  esp ", %eax
    say "\n"
    pushw $0x3333
    pushw $0x4444
    lcall $GATE16, $0
    movl %esp, %eax
    show "  esp ", %eax
    say "\n"
    movl $31, %ecx
1:  pushl %ecx
    loop 1b
    lcall $GATE_31, $0
    movl %esp, %eax
    show "  esp ", %eax
    say "\n"
    try lcall $GATE_DPL0, $0
    try lcall $GATE_ABSENT, $0
    try lcall $GATE_TO_DATA, $0
    try lcall $GATE_TO_ABSENT, $0
    try lcall $GATE_NULL, $0
    try ljmp $GATE32, $0                # a jump may not change the level
    lcall $GATE_CONFORMING, $0
    lcall $GATE_LOCAL, $0
    lcall $GATE_RING1, $0
    show_selectors "  after:"
    int $0x31

ring3_transfers:
    try lcall $CODE32, $ring3_transfers
    try lcall $CODE32 + 3, $ring3_transfers
    try ljmp $CODE1, $ring3_transfers
    try ljmp $DATA3, $0
    try ljmp $ABSENT_CODE, $0
    lcall $CONFORMING, $conforming_code
    lcall $CONFORMING + 3, $conforming_code
    lcall $CODE3, $conforming_code      # RPL 0 is adjusted to CPL
    lcall $CODE3_16, $1f
    jmp 2f
    code16
1:  show_selectors "  16-bit ring 3:"
    lretl
    code32
2:  pushl $CODE32
    pushl $1f
    try lret                            # inward
    popl %eax
    popl %eax
    pushfl
    pushl $CODE32
    pushl $1f
    try iretl
    addl $12, %esp
    pushl $0
    pushl $1f
    try lret
    addl $8, %esp
    pushl $CODE3 + 3
    pushl $1f
    lret
1:  say "  lret in ring 3\n"
    int $0x31

conforming_code:
    show_selectors "  conforming:"
    try hlt
    lret

ring1_code:
    show_selectors "  entered:"
    try cli                             # IOPL 1
    try hlt
    movw $DATA1, %ax
    movw %ax, %ds
    movw $DATA3, %ax
    movw %ax, %es
    movw $DATA32, %ax
    try movw %ax, %fs
    pushl $0x77777777
    pushl $0x88888888
    lcall $GATE32, $0
    # out to ring 3: DS (DPL 1) is taken away, ES (DPL 3) stays
    pushl $DATA3 + 3
    pushl $RING3_STACK - 0x100
    pushl $CODE3 + 3
    pushl $1f
    lret
1:  show_selectors "  ring 3:"
    try movb %ds:0, %al
    movb %es:0, %al
    int $0x31

ring3_to_ring1:
    try lcall $GATE_RING1, $0
    int $0x31

# From ring 0: the checks of LRET and IRET to outer rings. A bad frame is dropped by the escape.
.macro bad_return instruction, selector, stack
    movl %esp, escape_esp
    movl $ESCAPE + 8886f, %ebp
    pushl $\stack
    pushl $RING3_STACK
    .ifc \instruction, iretl
    pushl $2
    .endif
    pushl $\selector
    pushl $ring3_leave
    \instruction
8886:
.endm
outward:
    .irp instruction, lretl, iretl
    say "\instruction\n"
    bad_return \instruction, CODE3 + 3, DATA32
    bad_return \instruction, CODE3 + 3, DATA1 + 1
    bad_return \instruction, CODE3 + 3, DATA3
    bad_return \instruction, CODE3 + 3, 0
    bad_return \instruction, CODE3 + 3, CODE3 + 3
    bad_return \instruction, CODE3 + 3, 0xffff
    bad_return \instruction, CODE3 + 1, DATA3 + 1
    bad_return \instruction, CODE32 + 3, DATA3 + 3
    bad_return \instruction, DATA3 + 3, DATA3 + 3
    bad_return \instruction, CONFORMING + 3, DATA3
    bad_return \instruction, ABSENT_CODE, DATA3 + 3
    bad_return \instruction, 3, DATA3 + 3
    .endr
    ret
ring3_leave:
    say "not reached\n"
    int $0x31

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    descriptor 0, 0xfffff, 0xc09f
    gate CODE32, gate_target, CALL32 | DPL3, 2
    gate CODE16, gate_target_16, CALL16 | DPL3, 2
    gate CODE32, gate_target_plain, CALL32
    gate CODE32, gate_target, (CALL32 | DPL3) & 0x7f
    gate CONFORMING, conforming_code, CALL32 | DPL3
    gate DATA32, gate_target, CALL32 | DPL3
    gate CODE1, gate_target_plain, CALL32 | DPL3
    gate ABSENT_CODE, gate_target, CALL32 | DPL3
    descriptor 0, 0xfffff, 0xc01b
    gate CODE32, gate_target_31, CALL32 | DPL3, 31
    gate 0, gate_target, CALL32 | DPL3
    descriptor 0, 0xffff, 0x00fb
    descriptor (RING1_STACK-0x1000), 0xfff, 0x40b3
    descriptor 0, 0xfffff, 0xc033
    descriptor_at tss, 0x0f, 0x0089
    gate CODE3, conforming_code, CALL32 | DPL3
    gate CODE32, jumped, CALL32
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
    gate CODE32, gate32_30, (INTERRUPT32 & 0x7f) | DPL3
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
