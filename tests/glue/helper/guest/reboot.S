/* A boot sector that says so and resets the machine, by the keyboard controller.
 * Not here: how often. SPDX-License-Identifier: GPL-2.0-only */
    .code16
    .globl  _start
_start:
    xorw    %ax, %ax
    movw    %ax, %ds
    movw    $message, %si
1:  lodsb
    testb   %al, %al
    jz      2f
    movb    $0x0e, %ah
    movw    $7, %bx
    int     $0x10
    jmp     1b
2:  movb    $0xfe, %al
    outb    %al, $0x64
3:  hlt
    jmp     3b
message:
    .asciz  "\r\nREBOOTING\r\n"
    .org    510
    .word   0xaa55
