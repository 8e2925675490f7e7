/* Entry of a stand-in for hvmloader of Xen 3, at 1 MiB in flat protected mode.
 * Not here: what it does (hvmloader3.c).
 * SPDX-License-Identifier: GPL-2.0-only */
    .text
    .globl  _start
_start:
    cld
    cli
    movl    $stack_top, %esp
    call    main
1:  hlt
    jmp     1b

    .bss
    .balign 16
    .space  4096
stack_top:

    .section .note.GNU-stack, "", @progbits
