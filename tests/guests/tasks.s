# Task switches by JMP, CALL, task gate, INT, fault and IRET, between 32- and 16-bit TSSs, into ring 3 and into
# an LDT; the back link, NT, busy bits, CR0.TS, the T bit; and what goes wrong. Also built KEPT.
# Not here: task switches with paging or into virtual-8086 mode.
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"

.set TSS_A, RINGS_OWN                   # 32-bit
.set TSS_B, 0x58                        # 16-bit
.set TSS_LOCAL, 0x60                    # its CS and DS are in an LDT
.set TSS_OUTER, 0x68                    # ring 3
.set TSS_BAD, 0x70                      # the one that cannot be entered
.set TSS_STOP, 0x78                     # T bit
.set GATE_A, 0x80
.set GATE_B, 0x88
.set GATE_MAIN, 0x90                    # DPL 3
.set LDT, 0x98
.set ABSENT_TSS, 0xa0
.set SHORT_TSS, 0xa8
.set ABSENT_CODE, 0xb0
.set ABSENT_DATA, 0xb8
.set ABSENT_LDT, 0xc0
.set GATE_TO_DATA, 0xc8
.set ABSENT_BUSY, 0xd0
.set TSS_FAULT_06, 0xd8                 # these report a fault and go back to the main task
.set TSS_FAULT_0a, 0xe0
.set TSS_FAULT_0b, 0xe8
.set TSS_FAULT_0c, 0xf0
.set TSS_FAULT_0d, 0xf8
.set FAULT_STACK, 0x6800

# fields of a 32-bit TSS
.set LINK, 0
.set EIP, 0x20
.set TSS_EBX, 0x34
.set TSS_ES, 0x48
.set TSS_CS, 0x4c
.set TSS_SS, 0x50
.set TSS_DS, 0x54
.set TSS_FS, 0x58
.set TSS_GS, 0x5c
.set TSS_LDT, 0x60
.set BUSY, 2

    code16
guest:
    cli
    call install_ivt
    keep_a20
    enter_ring0
    movl $0x11223344, %ebx
    say "jmp A\n"
    ljmp $TSS_A, $0x12345678            # the offset is ignored
    call main_report
    say "jmp A again\n"
    ljmp $TSS_A, $0
    call main_report
    say "call A\n"
    lcall $TSS_A, $0
    call main_report
    say "call gate A\n"
    lcall $GATE_A, $0
    call main_report
    say "int 32h: gate A\n"
    int $0x32
    call main_report
    say "jmp B (16-bit)\n"
    ljmp $TSS_B, $0
    call main_report
    say "call gate B\n"
    lcall $GATE_B, $0
    call main_report
    say "int 33h: gate B\n"
    int $0x33
    call main_report
    say "call task with LDT\n"
    lcall $TSS_LOCAL, $0
    call main_report
    say "jmp task in ring 3\n"
    ljmp $TSS_OUTER, $0
    call main_report
    pushfl                              # it came back by CALL
    andl $~0x4000, (%esp)
    popfl
    say "call task with the T bit\n"
    movw $debug_trap, idt + 8
    lcall $TSS_STOP, $0
    call main_report
    say "faults before the switch\n"
    try ljmp $TSS, $0                   # busy: it is this one
    try lcall $TSS, $0
    try ljmp $ABSENT_TSS, $0
    try ljmp $SHORT_TSS, $0
    try lcall $SHORT_TSS, $0
    try lcall $GATE_TO_DATA, $0
    try ljmp $TSS_A + 4, $0
    try int $0x34                       # task gate to a data segment
    call nested_returns
    say "a fault through a task gate\n"
    .irp vector, 06, 0a, 0b, 0c, 0d
    movw $TSS_FAULT_\vector, idt + 0x\vector * 8 + 2
    movb $TASK_GATE, idt + 0x\vector * 8 + 5
    .endr
    movl $1f, resume
    ud2
1:  call main_report
    movl $1f, resume
    movw $ABSENT_DATA, %ax
    movw %ax, %fs
1:  call main_report
    say "faults in the new task\n"
    call broken_tasks
    leave_ring0
    release_state
    finish "tasks"

# everything that a task can see of the switch
.macro task_report text, bits
    code\bits
    show_selectors "\text"
    show "  eax=", %eax, 4
    show " ecx=", %ecx, 4
    show " edi=", %edi, 4
    show " ebp=", %ebp, 4
    movl %esp, %eax
    show " esp=", %eax, 4
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS & 0xffff, %eax
    show " flags=", %eax, 4
    smsw %ax
    andl $0xf, %eax
    show " msw=", %eax, 2
    clts
    xorl %eax, %eax
    str %ax
    show " tr=", %eax, 4
    sldt %ax
    show " ldt=", %eax, 4
    say "\n"
    .if \bits == 16
    call report_tables_16
    .else
    call report_tables_32
    .endif
.endm
# the types of the TSS descriptors and the links, by DS (flat from 0 up)
.macro report_tables bits
report_tables_\bits:
    say "  types"
    .irp selector, TSS, TSS_A, TSS_B, TSS_LOCAL, TSS_OUTER, TSS_BAD, TSS_STOP
    movzbl gdt + \selector + 5, %eax
    show " ", %eax, 2
    .endr
    say " links"
    .irp task, tss_a, tss_b, tss_local, tss_outer, tss_bad, tss_stop
    movzwl \task, %eax
    show " ", %eax, 4
    .endr
    say "\n"
    ret
.endm
    code32
    report_tables 32
    code16
    report_tables 16

    code32
main_report:
    task_report "main:", 32
    ret

# 32-bit task: reports, goes back the way it was reached, and does it again
task_a:
    task_report "A:", 32
    pushfl
    popl %eax
    andl $0x4000, %eax                  # NT
    jz 1f
    movl $0xa1, %ecx
    iretl
    jmp task_a
1:  movl $0xa2, %ecx
    ljmp $TSS, $0
    jmp task_a

    code16
task_b:
    movzwl %sp, %esp                    # bits 31:16 are not defined after the switch
    task_report "B:", 16
    pushfw
    popw %ax
    andw $0x4000, %ax
    jz 1f
    movw $0xb1, %cx
    iretw
    jmp task_b
1:  movw $0xb2, %cx
    ljmp $TSS, $0
    jmp task_b

    code32
task_local:
    task_report "local:", 32
    iretl
    jmp task_local

task_outer:
    show_selectors "outer:"
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  flags ", %eax
    say "\n"
    try ljmp $TSS_A, $0                 # its DPL is 0
    try lcall $GATE_A, $0
    lcall $GATE_MAIN, $0                # busy it is not: the main task left by JMP
    jmp task_outer

task_stop:
    task_report "T bit:", 32
    iretl
    jmp task_stop

# #DB at the first instruction of a task with the T bit: DR6.BT
debug_trap:
    pushal
    movl %db6, %eax
    show "  #DB dr6=", %eax
    movl 32(%esp), %eax
    subl $task_stop, %eax
    show " at its eip + ", %eax
    say "\n"
    xorl %eax, %eax
    movl %eax, %db6
    popal
    iretl

# IRET with NT set and a bad link; the main task's TSS is the current one
nested_returns:
    say "iret with NT and a bad link\n"
    .irp selector, 0, TSS_A, ABSENT_BUSY, CODE32, 0x1004, 0xfff8
    movw $\selector, tss + LINK
    pushfl
    orl $0x4000, (%esp)
    popfl
    try iretl
    pushfl
    popl %eax
    andl $SYSTEM_FLAGS, %eax
    show "  flags after it ", %eax
    say "\n"
    pushfl
    andl $~0x4000, (%esp)
    popfl
    .endr
    ret

# The fault tasks, one per vector: error code if there is one on the stack, which task was interrupted
# and where. They make the main task go on at `resume`, whoever was interrupted, and put the busy bits
# right. EBX: vector, EDX: the TSS; both come back with the next switch.
.macro fault_task vector
task_fault_\vector:
    movl $0x\vector, %ebx
    movl $tss_fault_\vector, %edx
    jmp task_fault
.endm
    .irp vector, 06, 0a, 0b, 0c, 0d
    fault_task \vector
    .endr
task_fault:
    show "vector ", %ebx, 2
    show_selectors ":"
    movl %esp, %eax
    show "  esp=", %eax
    cmpl $FAULT_STACK, %esp
    je 1f
    popl %eax
    show " error=", %eax
1:  movzwl LINK(%edx), %eax
    show " link=", %eax, 4
    cmpw $TSS_BAD, %ax
    jne 2f
    movl tss_bad + EIP, %eax
    subl $task_plain, %eax
    show " bad eip=+", %eax, 2
    movl tss_bad + TSS_CS, %eax
    show " cs=", %eax, 4
    movl tss_bad + TSS_SS, %eax
    show " ss=", %eax, 4
    movl tss_bad + TSS_DS, %eax
    show " ds=", %eax, 4
    movzwl tss_bad + LINK, %eax
    show " its link=", %eax, 4
2:  smsw %ax
    andl $0xf, %eax
    show " msw=", %eax, 2
    xorl %eax, %eax
    str %ax
    show " tr=", %eax, 4
    movzbl gdt + 5(%eax), %eax
    show " type ", %eax, 2
    clts
    say "\n"
    call report_tables_32
    movl $FAULT_STACK, %esp
    movl resume, %eax
    movl %eax, tss + EIP
    pushfl
    andl $~0x4000, (%esp)
    popfl
    andb $~BUSY, gdt + TSS + 5
    andb $~BUSY, gdt + TSS_BAD + 5
    ljmp $TSS, $0
    jmp task_fault

# one broken field of an otherwise good TSS at a time, by JMP and by CALL
broken_tasks:
    xorl %ebx, %ebx                     # 0: JMP, 1: CALL
1:  movl $breakages, %esi
2:  andb $~BUSY, gdt + TSS_BAD + 5
    pushl %esi
    movl $tss_good, %esi
    movl $tss_bad, %edi
    movl $0x68 / 4, %ecx
    cld
    rep movsl
    popl %esi
    movl (%esi), %edi
    movl 4(%esi), %eax
    movl %eax, tss_bad(%edi)
    show "by ", %ebx, 2
    show " field ", %edi, 2
    show "=", %eax, 4
    say "\n"
    movl $4f, resume
    testl %ebx, %ebx
    jnz 3f
    ljmp $TSS_BAD, $0
    jmp 4f
3:  lcall $TSS_BAD, $0
4:  addl $8, %esi
    cmpl $breakages_end, %esi
    jb 2b
    incl %ebx
    cmpl $2, %ebx
    jb 1b
    ret

task_plain:
    say "  entered\n"
    pushfl
    popl %eax
    andl $0x4000, %eax
    jz 1f
    iretl
1:  ljmp $TSS, $0

breakages:
    .long TSS_EBX, 0                    # nothing broken
    .long TSS_LDT, 0xfff8, TSS_LDT, ABSENT_LDT, TSS_LDT, DATA32, TSS_LDT, 4, TSS_LDT, LDT
    .long TSS_CS, 0, TSS_CS, DATA32, TSS_CS, 0xfff8, TSS_CS, CODE3, TSS_CS, ABSENT_CODE, TSS_CS, 4
    .long TSS_SS, 0, TSS_SS, CODE32, TSS_SS, DATA3 + 3, TSS_SS, 0xfff8, TSS_SS, ABSENT_DATA
    .long TSS_DS, 0xfff8, TSS_DS, TSS_A, TSS_DS, ABSENT_DATA, TSS_DS, 0, TSS_ES, DATA32 + 3
    .long TSS_FS, 4, TSS_GS, ABSENT_CODE
breakages_end:

resume:
    .long 0

trap_set gate32, 32, 4, 1

# TSSs; the stacks are 200h apart
.macro tss32 name, eip, cs, data, esp, flags, ldt, trap
\name:
    .long 0, RING0_STACK, DATA32, 0, 0, 0, 0, 0, \eip, \flags
    .long 0x0eaeaea0, 0x0ecececc, 0, 0, \esp, 0x0eb0eb0e, 0, 0x0ed1ed10
    .long \data, \cs, \data, \data, \data, \data, \ldt
    .word \trap, 0x68
.endm
    .balign 8
tss32 tss_a, task_a, CODE32, DATA32, 0x7000, 2, 0, 0
tss32 tss_local, task_local, 4, DATA32, 0x6e00, 2, LDT, 0
tss32 tss_outer, task_outer, CODE3+3, DATA3+3, 0x6c00, 0x3002, 0, 0
    .irp vector, 06, 0a, 0b, 0c, 0d
    tss32 tss_fault_\vector, task_fault_\vector, CODE32, DATA32, FAULT_STACK, 2, 0, 0
    .endr
tss32 tss_good, task_plain, CODE32, DATA32, 0x6600, 2, 0, 0
tss32 tss_bad, task_plain, CODE32, DATA32, 0x6600, 2, 0, 0
tss32 tss_stop, task_stop, CODE32, DATA32, 0x6400, 2, 0, 1
tss_b:
    .word 0, 0, 0, 0, 0, 0, 0, task_b, 2
    .word 0xbaba, 0xbcbc, 0, 0, 0x6200, 0xb0b0, 0, 0xbdbd
    .word DATA16, CODE16, DATA16, DATA16, 0

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    descriptor_at tss_a, 0x67, 0x0089
    descriptor_at tss_b, 0x2b, 0x0081
    descriptor_at tss_local, 0x67, 0x0089
    descriptor_at tss_outer, 0x67, 0x0089
    descriptor_at tss_bad, 0x67, 0x0089
    descriptor_at tss_stop, 0x67, 0x0089
    gate TSS_A, 0, TASK_GATE
    gate TSS_B, 0, TASK_GATE
    gate TSS, 0, TASK_GATE | DPL3
    descriptor_at ldt, 7, 0x0082
    descriptor_at tss_a, 0x67, 0x0009
    descriptor_at tss_a, 0x66, 0x0089
    descriptor 0, 0xfffff, 0xc01b
    descriptor 0, 0xfffff, 0xc013
    descriptor_at ldt, 7, 0x0002
    gate DATA32, 0, TASK_GATE
    descriptor_at tss_a, 0x67, 0x000b
    .irp vector, 06, 0a, 0b, 0c, 0d
    descriptor_at tss_fault_\vector, 0x67, 0x0089
    .endr
gdt_end:
ldt:
    descriptor 0, 0xfffff, 0xc09b
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
    gate TSS_A, 0, TASK_GATE
    gate TSS_B, 0, TASK_GATE
    gate DATA32, 0, TASK_GATE
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
