/* An installation in small: a floppy that writes a boot sector to the first disk, compares it, and resets the
 * machine by the keyboard controller; and that boot sector, which works in big real mode. Both say so on the
 * screen, COM1 and port 0xE9. Not here: the order of booting (install.sh).
 * SPDX-License-Identifier: GPL-2.0-only */
#define SECTOR 0x8000                           /* what goes to the disk */
#define COPY   0x8200                           /* what comes from it */
#define FAR    0x00230000                       /* beyond what a real-mode segment reaches */

    .code16
    .macro  say text                            /* clobbers AX, BX, DX, SI */
    movw    $9f, %si
    call    7f
    jmp     8f
9:  .asciz  "\text"
8:
    .endm

    .macro  put_function
7:  lodsb                                       /* the text at DS:SI */
    testb   %al, %al
    jz      6f
    outb    %al, $0xe9
    movw    $0x3f8, %dx
    outb    %al, %dx
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    jmp     7b
6:  ret
    .endm

    .macro  begin
    ljmp    $0, $1f
1:  xorw    %ax, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movw    $0x7c00, %sp
    .endm

    .section .floppy, "ax"
    begin
    movb    %dl, 0x600
    say     "INSTALL: from the floppy\r\n"
    movw    $0x0201, %ax                        /* the second sector of where this came from */
    movw    $SECTOR, %bx
    movw    $0x0002, %cx
    movb    0x600, %dl
    xorb    %dh, %dh
    int     $0x13
    jc      failed
    movw    $0x0301, %ax                        /* becomes the first of the disk */
    movw    $SECTOR, %bx
    movw    $0x0001, %cx
    movw    $0x0080, %dx
    int     $0x13
    jc      failed
    movw    $0x0201, %ax
    movw    $COPY, %bx
    movw    $0x0001, %cx
    movw    $0x0080, %dx
    int     $0x13
    jc      failed
    movw    $SECTOR, %si
    movw    $COPY, %di
    movw    $256, %cx
    repe cmpsw
    jne     failed
    say     "INSTALL: written, and read back equal\r\n"
    movb    $0xfe, %al
    outb    %al, $0x64
1:  hlt
    jmp     1b
failed:
    say     "INSTALL: FAILED\r\n"
    jmp     1b
    put_function
    .org    510
    .word   0xaa55

    .section .disk, "ax"
    begin
    movb    %dl, 0x600
    say     "INSTALLED: from the disk\r\n"
    cli
    lgdtl   table_register
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    movw    $table_data - table, %bx
    movw    %bx, %es
    andb    $0xfe, %al
    movl    %eax, %cr0
    xorw    %ax, %ax
    movw    %ax, %es                            /* keeps the limit of 4 GiB */
    sti
    movl    $FAR, %edi
    movl    $0x600df00d, %es:(%edi)
    movb    $0x88, %ah                          /* the BIOS with such a segment */
    int     $0x15
    cmpl    $0x600df00d, %es:(%edi)
    jne     2f
    cmpb    $0x80, 0x600
    jne     2f
    say     "INSTALLED: big real mode works\r\n"
1:  hlt
    jmp     1b
2:  say     "INSTALLED: FAILED\r\n"
    jmp     1b
    put_function
    .balign 8
table:
    .quad   0
table_data:
    .quad   0x008f92000000ffff
table_register:
    .word   . - table - 1
    .long   table
    .org    510
    .word   0xaa55
