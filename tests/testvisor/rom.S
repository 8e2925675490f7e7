/* The machine's ROM: reset vector, the way into 32-bit protected mode, the copy of the testvisor to
 * its RAM, and the parts it brings along (BIOS, blob). Not here: anything done after that copy. */
/* SPDX-License-Identifier: GPL-2.0-only */
/* Given by the command line: ROM_ABI, ROM_FLAGS, ROM_BIOS, ROM_BLOB, ROM_TESTVISOR (file names), TESTVISOR_BASE,
 * ROM_BLOB_BASE. */
#include "layout.h"
#define TESTVISOR_STATISTICS_OFFSET 0x40
#define TESTVISOR_STATISTICS_MAGIC 0x54535654

    .section .parts, "a"
    .ascii  "hvmassist testvisor ROM"           /* and no 55 AA at the start */
    .balign 16
configuration:                                  /* struct rom_configuration, see machine.h */
    .long   ROM_ABI
    .long   ROM_FLAGS
    .long   bios, bios_end - bios
    .long   blob, blob_end - blob, ROM_BLOB_BASE
    .balign 16
bios:
    .incbin ROM_BIOS
bios_end:
    .balign 16
blob:
    .incbin ROM_BLOB
blob_end:
    .balign 16
testvisor:
    .incbin ROM_TESTVISOR
    .balign 4
testvisor_end:

    .section .reset, "ax"
reset_page:
    .balign 16
rom_gdt:
    .quad   0
    .quad   0x00cf9b000000ffff                  /* HOST_CODE_SELECTOR */
    .quad   0x00cf93000000ffff                  /* HOST_DATA_SELECTOR */
rom_gdtr:
    .word   23
    .long   rom_gdt

    .code16
start16:
    cli
    cld
    lgdtl   %cs:(0xf000 + rom_gdtr - reset_page)
    movl    %cr0, %eax
    andl    $0x9fffffff, %eax                   /* caches on */
    orl     $1, %eax
    movl    %eax, %cr0
    ljmpl   $HOST_CODE_SELECTOR, $start32

    .code32
start32:
    movw    $HOST_DATA_SELECTOR, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    movw    %ax, %fs
    movw    %ax, %gs
    /* EDX: how many guest resets there were; the RAM of an earlier start still knows. */
    movl    $-1, %edx
    cmpl    $TESTVISOR_STATISTICS_MAGIC, TESTVISOR_BASE + TESTVISOR_STATISTICS_OFFSET
    jne     1f
    movl    TESTVISOR_BASE + TESTVISOR_STATISTICS_OFFSET + 20, %edx
1:  incl    %edx
    movl    $testvisor, %esi
    movl    $TESTVISOR_BASE, %edi
    movl    $(testvisor_end - testvisor) / 4, %ecx
    rep movsl
    movl    $configuration, %ebx
    movl    $TESTVISOR_BASE, %eax
    jmp     *%eax

    .code16
    .org    0xff0
    jmp     start16
    .org    0x1000

    .section .note.GNU-stack, "", @progbits
