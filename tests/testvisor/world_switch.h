/* INVOKE and RESTORE as Xen 3.1 and 3.2 do them.
 * Not here: when they happen (control_registers.c), nor the hypercall hand-off (handoff.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_WORLD_SWITCH_H
#define TESTVISOR_WORLD_SWITCH_H

#include <stdbool.h>

#include <hvmassist/world_switch.h>

/* Saves the guest's state, RIP behind the current instruction, into the blob's OLD context and
 * loads its NEW context. vcpu.cr0 is the value just written. False, with nothing done, when the
 * magic is missing and this Xen overlooks that; what else goes wrong ends the run. */
bool world_switch_invoke(void);

/* Loads the OLD context. Returns as world_switch_invoke() does. */
bool world_switch_restore(void);

/* Reads the guest's state from the VMCS and the vCPU; `eip` as given, rm_irqbase not touched. */
void world_switch_save(struct world_switch_context *context, uint32_t eip);

/* Writes everything of the context but the control registers to the VMCS. */
void world_switch_load_registers(const struct world_switch_context *context);

#endif
