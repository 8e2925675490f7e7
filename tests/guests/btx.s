# The FreeBSD BTX sequence: DS with selector 0 and a live cache serves 32-bit code.
# Not here: BTX's virtual-8086 service; real mode is entered by clearing CR0.PE.
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set TSS, FIRST_OWN
.set SCRATCH, 0x600

guest:
    call install_ivt
    movl $0xc0ffee03, 0xc
    movl $0x600d0000, SCRATCH
    say "btx: first trip\n"
    call first_trip
    say "btx: back in real mode\n"
    call real_mode_services
    say "btx: second trip, DS=0100 ES=0200 carried in\n"
    call second_trip
    call real_mode_services
    finish "btx"

# 16-bit: BIOS calls and accesses at the ends of DS, with the caches that came back
real_mode_services:
    movb $0x0f, %ah
    int $0x10
    movzbl %al, %eax
    show "INT 10h/0f mode=", %eax, 2
    int $0x12
    show " INT 12h ax=", %eax, 4
    say "\n"
    movb 0xffff, %al
    try movw 0xffff, %ax                # crosses the limit
    try addr32 movb 0x10000, %al
    show_selectors "real mode"
    ret

first_trip:
    cli
    xorw %ax, %ax
    movw %ax, %ss
    movw %ax, %es
    movw %ax, %ds
    lgdt gdt_pointer
    lidt idt_pointer
    movl %cr0, %eax
    incw %ax
    movl %eax, %cr0
    ljmp $CODE32, $1f
    code32
1:  xorl %ecx, %ecx
    movb $DATA32, %cl
    movw %cx, %ss
    movb $TSS, %cl
    ltr %cx
    pushl 0xc
    popl %eax
    show "pushed through DS=0: ", %eax
    say "\n"
    show_selectors "32-bit"
    xorl %eax, %eax
    str %eax
    show "str=", %eax, 4
    smsw %eax
    andl $0xf, %eax
    show " smsw=", %eax, 2
    movzbl gdt + TSS + 5, %eax
    show " tss type=", %eax, 2
    say "\n"

    # DS and ES go on being used: reads, writes, string instructions, read-modify-write
    incl SCRATCH
    movl $SCRATCH, %esi
    movl $SCRATCH + 4, %edi
    cld
    movsl
    movl $0x11223344, %eax
    stosl
    rorl $8, SCRATCH + 8
    lock xaddl %eax, SCRATCH + 8
    movl SCRATCH + 4, %ebx
    show "movs ", %ebx
    show " xadd ", %eax
    movl %es:SCRATCH + 8, %ebx
    show " sum ", %ebx
    say "\n"

    # the real-mode limit still stands
    movl 0xfffc, %eax
    say "dword at ds:fffc read\n"
    try movl 0xfffd, %eax
    try movb 0x10000, %al
    try movb %al, %es:0x00200000
    movl $0xfffe, %esi
    try lodsl
    show "esi after the fault=", %esi
    say "\n"

    # the selector itself: null for LAR and for a reload, which takes the segment away
    movl %ds, %eax
    movl $0x5a5a5a5a, %ecx
    larl %eax, %ecx
    setz %al
    movzbl %al, %eax
    show "lar of ds: zf=", %eax, 2
    show " value=", %ecx
    pushl %ds
    popl %fs
    say "\nds copied to fs\n"
    try movb %fs:0, %al
    movl 0xc, %eax
    show "ds:[c]=", %eax
    say "\n"
    movw $TSS, %ax
    try ltr %ax                         # busy
    jmp leave

    code16
second_trip:
    cli
    lidt idt_pointer
    movw $0x100, %ax
    movw %ax, %ds
    movw $0x200, %ax
    movw %ax, %es
    enter_protected
    ljmp $CODE32, $1f
    code32
1:  movw $DATA32, %cx
    movw %cx, %ss
    show_selectors "32-bit"
    movl $0x0badcafe, %eax
    movl %eax, SCRATCH                  # 0100:0600
    movl %ss:0x1000 + SCRATCH, %ebx
    show "ss:[1600]=", %ebx
    say "\n"
    try movl %es:SCRATCH - 0x1000, %ebx     # a 32-bit offset does not wrap at 64 KiB
    xorl %eax, %eax
    str %eax
    show "str=", %eax, 4
    say "\n"
    # back to the bases that the caller expects
    movw $DATA16, %ax
    movw %ax, %ds
    movw %ax, %es
leave:
    movw $DATA16, %ax
    movw %ax, %ss
    movw %ax, %fs
    ljmp $CODE16, $1f
    code16
1:  leave_protected
    ljmp $0, $1f
1:  lidt real_idt_pointer
    xorw %ax, %ax
    movw %ax, %ss
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %fs
    ret

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    descriptor_at tss, 0x67, 0x0089
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32
idt_end:
tss:
    .fill 0x68, 1, 0
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
