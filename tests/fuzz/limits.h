/* Does every access lie within what a descriptor cache or a system table allows?
 * Not here: recording accesses (subject.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_LIMITS_H
#define FUZZ_LIMITS_H

#include "subject.h"

/* All accesses of the phase that ends, against the caches at its start and those of now. */
void check_accesses(const struct subject *s);

/* May `length` bytes at `offset` of this segment be read (written)? SDM vol. 3, 5.3 and 5.5.
 * `code`: it is CS. */
bool cache_allows(const struct guest_state *state, const struct segment_state *cache, bool code,
                  uint32_t offset, uint32_t length, bool write);

#endif
