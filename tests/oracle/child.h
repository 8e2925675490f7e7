/* Work done in a process of its own: what code on the processor may bring down is only that.
 * Not here: the work. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_CHILD_H
#define TESTS_ORACLE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory that this process and its children share. Exits with a message on failure. */
void *child_shared(size_t size);

/* Runs work(argument) in a child that is ready for silicon_run, and waits.
 * True when it came back from there; what it has printed is out. */
bool child_run(void (*work)(void *argument), void *argument);

#endif
