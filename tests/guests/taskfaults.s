# Faults handled by tasks, and tasks that cannot be entered. Only built KEPT.
# Not here: task switches that work (tasks.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "tss.inc"

.set TSS_BAD, RINGS_OWN                 # the one that cannot be entered
.set LDT, 0x58
.set ABSENT_CODE, 0x60
.set ABSENT_DATA, 0x68
.set ABSENT_LDT, 0x70
.set TSS_FAULT_06, 0x78                 # these report a fault and go back to the main task
.set TSS_FAULT_0a, 0x80
.set TSS_FAULT_0b, 0x88
.set TSS_FAULT_0c, 0x90
.set TSS_FAULT_0d, 0x98
.set FAULT_STACK, 0x6800

# A task switch that fails half-way is the platform's affair where it runs natively: hence KEPT.
    code16
guest:
    cli
    call install_ivt
    keep_a20
    enter_ring0
    say "in the main task\n"
    movl $1f, resume
    ud2
1:  movl $1f, resume
    movw $ABSENT_DATA, %ax
    movw %ax, %fs
1:  movl $1f, resume
    movw $0xfff8, %ax
    movw %ax, %fs
1:  movl $1f, resume
    movw $ABSENT_DATA, %ax
    movw %ax, %ss
1:  movl $1f, resume
    lcall $TSS_FAULT_06 + 4, $0         # TI = 1
1:  show_selectors "main:"
    say "in the new task\n"
    call broken_tasks
    leave_ring0
    release_state
    finish "taskfaults"

    code32
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
    movzbl gdt + TSS + 5, %eax
    show "  main's type ", %eax, 2
    movzbl gdt + TSS_BAD + 5, %eax
    show " the bad one's ", %eax, 2
    say "\n"
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
    .long TSS_DS, 0xfff8, TSS_DS, TSS_BAD, TSS_DS, ABSENT_DATA, TSS_DS, 0, TSS_ES, DATA32 + 3
    .long TSS_FS, 4, TSS_GS, ABSENT_CODE
breakages_end:

resume:
    .long 0

    .balign 8
    .irp vector, 06, 0a, 0b, 0c, 0d
    tss32 tss_fault_\vector, task_fault_\vector, CODE32, DATA32, FAULT_STACK, 2, 0, 0
    .endr
tss32 tss_good, task_plain, CODE32, DATA32, 0x6600, 2, 0, 0
tss32 tss_bad, task_plain, CODE32, DATA32, 0x6600, 2, 0, 0

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    descriptor_at tss_bad, 0x67, 0x0089
    descriptor_at ldt, 7, 0x0082
    descriptor 0, 0xfffff, 0xc01b
    descriptor 0, 0xfffff, 0xc013
    descriptor_at ldt, 7, 0x0002
    .irp vector, 06, 0a, 0b, 0c, 0d
    descriptor_at tss_fault_\vector, 0x67, 0x0089
    .endr
gdt_end:
ldt:
    descriptor 0, 0xfffff, 0xc09b
idt:
    .fill 6, 8, 0
    gate TSS_FAULT_06, 0, TASK_GATE
    .fill 3, 8, 0
    gate TSS_FAULT_0a, 0, TASK_GATE
    gate TSS_FAULT_0b, 0, TASK_GATE
    gate TSS_FAULT_0c, 0, TASK_GATE
    gate TSS_FAULT_0d, 0, TASK_GATE
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
