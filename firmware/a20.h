/* The A20 line as the guest set it: port 92h and the keyboard controller.
 * Not here: its effect on addresses (emulator/memory.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_A20_H
#define FIRMWARE_A20_H

#include <stdbool.h>
#include <stdint.h>

/* Finds out whether the platform's port 92h can be asked later; before any guest code. */
void a20_start(void);

/* A byte that the interpreted guest has written to any port. True: A20 may have changed. */
bool a20_written(uint16_t port, uint8_t value);

/* The guest comes back from native execution, where the ports were out of sight. */
void a20_returned(void);

bool a20_enabled(void);

#endif
