/* The vmxassist ABI of Xen 3.0.2 - 3.2: image header and world-switch context, as layout only.
 * Not here: what the blob does with it (firmware/), nor the hypercall hand-off (handoff.h). */
/* SPDX-License-Identifier: MIT */
#ifndef HVMASSIST_WORLD_SWITCH_H
#define HVMASSIST_WORLD_SWITCH_H

#include <stdint.h>

/* Guest-physical address where hvmloader puts the image, and where the hypervisor looks for the header. */
#define WORLD_SWITCH_BASE 0x000d0000u
/* Offset 8 of the image holds this; the hypervisor does no world switch without it. */
#define WORLD_SWITCH_MAGIC 0x17101966u

/* First bytes of the image. The hypervisor reads magic and both pointers from guest memory at every
 * switch and never caches them. All addresses are guest-physical. */
struct world_switch_header {
    uint8_t entry[8];        /* +0: code; hvmloader and every application processor start here */
    uint32_t magic;          /* +8: WORLD_SWITCH_MAGIC */
    uint32_t new_context;    /* +12: address of the context that INVOKE loads */
    uint32_t old_context;    /* +16: address of the context that INVOKE fills and RESTORE loads */
    uint32_t statistics;     /* +20: address of struct hvmassist_statistics (ours, not in Xen's ABI) */
    uint32_t description;    /* +24: address of struct hvmassist_image, or 0 (ours, see image.h) */
};

/* One segment register with its descriptor cache. */
struct world_switch_segment {
    uint32_t selector;
    uint32_t limit;      /* byte granular, as in the VMCS */
    uint32_t base;
    uint32_t attributes; /* VMCS access rights: 3:0 type, 4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B,
                            15 G, 16 unusable */
};

/* The context. Xen 3.2 copies all 172 bytes, earlier ones the first WORLD_SWITCH_CONTEXT_SIZE_3_1. */
struct world_switch_context {
    uint32_t eip;
    uint32_t esp;
    uint32_t eflags;
    uint32_t cr0;
    uint32_t cr3;
    uint32_t cr4;
    uint32_t idtr_limit;
    uint32_t idtr_base;
    uint32_t gdtr_limit;
    uint32_t gdtr_base;
    struct world_switch_segment cs;
    struct world_switch_segment ds;
    struct world_switch_segment es;
    struct world_switch_segment ss;
    struct world_switch_segment fs;
    struct world_switch_segment gs;
    struct world_switch_segment tr;
    struct world_switch_segment ldtr;
    uint8_t rm_irqbase[2]; /* 3.2 only: 8259 vector bases for protected mode after RESTORE when real
                              mode programmed the 8259 last; INVOKE leaves garbage here */
    uint8_t reserved[2];
};

#define WORLD_SWITCH_CONTEXT_SIZE_3_1 168u

_Static_assert(sizeof(struct world_switch_context) == 172, "172 bytes in Xen 3.2");
_Static_assert(__builtin_offsetof(struct world_switch_context, cs) == 40, "cs at 40");
_Static_assert(__builtin_offsetof(struct world_switch_context, ldtr) == 152, "ldtr at 152");
_Static_assert(__builtin_offsetof(struct world_switch_context, rm_irqbase) == 168, "irqbase at 168");
_Static_assert(__builtin_offsetof(struct world_switch_header, magic) == 8, "magic at 8");

#endif
