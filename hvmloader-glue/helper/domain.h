/* One domain that the helper serves: its monitor ring, its vCPUs and their way back into the blob.
 * Not here: which domains there are (watcher.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_DOMAIN_H
#define HELPER_DOMAIN_H

#include "clock.h"
#include "context.h"
#include "record.h"
#include "ring.h"
#include "state_check.h"
#include "xen.h"

#include <hvmassist/image.h>

struct domain_vcpu {
    bool registered;
    uint32_t block;          /* guest-physical address of the request block; when registered */
    struct hvm_hw_cpu entry; /* enters the blob; when registered */
    struct clock clock;
    bool uses_xsave;
    /* The page of its last request block, mapped. */
    uint8_t *page;
    uint64_t frame;
};

struct domain {
    struct xen *xen;
    struct xen_domain info;
    struct record *record;
    struct hvmassist_image image;

    void *ring_page; /* NULL: the ring could not be had yet */
    uint32_t port;
    struct ring ring;
    bool watches_cr0;

    bool has_header; /* and the rate of the clocks */
    struct hvm_save_header header;
    struct clock_rate rate;
    bool has_limits;
    struct state_limits limits;

    struct context_image load; /* memory for putting records together */
    uint8_t *all;              /* memory for a full context */
    uint32_t all_size;
    bool verify; /* read each loaded state back, and log it */

    struct domain_vcpu *vcpus; /* info.vcpu_count of them */
};

/* Begins to serve a domain whose blob is `image`; keeps a record of it in `folder`. NULL, with a
 * line in the log: out of memory, or no record. Serving begins with domain_open_ring. */
struct domain *domain_new(struct xen *xen, const struct xen_domain *info,
                          const struct hvmassist_image *image, const char *folder);

/* The toolstack may have given it another name, as after a migration. */
void domain_read_name(struct domain *d);

/* Gets the monitor ring and asks for events. When a helper before this one had it, takes over from
 * that. 0; -EBUSY: somebody else has it, which the record and the log say; or another errno value
 * as a negative number. May be tried again. */
int domain_open_ring(struct domain *d);

/* Everything that waits in the ring is answered. */
void domain_events(struct domain *d);

/* Lets go of the domain without a change in Xen: it is dying, or this helper is. */
void domain_free(struct domain *d);

/* "domain 3 (name)", good until the next call. */
const char *domain_title(const struct domain *d);

/* Keeps a way back into the blob, which has been checked, and from then on catches writes to
 * CR0.PE. 0, or an errno value as a negative number. */
int domain_register(struct domain *d, uint32_t vcpu, uint32_t block,
                    const struct hvm_hw_cpu *entry);

/* Looks for a registration that the blob keeps (handoff.h), for a vCPU that has none. True: it has
 * one now. */
bool domain_recall_registration(struct domain *d, uint32_t vcpu);

/* The rule that the state breaks (0: none), with the domain's own limits and memory. An errno value
 * as a negative number when those cannot be had. */
int domain_check_state(struct domain *d, const struct hvm_hw_cpu *state);

/* The vCPU's request block at this address, mapped until the next call for the same vCPU; NULL:
 * there is no such memory. */
struct handoff_block *domain_block(struct domain *d, uint32_t vcpu, uint64_t address);
/* That block was written to. */
void domain_block_written(struct domain *d, uint32_t vcpu);

#endif
