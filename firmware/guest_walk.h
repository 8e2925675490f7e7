/* Where a linear address of the guest is in physical memory, looked up without touching anything.
 * Not here: the processor's own walk with its faults and accessed bits (emulator/paging.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_GUEST_WALK_H
#define FIRMWARE_GUEST_WALK_H

#include "emulator/state.h"

/* The physical address of `linear` under the paging that `s` has on; UINT64_MAX when there is none,
 * or a page table is not in plain RAM below 4 GiB. SDM vol. 3, 4.3 to 4.5. */
uint64_t guest_walk(const struct guest_state *s, uint32_t linear);

/* The bytes at `linear`, with paging on or off. False: not all of them are in plain RAM. */
bool guest_read(const struct guest_state *s, uint32_t linear, void *to, uint32_t size);

#endif
