/* First bytes of the image: the header, and the way in for the first processor and for the others.
 * Not here: the way in from a running guest (switch.S), nor anything that C can do. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout.h"

    .section .header, "ax"
    .globl  header
header:                                         /* struct world_switch_header */
    jmp     entry
    .org    8
    .long   0x17101966                          /* WORLD_SWITCH_MAGIC */
    .long   new_context
    .long   old_context
    .long   statistics
    .long   description

/* 32-bit flat protected mode without paging; GDTR may be unusable and ESP 0. EDX = 0 for the first
 * processor; else EDX = vCPU number and EBX = vector of the start-up IPI. */
entry:
    cli
    cld
    lgdt    gdt_register
    ljmp    $CODE_SELECTOR, $1f
1:  movl    $DATA_SELECTOR, %ecx
    movl    %ecx, %ds
    movl    %ecx, %es
    movl    %ecx, %fs
    movl    %ecx, %gs
    movl    %ecx, %ss
    testl   %edx, %edx
    jnz     application_processor
    movl    $bss_start, %edi
    movl    $bss_end, %ecx
    subl    %edi, %ecx
    xorl    %eax, %eax
    rep stosb
    movl    $stack_0_top, %esp
    call    main

/* The switch stack serves one processor at a time; the lock is left by vcpu_enter. */
application_processor:
    lock btsl $0, switch_lock
    jc      2f
    movl    $switch_stack_top, %esp
    movl    %edx, %eax
    movl    %ebx, %edx
    call    application_processor_start
2:  pause
    jmp     application_processor

/* void vcpu_enter(struct vcpu *vcpu, void *stack_top): interprets the vCPU on a stack of its own. */
    .section .text.vcpu_enter, "ax"
    .globl  vcpu_enter, vcpu_landing
vcpu_enter:
    movl    %edx, %esp
/* The same from a hypervisor that has loaded ESP itself; EAX = vcpu. */
vcpu_landing:
    movl    $0, switch_lock
    call    vcpu_run

    .section .rodata.gdt, "a"
    .balign 8
    .globl  gdt
gdt:
    .quad   0
    .quad   0x00cf9b000000ffff                  /* CODE_SELECTOR */
    .quad   0x00cf93000000ffff                  /* DATA_SELECTOR */
    .globl  gdt_register
gdt_register:
    .word   GDT_LIMIT
    .long   gdt

/* With a page table (layout.lds), which then lies in front of them, page table and directory are
 * read-only to the blob itself; so each stack has a page below it that cannot be written, and
 * overflowing it stops the machine at once instead of changing data. */
    .section .pages, "aw", @nobits
    .balign 4096
    .globl  stack_0_top, page_directory, stack_1_top
    .space  STACK_SIZE
stack_0_top:
page_directory:
    .space  4096
    .space  STACK_SIZE
stack_1_top:

    .section .bss.switch_stack, "aw", @nobits
    .balign 16
    .globl  switch_stack_top, switch_lock
    .space  SWITCH_STACK_SIZE
switch_stack_top:
switch_lock:
    .long   0
