/* VM entries that fail, or must be taken as failed because Bochs overlooks a rule.
 * Not here: the rules (entry_check.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_ENTRY_FAILURE_H
#define TESTVISOR_ENTRY_FAILURE_H

#include <hvmassist/world_switch.h>

/* The two rules that Bochs 2.7 does not enforce, on a context just written to the VMCS: DPL < RPL
 * of a data segment register with non-conforming code, and a pending single step that does not fit
 * TF under a shadow. Ends the run when one is broken. Source: SDM vol. 3, 26.3.1.2, 26.3.1.5. */
void entry_failure_check_loaded(const struct world_switch_context *context);

#endif
