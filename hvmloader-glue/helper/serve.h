/* What an event of a vCPU leads to, and what it is answered with.
 * Not here: the ring that it comes from (domain.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_SERVE_H
#define HELPER_SERVE_H

#include "domain.h"

/* The answer to an event whose vCPU waits; everything is done by then. The domain is paused, or has
 * one vCPU. */
vm_event_response_t serve_event(struct domain *d, const vm_event_request_t *event);

/* The answer that releases a vCPU whose event was lost with the ring of a helper that died: if it
 * waits at an instruction that raised one, it executes that once more. Xen ignores it if the vCPU
 * does not wait. */
vm_event_response_t serve_lost_event(struct domain *d, uint32_t vcpu);

#endif
