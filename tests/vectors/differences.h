/* Where the processor that a vector was captured from and the P6 that the interpreter follows
 * differ. Not here: flags that are undefined on both (the suite's own masks). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VECTORS_DIFFERENCES_H
#define TESTS_VECTORS_DIFFERENCES_H

#include "moo.h"

/* One difference. What it names is not compared in the tests it applies to; all else is. */
struct difference {
    const char *cpu;    /* of the file */
    const char *opcode; /* as the suite names its files, "" for all; "D0." for all of a group */
    bool (*applies)(const struct moo_test *test); /* NULL: always */
    uint32_t flags; /* in EFLAGS positions, in the register and where the exception pushes them */
    uint32_t registers; /* one bit for each enum moo_register */
    /* The P6's vector for the captured exception 13, or 0. That vector then leads to the captured
     * handler, and the captured one does not. */
    uint8_t vector;
    bool whole; /* the P6 does something else altogether: the test says nothing about it */
    const char *reason;
    const char *reference;
};

extern const struct difference differences[];
extern const unsigned difference_count;

bool difference_applies(const struct difference *difference, const char *cpu, const char *opcode,
                        const struct moo_test *test);

#endif
