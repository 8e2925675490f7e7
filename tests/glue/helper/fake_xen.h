/* A made-up Xen behind the helper's door (xen.h): domains with memory, vCPUs and a monitor ring, as
 * far as the helper can see them. It does what Xen does with what it is given, hard things
 * included: a vCPU without a record goes offline, a state that breaks a rule of VM entry kills the
 * domain. Any call can be made the last one. Not here: what the guest does (fake_guest.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include "xen.h"

#include <hvmassist/handoff.h>

#include <setjmp.h>
#include <xenctrl.h>
#include <xen/vm_event.h>

#define FAKE_DOMAINS 70
#define FAKE_VCPUS   4
#define FAKE_PAGES   64

struct fake_xen;

struct fake_page {
    uint64_t frame;
    uint8_t *bytes;
};

struct fake_vcpu {
    bool online;
    struct hvm_hw_cpu cpu;
    uint64_t tsc_offset; /* to the host's */
    unsigned waits;      /* for how many answers */
    bool write_pending;  /* of CR0, when the wait is over */
    uint64_t write_value;
    bool registers_pending; /* the same */
    struct vm_event_regs_x86 registers;
};

struct fake_domain {
    struct fake_xen *home;
    bool exists;
    struct xen_domain info;
    char name[64];
    struct fake_page pages[FAKE_PAGES];
    struct fake_vcpu vcpus[FAKE_VCPUS];
    uint64_t sync_tsc; /* the host's, at the last full get or load */

    bool has_ring;
    vm_event_front_ring_t front;
    void *ring; /* the page, also when the helper has let go of it */
    uint32_t port;
    bool reports_requests, reports_cr0;
    unsigned events;

    unsigned pauses; /* by the helper */
    unsigned loads;
    bool killed;         /* by a state that the processor does not take */
    unsigned mappings;   /* outstanding, the ring's not counted */
    unsigned fail_loads; /* that many loads fail */
};

struct fake_xen {
    struct xen xen;
    struct fake_domain domains[FAKE_DOMAINS];
    uint64_t host_tsc, host_ms;
    uint64_t calls;
    uint64_t crash_at; /* the call with this number does not happen; the helper dies: longjmp */
    jmp_buf crashed;
    uint64_t death_at; /* from the call with this number on, every domain is gone */
    unsigned ports;
    uint32_t cpuid_1_edx, cpuid_1_ecx;
};

/* Everything empty. Frees what there was. */
void fake_reset(struct fake_xen *x);

/* An HVM domain that is paused by its toolstack, its vCPU 0 online in flat protected mode. */
struct fake_domain *fake_create(struct fake_xen *x, uint32_t domain, uint32_t vcpu_count);
void fake_destroy(struct fake_xen *x, struct fake_domain *d);
/* Page of guest memory, made if need be. */
uint8_t *fake_memory(struct fake_domain *d, uint64_t address);
void fake_write(struct fake_domain *d, uint64_t address, const void *bytes, size_t size);
void fake_read(struct fake_domain *d, uint64_t address, void *bytes, size_t size);

/* A helper that is no more: what it had mapped is unmapped, its ports are closed; a domain that it
 * has paused stays so. */
void fake_helper_died(struct fake_xen *x);

/* The guest executes, with RIP behind the instruction: a guest request, or a MOV CR0. Returns true
 * if the vCPU waits for an answer now. */
bool fake_guest_request(struct fake_domain *d, uint32_t vcpu);
bool fake_mov_cr0(struct fake_domain *d, uint32_t vcpu, uint64_t value);

/* The port whose ring has events that were not announced yet; 0: none. */
uint32_t fake_take_port(struct fake_xen *x);

#endif
