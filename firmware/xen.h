/* Is there a Xen below, which one, and its hypercall.
 * Not here: what is said to it (hypercall.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_XEN_H
#define FIRMWARE_XEN_H

#include <stdbool.h>
#include <stdint.h>

struct xen {
    uint32_t base; /* first CPUID leaf, or 0: no Xen leaves (none, or older than 3.0.3) */
    uint16_t major, minor;
};

extern struct xen xen;

/* Looks for the leaves; before any other function here. */
void xen_start(void);

bool xen_at_least(unsigned major, unsigned minor);

/* A hypercall with these registers in, and EAX out: VMCALL or VMMCALL as the processor's vendor has
 * it. Without a hypervisor that knows it, #UD. */
uint32_t xen_hypercall(uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx, uint32_t edi);

/* The vendor's instruction is VMMCALL. */
bool xen_has_vmmcall(void);

#define XEN_EPERM  1u
#define XEN_ENOSYS 38u

/* A guest's hypercall: all GPRs but ESP in and out, in the processor's order. */
void xen_hypercall_registers(uint32_t *gpr);

/* Lets others run: a helper may need the processor that this vCPU has. */
void xen_yield(void);

#endif
