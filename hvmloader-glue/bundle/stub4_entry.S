/* Entry of a bundled hvmloader of Xen 4: a stack, the work in C, then hvmloader with its registers.
 * EBP = struct bundle_segment, EBX = what Xen's builder tells hvmloader; segments are flat.
 * Not here: the work (stub4.c).
 * SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"

    .section .text.entry, "ax"
    cld
    leal    (%ebp), %esp
    addl    SEGMENT_MEMORY_SIZE(%ebp), %esp
    pushl   %eax
    movl    %ebp, %eax
    call    stub_main                           /* keeps EBX and EBP */
    popl    %eax
    jmp     *SEGMENT_HVMLOADER_ENTRY(%ebp)
