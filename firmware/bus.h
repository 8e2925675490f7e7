/* The blob's side of the interpreter's one contract with the world (emulator/platform.h).
 * Not here: what is behind it for interrupts (traps.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_BUS_H
#define FIRMWARE_BUS_H

#include "emulator/platform.h"

/* Its context is a struct vcpu. */
extern const struct platform platform;

#endif
