/* A boot sector that starts a second processor by INIT and a start-up IPI, and says what that one has seen, in
 * a trampoline that works in big real mode. On COM1 and port 0xE9; ends with HLT. Not here: the BIOS' own use of it.
 * SPDX-License-Identifier: GPL-2.0-only */
#define TRAMPOLINE 0x8000                       /* a page; the vector is its number */
#define SEEN       0x600                        /* four dwords; the last one is written last */
#define FAR        0x00200000                   /* beyond what a real-mode segment reaches */
#define PATTERN    0xb16a11ed
#define ICR_LOW    0xfee00300
#define INIT       0xc4500                      /* all but self */
#define START_UP   0xc4600
#define CODE32     0x08
#define DATA32     0x10
#define CODE16     0x18

    .code16
    .globl  start
start:
    ljmp    $0, $1f
1:  xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movw    $0x7c00, %sp
    cld
    inb     $0x92, %al                          /* A20 on by the fast gate, without its reset bit */
    orb     $0x02, %al
    andb    $0xfe, %al
    outb    %al, $0x92
    movw    $trampoline, %si
    movw    $TRAMPOLINE, %di
    movw    $trampoline_end - trampoline, %cx
    rep movsb
    cli
    lgdtl   table_register
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmp    $CODE32, $1f
    .code32
1:  movl    $DATA32, %eax
    movl    %eax, %ds
    movl    $INIT, ICR_LOW
    movl    $0x100000, %ecx
2:  pause
    loop    2b
    movl    $START_UP | TRAMPOLINE >> 12, ICR_LOW
3:  pause
    cmpl    $PATTERN, SEEN + 12
    jne     3b
    ljmp    $CODE16, $1f
    .code16
1:  movl    %cr0, %eax
    andb    $0xfe, %al
    movl    %eax, %cr0
    ljmp    $0, $1f
1:  xorw    %ax, %ax
    movw    %ax, %ds
    movw    $text, %si
    movw    $SEEN, %bx
4:  lodsb
    cmpb    $'#', %al                           /* the next dword */
    jne     5f
    call    number
    jmp     4b
5:  testb   %al, %al
    jz      6f
    call    put
    jmp     4b
6:  cli
    hlt
    jmp     6b

put:
    outb    %al, $0xe9
    movw    $0x3f8, %dx
    outb    %al, %dx
    ret

number:
    movl    (%bx), %eax
    addw    $4, %bx
    movw    $8, %cx
7:  roll    $4, %eax
    pushl   %eax
    andb    $0x0f, %al
    cmpb    $10, %al
    sbbb    $0x69, %al                          /* a digit */
    das
    call    put
    popl    %eax
    loop    7b
    ret

/* The other processor's. */
trampoline:
    cli
    movl    %cr0, %edx
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    %cs, %ax
    movzwl  %ax, %ebx
    lgdtl   table_register
    movl    %edx, %eax
    orb     $1, %al
    movl    %eax, %cr0
    movw    $DATA32, %ax
    movw    %ax, %es
    movl    %edx, %eax
    movl    %eax, %cr0
    xorw    %ax, %ax
    movw    %ax, %es                            /* keeps the limit of 4 GiB */
    movl    $FAR, %edi
    movl    $0x5eed0ca9, %es:(%edi)
    movl    %es:(%edi), %eax
    movl    %ebx, SEEN
    andl    $0x9fffffff, %edx                   /* Xen clears CD and NW at INIT */
    movl    %edx, SEEN + 4
    movl    %eax, SEEN + 8
    movl    $PATTERN, SEEN + 12
1:  cli
    hlt
    jmp     1b
trampoline_end:

text:
    .asciz  "processor 2: cs=# cr0=# far=# end\n"
    .balign 8
table:
    .quad   0
    .quad   0x00cf9b000000ffff
    .quad   0x00cf93000000ffff
    .quad   0x00009b000000ffff
table_register:
    .word   . - table - 1
    .long   table
    .org    510
    .word   0xaa55
