/* What a domain's processor supports, as far as a state to be loaded depends on it.
 * Not here: the rules (state_check.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_PROCESSOR_H
#define HELPER_PROCESSOR_H

#include "state_check.h"
#include "xen.h"

/* From the domain's CPUID (SDM vol. 3, 2.5; vol. 2, CPUID). 0, or an errno value as a negative
 * number. Features of which the helper does not know everything (CET, VMX, SVM) are not in it. */
int processor_limits(struct xen *xen, uint32_t domain, struct state_limits *limits);

#endif
