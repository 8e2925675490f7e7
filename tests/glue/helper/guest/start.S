/* The way in, the way out by a hand-off and back, and the code that runs as the guest in between.
 * Not here: what is handed over, nor the judgement (main.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define STACK_SIZE 8192

    .section .text.start, "ax"
    .globl  _start
_start:                                         /* flat, 32-bit, no paging; as hvmloader is entered */
    cli
    cld
    movl    $stack_top, %esp
    lgdt    gdt_register
    ljmp    $8, $1f
1:  movl    $16, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss
    call    main
    .globl  stop
stop:
    cli
    hlt
    jmp     stop

/* int depart(uint32_t eax, uint32_t ebx, uint32_t edx, uint32_t edi): the guest request. 0: it
 * returned. 1: it did not; the guest has run and cleared CR0.PE since. */
    .text
    .globl  depart
depart:
    pushal
    pushfl
    movl    %esp, resume_esp
    movl    40(%esp), %eax
    movl    44(%esp), %ebx
    movl    48(%esp), %edx
    movl    52(%esp), %edi
    xorl    %ecx, %ecx
    .globl  request_instruction
request_instruction:
    vmcall                                      /* VMMCALL is put here if need be */
    popfl
    popal
    xorl    %eax, %eax
    ret

    .globl  returned
returned:                                       /* RIP of the registered context */
    movl    resume_esp, %esp
    popfl
    popal
    movl    $1, %eax
    ret

/* Copied to where a start-up IPI leads. Then 32-bit code that watches over its own registers. */
    .globl  ap_trampoline, ap_trampoline_end
    .code16
ap_trampoline:
    cli
    xorw    %ax, %ax
    movw    %ax, %ds
    lgdtl   %cs:ap_gdt_register - ap_trampoline
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmpl   $8, $ap_flat
ap_gdt_register:
    .word   gdt_end - gdt - 1
    .long   gdt
ap_trampoline_end:
    .code32
ap_flat:
    movl    $16, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    $ap_stack_top, %esp
    fninit
    fldpi
    movl    $0x5eed0001, %ebx
    movl    $0x5eed0002, %ebp
    movl    $0x5eed0003, %edi
1:  cmpl    $0, ap_stop
    jne     stop
    incl    ap_rounds
    cmpl    $0x5eed0001, %ebx
    jne     2f
    cmpl    $0x5eed0002, %ebp
    jne     2f
    cmpl    $0x5eed0003, %edi
    jne     2f
    fldpi
    fcomip  %st(1), %st
    jne     2f
    fstp    %st
    fldpi
    pause
    jmp     1b
2:  incl    ap_faults
    jmp     1b

/* Guest code: 16 bits, at offset 0 of a CS that is not where a selector says. DS is null but usable,
 * ES has a limit of 4 GiB, FS no descriptor at all. Counts in EBX; the rest goes by unchanged. */
    .globl  world16, world16_end
    .code16
world16:
    incl    %ebx
    movl    $0x110000, %esi
    movl    %es:(%esi), %eax                    /* far behind 64 KiB */
    movl    %eax, 0x500
    movl    %fs:0x10, %eax
    movl    %eax, 0x504
    pushl   $0x57acc0de
    popl    0x508
    movw    %cs, %ax
    movw    %ax, 0x50c
    movl    %cr0, %eax
    andb    $0xfe, %al
    movl    %eax, %cr0
0:  hlt                                         /* not reached: the write is denied */
    jmp     0b
world16_end:

/* Guest code: 32 bits, flat, paged or not. Clears PG and PE together. */
    .globl  world32
    .code32
world32:
    incl    %ebx
    movl    %cr0, %eax
    andl    $0x7ffffffe, %eax
    movl    %eax, %cr0
0:  hlt
    jmp     0b

    .section .rodata
    .balign 8
    .globl  gdt, gdt_end
gdt:
    .quad   0
    .quad   0x00cf9b000000ffff
    .quad   0x00cf93000000ffff
    .quad   0x00008b0000000067                  /* TSS at 0 */
gdt_end:
gdt_register:
    .word   gdt_end - gdt - 1
    .long   gdt

    .bss
    .balign 4
    .globl  ap_rounds, ap_faults, ap_stop
resume_esp:
    .space  4
ap_rounds:
    .space  4
ap_faults:
    .space  4
ap_stop:
    .space  4
    .balign 16
    .space  STACK_SIZE
stack_top:
    .space  1024
ap_stack_top:
