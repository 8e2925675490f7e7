# Every descriptor type under LAR to ARPL, segment loads and accesses. Also built KEPT.
# Not here: code segments as targets of transfers (gates.s) and TSS use (tasks.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"

# selectors of the guest's own descriptors
.set EVERY_TYPE, RINGS_OWN              # 2 DPLs x S x 16 types, present
.set EVERY_TYPE_END, EVERY_TYPE + 64 * 8
.set ABSENT_DATA, EVERY_TYPE_END
.set ABSENT_CODE, ABSENT_DATA + 8
.set ABSENT_LDT, ABSENT_DATA + 0x10
.set ABSENT_TSS, ABSENT_DATA + 0x18
.set PAGES, ABSENT_DATA + 0x20          # G = 1
.set DOWN16, ABSENT_DATA + 0x28
.set DOWN32, ABSENT_DATA + 0x30
.set DOWN_PAGES, ABSENT_DATA + 0x38
.set READ_ONLY, ABSENT_DATA + 0x40
.set EXECUTE_ONLY, ABSENT_DATA + 0x48
.set EXECUTE_READ, ABSENT_DATA + 0x50
.set LDT, ABSENT_DATA + 0x58
.set LDT_ONE, ABSENT_DATA + 0x60        # room for one descriptor and a half
.set OWN_END, ABSENT_DATA + 0x68
.set IN_LDT, 4
.set SEGMENT_BASE, 0x20000
.set IVT_END, 0x600

    code16
guest:
    cli
    call install_ivt
    keep_state
    enter_ring0
    say "ring 0, RPL 0\n"
    call inspect_all
    say "ring 0, RPL 3\n"
    movl $3, %ebx
    call inspect
    say "ring 3, RPL 0\n"
    ring3 ring3_inspect_0
    say "ring 3, RPL 3\n"
    ring3 ring3_inspect_3
    say "arpl\n"
    call see_arpl
    say "loads\n"
    call loads
    say "LDT\n"
    call ldt_loads
    say "accesses\n"
    call accesses
    say "system registers\n"
    call system_loads
    leave_ring0
    release_state
    finish "descriptors"

    code32
inspect_all:
    xorl %ebx, %ebx
# LAR, LSL, VERR, VERW of all selectors with RPL = EBX
inspect:
    xorl %esi, %esi
1:  movl %esi, %ecx
    orl %ebx, %ecx
    show "  ", %ecx, 4
    call inspect_one
    addl $8, %esi
    cmpl $OWN_END + 8, %esi             # the last one is beyond the limit
    jbe 1b
    ret

# ECX: selector. What each instruction gives (5a5a5a5a, less what is undefined, when it leaves its
# register alone) and the four ZFs
inspect_one:
    xorl %eax, %eax
    movl $0x5a5a5a5a, %edx
    larl %ecx, %edx
    setz %al
    andl $0xfff0ffff, %edx              # bits 19:16 are undefined
    show " lar=", %edx
    movl $0x5a5a5a5a, %edx
    lsll %ecx, %edx
    setz %ah
    show " lsl=", %edx
    movl $0x5a5a5a5a, %edx
    larw %cx, %dx
    show " larw=", %edx
    movl $0x5a5a5a5a, %edx
    lslw %cx, %dx
    show " lslw=", %edx
    shll $16, %eax
    verr %cx
    setz %al
    verw %cx
    setz %ah
    show " zf=", %eax
    say "\n"
    ret

ring3_inspect_0:
    call inspect_all
    int $0x31
ring3_inspect_3:
    movl $3, %ebx
    call inspect
    int $0x31

see_arpl:
    .irp pair, 0x00000000, 0x00030000, 0x00000003, 0x12341235, 0x12361235, 0xfff80003
    movl $\pair >> 16, %ecx
    movl $\pair & 0xffff, %eax
    arpl %cx, %ax
    setz %dl
    movzbl %dl, %edx
    show "  ", %eax, 4
    show " zf=", %edx, 2
    say "\n"
    .endr
    movl $0x41, SEGMENT_BASE
    movl $3, %ecx
    arpl %cx, SEGMENT_BASE
    movl SEGMENT_BASE, %eax
    show "  memory ", %eax
    say "\n"
    ret

.macro ss_loads list:vararg
    .irp selector, \list
    movl $\selector, %eax
    show "  ss<-", %eax, 4
    say "\n"
    try movw %ax, %ss
    movw $DATA32, %cx
    movw %cx, %ss
    .endr
.endm
# every selector into FS; then the descriptor's accessed bit
loads:
    movl $RINGS_OWN, %esi
1:  show "  ", %esi, 4
    movzbl gdt + 5(%esi), %edx
    show " was ", %edx, 2
    try movw %si, %fs
    movzbl gdt + 5(%esi), %edx
    show " is ", %edx, 2
    movl %fs, %eax
    show " fs=", %eax, 4
    say "\n"
    addl $8, %esi
    cmpl $OWN_END, %esi
    jbe 1b
    xorl %eax, %eax
    movw %ax, %fs
    # into SS: only the ones that fail, and one that does not
    ss_loads ABSENT_DATA, ABSENT_CODE, READ_ONLY, EXECUTE_READ, DOWN32, PAGES
    ss_loads DATA3, DATA32 + 3, LDT, OWN_END, 0
    # the far pointer loads; both registers stay as they were when the selector is refused
    .irp instruction, ldsl, lesl, lfsl, lssl
    movl $0x12345678, SEGMENT_BASE
    movw $ABSENT_DATA, SEGMENT_BASE + 4
    movl $0x0ddba11e, %ebx
    try \instruction SEGMENT_BASE, %ebx
    show "  \instruction: ebx=", %ebx
    say "\n"
    .endr
    pushl $ABSENT_DATA
    try popl %fs
    popl %eax
    show "  popped again: ", %eax, 4
    show " fs=", %fs, 4
    say "\n"
    ret

# selectors with TI = 1 before, while and after there is an LDT
ldt_loads:
    # the LDTR of reset: base 0, limit ffff, although its selector is 0
    sldt %eax
    show "  sldt ", %eax, 4
    movl gdt + READ_ONLY, %eax
    movl %eax, IVT_END
    movl gdt + READ_ONLY + 4, %eax
    movl %eax, IVT_END + 4
    movw $IVT_END + IN_LDT, %ax
    try movw %ax, %fs
    movl $0x1e5e7, SEGMENT_BASE
    movl %fs:0, %eax
    show " fs:[0]=", %eax
    say "\n"
    xorw %ax, %ax
    lldt %ax
    movw $IVT_END + IN_LDT, %ax
    try movw %ax, %fs
    movw $LDT, %ax
    lldt %ax
    sldt %eax
    show "  sldt ", %eax, 4
    say "\n"
    .irp selector, IN_LDT, IN_LDT + 8, IN_LDT + 0x10, IN_LDT + 0x13, IN_LDT + 0x18, IN_LDT + 0x20
    movl $\selector, %ecx
    show "  ", %ecx, 4
    call inspect_one
    try movw %cx, %fs
    show "  fs=", %fs, 4
    say "\n"
    .endr
    lcall $IN_LDT, $far_code            # a code segment in the LDT
    movw $LDT_ONE, %ax
    lldt %ax
    movw $IN_LDT + 8, %ax               # half of it is beyond the limit
    try movw %ax, %fs
    xorw %ax, %ax
    lldt %ax
    movw $IN_LDT, %ax
    try movw %ax, %fs
    xorw %ax, %ax
    movw %ax, %fs
    ret
far_code:
    show "  cs=", %cs, 4
    say "\n"
    lret

.macro reads selector, offsets:vararg
    movw $\selector, %ax
    movw %ax, %fs
    show "  fs=", %fs, 4
    say "\n"
    .irp offset, \offsets
    try movl %fs:\offset, %ebx
    .endr
    try movl %eax, %fs:0x2000
.endm
accesses:
    reads DOWN16, 0xffc, 0xfff, 0x1000, 0xfffc, 0xfffd, 0x10000
    reads DOWN32, 0xffc, 0xfff, 0x1000, 0xfffc, 0x10000, 0xfffffff0, 0xfffffffd
    reads DOWN_PAGES, 0x1ffc, 0x1fff, 0x2000, 0x10000
    reads PAGES, 0x1ffc, 0x1ffd, 0x2000
    reads READ_ONLY, 0xffc, 0xffd
    reads EXECUTE_READ, 0xffc, 0xffd
    try movl %eax, %cs:SEGMENT_BASE
    movl $ESCAPE + 1f, %ebp             # no reads from execute-only code, and no text behind a CALL
    movl %esp, escape_esp
    ljmp $EXECUTE_ONLY, $execute_only
1:  say "  executed, not read\n"
    ret
execute_only:
    movl %cs:execute_only, %eax

.macro ltr_loads list:vararg
    .irp selector, \list
    movl $\selector, %eax
    show "  ltr ", %eax, 4
    say "\n"
    try ltr %ax
    str %eax
    show "  str ", %eax, 4
    say "\n"
    .endr
.endm
system_loads:
    .irp selector, 0, LDT + 1, EVERY_TYPE+2*8, EVERY_TYPE+0x10*8, ABSENT_LDT, DATA32, IN_LDT, OWN_END
    movl $\selector, %eax
    show "  lldt ", %eax, 4
    say "\n"
    try lldt %ax
    sldt %eax
    show "  sldt ", %eax, 4
    say "\n"
    .endr
    xorl %eax, %eax
    lldt %ax
    ltr_loads 0, TSS, ABSENT_TSS, DATA32, IN_LDT, OWN_END
    ltr_loads EVERY_TYPE + 8, EVERY_TYPE+3*8, EVERY_TYPE+9*8+3, EVERY_TYPE+9*8
    sgdt SEGMENT_BASE
    movzwl SEGMENT_BASE, %eax
    show "  sgdt ", %eax, 4
    movl SEGMENT_BASE + 2, %eax
    show " ", %eax
    sidt SEGMENT_BASE
    movzwl SEGMENT_BASE, %eax
    show " sidt ", %eax, 4
    movl SEGMENT_BASE + 2, %eax
    show " ", %eax
    say "\n"
    ret

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    .irp dpl, 0x80, 0xe0
    .irp system, 0x00, 0x10
    .irp type, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    descriptor SEGMENT_BASE, 0xfff, (\dpl+\system+\type)
    .endr
    .endr
    .endr
    descriptor SEGMENT_BASE, 0xfff, 0x0012
    descriptor SEGMENT_BASE, 0xfff, 0x001a
    descriptor SEGMENT_BASE, 0xfff, 0x0002
    descriptor SEGMENT_BASE, 0xfff, 0x0009
    descriptor SEGMENT_BASE, 0x1, 0x8092
    descriptor SEGMENT_BASE, 0xfff, 0x0096
    descriptor SEGMENT_BASE, 0xfff, 0x4096
    descriptor SEGMENT_BASE, 0x1, 0xc096
    descriptor SEGMENT_BASE, 0xfff, 0x0090
    descriptor 0, 0xfffff, 0xc098
    descriptor SEGMENT_BASE, 0xfff, 0x009a
    descriptor_at ldt, (ldt_end - ldt - 1), 0x0082
    descriptor_at ldt, 11, 0x0082
gdt_end:
ldt:
    descriptor 0, 0xfffff, 0xc09a
    descriptor SEGMENT_BASE, 0xfff, 0x0092
    descriptor SEGMENT_BASE, 0xfff, 0x00f2
    descriptor SEGMENT_BASE, 0xfff, 0x0012
ldt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
