/* The door between the blob and whoever runs the guest natively: a way out and back in. Both ways
 * carry struct guest_state and nothing else. Not here: either transport. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_TRANSPORT_H
#define FIRMWARE_TRANSPORT_H

#include "vcpu.h"

#include "emulator/state.h"

struct transport {
    const char *name;
    /* Is there, below, what it works with? By the hypervisor's version. */
    bool (*fits)(void);
    /* Once, by the first processor, before any guest code. first->state is that of a processor
     * after reset; it may be changed. */
    void (*start)(struct vcpu *first);
    /* Gives vcpu->state, which is enterable, to the hardware. Returns only when the other side
     * refused; then the state is to be interpreted on. */
    void (*leave)(struct vcpu *vcpu);
};

extern const struct transport world_switch, xen4, hypercall, native;

/* The one of this image: the linker makes it world_switch or xen4, and drops what that does not
 * need. */
extern const struct transport transport;

#endif
