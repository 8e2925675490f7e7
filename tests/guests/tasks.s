# Task switches of every kind, 32- and 16-bit TSSs, and what is refused. Also built KEPT.
# Not here: fault tasks and tasks that cannot be entered (taskfaults.s); paging.
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "tss.inc"

.set TSS_A, RINGS_OWN                   # 32-bit
.set TSS_B, 0x58                        # 16-bit
.set TSS_LOCAL, 0x60                    # its CS and DS are in an LDT
.set TSS_OUTER, 0x68                    # ring 3
.set TSS_STOP, 0x70                     # T bit
.set GATE_A, 0x78
.set GATE_B, 0x80
.set GATE_MAIN, 0x88                    # DPL 3
.set LDT, 0x90
.set ABSENT_TSS, 0x98
.set SHORT_TSS, 0xa0
.set GATE_TO_DATA, 0xa8
.set ABSENT_BUSY, 0xb0

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
    .irp selector, TSS, TSS_A, TSS_B, TSS_LOCAL, TSS_OUTER, TSS_STOP
    movzbl gdt + \selector + 5, %eax
    show " ", %eax, 2
    .endr
    say " links"
    .irp task, tss_a, tss_b, tss_local, tss_outer, tss_stop
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

trap_set gate32, 32, 4, 1

    .balign 8
tss32 tss_a, task_a, CODE32, DATA32, 0x7000, 2, 0, 0
tss32 tss_local, task_local, 4, DATA32, 0x6e00, 2, LDT, 0
tss32 tss_outer, task_outer, CODE3+3, DATA3+3, 0x6c00, 0x3002, 0, 0
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
    descriptor_at tss_stop, 0x67, 0x0089
    gate TSS_A, 0, TASK_GATE
    gate TSS_B, 0, TASK_GATE
    gate TSS, 0, TASK_GATE | DPL3
    descriptor_at ldt, 7, 0x0082
    descriptor_at tss_a, 0x67, 0x0009
    descriptor_at tss_a, 0x66, 0x0089
    gate DATA32, 0, TASK_GATE
    descriptor_at tss_a, 0x67, 0x000b
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
