/* What native_switch.S loads the processor with. Offsets are known there.
 * Not here: whether it can be loaded (native.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_NATIVE_SWITCH_H
#define FIRMWARE_NATIVE_SWITCH_H

#include "layout.h"
#include "traps.h"

#include "emulator/state.h"

#include <stddef.h>

/* One segment register: its selector, and tables in which the selector finds `descriptor`. */
struct native_segment {
    uint64_t descriptor;
    uint64_t table; /* an LDT's own descriptor, with TI set */
    struct descriptor_table gdt;
    uint16_t selector;
    uint16_t local; /* TI: load NATIVE_LDT_SELECTOR first */
    uint16_t reserved[3];
};

struct native_departure {
    struct native_segment segment[SEGMENT_REGISTER_COUNT];
    uint32_t gpr[GENERAL_REGISTER_COUNT];
    uint32_t eip; /* with the next, an operand of a far jump */
    uint16_t cs_selector;
    uint16_t tr_untouched; /* do not load TR */
    uint32_t eflags;       /* IF clear */
    struct descriptor_table gdtr, idtr;
    uint32_t last; /* where the last instructions are; native_jump, or a copy of more */
};

_Static_assert(sizeof(struct native_segment) == NATIVE_SEGMENT_SIZE, "as native_switch.S has it");
_Static_assert(offsetof(struct native_segment, gdt) == NATIVE_SEGMENT_GDT, "likewise");
_Static_assert(offsetof(struct native_segment, selector) == NATIVE_SEGMENT_SELECTOR, "likewise");
_Static_assert(offsetof(struct native_segment, local) == NATIVE_SEGMENT_LOCAL, "likewise");
_Static_assert(offsetof(struct native_departure, gpr) == NATIVE_GPR, "likewise");
_Static_assert(offsetof(struct native_departure, eip) == NATIVE_EIP, "likewise");
_Static_assert(offsetof(struct native_departure, tr_untouched) == NATIVE_TR_UNTOUCHED, "likewise");
_Static_assert(offsetof(struct native_departure, eflags) == NATIVE_EFLAGS, "likewise");
_Static_assert(offsetof(struct native_departure, gdtr) == NATIVE_GDTR, "likewise");
_Static_assert(offsetof(struct native_departure, idtr) == NATIVE_IDTR, "likewise");
_Static_assert(offsetof(struct native_departure, last) == NATIVE_LAST, "likewise");

extern struct native_departure native_record;

/* To the guest in native_record. Paging is off, IF is 0, control and debug registers are the
 * guest's. */
_Noreturn void native_depart(void);
/* A far jump to the guest, in the blob. */
extern const uint8_t native_jump[];

#endif
