/* How operations meet the rest: handlers, the end of a stretch, the way back to the loop.
 * Not here: the loop (run.c), near branches (operate_stack.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define OPERATIONS_HERE
#include "operate.h"

/* `ordinal` instructions of the stretch are over. */
static void count_retired(struct processor *p, unsigned ordinal)
{
    p->retired = p->code_end - (uint64_t)(int64_t)p->code_left + ordinal;
}

void operation_enter(uint32_t flags, struct processor *p, const struct operation *o)
{
    p->flags = flags;
    p->instruction_eip = operation_eip(p, o);
    p->eip = p->instruction_eip + o->length;
    count_retired(p, o->ordinal);
}

/* All state to *p, in front of `o`. */
static void settle(uint32_t flags, struct processor *p, const struct operation *o)
{
    operation_enter(flags, p, o);
    p->eip = p->instruction_eip;
}

PUBLIC_OPERATION(operation_leave)
{
    if (o->scale & OPERATION_MIDDLE)
        GO;
    settle(flags, p, o);
    return NULL;
}

/* The first operation at p->eip, with `done` instructions of the stretch behind it; NULL: the loop
 * has to look. */
static __attribute__((noinline)) const struct operation *elsewhere(struct processor *p,
                                                                   unsigned done)
{
    p->code_left -= (int32_t)done;
    count_retired(p, 0);
    return p->code_left < 0 || p->events != 0 ? NULL : code_find(p);
}

#define GO_ELSEWHERE(done)                                                                         \
    do {                                                                                           \
        o = elsewhere(p, (done));                                                                  \
        if (o == NULL)                                                                             \
            return NULL;                                                                           \
        flags = p->flags;                                                                          \
        GO;                                                                                        \
    } while (0)

PUBLIC_OPERATION(operation_transfer)
{
    p->flags = flags;
    GO_ELSEWHERE(o->ordinal + 1u);
}

static __attribute__((noinline, cold)) operate end_slow;
OPERATION(end_slow)
{
    settle(flags, p, o);
    GO_ELSEWHERE(o->ordinal);
}

PUBLIC_OPERATION(operation_end)
{
    int32_t left = p->code_left - (int32_t)o->ordinal;

    if (__builtin_expect(left < 0 || o->value - p->segment[CS].base >= p->code_bound ||
                             p->code->entry[o->entry].linear != o->value,
                         0))
        return end_slow(OPERATION_ARGUMENTS);
    o = take_stretch(p, o->entry, left);
    NEXT;
}

static __attribute__((noinline)) void run_handler(uint32_t flags, struct processor *processor,
                                                  const struct operation *o)
{
    const struct instruction *i = (const struct instruction *)(o + 1);

    operation_enter(flags, processor, o);
    i->execute(processor, i);
}

PUBLIC_OPERATION(operation_handler)
{
    run_handler(flags, p, o);
    if (p->events != 0) {
        p->retired++;
        return NULL;
    }
    flags = p->flags;
    o = (const struct operation *)((const struct code_slot *)(o + 1) + INSTRUCTION_SLOTS);
    GO;
}

PUBLIC_OPERATION(operation_handler_end)
{
    unsigned done = o->ordinal + 1u;

    run_handler(flags, p, o);
    GO_ELSEWHERE(done);
}
