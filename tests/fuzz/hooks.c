/* The wrapped functions: phases of a run begin and end here, and what passes is handed to the
 * checks. Not here: the checks (limits.c, precise.c, frame.c, length.c, standing.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hooks.h"

#include <string.h>

#include "decode.h"
#include "delivery.h"
#include "finding.h"
#include "frame.h"
#include "standing.h"
#include "length.h"
#include "limits.h"
#include "loads.h"
#include "precise.h"
#include "segment.h"
#include "task.h"
#include "walk.h"

/* The linker makes the interpreter call __wrap_X where it says X of another of its files. */
const struct opcode *__real_decode(struct processor *p, struct instruction *i);
const struct opcode *__wrap_decode(struct processor *p, struct instruction *i);
bool __real_deliver_fault(struct processor *p);
bool __wrap_deliver_fault(struct processor *p);
void __real_deliver_event(struct processor *p, const struct event *event);
void __wrap_deliver_event(struct processor *p, const struct event *event);
uint64_t __real_translate(struct processor *p, uint32_t linear, unsigned access);
uint64_t __wrap_translate(struct processor *p, uint32_t linear, unsigned access);
bool __real_load_pdptes(struct processor *p, uint32_t cr3);
bool __wrap_load_pdptes(struct processor *p, uint32_t cr3);
void __real_task_enter(struct processor *p, uint16_t selector, enum task_switch_kind kind,
                       unsigned ext, bool has_error, uint16_t error);
void __wrap_task_enter(struct processor *p, uint16_t selector, enum task_switch_kind kind,
                       unsigned ext, bool has_error, uint16_t error);
void __real_segment_set(struct processor *p, unsigned segment, uint16_t selector,
                        const struct descriptor *descriptor);
void __wrap_segment_set(struct processor *p, unsigned segment, uint16_t selector,
                        const struct descriptor *descriptor);

void __wrap_native_give_pointers(struct processor *p);

/* --- phases ------------------------------------------------------------------------------------
 */

static void begin(struct subject *s, enum phase phase)
{
    struct snapshot *shot = &s->snapshot;

    s->phase = phase;
    s->decoded = s->task_attempted = s->task_committed = false;
    s->access_count = 0;
    s->in_walk = s->in_pdptes = s->expectation.armed = false;
    processor_save(&s->processor, &shot->state);
    memcpy(shot->pdpte, s->processor.pdpte, sizeof shot->pdpte);
    shot->retired = s->processor.retired;
    shot->nmi_blocked = s->processor.nmi_blocked;
    shot->journal_count = s->journal->count;
    subject_unit_get(s, shot->unit);
}

static void end(struct subject *s)
{
    check_accesses(s);
}

void hooks_run_begins(struct subject *s)
{
    begin(s, PHASE_BOUNDARY);
}

void hooks_run_ended(struct subject *s)
{
    end(s);
    if (s->phase == PHASE_INSTRUCTION && s->processor.retired != s->snapshot.retired) {
        check_instruction_pointer(s);
        check_loads(s);
        check_system_registers(s);
    }
}

/* --- wrapped functions -------------------------------------------------------------------------
 */

const struct opcode *__wrap_decode(struct processor *p, struct instruction *i)
{
    struct subject *s = p->context;
    const struct opcode *row;

    finding_trace(s);
    /* The fast machine decodes ahead, and does not decode what it has kept. */
    if (!s->exact)
        return __real_decode(p, i);
    end(s);
    begin(s, PHASE_INSTRUCTION);
    if (s->interrupts_open && (!(p->eflags_rest & EFLAGS_IF) || p->shadow))
        finding(s, "interrupts are open at an instruction with IF=%d, shadow %u",
                !!(p->eflags_rest & EFLAGS_IF), p->shadow);
    s->begun++;
    if (!subject_interrupts_at_boundaries(s))
        s->alone |= subject_look_at_interrupts(s);
    row = __real_decode(p, i);
    s->instruction = *i;
    s->decoded = true;
    check_length(s);
    return row;
}

bool __wrap_deliver_fault(struct processor *p)
{
    struct subject *s = p->context;
    struct frame_expectation expected;
    uint64_t faults = p->faults;
    bool delivered;

    finding_trace_fault(s);
    s->in_walk = false; /* the walk that raised it did not return */
    if (!s->exact)
        return __real_deliver_fault(p);
    if (s->phase == PHASE_INSTRUCTION && !s->decoded)
        check_fetch_fault(s);
    check_page_fault(s);
    check_fault(s);
    end(s);
    begin(s, PHASE_DELIVERY);
    frame_expect(s, &expected);
    delivered = __real_deliver_fault(p);
    /* Unless a chain of faults without end has been abandoned. */
    if (delivered && p->faults != faults)
        frame_check(s, &expected);
    return delivered;
}

/* From run.c only: interrupts and debug traps at a boundary, and from far.c INT n and its kin. */
void __wrap_deliver_event(struct processor *p, const struct event *event)
{
    struct subject *s = p->context;
    bool boundary;

    /* An interrupt may come before an instruction that has been abandoned, and after a trap. */
    if (s->exact && s->phase == PHASE_INSTRUCTION && event->kind == EVENT_KIND_EXTERNAL &&
        p->retired == s->snapshot.retired)
        check_fault(s);
    boundary = s->exact && (s->phase == PHASE_BOUNDARY || event->kind == EVENT_KIND_EXTERNAL);
    if (boundary) {
        end(s);
        begin(s, PHASE_BOUNDARY);
    }
    __real_deliver_event(p, event);
    /* What else there is at this boundary finds the handler: another event, or VIF and VIP. */
    if (boundary) {
        end(s);
        begin(s, PHASE_BOUNDARY);
    }
}

uint64_t __wrap_translate(struct processor *p, uint32_t linear, unsigned access)
{
    struct subject *s = p->context;
    struct walk expected = walk(s, linear, access), after;
    uint64_t physical;

    s->expectation = (struct walk_expectation){true, expected.fault, expected.error, linear};
    s->in_walk = true;
    physical = __real_translate(p, linear, access);
    s->in_walk = s->expectation.armed = false;
    if (expected.fault)
        finding(s, "no page fault at %08x, access %u: expected error code %x", linear, access,
                expected.error);
    if (physical != expected.physical)
        finding(s, "%08x translates to %llx, expected %llx", linear, (unsigned long long)physical,
                (unsigned long long)expected.physical);
    after = walk(s, linear, access);
    if (!after.accessed || ((access & ACCESS_WRITE) && !after.dirty))
        finding(s, "A or D is clear after access %u to %08x", access, linear);
    s->translated[1] = s->translated[0];
    s->translated[0].linear = linear;
    s->translated[0].physical = physical;
    s->translated[0].access = access;
    return physical;
}

bool __wrap_load_pdptes(struct processor *p, uint32_t cr3)
{
    struct subject *s = p->context;
    bool loaded;

    s->in_pdptes = true;
    loaded = __real_load_pdptes(p, cr3);
    s->in_pdptes = false;
    return loaded;
}

void __wrap_task_enter(struct processor *p, uint16_t selector, enum task_switch_kind kind,
                       unsigned ext, bool has_error, uint16_t error)
{
    struct subject *s = p->context;

    s->task_attempted = true;
    s->task_selector = selector;
    __real_task_enter(p, selector, kind, ext, has_error, error);
}

/* At the end of a run the unit gets the x87 pointers. Here it does not: what a unit keeps of them
 * differs between processors, and how often a run ends differs between the machines. */
void __wrap_native_give_pointers(struct processor *p)
{
    (void)p;
}

/* The task register is written at the commit point of a task switch (and by LTR, in segment.c
 * itself, which does not come here). SDM vol. 3, 7.3, step 11. */
void __wrap_segment_set(struct processor *p, unsigned segment, uint16_t selector,
                        const struct descriptor *descriptor)
{
    struct subject *s = p->context;

    __real_segment_set(p, segment, selector, descriptor);
    if (segment == TR)
        s->task_committed = true;
}
