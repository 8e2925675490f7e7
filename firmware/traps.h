/* Interrupts and exceptions of the blob itself: the IDT, keeping an external interrupt, fixups.
 * Not here: delivering anything to the guest (the interpreter does). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_TRAPS_H
#define FIRMWARE_TRAPS_H

#include "vcpu.h"

struct descriptor_table {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

/* Fills the IDT and loads it, here and for contexts that a hypervisor loads. */
void traps_start(void);
const struct descriptor_table *traps_idt(void);
/* Loads it on another processor. */
void traps_load(void);

/* What came in the one instruction between an INVOKE by the guest and the CLI; cleared by reading.
 * Vectors are as the hypervisor gave them. The caller holds the switch lock. */
struct arrival_events {
    bool interrupt;
    uint8_t vector;
    bool nmi;
    bool general_detect; /* the guest had DR7.GD set */
};
struct arrival_events traps_take_arrival_events(void);

/* One instruction of the guest for the FPU: platform.run_native. */
int traps_run_native(struct vcpu *vcpu, const uint8_t *code, unsigned length,
                     struct native_call *call);

#endif
