/* Is a fault delivered as SDM vol. 3, chapter 6 says? Vector by the double-fault rules, handler out
 * of the table, frame on the stack, flags. Task gates are left to the guests in tests/guests.
 * Not here: the state before delivery (precise.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_FRAME_H
#define FUZZ_FRAME_H

#include "subject.h"

struct frame_expectation {
    bool known; /* else nothing is compared: task gate, table not readable */
    bool beyond_table;
    uint8_t vector;
    bool has_error;
    uint16_t error;
    unsigned width; /* of an element */
    uint16_t selector;
    uint32_t offset;
    uint32_t flags_cleared;
};

/* Before delivery: reads the table, which the frame may overwrite. */
void frame_expect(const struct subject *s, struct frame_expectation *expected);
/* After it: the state, and what lies on the stack. */
void frame_check(const struct subject *s, const struct frame_expectation *expected);

#endif
