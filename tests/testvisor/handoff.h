/* The hypercall hand-off as Xen 4.x and the helper in its dom0 do it.
 * Not here: the world switch of Xen 3.x (world_switch.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_HANDOFF_H
#define TESTVISOR_HANDOFF_H

#include <stdbool.h>
#include <stdint.h>

/* The blob's request with its block at guest-physical `address`. True when another state has been
 * loaded, so that the call does not return; else the block holds status and rule. */
bool handoff_request(uint32_t address);

/* The guest wrote `value` to CR0, with PE clear. The write is denied; the guest's state goes into
 * the registered block and the blob's entry context is loaded. Without a registered one, the domain
 * crashes: there is no real mode here. */
void handoff_into_blob(uint32_t value);

#endif
