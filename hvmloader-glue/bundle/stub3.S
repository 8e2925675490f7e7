/* Run by what has replaced vmxassist in an hvmloader of Xen 3: puts the blob where vmxassist would be, and
 * enters it. EBP = struct bundle_segment. Not here: any other work; the blob needs none.
 * SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"

#define WORLD_SWITCH_BASE 0xd0000

    cld
    movl    SEGMENT_BLOB(%ebp), %esi
    addl    %ebp, %esi
    movl    $WORLD_SWITCH_BASE, %edi
    movl    SEGMENT_BLOB_SIZE(%ebp), %ecx
    rep movsb
    movl    $WORLD_SWITCH_BASE, %eax            /* EDX = 0 as hvmloader set it: the first processor */
    jmp     *%eax
