# Debug registers, single step, self-modifying code, real and protected mode. Also built KEPT.
# Not here: the T bit of a TSS (tasks.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "timer.inc"

.set DATA, 0x20000                      # what the data breakpoints watch
.set CODE, 0x6000                       # where code is written and run
.set TF, 0x100
.set DATA_FS, RINGS_OWN                 # base DATA
.set CR4_DE, 8

# DR7: breakpoint n, type (0 execute, 1 write, 2 I/O, 3 read or write), length code
.macro dr7_set n, type, length
    movl $(2 << (2 * \n)) | (\type << (16 + 4 * \n)) | (\length << (18 + 4 * \n)) | 0x400, %eax
    movl %eax, %db7
.endm
.macro dr_set n, address
    movl $\address, %eax
    movl %eax, %db\n
.endm
.macro dr_off
    movl $0x400, %eax
    movl %eax, %db7
.endm
.macro dr6_clear
    xorl %eax, %eax
    movl %eax, %db6
.endm
.macro step_on
    pushfl
    orl $TF, (%esp)
    popfl
.endm
.macro step_off
    pushfl
    andl $~TF, (%esp)
    popfl
.endm

    code16
guest:
    cli
    call install_ivt
    movw $debug_16, 1 * 4
    movw $0, 1 * 4 + 2
    keep_state
    say "real mode\n"
    call init_pics
    call registers_16
    movw $DATA >> 4, %ax
    movw %ax, %fs
    call tests_16
    call modify_16
    enter_ring0
    movw $debug_32, idt + 8
    movw $DATA_FS, %ax
    movw %ax, %fs
    say "protected mode\n"
    call tests_32
    call modify_32
    call both_sizes
    say "ring 3\n"
    ring3 ring3_steps
    movl $ring3_stepped, %ebx
    ring3 ring3_stepped, TF
    ring3 ring3_registers
    dr_off
    leave_ring0
    release_state
    finish "debug"

# the #DB reporters: DR6 and where, relative to the label `here` of the test in EBX; a fault gets RF
    code16
debug_16:
    pushal
    movl %db6, %eax
    andl $0xe00f, %eax                  # BT, BS, BD, B3-B0
    show "  #DB dr6=", %eax, 4
    movzwl 32(%esp), %eax
    subl %ebx, %eax
    show " at +", %eax, 4
    movzwl 36(%esp), %eax
    andl $SYSTEM_FLAGS, %eax
    show " flags=", %eax, 4
    show " ecx=", %ecx, 4
    say "\n"
    movl %db6, %eax
    testl $0x2000, %eax                 # BD: step over the MOV
    jz 1f
    addw $3, 32(%esp)
1:  testl $0xf, %eax                    # a breakpoint: execute breakpoints must not come again
    jz 2f
    dr_off
2:  dr6_clear
    popal
    iretw
    code32
debug_32:
    pushal
    movl %db6, %eax
    andl $0xe00f, %eax                  # BT, BS, BD, B3-B0
    show "  #DB dr6=", %eax, 4
    movl 32(%esp), %eax
    subl %ebx, %eax
    show " at +", %eax, 4
    movl 40(%esp), %eax
    # RF of a trap between two iterations of a REP is 1 (SDM vol. 3, 17.3.1.1); Bochs pushes 0
    andl $SYSTEM_FLAGS & ~0x10000, %eax
    show " flags=", %eax
    movl 36(%esp), %eax
    show " cs=", %eax, 4
    show " ecx=", %ecx, 4
    say "\n"
    movl %db6, %eax
    testl $0x2000, %eax
    jz 1f
    addl $3, 32(%esp)
1:  testl $0xf, %eax
    jz 2f
    orl $0x10000, 40(%esp)              # RF: go on under the same breakpoint
2:  dr6_clear
    popal
    iretl

# what the registers keep
    code16
registers_16:
    movl $0xffffffff, %eax
    movl %eax, %db0
    movl %eax, %db6
    movl %db0, %ecx
    show "dr0 ", %ecx
    movl %db6, %ecx
    show " dr6 ", %ecx
    movl $0xd3ff, %eax
    movl %eax, %db7
    movl %db7, %ecx
    show " dr7 ", %ecx
    dr_off
    dr6_clear
    movl %db6, %ecx
    show " dr6 ", %ecx
    movl %db7, %ecx
    show " dr7 ", %ecx
    movl %db4, %ecx                     # CR4.DE = 0: DR4 is DR6
    show " dr4 ", %ecx
    say "\n"
    movl %cr4, %eax
    orb $CR4_DE, %al
    movl %eax, %cr4
    try movl %db4, %ecx
    try movl %ecx, %db5
    movl %cr4, %eax
    andb $~CR4_DE, %al
    movl %eax, %cr4
    ret

# test name: prints it; the instructions follow, and the reporters count from there (EBX)
.macro test name
    say "\name\n"
    movl $8885f, %ebx
8885:
.endm

# the same tests for both modes; FS has base DATA
.macro test_set bits
    code\bits
tests_\bits:
    test "step"
    step_on
    nop
    step_off
    test "step over INT"
    xorl %ebp, %ebp
    step_on
    int $0x30
    nop
    step_off
    test "step over POP SS"
    movl %ss, %eax
    pushl %eax
    step_on
    popl %ss
    nop
    nop
    step_off
    test "step over MOV SS"
    movl %ss, %eax
    step_on
    movw %ax, %ss
    nop
    nop
    step_off
    test "step through REP STOS"
    movl $3, %ecx
    movl $8, %edi
    pushl %es
    pushl %fs
    popl %es
    cld
    step_on
    rep stosb %al, %es:(%edi)
    nop
    step_off
    popl %es
    test "step over STI and CLI"
    step_on
    sti
    cli
    step_off
    test "step over a fault"
    movl $8884f, %ebp
    step_on
    ud2
8884:
    nop
    step_off
    test "step over CALL, RET and JMP"
    step_on
    call 8884f
    jmp 8883f
8884:
    ret
8883:
    step_off
    test "INT1"
    .byte 0xf1
    nop

    test "execute"
    dr_set 0, 8884f
    dr7_set 0, 0, 0
    nop
8884:
    nop
    nop
    dr_off
    test "execute, behind MOV SS"
    dr_set 0, 8884f
    dr7_set 0, 0, 0
    movl %ss, %eax
    movw %ax, %ss
8884:
    nop
    nop
    dr_off

    .irp length, 0, 1, 3
    test "write, length code \length"
    dr_set 2, (DATA+0x10)
    dr7_set 2, 1, \length
    a32 movb %al, %fs:0x0f
    a32 movb %al, %fs:0x10
    a32 movb %fs:0x10, %al
    dr7_set 2, 1, \length
    a32 movb %al, %fs:0x11
    dr7_set 2, 1, \length
    a32 movb %al, %fs:0x12
    dr7_set 2, 1, \length
    a32 movw %ax, %fs:0x13
    dr7_set 2, 1, \length
    a32 movl %eax, %fs:0x14
    a32 movl %eax, %fs:0x0d
    dr_off
    .endr
    test "read or write"
    dr7_set 2, 3, 1
    a32 movw %fs:0x0f, %ax
    dr7_set 2, 3, 1
    a32 incl %fs:0x10
    dr7_set 2, 3, 1
    a32 movb %fs:0x12, %al
    a32 lock xaddw %ax, %fs:0x10
    dr_off
    test "write, in REP MOVS"
    movl $4, %ecx
    movl $0x00, %esi
    movl $0x0e, %edi
    pushl %es
    pushl %fs
    popl %es
    dr7_set 2, 1, 0
    rep movsb %fs:(%esi), %es:(%edi)
    dr_off
    popl %es
    test "write, while stepping"
    dr7_set 2, 1, 0
    step_on
    a32 movb %al, %fs:0x10
    step_off
    dr_off
    test "general detect"
    movl $0x2400, %eax
    movl %eax, %db7
    movl %db0, %ecx
    movl %db7, %ecx
    andl $0x2000, %ecx
    show "  gd after: ", %ecx, 4
    say "\n"
    dr_off
    test "I/O"
    movl %cr4, %eax
    orb $CR4_DE, %al
    movl %eax, %cr4
    dr_set 3, 0x84
    dr7_set 3, 2, 0
    outb %al, $0x80
    outb %al, $0x84
    dr7_set 3, 2, 0
    outw %ax, $0x83
    dr_off
    movl %cr4, %eax
    andb $~CR4_DE, %al
    movl %eax, %cr4
    ret
.endm

# code that changes; AL is what it computes
.macro modify_set bits, pointer
    code\bits
modify_\bits:
    say "modified code:"
    movb $0x11, 8884f + 1               # the next instruction
8884:
    movb $0x00, %al
    call show_al_\bits
    movb $0x22, 8884f + 1               # one behind a jump
    jmp 8884f
8884:
    movb $0x00, %al
    call show_al_\bits
    movl $5, %ecx                       # a loop whose body counts itself up
8884:
    movb $0x30, %al
    incb 8884b + 1
    decl %ecx
    jnz 8884b
    call show_al_\bits
    movb $0x40, %dl                     # a routine written anew for each call
8884:
    movl $CODE, %edi
    call write_and_call_\bits
    incb %dl
    cmpb $0x44, %dl
    jb 8884b
    movl $CODE + 0xfff, %edi            # across a page
    call write_and_call_\bits
    incb %dl
    call write_and_call_\bits
    movl $8884f, %edi                   # REP STOS over what follows it
    movl $4, %ecx
    movb $0x90, %al
    rep stosb
8884:
    movb $0x00, %al
    movb $0x00, %al
    call show_al_\bits
    say "\n"
    ret
# MOV AL, DL; RET at EDI
write_and_call_\bits:
    movb $0xb0, (%\pointer)
    movb %dl, 1(%\pointer)
    movb $0xc3, 2(%\pointer)
    call *%\pointer
show_al_\bits:
    movzbl %al, %eax
    show " ", %eax, 2
    ret
.endm

test_set 16
modify_set 16, di
test_set 32
modify_set 32, edi

# the same bytes as 16-bit and as 32-bit code, in turns
    code32
both_sizes:
    movl $0xc32211b8, CODE              # B8 11 22 C3 90 C3
    movw $0xc390, CODE + 4
    movl $3, %ecx
1:  movl $0x55555555, %eax
    lcall $CODE16, $2f
    show "16-bit ", %eax
    movl $CODE, %edi
    call *%edi
    show " 32-bit ", %eax
    say "\n"
    decl %ecx
    jnz 1b
    ret
    code16
2:  movw $CODE, %di
    call *%di
    lretl

# ring 3: POPF sets TF there too; privileged instructions are not stepped over
    code32
ring3_steps:
    test "steps"
    nop
    nop
    step_on
    movl $1f, %ebp
    hlt
1:  xorl %ebp, %ebp
    int $0x30
    nop
    step_off
    int $0x31
ring3_stepped:
    nop
    step_off
    int $0x31
ring3_registers:
    try movl %db0, %eax
    try movl %eax, %db7
    int $0x31

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    descriptor DATA, 0xfffff, 0xc0f3
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
