/* Where the checks look into the interpreter: functions between its files, wrapped by the linker
 * (--wrap, see module.mk). Not here: the checks themselves. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_HOOKS_H
#define FUZZ_HOOKS_H

#include "subject.h"

/* Before and after a call of processor_run on the exact machine. */
void hooks_run_begins(struct subject *s);
void hooks_run_ended(struct subject *s);

#endif
