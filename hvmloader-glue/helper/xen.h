/* Everything the helper asks of Xen, as one structure of functions: the only door to it. Behind it
 * is Xen itself (xen_libraries.c), or a made-up one in tests. Not here: any decision. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_XEN_H
#define HELPER_XEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE  4096u
#define PAGE_SHIFT 12u

struct xen_domain {
    uint32_t domain;
    bool hvm;
    bool dying;          /* being taken down; nothing can be done with it but letting go */
    bool paused;         /* by a toolstack or another tool, not by an event */
    uint32_t vcpu_count; /* online or not */
    uint8_t
        identity[16]; /* the toolstack's UUID; a rebooted domain has the same, with a new number */
};

/* CPUID as the domain sees it. */
struct xen_cpuid {
    uint32_t eax, ebx, ecx, edx;
};

struct xen;

/* Unless said otherwise, functions return 0, or an errno value as a negative number. */
struct xen_calls {
    /* Writes up to `count` domains with numbers of `first` and more, ascending; returns how many.
     */
    int (*domains)(struct xen *xen, uint32_t first, unsigned count, struct xen_domain *domains);
    /* The toolstack's name, cut to `size` and terminated; "" when there is none. */
    void (*name)(struct xen *xen, uint32_t domain, char *name, size_t size);
    /* Nested: a domain runs when it was unpaused as often as paused. Paused: no vCPU is running. */
    int (*pause)(struct xen *xen, uint32_t domain);
    int (*unpause)(struct xen *xen, uint32_t domain);

    /* Makes the monitor ring and gives its page, to be initialised by the caller, and the local
     * port of its event channel. -EBUSY: it has one, whoever's. The guest cannot reach the page. */
    int (*monitor_enable)(struct xen *xen, uint32_t domain, void **ring, uint32_t *port);
    /* Ends the ring that the domain has, whoever's, with all settings; what was in it is lost. A
     * vCPU that waits for an answer goes on waiting: see ring.h. */
    int (*monitor_disable)(struct xen *xen, uint32_t domain);
    /* Gives back page and port, but leaves the domain's end alone. */
    void (*monitor_release)(struct xen *xen, void *ring, uint32_t port);
    /* A guest request stops the vCPU and puts an event into the ring; CPL 0 only. Answers may
     * deny. */
    int (*monitor_guest_requests)(struct xen *xen, uint32_t domain);
    /* The same for each write that changes CR0.PE. */
    int (*monitor_cr0_pe)(struct xen *xen, uint32_t domain);
    /* Answers in the ring of this port are to be read. */
    int (*notify)(struct xen *xen, uint32_t port);

    /* One record of `size` bytes, of a type and an instance (vCPU); -ENOENT: there is none, as for
     * a vCPU that is offline. The time stamp counter in a CPU record is that of the last
     * context_all or context_load. */
    int (*context_record)(struct xen *xen, uint32_t domain, uint16_t type, uint16_t instance,
                          void *record, uint32_t size);
    /* Everything; returns the size, also for a null pointer. */
    int (*context_all)(struct xen *xen, uint32_t domain, void *buffer, uint32_t size);
    /* HEADER, records, END. A vCPU without a CPU record goes offline. */
    int (*context_load)(struct xen *xen, uint32_t domain, const void *buffer, uint32_t size);

    /* Maps guest frames, readable and writable; NULL: not one of them can be. errors[n] is 0 for
     * each that is there. */
    void *(*map)(struct xen *xen, uint32_t domain, uint64_t frame, unsigned count, int *errors);
    void (*unmap)(struct xen *xen, void *pages, unsigned count);
    /* Tells Xen that a mapped frame was written to, for whoever copies the domain while it runs. */
    void (*written)(struct xen *xen, uint32_t domain, uint64_t frame);
    /* Guest-physical frame of a linear address as the vCPU would reach it. */
    int (*translate)(struct xen *xen, uint32_t domain, uint32_t vcpu, uint64_t linear,
                     uint64_t *frame);
    int (*cpuid)(struct xen *xen, uint32_t domain, uint32_t leaf, uint32_t subleaf,
                 struct xen_cpuid *result);

    /* This host's time stamp counter, and its frequency. */
    uint64_t (*tsc)(struct xen *xen);
    uint64_t (*tsc_khz)(struct xen *xen);
    /* Milliseconds from some start, never backwards. */
    uint64_t (*milliseconds)(struct xen *xen);
};

/* First member of whatever an implementation keeps. */
struct xen {
    const struct xen_calls *calls;
};

#endif
