/* Runs the same guest code in the interpreter, at the same addresses, with the same LDT.
 * Not here: the memory (arena.h), the silicon's side (silicon.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_EMULATED_H
#define TESTS_ORACLE_EMULATED_H

#include "outcome.h"

/* Builds descriptor and page tables around the arena and its LDT, which must exist. */
void emulated_initialise(void);

/* Runs from `start` to the exception that ends it; `timeout` when it did not end. The arena has
 * been prepared. */
void emulated_run(const struct registers *start, struct outcome *outcome);

/* With a case that looks at the host's descriptors: does it load one of them? */
bool emulated_loads_host_segment(const struct registers *start);

/* Steps through the case once more and calls `visit` with CS:EIP before each instruction. */
void emulated_walk(const struct registers *start,
                   void (*visit)(void *context, uint16_t selector, uint32_t eip), void *context);

#endif
