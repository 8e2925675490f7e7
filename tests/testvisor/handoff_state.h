/* Xen's struct hvm_hw_cpu against the VMCS, the entry checker and the hand-off record.
 * Not here: whether a state may be loaded (handoff.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_HANDOFF_STATE_H
#define TESTVISOR_HANDOFF_STATE_H

#include <hvmassist/handoff.h>
#include <hvmassist/world_switch.h>

#include "entry_check.h"

/* What this processor supports for a guest. */
struct entry_processor handoff_processor(void);

/* The state in the checker's terms; PDPTEs are read from guest memory. */
void handoff_state_to_check(const struct hvm_hw_cpu *cpu, struct entry_state *state);

/* The state in the record's terms. */
void handoff_state_to_context(const struct hvm_hw_cpu *cpu, struct world_switch_context *context);

/* Loads GPRs, RIP, RFLAGS, control, debug and segment registers, descriptor tables and EFER. The
 * state must have passed the entry check; one with EFER.LMA ends the run as unsupported. */
void handoff_state_load(const struct hvm_hw_cpu *cpu);

/* Saves what handoff_state_load() loads, and the event that is about to be injected; the rest is 0.
 */
void handoff_state_save(struct hvm_hw_cpu *cpu);

#endif
