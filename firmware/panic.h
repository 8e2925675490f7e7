/* The end: the reason and the guest's whole state on the console, then nothing more.
 * Not here: deciding that it is the end. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_PANIC_H
#define FIRMWARE_PANIC_H

#include "vcpu.h"

/* Something that the blob cannot go on after. `vcpu` may be NULL: then no guest state is known. */
_Noreturn void panic_bug(struct vcpu *vcpu, const char *reason);

/* An exception in the blob itself. `vcpu` may be NULL. */
_Noreturn void panic_exception(struct vcpu *vcpu, unsigned vector, uint32_t error, uint32_t eip,
                               uint32_t eflags);

/* The guest shuts its processor down; reported, then done to the real one, so that the platform
 * does what it does. */
_Noreturn void panic_triple_fault(struct vcpu *vcpu);

/* Somebody outside wants to know where the guest is, and has given it up. */
_Noreturn void panic_asked(struct vcpu *vcpu);

#endif
