/* Which guest-physical addresses are plain RAM, and which are the blob's own.
 * Not here: access to them (bus.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_MEMORY_MAP_H
#define FIRMWARE_MEMORY_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* Asks CMOS how much RAM there is; before any guest code. */
void memory_map_start(void);

/* `address` is in a page of the blob: image or bss. */
bool memory_is_own(uint64_t address);
/* `address` is in a page of RAM that is not the blob's. */
bool memory_is_ram(uint64_t address);
/* The addresses around `address`, for which memory_is_ram says true, that it says the same of. */
void memory_ram_run(uint32_t address, uint32_t *first, uint32_t *last);

#endif
