/* Loads a guest's caches and registers into the processor and goes there, once and for all.
 * Not here: the tables it loads from (native.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout.h"

/* The processor's numbers of segment registers. */
#define ES_NUMBER   0
#define SS_NUMBER   2
#define DS_NUMBER   3
#define FS_NUMBER   4
#define GS_NUMBER   5
#define LDTR_NUMBER 6
#define TR_NUMBER   7

/* The data segments of the blob go step by step; its code segment stays to the end. */
#define SEGMENT(number, field) %cs:native_record + NATIVE_SEGMENT_SIZE * number + NATIVE_SEGMENT_##field

    .macro  load register, number
    lgdtl   SEGMENT(\number, GDT)
    cmpw    $0, SEGMENT(\number, LOCAL)
    je      1f
    movl    $NATIVE_LDT_SELECTOR, %eax
    lldt    %ax
1:  movw    SEGMENT(\number, SELECTOR), \register
    .endm

    .section .text.native_depart, "ax"
    .globl  native_depart
native_depart:
    load    %es, ES_NUMBER
    load    %fs, FS_NUMBER
    load    %gs, GS_NUMBER
    cmpw    $0, native_record + NATIVE_TR_UNTOUCHED
    jne     2f
    lgdtl   SEGMENT(TR_NUMBER, GDT)
    ltrw    SEGMENT(TR_NUMBER, SELECTOR)
2:  pushl   native_record + NATIVE_EFLAGS
    load    %ds, DS_NUMBER
    /* The flags come off the blob's stack, so before SS goes; nothing after them changes one. */
    lgdtl   SEGMENT(SS_NUMBER, GDT)
    cmpw    $0, SEGMENT(SS_NUMBER, LOCAL)
    je      3f
    movl    $NATIVE_LDT_SELECTOR, %eax
    lldt    %ax
3:  popfl
    movw    SEGMENT(SS_NUMBER, SELECTOR), %ss
    lgdtl   SEGMENT(LDTR_NUMBER, GDT)
    lldt    SEGMENT(LDTR_NUMBER, SELECTOR)
    lgdtl   %cs:native_record + NATIVE_GDTR
    lidtl   %cs:native_record + NATIVE_IDTR
    movl    %cs:native_record + NATIVE_GPR + 0, %eax
    movl    %cs:native_record + NATIVE_GPR + 4, %ecx
    movl    %cs:native_record + NATIVE_GPR + 8, %edx
    movl    %cs:native_record + NATIVE_GPR + 12, %ebx
    movl    %cs:native_record + NATIVE_GPR + 16, %esp
    movl    %cs:native_record + NATIVE_GPR + 20, %ebp
    movl    %cs:native_record + NATIVE_GPR + 24, %esi
    movl    %cs:native_record + NATIVE_GPR + 28, %edi
    jmpl    *%cs:native_record + NATIVE_LAST

    .globl  native_jump
native_jump:
    ljmpl   *%cs:native_record + NATIVE_EIP
