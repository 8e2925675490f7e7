/* The second description of delivery. Not here: when it faults itself. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "frame.h"

#include "fault.h"
#include "finding.h"
#include "walk.h"

#define BENIGN 0x100u /* an event under delivery that is no exception */

enum fault_class { CLASS_BENIGN, CLASS_CONTRIBUTORY, CLASS_PAGE_FAULT, CLASS_DOUBLE_FAULT };

/* SDM vol. 3, table 6-4. */
static enum fault_class class_of(unsigned vector)
{
    switch (vector) {
    case EXCEPTION_DE:
    case EXCEPTION_TS:
    case EXCEPTION_NP:
    case EXCEPTION_SS:
    case EXCEPTION_GP:
        return CLASS_CONTRIBUTORY;
    case EXCEPTION_PF:
        return CLASS_PAGE_FAULT;
    case EXCEPTION_DF:
        return CLASS_DOUBLE_FAULT;
    default:
        return CLASS_BENIGN;
    }
}

/* SDM vol. 3, table 6-5. */
static bool doubles(unsigned first, unsigned second)
{
    enum fault_class one = class_of(first), two = class_of(second);

    return (one == CLASS_CONTRIBUTORY && two == CLASS_CONTRIBUTORY) ||
           (one == CLASS_PAGE_FAULT && (two == CLASS_CONTRIBUTORY || two == CLASS_PAGE_FAULT));
}

static void expect_real(const struct subject *s, struct frame_expectation *e)
{
    const struct processor *p = &s->processor;
    uint64_t entry;

    e->beyond_table = e->vector * 4u + 3 > p->idtr.limit;
    e->known = walk_read_table(s, p->idtr.base + e->vector * 4u, 4, &entry);
    e->has_error = false;
    e->width = 2;
    e->selector = (uint16_t)(entry >> 16);
    e->offset = entry & 0xffff;
    e->flags_cleared = EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_RF;
}

static void expect_gate(const struct subject *s, struct frame_expectation *e)
{
    uint64_t gate;
    unsigned type;

    e->beyond_table = e->vector * 8u + 7 > s->processor.idtr.limit;
    if (!walk_read_table(s, s->processor.idtr.base + e->vector * 8u, 8, &gate))
        return;
    type = gate >> 40 & 31;
    e->known = type == 6 || type == 7 || type == 14 || type == 15;
    e->width = type & 8 ? 4 : 2;
    e->selector = (uint16_t)(gate >> 16);
    e->offset = (uint32_t)(gate & 0xffff) | (type & 8 ? (uint32_t)(gate >> 48 << 16) : 0);
    e->flags_cleared = EFLAGS_TF | EFLAGS_VM | EFLAGS_RF | EFLAGS_NT | (type & 1 ? 0 : EFLAGS_IF);
}

void frame_expect(const struct subject *s, struct frame_expectation *e)
{
    const struct processor *p = &s->processor;

    *e = (struct frame_expectation){.vector = p->fault.vector, .error = p->fault.error};
    if (p->delivering && p->delivering != BENIGN && doubles(p->delivering - 1u, p->fault.vector)) {
        e->vector = EXCEPTION_DF;
        e->error = 0;
    }
    e->has_error = e->vector == 8 || (e->vector >= 10 && e->vector <= 14) || e->vector == 17;
    if (p->cr0 & CR0_PE)
        expect_gate(s, e);
    else
        expect_real(s, e);
    if (p->delivering == EXCEPTION_DF + 1 && class_of(p->fault.vector) != CLASS_BENIGN)
        e->known = e->beyond_table = false; /* a shutdown */
}

/* --- afterwards --------------------------------------------------------------------------------
 */

struct reader {
    const struct subject *s;
    const struct frame_expectation *expected;
    uint32_t offset;
    bool lost; /* on a page outside RAM, or one whose tables the frame itself has changed */
};

/* The next element of the frame is to be `value`; bits out of `mask` are not compared. */
static void element(struct reader *r, const char *name, uint32_t value, uint32_t mask)
{
    const struct processor *p = &r->s->processor;
    uint32_t stack = p->segment[SS].attributes & ATTRIBUTE_DB ? 0xffffffffu : 0xffff, seen = 0;
    unsigned width = r->expected->width;

    for (unsigned n = 0; n < width; n++) {
        uint32_t linear = p->segment[SS].base + (r->offset & stack) + n;
        struct walk w = walk(r->s, linear, 0);
        uint64_t physical = subject_a20(r->s, w.physical);

        if (w.fault || physical >= RAM_SIZE)
            r->lost = true;
        else
            seen |= subject_peek(r->s, physical, 1) << (8 * n);
    }
    r->offset += width;
    mask &= width == 2 ? 0xffff : 0xffffffffu;
    if (!r->lost && ((seen ^ value) & mask))
        finding(r->s, "vector %u: %s on the stack is %08x, expected %08x", r->expected->vector,
                name, seen, value);
}

static void check_stack(const struct subject *s, const struct frame_expectation *e)
{
    const struct guest_state *before = &s->snapshot.state;
    const struct processor *p = &s->processor;
    bool virtual = before->eflags & EFLAGS_VM, inner = p->cpl != before->cpl;
    /* Whether RF is set in the image of #DB and of aborts is the debug guests' to say. */
    bool fault = e->vector != EXCEPTION_DB && e->vector != EXCEPTION_DF;
    uint32_t eflags = before->eflags | (fault && (before->cr0 & CR0_PE) ? EFLAGS_RF : 0);
    struct reader r = {.s = s, .expected = e, .offset = p->gpr[ESP], .lost = s->page_table_written};

    if (e->has_error)
        element(&r, "error code", e->error, 0xffff);
    element(&r, "EIP", before->eip, 0xffffffffu);
    element(&r, "CS", before->segment[CS].selector, 0xffff);
    element(&r, "EFLAGS", eflags, fault ? 0xffffffffu : ~EFLAGS_RF);
    if (inner) {
        element(&r, "ESP", before->gpr[ESP], 0xffffffffu);
        element(&r, "SS", before->segment[SS].selector, 0xffff);
    } else {
        uint32_t mask = before->segment[SS].attributes & ATTRIBUTE_DB ? 0xffffffffu : 0xffff;

        if ((r.offset ^ before->gpr[ESP]) & mask || (p->gpr[ESP] ^ before->gpr[ESP]) & ~mask)
            finding(s, "ESP is %08x after delivery, was %08x", p->gpr[ESP], before->gpr[ESP]);
    }
    if (virtual) {
        element(&r, "ES", before->segment[ES].selector, 0xffff);
        element(&r, "DS", before->segment[DS].selector, 0xffff);
        element(&r, "FS", before->segment[FS].selector, 0xffff);
        element(&r, "GS", before->segment[GS].selector, 0xffff);
    }
}

void frame_check(const struct subject *s, const struct frame_expectation *e)
{
    static const uint8_t data[] = {ES, DS, FS, GS};
    const struct guest_state *before = &s->snapshot.state;
    struct guest_state now;

    if (e->beyond_table)
        finding(s, "vector %u is delivered beyond the IDTR limit %x", e->vector,
                before->idtr.limit);
    if (!e->known)
        return;
    processor_save(&s->processor, &now);
    if (now.eip != e->offset || (now.segment[CS].selector & 0xfffcu) != (e->selector & 0xfffcu))
        finding(s, "vector %u goes to %04x:%08x, expected %04x:%08x", e->vector,
                now.segment[CS].selector, now.eip, e->selector, e->offset);
    if (now.cpl > before->cpl)
        finding(s, "delivery from CPL %u to CPL %u", before->cpl, now.cpl);
    if (now.eflags != (before->eflags & ~e->flags_cleared))
        finding(s, "EFLAGS is %08x in the handler, was %08x, to be cleared are %08x", now.eflags,
                before->eflags, e->flags_cleared);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        if (n != ESP && now.gpr[n] != before->gpr[n])
            finding(s, "delivery changes general register %u", n);
    for (unsigned n = 0; n < sizeof data; n++) {
        const struct segment_state *x = &now.segment[data[n]], *y = &before->segment[data[n]];
        bool dropped = before->eflags & EFLAGS_VM;

        if (dropped ? x->selector != 0 || !(x->attributes & ATTRIBUTE_UNUSABLE)
                    : x->selector != y->selector || x->base != y->base || x->limit != y->limit ||
                          x->attributes != y->attributes)
            finding(s, "delivery leaves segment register %u as %04x", data[n], x->selector);
    }
    check_stack(s, e);
}
