/* The guest's first state when hvmloader of Xen 4 has jumped here instead of starting the BIOS.
 * Not here: the registers at that moment (hvmloader4_entry.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_HVMLOADER4_H
#define FIRMWARE_HVMLOADER4_H

#include "vcpu.h"

/* Sets vcpu->state to what hvmloader's MOV CR0 would have left, and puts the instruction's bytes
 * back. False, and nothing done, when the blob was started in another way. */
bool hvmloader4_state(struct vcpu *vcpu);

/* How long hvmloader's bundler wants a helper to be waited for. */
uint32_t hvmloader4_wait_milliseconds(void);

#endif
