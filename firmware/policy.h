/* When an enterable guest is given to the hardware.
 * Not here: whether it is enterable (emulator), nor how it goes (transport.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_POLICY_H
#define FIRMWARE_POLICY_H

#include "vcpu.h"

/* vcpu's state is enterable: true to leave now. */
bool policy_leave(const struct vcpu *vcpu);

/* The other side has refused this state: it is interpreted on until the mode changes. */
void policy_refused(struct vcpu *vcpu);

/* There is no way back: from now on only a guest that has turned paging on is let go. */
void policy_one_way(void);

#endif
