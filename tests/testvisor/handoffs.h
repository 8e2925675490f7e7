/* The record of world switches and hand-offs: counted, the first ones logged as a table, the last
 * ones kept for a crash report. Not here: the switch itself (world_switch.c, handoff.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_HANDOFFS_H
#define TESTVISOR_HANDOFFS_H

#include <hvmassist/world_switch.h>

enum handoff_direction {
    INTO_BLOB,
    INTO_GUEST,
};

/* The context to fill for the next record, valid until handoffs_add(). In vCPU terms it is the
 * guest's state: saved on the way into the blob, loaded on the way out. */
struct world_switch_context *handoffs_next(void);

/* Counts the context that handoffs_next() gave, and logs it if it is among the first 16 of its
 * direction. */
void handoffs_add(enum handoff_direction direction);

/* Logs the last 20 records that are not of the blob's own switches, oldest first, in the same form.
 */
void handoffs_log_last(void);

/* Logs one context. `title` starts each line. Lines:
 *   TITLE state cr0=X cr3=X cr4=X eip=X esp=X eflags=X
 *   TITLE CS selector=X base=X limit=X attributes=X     and DS ES SS FS GS TR LDTR
 *   TITLE GDTR base=X limit=X                           and IDTR */
void handoffs_log_context(const char *title, const struct world_switch_context *context);

#endif
