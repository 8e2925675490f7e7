# Code that is written while it is known: by itself, by DMA, natively, through an alias, by PUSH.
# Not here: the plain cases (debug.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set CODE, 0x2000                       # linear; routines are written there
.set LONG_ENOUGH, 0x8000                # instructions in protected mode that are no short stretch
.set FLAT_DATA, FIRST_OWN

guest:
    cli
    call install_ivt
    lgdt gdt_pointer
    call own_instruction
    call one_ahead
    call many_ahead
    call by_other_stores
    call by_stack
    call by_alias
    call by_disk
    call by_protected_mode
    call in_turns
    finish "selfmod"

# AL -> printed
.macro show_al text
    movzbl %al, %eax
    show "\text", %eax, 2
.endm

# its own operand, for the next time round. (REP STOSB over itself goes on as it began on silicon; Bochs
# begins it anew, so it is not here.)
own_instruction:
    say "own instruction:"
    movw $5, %cx
    movb $0x10, %al
1:  addb $0x01, 1b + 4
    addb 1b + 4, %al
    show_al " "
    loop 1b
    subb $5, 1b + 4
    say "\n"
    ret

# each instruction writes the next one's operand
one_ahead:
    say "one ahead:"
    movw $4, %bp
    movb $1, %bl
1:  movb %bl, 2f + 1
2:  movb $0, %al
    addb %al, 3f + 1
3:  movb $0x10, %cl
    movb %cl, %ds:4f + 1
4:  addb $0, %al
    show_al " "
    addb $3, %bl
    decw %bp
    jnz 1b
    say "\n"
    ret

# a row of instructions whose last one is changed by its first, differently each time; then one whose
# length changes
many_ahead:
    say "many ahead:"
    movw $4, %bp
    movb $0x40, %bl                     # INC AX, CX, DX, BX
1:  xorl %eax, %eax
    xorl %ecx, %ecx
    xorl %edx, %edx
    movb %bl, 2f
    nop
    nop
    addb $1, %ch
    nop
    nop
2:  nop
    addb %cl, %al
    shlb $4, %dl
    addb %dl, %al
    show_al " "
    incb %bl
    decw %bp
    jnz 1b
    movw $3, %bp
1:  xorl %eax, %eax
    movl $0x90404040, 3f                # INC AX; INC AX; INC AX; NOP
    call 2f
    movl $0x9001c083, 3f                # ADD AX, 1; NOP
    call 2f
    movl $0x90100005, 3f                # ADD AX, 1000h; NOP
    call 2f
    decw %bp
    jnz 1b
    say "\n"
    ret
2:  nop
3:  nop
    nop
    nop
    nop
    nop
    movzwl %ax, %edx
    show " ", %edx, 4
    ret

# MOVS, XCHG, XADD, CMPXCHG, BTS, SETcc, x87 stores and INC as the writer
by_other_stores:
    say "other stores:"
    movw $2, %bp
1:  movb $0, 9f + 1
    movw $constants, %si
    movw $9f + 1, %di
    movsb
    call 8f
    movb $0x22, %dl
    xchgb %dl, 9f + 1
    call 8f
    movb $0x11, %dl
    xaddb %dl, 9f + 1
    call 8f
    movb $0x33, %al
    movb $0x44, %dl
    cmpxchgb %dl, 9f + 1
    call 8f
    btsw $0, 9f + 1
    call 8f
    stc
    setc 9f + 1
    call 8f
    fninit
    fildl constants
    fistps 9f + 1 - 1                   # the opcode stays what it is: b0 55
    call 8f
    incb 9f + 1
    call 8f
    movb $0x66, %al
    movw $9f + 1, %di
    stosb
    call 8f
    decw %bp
    jnz 1b
    say "\n"
    ret
8:  nop
9:  movb $0, %al
    show_al " "
    ret
constants:
    .long 0x55b0

# the stack grows into code that has run already
by_stack:
    say "stack:"
1:  movl $0x00c311b0, CODE              # MOV AL, 11; RET
    movw $CODE, %bx
    call *%bx
    show_al " "
    movw %sp, %cx
    movw $CODE + 4, %sp
    pushl $0x00c322b0                   # MOV AL, 22; RET
    movw %cx, %sp
    call *%bx
    show_al " "
    movw $CODE + 8, %sp                 # and a whole frame, as an interrupt's
    movl $0x00c333b0, %eax
    movl %eax, %ebp
    movl %eax, %edi
    pushal                              # EDI is at the bottom: CODE - 18h
    movw $CODE - 0x18, %bx
    movw %cx, %sp
    call *%bx
    show_al " "
    addl $0x00000100, %edi
    movw $CODE + 8, %sp
    pushal
    movw %cx, %sp
    call *%bx
    show_al " "
    decw turns
    jnz 1b
    say "\n"
    ret
turns:
    .word 3

# written through another segment, and with A20 off through the next MiB
by_alias:
    say "alias:"
    movw $CODE >> 4, %ax
    movw %ax, %es
    movl $0x00c300b0, CODE
    movw $CODE, %bx
    movb $0x10, %dl
1:  movb %dl, %es:1
    call *%bx
    show_al " "
    incb %dl
    cmpb $0x13, %dl
    jne 1b
    inb $0x92, %al
    andb $0xfc, %al
    outb %al, $0x92
    movw $0xffff, %ax
    movw %ax, %es
2:  movb %dl, %es:CODE + 0x11
    call *%bx
    show_al " "
    incb %dl
    cmpb $0x16, %dl
    jne 2b
    inb $0x92, %al
    orb $2, %al
    outb %al, $0x92
3:  movb %dl, %es:CODE + 0x11           # no alias any more
    call *%bx
    show_al " "
    incb %dl
    cmpb $0x18, %dl
    jne 3b
    say "\n"
    ret

# two sectors of this image in turns at the same place: the disk controller writes them
by_disk:
    say "disk:"
    movw $3, %bp
    sti
1:  movw $first_routine, %ax
    call read_sector
    call *%bx
    show_al " "
    movw $second_routine, %ax
    call read_sector
    call *%bx
    show_al " "
    decw %bp
    jnz 1b
    cli
    say "\n"
    ret
# AX: address of a label at a sector's start; read to CODE, which is returned in BX
read_sector:
    pushw %bp
    subw $IMAGE_START, %ax
    shrw $9, %ax
    movb $SECTORS_PER_TRACK, %cl
    divb %cl
    movb %ah, %cl
    incb %cl
    movb %al, %ch
    shrb $1, %ch
    movb %al, %dh
    andb $(HEADS - 1), %dh
    movb boot_drive, %dl
    xorw %ax, %ax
    movw %ax, %es
    movw $CODE, %bx
    movw $0x0201, %ax
    int $0x13
    movw $CODE, %bx
    popw %bp
    ret

# protected mode runs long enough to run natively, and writes what real mode then runs; and the other
# way round
by_protected_mode:
    say "protected mode:"
    movb $0x50, %dl
    movl $0x00c300b0, CODE
1:  movw $CODE, %bx
    call *%bx
    show_al " "
    enter_protected
    ljmpl $CODE32, $2f
    code32
2:  movw $DATA32, %ax
    movw %ax, %ds
    movl $LONG_ENOUGH, %ecx
3:  decl %ecx
    jnz 3b
    movl $0x00c300b8, CODE              # MOV EAX, ..c300; the RET is behind it
    movl $0xc3c3c300, CODE + 2
    movb %dl, CODE + 1
    movl $CODE, %ebx
    call *%ebx
    incb %dl
    movb %dl, CODE + 1
    call *%ebx
    movzbl %al, %eax
    show "/", %eax, 2
    movl $0x00c300b0, CODE
    incb %dl
    movb %dl, CODE + 1
    movl $LONG_ENOUGH, %ecx
3:  decl %ecx
    jnz 3b
    movw $DATA16, %ax
    movw %ax, %ds
    ljmpl $CODE16, $2f
    code16
2:  leave_protected
    ljmp $0, $2f
2:  xorw %ax, %ax
    movw %ax, %ds
    cmpb $0x58, %dl
    jb 1b
    say "\n"
    ret

# short stretches of protected mode, which write and run the same place in turns with real mode
in_turns:
    say "in turns:"
    movl $0x00c300b0, CODE
    movb $0x60, %dl
    movw $CODE, %bx
1:  movb %dl, CODE + 1
    call *%bx
    show_al " "
    incb %dl
    enter_protected
    ljmp $CODE16, $2f
2:  movb %dl, CODE + 1
    call *%bx
    movb %al, %dh
    incb %dl
    leave_protected
    ljmp $0, $2f
2:  movb %dh, %al
    show_al "/"
    cmpb $0x6c, %dl
    jb 1b
    say "\n"
    ret

    .balign 8
gdt:
    standard_descriptors
    descriptor 0, 0xfffff, 0xc093
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end

    .balign 512
first_routine:
    movb $0x71, %al
    ret
    .balign 512
second_routine:
    movb $0x72, %al
    ret
    .balign 512
