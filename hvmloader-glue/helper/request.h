/* What a guest may ask for: its request block, before anything is done with the state in it. Pure.
 * Not here: getting the block out of guest memory (domain.c), nor the state's rules
 * (state_check.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_REQUEST_H
#define HELPER_REQUEST_H

#include <hvmassist/handoff.h>

#include <stdbool.h>
#include <stdint.h>

/* May a block be at this guest-physical address? handoff.h: 8-byte aligned, within one page, below
 * 4 GiB. */
bool request_address_fits(uint64_t address);

/* HANDOFF_ACCEPTED, or what the request is answered with, without a look at its state. `vcpu` is
 * the caller's number. */
enum handoff_status request_check(const struct handoff_block *block, uint32_t vcpu,
                                  bool registered);

const char *request_status_text(enum handoff_status status);

#endif
