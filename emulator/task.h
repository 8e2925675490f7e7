/* Hardware task switches. Not here: gates that lead to one (far.c, delivery.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_TASK_H
#define EMULATOR_TASK_H

#include "segment.h"

enum task_switch_kind { TASK_JUMP, TASK_CALL, TASK_RETURN };

/* Switches to the TSS that `selector` names, whose descriptor has been read and found a TSS that is
 * present, by JMP, CALL/interrupt, or IRET. p->eip is what the old task resumes at. An interrupt's
 * error code is pushed on the new stack when has_error; `ext`: EXT bit of error codes. SDM vol.
 * 3, 7.3. */
void task_switch(struct processor *p, uint16_t selector, struct descriptor *tss,
                 enum task_switch_kind kind, unsigned ext, bool has_error, uint16_t error);

/* Reads and checks the TSS descriptor a task gate or far pointer names (raises #GP/#NP/#TS by
 * kind), then switches. `ext` as above. */
void task_enter(struct processor *p, uint16_t selector, enum task_switch_kind kind, unsigned ext,
                bool has_error, uint16_t error);

#endif
