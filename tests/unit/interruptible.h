/* Code that can be interrupted, and the one interrupt that is scripted for it.
 * Not here: any test (interrupt_test.c, boundary_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_INTERRUPTIBLE_H
#define TESTS_UNIT_INTERRUPTIBLE_H

#include <stddef.h>
#include <stdint.h>

#define IRQ        0x48 /* vector of the scripted interrupt */
#define HANDLER(v) (0x50000u + (uint32_t)(v)*16)
#define IRET       0xcf

/* Real-mode code whose interrupt handler is a bare IRET. */
void start_interruptible(const uint8_t *code, size_t length, uint32_t eflags);

#endif
