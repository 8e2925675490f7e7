/* A boot sector and two more: protected mode with caches that no table in memory holds any more, paging on,
 * and a look at what is left of everything; then back to real mode. Shows PAGING and a letter for each thing
 * that is right, a dot for each that is not. LATE: GS is loaded only after paging is on; until then it has a null
 * selector with a cache that can be used. PAE: in that format. Not here: anything that faults.
 * SPDX-License-Identifier: GPL-2.0-only */
#define DIRECTORY 0x10000
#define TABLE     0x11000
#define ALIAS     0x403000                      /* linear; the frame is FRAME */
#define FRAME     0x13000
#define FS_BASE   0x14000
#define GS_BASE   0x15000
#define POINTERS  0x16000
#define CODE32    0x08
#define DATA32    0x10
#define FS_DATA   0x18
#define LDT       0x20
#define TSS       0x28
#define CODE16    0x30
#define DATA16    0x38
#define GS_DATA   0x04                          /* in the LDT */

    .code16
    .globl  start
start:
    ljmp    $0, $1f
1:  xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %gs
    movw    %ax, %ss
    movw    $0x7c00, %sp
    movw    $0x0202, %ax                        /* read two sectors more behind the first */
    movw    $second, %bx
    movw    $0x0002, %cx
    xorb    %dh, %dh
    int     $0x13
    jc      1b
    jmp     second

/* AL if the flags say equal, else a dot, to the end of the text. */
    .code32
note:
    je      1f
    movb    $'.', %al
1:  pushl   %edi
    movl    next, %edi
    movb    %al, (%edi)
    incl    next
    popl    %edi
    ret

handler:                                        /* of INT 30h */
    movl    $0x30303030, %esi
    iret

    .balign 8
gdt:
    .quad   0
    .quad   0x00cf9a000000ffff
    .quad   0x00cf92000000ffff
fs_descriptor:
    .quad   0x0000920140000fff                  /* base FS_BASE, 4 KiB */
    .word   7, ldt - start + 0x7c00, 0x8200, 0      /* LDT */
    .word   0x67, tss, 0x8900, 0                    /* TSS */
    .quad   0x00009a000000ffff
    .quad   0x000092000000ffff
gdt_register:
    .word   gdt_register - gdt - 1
    .long   gdt
ldt:
    .quad   0x0000920150000fff                  /* base GS_BASE */
idt_register:
    .word   0x31 * 8 - 1
    .long   idt
real_idt_register:
    .word   0x3ff
    .long   0
next:
    .long   letters
text:
    .ascii  "PAGING:"
letters:
    .space  16
    .set    tss, 0x6000
    .set    idt, 0x6800

    .org    510
    .word   0xaa55

second:
    .code16
    cli
    inb     $0x92, %al
    orb     $2, %al
    outb    %al, $0x92
    lgdtl   gdt_register
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmpl   $CODE32, $1f
    .code32
1:  movl    $DATA32, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    $0x7c00, %esp
    movl    $LDT, %eax
    lldt    %ax
    movl    $TSS, %eax
    ltr     %ax
    movl    $FS_DATA, %eax
    movl    %eax, %fs
#ifndef LATE
    movl    $GS_DATA, %eax
    movl    %eax, %gs
    movl    $0, ldt
    movl    $0, ldt + 4
#endif
    /* From now on only the caches know where FS, and GS, are. */
    xorl    %eax, %eax
    movl    %eax, fs_descriptor
    movl    %eax, fs_descriptor + 4
    movl    $DIRECTORY, %edi                    /* all tables and pages */
    movl    $0x7000 / 4, %ecx
    rep stosl
    movl    $0x11112222, FS_BASE
    movl    $0x33334444, GS_BASE
    movl    $0x55556666, FRAME
    movl    $(CODE32 << 16) + handler, idt + 0x30 * 8
    movl    $0x8e00, idt + 0x30 * 8 + 4
    lidtl   idt_register
    /* What is low where it is, and one page of it further up as well. */
    movl    $TABLE, %edi
    movl    $3, %eax
2:  movl    %eax, (%edi)
#ifdef PAE
    movl    $0, 4(%edi)
    addl    $4, %edi
#endif
    addl    $4, %edi
    addl    $0x1000, %eax
    cmpl    $TABLE + 0x1000, %edi
    jb      2b
    movl    $TABLE + 3, DIRECTORY
#ifdef PAE
    movl    $TABLE + 0x1003, DIRECTORY + 2 * 8
    movl    $FRAME + 3, TABLE + 0x1000 + (ALIAS & 0x1ff000) / 0x200
    movl    $DIRECTORY + 1, POINTERS
    movl    %cr4, %eax
    orb     $0x20, %al
    movl    %eax, %cr4
    movl    $POINTERS, %eax
#else
    movl    $TABLE + 0x1003, DIRECTORY + 4
    movl    $FRAME + 3, TABLE + 0x1000 + (ALIAS & 0x3ff000) / 0x400
    movl    $DIRECTORY, %eax
#endif
    movl    %eax, %cr3
    movl    $0x1234, %eax
    movl    %eax, %dr0
    movl    %cr0, %eax
    orl     $0x80000000, %eax
    movl    $0x76543210, %ebx
    movl    $0x89abcdef, %ebp
    stc
    movl    %eax, %cr0
    jmp     3f
3:
#ifdef LATE
    movl    $GS_DATA, %eax
    movl    %eax, %gs
    movl    $0, ldt
    movl    $0, ldt + 4
#endif
    movl    %eax, %edx
    movb    $'C', %al                           /* carry */
    sbbl    %ecx, %ecx
    cmpl    $-1, %ecx
    call    note
#ifdef LATE
    movl    $GS_DATA, %ecx
#else
    movl    %cr0, %ecx
#endif
    movb    $'E', %al                           /* EAX */
    cmpl    %ecx, %edx
    call    note
    movb    $'R', %al                           /* the other registers */
    cmpl    $0x76543210, %ebx
    jne     4f
    cmpl    $0x89abcdef, %ebp
4:  call    note
    movb    $'A', %al                           /* the alias */
    cmpl    $0x55556666, ALIAS
    call    note
    movb    $'F', %al
    cmpl    $0x11112222, %fs:0
    call    note
    movb    $'G', %al
    cmpl    $0x33334444, %gs:0
    call    note
    movb    $'L', %al
    sldt    %cx
    cmpw    $LDT, %cx
    call    note
    movb    $'T', %al
    str     %cx
    cmpw    $TSS, %cx
    call    note
    int     $0x30
    movb    $'I', %al
    cmpl    $0x30303030, %esi
    call    note
    movl    %dr0, %ecx
    movb    $'D', %al
    cmpl    $0x1234, %ecx
    call    note
#ifdef PAE
    /* In QEMU's interpreter Xen 4.17 cannot read the instructions that it has to emulate in this format; so
     * nothing more of that kind. */
    movl    $text, %esi
1:  movl    $0x3fd, %edx
2:  inb     %dx, %al
    testb   $0x20, %al
    jz      2b
    movl    $0x3f8, %edx
    lodsb
    outb    %al, %dx
    testb   %al, %al
    jnz     1b
2:  pause
    jmp     2b
#endif
    /* Real mode again; a BIOS call shows all. */
    ljmp    $CODE16, $5f
    .code16
5:  movl    %cr0, %eax
    andl    $0x7ffffffe, %eax
    movl    $DATA16, %ecx
    movl    %ecx, %ds
    movl    %ecx, %es
    movl    %ecx, %ss
    movl    %ecx, %fs
    movl    %ecx, %gs
    movl    %eax, %cr0
    ljmp    $0, $6f
6:  xorl    %eax, %eax
    movl    %eax, %cr3
    movl    %eax, %cr4
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    lidtl   real_idt_register
    sti
    movw    $text, %si
7:  lodsb
    testb   %al, %al
    jz      8f
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    jmp     7b
8:  hlt
    jmp     8b

    .org    1536
