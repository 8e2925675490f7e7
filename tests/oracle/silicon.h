/* Runs guest code on this machine's own processor, in user mode, through the LDT.
 * Not here: the memory (arena.h), the emulated side (emulated.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_SILICON_H
#define TESTS_ORACLE_SILICON_H

#include "outcome.h"

/* Installs the signal handlers and the watchdog, which a child process does not inherit. Exits with
 * a message on failure. */
void silicon_initialise(void);

/* Runs from `start` to the exception that ends it. The arena has been prepared. */
void silicon_run(const struct registers *start, struct outcome *outcome);

#endif
