/* A stand-in for hvmloader of Xen 4: its own GDT, a word on port 0xE9, and the start of a BIOS (a HLT at
 * F000:FFF0) from a copy at address 0, in real mode with segments of 4 GiB. TWICE: in two places.
 * Not here: anything that hvmloader does for a guest.
 * SPDX-License-Identifier: GPL-2.0-only */
#define CODE16 0x08
#define DATA16 0x10
#define CODE32 0x18
#define DATA32 0x20

    .text
    .code32
    .globl  _start
_start:
    cld
    cli
    lgdt    gdt_register
    movw    $DATA32, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    ljmp    $CODE32, $1f
1:  movl    $stack_top, %esp
    movl    %ebx, start_info
    movl    $text, %esi
2:  lodsb
    testb   %al, %al
    jz      3f
    outb    %al, $0xe9
    jmp     2b
3:  movl    $real, %esi
    xorl    %edi, %edi
    movl    $real_end, %ecx
    subl    %esi, %ecx
    rep movsb
    movw    $DATA16, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %fs
    movw    %ax, %gs
    movw    %ax, %ss
    xorl    %eax, %eax
    xorl    %ebx, %ebx
    xorl    %ecx, %ecx
    xorl    %edx, %edx
    xorl    %esp, %esp
    xorl    %ebp, %ebp
    xorl    %esi, %esi
    xorl    %edi, %edi
    ljmp    $CODE16, $0

    .code16
real:
    movl    %eax, %cr0
    ljmp    $0, $(1f - real)
1:  movw    %ax, %ds
    movw    %ax, %ss
    ljmp    $0xf000, $0xfff0
real_end:
#ifdef TWICE
    movl    %eax, %cr0
    ljmp    $0, $8
#endif

    .balign 8
gdt:
    .quad   0
    .quad   0x008f9a000000ffff
    .quad   0x008f92000000ffff
    .quad   0x00cf9a000000ffff
    .quad   0x00cf92000000ffff
gdt_register:
    .word   gdt_register - gdt - 1
    .long   gdt

    .section .rodata
text:
    .asciz  "HVM Loader\n"

    .bss
    .balign 16
start_info:
    .space  4096
stack_top:

    .section .note.GNU-stack, "", @progbits
