/* A guest of the made-up Xen: a blob that registers and hands over, and a guest that clears CR0.PE,
 * step by step, checking at each that it is where, and what, it should be. Not here: Xen
 * (fake_xen.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include "fake_xen.h"

struct fake_guest {
    struct fake_domain *domain;
    uint32_t vcpu;
    uint32_t block;          /* guest-physical address of the request block */
    bool keeps_registration; /* where a later helper finds it */
    bool registered;
    bool wants_entry; /* the request under way is HANDOFF_ENTER */
    unsigned rounds;  /* complete ones: into the guest and back */
    uint64_t last_tsc;
    struct hvm_hw_cpu sent; /* what was handed over last */
    const char *wrong;      /* NULL: nothing so far */
};

/* Places in guest memory. */
#define GUEST_IMAGE         0xfe700000u
#define GUEST_CODE          0xfe701000u
#define GUEST_REGISTRATIONS 0xfe702000u
#define GUEST_BLOCKS        0xfe704000u /* one page for each vCPU */

/* Puts an image, code and description, into the domain's memory, where a blob lives. */
void fake_guest_load(struct fake_domain *d, bool keeps_registration);

/* A blob on this vCPU, about to register. */
void fake_guest_start(struct fake_guest *g, struct fake_domain *d, uint32_t vcpu);

/* Runs it until it waits for an answer or something is wrong, or for `steps` instructions. False:
 * it waits, or is wrong. */
bool fake_guest_run(struct fake_guest *g, unsigned steps);

/* The entry context that it registers, and the state of a round. */
void fake_guest_entry(struct hvm_hw_cpu *state);
void fake_guest_state(struct hvm_hw_cpu *state, unsigned round);

#endif
