/* The native hand-off of a guest that has paging on.
 * Not here: which guest can be handed off at all (native.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_NATIVE_PAGED_H
#define FIRMWARE_NATIVE_PAGED_H

#include "emulator/state.h"

/* native_record has been prepared for `s`, at CPL 0 and with paging on: changes both so that
 * loading `s` ends in the guest's own page tables. False, and nothing changed: there is no place
 * for the last instructions. */
bool native_paged(struct guest_state *s);

#endif
