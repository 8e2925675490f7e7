/* The ring of recorded world switches, and their table in the log.
 * Not here: the switch itself. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "handoffs.h"

#include <stdbool.h>

#include "abi.h"
#include "log.h"
#include "machine.h"
#include "report.h"

#define LOGGED_PER_DIRECTION 16u
#define KEPT                 80u /* the blob has three for each of the guest's */
#define SHOWN                20u

struct record {
    enum handoff_direction direction;
    uint32_t number; /* counts from 1 in its direction */
    struct world_switch_context context;
};

static struct record ring[KEPT];
static uint32_t position;
static uint32_t recorded;

struct world_switch_context *handoffs_next(void)
{
    return &ring[position].context;
}

static void log_segment(const char *title, const char *name,
                        const struct world_switch_segment *segment)
{
    log_text("%s %s selector=%04x base=%08x limit=%08x attributes=%05x\n", title, name,
             segment->selector, segment->base, segment->limit, segment->attributes);
}

void handoffs_log_context(const char *title, const struct world_switch_context *context)
{
    log_text("%s state cr0=%08x cr3=%08x cr4=%08x eip=%08x esp=%08x eflags=%08x\n", title,
             context->cr0, context->cr3, context->cr4, context->eip, context->esp, context->eflags);
    log_segment(title, "CS", &context->cs);
    log_segment(title, "DS", &context->ds);
    log_segment(title, "ES", &context->es);
    log_segment(title, "SS", &context->ss);
    log_segment(title, "FS", &context->fs);
    log_segment(title, "GS", &context->gs);
    log_segment(title, "TR", &context->tr);
    log_segment(title, "LDTR", &context->ldtr);
    log_text("%s GDTR base=%08x limit=%04x\n", title, context->gdtr_base, context->gdtr_limit);
    log_text("%s IDTR base=%08x limit=%04x\n", title, context->idtr_base, context->idtr_limit);
}

/* "handoff INVOKE 3" and the like; the buffer is the only one because titles are used at once. */
static const char *title_of(const struct record *record, const char *prefix)
{
    static char title[40];
    const char *parts[] = {prefix, " ",
                           record->direction == INTO_BLOB ? abi->into_blob : abi->into_guest, " "};
    uint32_t divisor = 1;
    unsigned length = 0;

    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
        for (const char *c = parts[i]; *c != '\0'; c++)
            title[length++] = *c;
    while (record->number / divisor >= 10)
        divisor *= 10;
    for (; divisor > 0; divisor /= 10)
        title[length++] = (char)('0' + record->number / divisor % 10);
    title[length] = '\0';
    return title;
}

void handoffs_add(enum handoff_direction direction)
{
    struct record *record = &ring[position];

    record->direction = direction;
    record->number = direction == INTO_BLOB ? ++statistics.into_blob : ++statistics.into_guest;
    if (record->number <= LOGGED_PER_DIRECTION)
        handoffs_log_context(title_of(record, "handoff"), &record->context);
    position = position + 1 == KEPT ? 0 : position + 1;
    recorded++;
}

static bool is_own(const struct record *record)
{
    return machine_is_blob(record->context.cs.base + record->context.eip);
}

/* Without the blob's own switches, unless there are no others. */
void handoffs_log_last(void)
{
    const uint32_t kept = recorded < KEPT ? recorded : KEPT;
    const struct record *shown[SHOWN];
    uint32_t count = 0;

    for (unsigned own = 0; own < 2 && count == 0; own++)
        for (uint32_t i = 1; i <= kept && count < SHOWN; i++) {
            const struct record *record = &ring[(position + KEPT - i) % KEPT];

            if (own || !is_own(record))
                shown[count++] = record;
        }
    while (count-- > 0)
        handoffs_log_context(title_of(shown[count], "last"), &shown[count]->context);
}
