/* What a program tries that runs on the processor itself, and under a Linux that is interpreted:
 * it says what it finds, which must be the same. Not here: how it says it (system.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LINUX_TRIAL_H
#define TESTS_LINUX_TRIAL_H

#include <stdint.h>

/* `stack` is that of the program's start: arguments, environment, auxiliary vector. */
void trial_all(uint32_t *stack);

void trial_faults(void);   /* exceptions and their frames, single steps */
void trial_segments(void); /* of an LDT and of the GDT's thread area */
void trial_memory(void);   /* copy on write, demand paging, code that is written */
void trial_units(void);    /* x87 and SSE of processes that take turns */
void trial_debugger(void); /* DR0-7 and single steps of another process */

#endif
