/* Loading a state into one vCPU of a domain, with everything else in the domain as it was.
 * Not here: which state, nor whether it may be loaded (serve.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_SWITCH_H
#define HELPER_SWITCH_H

#include "domain.h"

/* The vCPU's live context; -ENOENT: it is offline. */
int switch_read(struct domain *d, uint32_t vcpu, struct hvm_hw_cpu *live);

/* Loads into a vCPU that waits for an answer the fields of `wanted` that a hand-off loads
 * (handoff.h), which have been checked. `live` is what switch_read has given, or NULL: it is still
 * to be read. The domain is paused, or has one vCPU. On failure the vCPU is as it was. 0, or an
 * errno value as a negative number. */
int switch_load(struct domain *d, uint32_t vcpu, const struct hvm_hw_cpu *live,
                const struct hvm_hw_cpu *wanted);

#endif
