# Code and data that cross 64 KiB and 1 MiB, with A20 off and on, and an unpacker that needs the wrap.
# Not here: the ways to switch A20 (a20.s); limits below 64 KiB (fsgs.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set WRAPPED, 0xf800                    # 0800h - 1000h: what a program loaded too low computes
.set PACKED, 0x9000                     # in WRAPPED: linear 101000, or 1000
.set UNPACKED, 0xa000                   # in WRAPPED: linear 102000, or 2000
.set WINDOW, 0x1000                     # segments whose ends are used; Bochs would run the same bytes from
.set OTHER_WINDOW, 0x3000               # what it has decoded, without looking at the limit again

guest:
    cli
    call install_ivt
    say "A20 on\n"
    call wrapped_unpacker
    call fetch_over_1m
    call strings_over_1m
    inb $0x92, %al
    andb $0xfc, %al
    outb %al, $0x92
    say "A20 off\n"
    call wrapped_unpacker
    call fetch_over_1m
    call strings_over_1m
    inb $0x92, %al
    orb $2, %al
    andb $0xfe, %al
    outb %al, $0x92
    say "64 KiB\n"
    call code_over_64k
    call strings_over_64k
    finish "edges"

# Runs are unpacked downwards by LODSB, REP STOSB and REP MOVSB, and what comes out is then called.
wrapped_unpacker:
    movl $0x11111111, 0x2000
    xorl %eax, %eax
    movw $0x4000, %cx                   # both places empty
    movw $0x1000, %di
    movw %ax, %es
    cld
    rep stosb
    movw $WRAPPED, %ax
    movw %ax, %es
    movw %ax, %ds
    movw $packed, %si
    movw $PACKED, %di
    movw $packed_end - packed, %cx
1:  movb %cs:(%si), %al
    stosb
    incw %si
    loop 1b
    movw $PACKED + packed_end - packed - 1, %si
    movw $UNPACKED + 0x1f, %di
    std
2:  lodsb                               # count, or 0 for the end
    movzbw %al, %cx
    jcxz 4f
    testb $0x80, %cl
    jnz 3f
    rep movsb
    jmp 2b
3:  andb $0x7f, %cl
    lodsb
    rep stosb
    jmp 2b
4:  cld
    xorw %ax, %ax
    movw %ax, %ds
    movw $0x5555, %ax
    lcall $WRAPPED, $UNPACKED
    movzwl %ax, %eax
    show "  unpacked code gives ", %eax, 4
    movl 0x2004, %eax
    show " low ", %eax
    movl %es:UNPACKED + 4, %eax
    show " high ", %eax
    say "\n"
    ret
# read from its end: each run's byte or bytes, then its length
packed:
    .byte 0
    .byte 0x90, 0x84                    # NOP, four times
    .byte 0xb8, 0x34, 0x12, 3           # MOV AX, 1234h
    .byte 0x40, 0x83                    # INC AX, three times
    .byte 0xcb, 1                       # LRET
    .byte 0xf4, 0x95                    # HLT, 21 times: behind the code
packed_end:

# F000:FFFE holds CLD and POPF, BIOS or not; what follows is at 100000 or at 0.
fetch_over_1m:
    movw $0xffff, %ax
    movw %ax, %es
    movl %es:0x10, %ecx
    movl $0x00cb68b0, %es:0x10          # MOV AL, 'h'; LRET
    movl 0, %edx
    movl $0x00cb6cb0, 0                 # MOV AL, 'l'; LRET
    wbinvd
    movl %es:0x0e, %ebx
    show "  at ffff:000e ", %ebx
    pushw %cs
    pushw $1f
    pushw $0x0002
    std
    ljmp $0xffff, $0x000e
1:  movzbl %al, %eax
    show " runs into ", %eax, 2
    pushfw
    popw %ax
    movzwl %ax, %eax
    show " flags ", %eax, 4
    say "\n"
    movl %edx, 0
    cmpl $0x00cb68b0, %es:0x10
    jne 2f
    movl %ecx, %es:0x10
2:  cld
    ret

# F000:FFF0 on, up and down, 64 bytes that go over the end of the first MiB
strings_over_1m:
    movw $0xffff, %ax
    movw %ax, %ds
    xorw %ax, %ax
    movw %ax, %es
    movw $0x5000, %di
    xorw %si, %si
    movw $16, %cx
    rep movsl
    movw %cs, %ax
    movw %ax, %ds
    call checksum
    movw $0xffff, %ax
    movw %ax, %ds
    movw $0x2e, %si
    movw $0x502e, %di
    movw $24, %cx
    std
    rep movsw
    cld
    movw %cs, %ax
    movw %ax, %ds
    call checksum
    say "\n"
    ret
checksum:
    pushal
    xorl %ebx, %ebx
    movw $0x5000, %si
    movw $16, %cx
1:  lodsl
    roll $3, %ebx
    addl %eax, %ebx
    loop 1b
    show "  sum ", %ebx
    popal
    ret

# The same bytes as 1ff0:00f8 and as 3000:fff8: the first go on over 20000, the second end at a limit.
code_over_64k:
    .irp segment, WINDOW, OTHER_WINDOW
    movw $\segment, %ax
    movw %ax, %es
    movw $crossing, %si
    movw $0xfff8, %di
    movw $8, %cx
    rep movsb
    movw $\segment + 0x1000, %ax
    movw %ax, %es
    xorw %di, %di
    movw $crossing_end - crossing - 8, %cx
    rep movsb
    .endr
    xorl %edx, %edx
    lcall $WINDOW + 0xff0, $0x00f8
    show "  over it ", %edx
    xorl %edx, %edx
    movw %sp, saved_sp
    movw $1f, back
    movw $wrap_fault, 0x0d * 4          # the instruction that the limit cuts
    lcall $OTHER_WINDOW, $0xfff8
1:  show " into it ", %edx
    movw $OTHER_WINDOW, %ax
    movw %ax, %es
    movw $0x9090, %es:0xfffe            # now it ends with an instruction
    xorl %edx, %edx
    movw $1f, back
    lcall $OTHER_WINDOW, $0xfff8
1:  show " up to it ", %edx
    say "\n"
    movw $ivt_0d, 0x0d * 4
    ret
wrap_fault:
    movw %sp, %bp
    movzwl (%bp), %eax
    show "  #GP at ", %eax, 4
    movzwl 2(%bp), %eax
    show ":", %eax, 4
    movw saved_sp, %sp
    jmp *back
saved_sp:
    .word 0
back:
    .word 0
crossing:
    addl $1, %edx                       # 4 bytes
    nop
    nop
    .byte 0x66, 0x81                    # ADDL $20000000, %edx: two bytes here, five behind
    .byte 0xc2, 0x00, 0x00, 0x00, 0x20
    lretw
crossing_end:
# words and dwords over the end of a segment fault in place; strings stop there
strings_over_64k:
    movw $WINDOW, %ax
    movw %ax, %es
    movw %ax, %ds
    movw $0xfff0, %di
    xorw %si, %si
    movw $0x20, %cx
    try rep movsl
    movzwl %cx, %eax
    show "  cx=", %eax, 4
    movzwl %di, %eax
    show " di=", %eax, 4
    movzwl %si, %eax
    show " si=", %eax, 4
    say "\n"
    movw $0xfff1, %di
    movw $0x20, %cx
    movl $0x44332211, %eax
    try rep stosw
    movzwl %cx, %eax
    show "  cx=", %eax, 4
    movzwl %di, %eax
    show " di=", %eax, 4
    say "\n"
    movw $0xfffe, %si                   # bytes wrap
    movw $0x5000, %di
    xorw %ax, %ax
    movw %ax, %es
    movw $4, %cx
    rep movsb
    movw %ax, %ds
    movl 0x5000, %eax
    show "  bytes ", %eax
    movzwl %si, %eax
    show " si=", %eax, 4
    say "\n"
    ret
