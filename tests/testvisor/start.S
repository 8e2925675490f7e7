/* The testvisor's assembly: its first instructions in RAM, VM entry and VM exit, and the host's IDT
 * stubs. Not here: what an exit or a host exception means (exits.c, host.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout.h"

    .section .start, "ax"
    .globl  testvisor_start
testvisor_start:                                /* EBX = configuration in ROM, EDX = resets */
    movl    $testvisor_image_end, %edi
    movl    $testvisor_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx
    xorl    %eax, %eax
    rep stosl
    movl    $host_stack_top, %esp
    pushl   %edx
    pushl   %ebx
    call    testvisor_main

    .text
/* vmx_launch(registers): enters the guest for the first time with these GPRs; does not return. */
    .globl  vmx_launch
vmx_launch:
    movl    4(%esp), %esp
    popal
    vmlaunch
    jmp     instruction_failed

/* HOST_RIP. The GPRs go onto the empty host stack as struct guest_registers. */
    .globl  vmx_exit
vmx_exit:
    pushal
    movl    %esp, %eax
    call    vmx_exit_handler                    /* argument in EAX */
    popal
    vmresume
instruction_failed:
    movl    $host_stack_top, %esp
    pushfl
    call    vmx_instruction_failed

/* msr_read_checked(index, value *) and msr_write_checked(index, low, high): 1, or 0 after #GP. The
 * #GP handler continues at msr_fault when EIP is at one of the two instructions. */
    .globl  msr_read_checked, msr_write_checked, msr_read_instruction, msr_write_instruction
    .globl  msr_fault
msr_read_checked:
    movl    4(%esp), %ecx
msr_read_instruction:
    rdmsr
    movl    8(%esp), %ecx
    movl    %eax, (%ecx)
    movl    %edx, 4(%ecx)
    movl    $1, %eax
    ret
msr_write_checked:
    movl    4(%esp), %ecx
    movl    8(%esp), %eax
    movl    12(%esp), %edx
msr_write_instruction:
    wrmsr
    movl    $1, %eax
    ret
msr_fault:
    xorl    %eax, %eax
    ret

/* Exceptions of the host: vector and error code as host_exception() wants them. */
    .macro  host_exception_stub vector, has_error
    .balign 16
    .if     !\has_error
    pushl   $0
    .endif
    pushl   $\vector
    jmp     host_exception_common
    .endm

    .balign 16
    .globl  host_exception_stubs
host_exception_stubs:
    .irp    vector, 0, 1, 2, 3, 4, 5, 6, 7
    host_exception_stub \vector, 0
    .endr
    host_exception_stub 8, 1
    host_exception_stub 9, 0
    .irp    vector, 10, 11, 12, 13, 14
    host_exception_stub \vector, 1
    .endr
    .irp    vector, 15, 16
    host_exception_stub \vector, 0
    .endr
    host_exception_stub 17, 1
    .irp    vector, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    host_exception_stub \vector, 0
    .endr
host_exception_common:
    pushal
    pushl   %esp
    call    host_exception
    addl    $4, %esp
    popal
    addl    $8, %esp
    iretl

/* Interrupts of the host happen only in host_take_interrupt(): note the vector, and return with IF
 * clear so that exactly one is taken. 16 bytes each. */
    .balign 16
    .globl  host_interrupt_stubs
host_interrupt_stubs:
    .set    vector, 32
    .rept   224
    .balign 16
    movl    $vector, host_taken_vector
    jmp     host_interrupt_common
    .set    vector, vector + 1
    .endr
host_interrupt_common:
    andl    $~0x200, 8(%esp)
    iretl

    .bss
    .balign 16
    .space  16384
    .globl  host_stack_top
host_stack_top:
    .globl  host_taken_vector
host_taken_vector:
    .space  4

    .section .note.GNU-stack, "", @progbits
