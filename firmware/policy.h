/* When an enterable guest is given to the hardware, and when it is kept for a short stretch.
 * Not here: whether it is enterable (emulator), nor how it goes (transport.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_POLICY_H
#define FIRMWARE_POLICY_H

#include "vcpu.h"

/* vcpu's state is enterable: true to leave now. When false, it is asked again at the latest once
 * the guest's stay is over. */
bool policy_leave(struct vcpu *vcpu);

/* The other side has refused this state: it is interpreted on until the mode changes. */
void policy_refused(struct vcpu *vcpu);

/* There is no way back: from now on only a guest that has turned paging on is let go, and at once.
 */
void policy_one_way(void);

/* Instructions of the processor that a way out and back in takes: 0 to leave at once. The linker
 * takes it from the image's transport, or policy_never when the policy is to be off. */
extern const uint32_t policy_round_trip;
extern const uint32_t policy_never;

/* Instructions of the processor for one of the guest's that is interpreted, in boot loaders' code:
 * what the report of `make check-boot` has as "in the blob" divided by "interpreted". */
#define POLICY_INTERPRETED 150u

#endif
