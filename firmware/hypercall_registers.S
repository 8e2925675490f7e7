/* A guest's hypercall with its own registers: void vmcall_registers(uint32_t *gpr), and the same with
 * VMMCALL. `gpr` is in the processor's order; ESP stays out of it. Not here: who may (bus.c). */
/* SPDX-License-Identifier: GPL-2.0-only */

    .macro  window name, instruction
    .section .text.\name, "ax"
    .globl  \name
\name:
    pushl   %ebx
    pushl   %esi
    pushl   %edi
    pushl   %ebp
    pushl   %eax
    movl    4(%eax), %ecx
    movl    8(%eax), %edx
    movl    12(%eax), %ebx
    movl    20(%eax), %ebp
    movl    24(%eax), %esi
    movl    28(%eax), %edi
    movl    (%eax), %eax
    \instruction
    xchgl   %eax, (%esp)                        /* the result; gpr */
    movl    %ecx, 4(%eax)
    movl    %edx, 8(%eax)
    movl    %ebx, 12(%eax)
    movl    %ebp, 20(%eax)
    movl    %esi, 24(%eax)
    movl    %edi, 28(%eax)
    popl    (%eax)
    popl    %ebp
    popl    %edi
    popl    %esi
    popl    %ebx
    ret
    .endm

    window  vmcall_registers, vmcall
    window  vmmcall_registers, vmmcall
