/* Where the processor that a vector was captured from and the P6 that the interpreter follows
 * differ. Not here: flags that are undefined on both (the suite's own masks). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VECTORS_DIFFERENCES_H
#define TESTS_VECTORS_DIFFERENCES_H

#include "moo.h"

/* The difference that explains this test, or NULL. `flags` (in EFLAGS positions) are then not
 * compared, neither in the register nor where the test pushes them; when `whole` is set the test
 * says nothing about a P6 and is not compared at all. */
struct difference {
    const char *cpu;                              /* of the file */
    const char *opcode;                           /* as the suite names its files; "" for all */
    bool (*applies)(const struct moo_test *test); /* NULL: always */
    uint32_t flags;
    bool whole;
    const char *reason;
    const char *reference;
};

extern const struct difference differences[];
extern const unsigned difference_count;

bool difference_applies(const struct difference *difference, const char *cpu, const char *opcode,
                        const struct moo_test *test);

#endif
