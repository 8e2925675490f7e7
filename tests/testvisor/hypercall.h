/* VMCALL: Xen's hypercalls, as far as there are any here, and the testvisor's own trace service.
 * Not here: the hand-off behind one of them (handoff.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_HYPERCALL_H
#define TESTVISOR_HYPERCALL_H

#include <stdbool.h>
#include <stdint.h>

#define HYPERCALL_MSR 0x40000000u /* WRMSR of a guest-physical page address fills that page */

/* EAX of the trace service: EBX = guest-physical address, ECX = length up to 4096. EAX is 0, or -22
 * for a range that is not RAM. CPL 0 only, in every ABI. */

/* Fills the page at guest-physical address `value` (bits 11:0 = page number, must be 0) with the
 * hypercall stubs. False for an address that is not RAM. */
bool hypercall_fill_page(uint64_t value);

#endif
