/* Runs guest code on this machine's own processor, in user mode, through the LDT.
 * Not here: the memory (arena.h), the emulated side (emulated.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_SILICON_H
#define TESTS_ORACLE_SILICON_H

#include "outcome.h"

/* Where the kernel puts signal frames. Guest code must not have ESP there: the kernel would take it
 * for a handler's own stack. */
#define SILICON_SIGNAL_STACK      0x5e5e0000u
#define SILICON_SIGNAL_STACK_SIZE 0x20000u

/* Installs the signal handlers and the watchdog. Exits with a message on failure. */
void silicon_initialise(void);

/* Called, when set, before the process dies of an exception in host code: the interpreter's. */
extern void (*silicon_on_host_fault)(void);

/* Runs from `start` to the exception that ends it. The arena has been prepared. */
void silicon_run(const struct registers *start, struct outcome *outcome);

#endif
