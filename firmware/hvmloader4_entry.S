/* The way in from hvmloader of Xen 4, in place of the MOV CR0 that would start the BIOS: keeps the
 * registers as hvmloader set them. Not here: what they become (hvmloader4.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout.h"

    .section .data.hvmloader4, "aw"
    .balign 4
    .globl  hvmloader4_image, hvmloader4_origin, hvmloader4_arrival
hvmloader4_image:                               /* struct hvmassist_image */
    .long   0x49564d48                          /* HVMASSIST_IMAGE_MAGIC */
    .long   2                                   /* HVMASSIST_IMAGE_VERSION */
    .long   image_start
    .long   memory_size
    .long   hvmloader4_entry
    .long   hvmloader4_origin
    .long   hypercall_registrations
    .long   1                                   /* how many of them */
hvmloader4_origin:                              /* struct hvmassist_origin, filled in from outside */
    .space  20

/* struct arrival. Not in bss, which is cleared after it has been filled in. */
hvmloader4_arrival:
gpr:
    .space  32                                  /* in the processor's order */
eflags:
    .long   0
cr0:
    .long   0
selectors:
    .space  12                                  /* ES CS SS DS FS GS; that of CS is not known here */
gdtr:
    .space  6
idtr:
    .space  6

/* 32-bit flat code; the data segments are flat too, SS a 16-bit one, and there is no stack. */
    .section .text.hvmloader4_entry, "ax"
    .globl  hvmloader4_entry
hvmloader4_entry:
    movl    %eax, gpr + 0
    movl    %ecx, gpr + 4
    movl    %edx, gpr + 8
    movl    %ebx, gpr + 12
    movl    %esp, gpr + 16
    movl    %ebp, gpr + 20
    movl    %esi, gpr + 24
    movl    %edi, gpr + 28
    movl    %cr0, %eax
    movl    %eax, cr0
    movw    %es, selectors + 0
    movw    %ss, selectors + 4
    movw    %ds, selectors + 6
    movw    %fs, selectors + 8
    movw    %gs, selectors + 10
    sgdtl   gdtr
    sidtl   idtr
    lgdt    gdt_register
    movl    $DATA_SELECTOR, %eax
    movl    %eax, %ss
    movl    $stack_0_top, %esp
    pushfl                                      /* nothing above changes a flag */
    popl    eflags
    xorl    %edx, %edx                          /* the first processor */
    jmp     header
