/* The common way in of all interrupts and exceptions, and the window in which the guest's FPU code runs
 * natively. Not here: the stubs before it, and what an interrupt or exception means (traps.c). */
/* SPDX-License-Identifier: GPL-2.0-only */

/* Every stub comes here with its vector pushed as a byte. trap_handle(struct trap_frame *) returns 1 when
 * the processor has pushed an error code. */
    .section .text.trap_common, "ax"
    .globl  trap_common
trap_common:
    pushal
    cld
    movl    %esp, %eax
    call    trap_handle
    testl   %eax, %eax
    popal                                       /* keeps EFLAGS */
    jnz     1f
    addl    $4, %esp
    iretl
1:  addl    $8, %esp
    iretl

/* int native_window(const uint8_t *code, struct native_call *): see platform.h. IF is 0. `code` ends in
 * RET. An exception in it continues at native_fault with EAX = vector. */
    .section .text.native_window, "ax"
    .globl  native_window, native_fault
native_window:
    pushl   %ebx
    pushl   %esi
    movl    %eax, %ebx
    movl    %edx, %esi
    movl    0(%esi), %eax                       /* operand */
    movl    4(%esi), %ecx                       /* value */
    pushl   8(%esi)                             /* eflags */
    popfl
    call    *%ebx
    pushfl
    popl    8(%esi)
    movl    %ecx, 4(%esi)
    movl    $-1, %eax
    jmp     1f
native_fault:
    addl    $4, %esp                            /* the return address of the call */
1:  popl    %esi
    popl    %ebx
    ret
