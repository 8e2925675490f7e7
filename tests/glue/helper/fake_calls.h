/* What the files of the made-up Xen share.
 * Not here: what tests use of it (fake_xen.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_CALLS_H
#define FAKE_CALLS_H

#include "fake_xen.h"

#define CALL_TICKS 5000 /* how long a call takes */
#define KHZ        2000000

struct fake_xen *fake_of(struct xen *xen);
/* Every call passes here: time goes by, and the helper, or the domain, may come to its end. */
struct fake_domain *fake_at(struct xen *xen, uint32_t domain);

int fake_context_record(struct xen *xen, uint32_t domain, uint16_t type, uint16_t instance,
                        void *record, uint32_t size);
int fake_context_all(struct xen *xen, uint32_t domain, void *buffer, uint32_t size);
int fake_context_load(struct xen *xen, uint32_t domain, const void *buffer, uint32_t size);

#endif
