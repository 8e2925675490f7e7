# Real-mode interrupts and faults: IVT moved and shortened, double faults, PICs, STI, HLT.
# Not here: what the PIC's registers show while an interrupt waits (pic.s); protected mode.
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set NEW_IVT, 0x1000
.set TICKS, 20
.set RTC_TICKS, 5

guest:
    cli
    call install_ivt
    call init_pics
    say "faults through the IVT at 0\n"
    call faults
    call fetch_limits

    # the same table elsewhere, with vectors 0-31h
    xorw %si, %si
    movw $NEW_IVT, %di
    movw $0x100, %cx
    cld
    rep movsl
    movw $ivt_08, NEW_IVT + 8 * 4
    movw $0, NEW_IVT + 8 * 4 + 2
    movw $0x31 * 4 + 3, %ax
    call set_limit
    call faults
    movw $0x31 * 4 + 2, %ax             # cut in the middle of the last entry
    call set_limit
    try int $0x30
    try int $0x31
    try int $0x80
    movw $0x0d * 4 + 3, %ax
    call set_limit
    try int $0x0e
    movw $0x0d * 4 + 2, %ax             # no #GP: a double fault
    call set_limit
    try int $0x0d
    try int $0x30
    try movw 0xffff, %ax
    movw $8 * 4 + 3, %ax                # nothing behind #DF
    call set_limit
    try int $9
    xorl %ecx, %ecx
    try divl %ecx
    lidt real_idt_pointer

    call shadows
    call count_ticks
    call count_rtc
    finish "ivt"

# AX: limit of the IVT at NEW_IVT
set_limit:
    movw %ax, new_ivt_pointer
    movzwl %ax, %eax
    show "IVT limit ", %eax, 4
    say "\n"
    lidt new_ivt_pointer
    sidt sidt_result
    movl sidt_result + 2, %eax
    show "sidt base ", %eax
    movzwl sidt_result, %eax
    show " limit ", %eax, 4
    say "\n"
    ret

faults:
    xorl %edx, %edx
    xorl %ecx, %ecx
    try divl %ecx
    movw $0x100, %ax
    movb $1, %cl
    try divb %cl                        # the quotient does not fit
    movw $0x8000, %ax
    cwd
    movw $-1, %cx
    try idivw %cx
    try aam $0
    movw $5, %ax
    try boundw %ax, bounds
    try ud2
    try .byte 0x0f, 0xff
    try .byte 0xf0, 0x90                # LOCK NOP
    try .byte 0x8c, 0xf8                # MOV from segment register 7
    try .byte 0x8e, 0xc8                # MOV to CS
    try lldt %ax
    try str %ax
    try verr %ax
    try arpl %ax, %bx
    try lar %ax, %bx
    try movw 0xffff, %ax
    try movl 0xfffd, %eax
    try movw %ax, %es:0xffff
    try movw %cs:0xffff, %ax
    try movw %ss:0xffff, %ax
    movw $0xffff, %bx
    try incw (%bx)
    movl $0x10000, %ebx
    try movb %al, (%ebx)
    movw $0xfffd, %si
    movw $0xfffd, %di
    movw $3, %cx
    try rep movsw
    show "rep movs: cx=", %ecx, 8
    show " si=", %esi, 8
    show " di=", %edi, 8
    say "\n"
    try ldsw 0xfffd, %ax                # the selector crosses the limit
    try lgdt 0xfffb
    try ljmp *0xfffd
    xorl %ebp, %ebp
    int $0x30
    int3
    movb $0x7f, %al
    addb $1, %al
    into
    pushl $0x7302                       # TF, IF, IOPL 3, NT: what POPF keeps
    orl $0x200000, (%esp)               # ID
    andl $~0x300, (%esp)
    popfl
    pushfl
    popl %eax
    show "flags ", %eax
    pushw $2
    popfw
    pushfl
    popl %eax
    show " after popfw ", %eax
    pushl $2
    popfl
    say "\n"
    # the 15-byte limit
    try .byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90
    try .byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90
    # a pop at SP = ffff; the fault's frame still fits below
    movl %esp, %edx
    movw $0xffff, %sp
    try popw %ax
    movl %esp, %eax
    movl %edx, %esp
    show "esp at the pop ", %eax
    say "\n"
    ret

# code at the end of its segment, 1000:fffc
.macro at_the_end dword
    movw $0x1000, %ax
    movw %ax, %es
    movl $\dword, %es:0xfffc
    xorw %ax, %ax
    movw %ax, %es
    ljmp $0x1000, $0xfffc
.endm
fetch_limits:
    movw $fetch_fault, 0x0d * 4
    movl $1f, %ebp
    at_the_end 0x11b84040               # INC AX; INC AX; MOV AX without its last byte
1:  movl $1f, %ebp
    at_the_end 0x90909090               # the last instruction ends at the limit
1:  movw $0x1000, %ax
    movw %ax, %es
    movb $0xcb, %es:0                   # RETF
    pushw %cs
    pushw $1f
    at_the_end 0x000002eb               # a short jump from the end wraps to the start
1:  say "a jump over ffff wraps\n"
    movw $ivt_0d, 0x0d * 4
    xorl %ebp, %ebp
    ret
fetch_fault:                            # like ivt_0d, but goes on in segment 0
    pushal
    movzwl 32(%esp), %eax
    show "  fetch #GP at ip=", %eax, 4
    movzwl 34(%esp), %eax
    show " cs=", %eax, 4
    say "\n"
    movl 8(%esp), %eax
    movw %ax, 32(%esp)
    movw $0, 34(%esp)
    popal
    iretw

# an interrupt that waits: taken when, after POPF, STI, CLI, IRET, HLT?
shadows:
    movb $0x30, pic_base
    movw $ivt_irq, 0x30 * 4
    xorl %ebp, %ebp
    say "popf\n"
    call pending_timer
    pushw $0x202
    popfw
    nop
    cli
    say "sti; nop\n"
    call pending_timer
    sti
    nop
    nop
    cli
    say "sti; cli; popf\n"
    call pending_timer
    sti
    cli
    nop
    pushw $0x202
    popfw
    cli
    say "sti; sti; nop\n"
    call pending_timer
    sti
    sti
    nop
    cli
    say "sti; pushf; popf\n"
    call pending_timer
    sti
    pushfw
    popw %ax
    nop
    cli
    say "iret\n"
    call pending_timer
    pushw $0x202
    pushw %cs
    pushw $1f
    iretw
1:  nop
    cli
    say "sti; hlt\n"
    call pending_timer
    sti
    hlt
    nop
    cli
    say "mask at the last moment\n"
    call pending_timer
    movb $0xff, %al
    outb %al, $0x21
    sti
    nop
    nop
    cli
    movb $0xfe, %al
    outb %al, $0x21
    sti
    nop
    cli
    say "fault before the interrupt\n"
    call pending_timer
    movl $1f, %ebp
    sti
    ud2
1:  nop
    cli
    ret

# IRQ0 is waiting when this returns
pending_timer:
    call arm_timer
    movl $0x10000, %ecx
1:  decl %ecx
    jnz 1b
    ret

# counts an interrupt, up to the number that is waited for: a slow machine may see more
.macro count_to last
    cmpw $\last, %cs:ticks
    jae 8f
    incw %cs:ticks
8:
.endm

count_ticks:
    movw $tick, 0x30 * 4
    call init_pics
    movb $0x34, %al                     # channel 0, mode 2
    outb %al, $0x43
    xorb %al, %al
    outb %al, $0x40
    movb $0x10, %al                     # 1000h of 1.19 MHz
    outb %al, $0x40
    movb $0xfe, %al
    outb %al, $0x21
    movw $0, ticks
1:  cli
    cmpw $TICKS, ticks
    jae 2f
    sti
    hlt
    jmp 1b
2:  movb $0xff, %al
    outb %al, $0x21
    movzwl ticks, %eax
    show "IRQ0 at 30h: ", %eax, 4
    movzbl in_service, %eax
    show " in service ", %eax, 2
    say "\n"
    ret
tick:
    pushw %ax
    count_to TICKS
    movb $0x0b, %al                     # OCW3: read the in-service register
    outb %al, $0x20
    inb $0x20, %al
    movb %al, %cs:in_service
    movb $0x20, %al
    outb %al, $0x20
    popw %ax
    iretw

# the RTC's periodic interrupt through the slave
count_rtc:
    movw $rtc_tick, 0x38 * 4
    movw $0, 0x38 * 4 + 2
    call init_pics
    movw $0, ticks
    movb $0x0b, %al
    outb %al, $0x70
    inb $0x71, %al
    movb %al, %bl
    orb $0x40, %al
    movb %al, %bh
    movb $0x0b, %al
    outb %al, $0x70
    movb %bh, %al
    outb %al, $0x71
    movb $0x0c, %al                     # clears what is pending
    outb %al, $0x70
    inb $0x71, %al
    movb $0xfb, %al
    outb %al, $0x21
    movb $0xfe, %al
    outb %al, $0xa1
1:  cli
    cmpw $RTC_TICKS, ticks
    jae 2f
    sti
    hlt
    jmp 1b
2:  movb $0xff, %al
    outb %al, $0x21
    outb %al, $0xa1
    movb $0x0b, %al
    outb %al, $0x70
    movb %bl, %al
    outb %al, $0x71
    movzwl ticks, %eax
    show "IRQ8 at 38h: ", %eax, 4
    movzbl in_service, %eax
    show " in service ", %eax, 2
    say "\n"
    ret
rtc_tick:
    pushw %ax
    count_to RTC_TICKS
    movb $0x0c, %al
    outb %al, $0x70
    inb $0x71, %al
    movb $0x0b, %al
    outb %al, $0xa0
    inb $0xa0, %al
    movb %al, %cs:in_service
    movb $0x20, %al
    outb %al, $0xa0
    outb %al, $0x20
    popw %ax
    iretw

ticks:
    .word 0
in_service:
    .byte 0
bounds:
    .word 6, 9
new_ivt_pointer:
    .word 0
    .long NEW_IVT
sidt_result:
    .fill 6, 1, 0

.include "timer.inc"
