/* Rolled back or not, field by field and write by write.
 * Not here: accesses out of bounds (limits.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "precise.h"

#include <string.h>

#include "fault.h"
#include "finding.h"

/* Bytes below the stack pointer that an instruction may have written when its last push faults:
 * ENTER with 31 levels writes most. */
#define DEAD_STACK 160u

/* In an FXSAVE image: the pointers, which are kept elsewhere, and what FXSAVE does not write. */
#define UNIT_END 288u

/* What the instruction under way may have changed before it faults. */
struct allowance {
    bool string;       /* ECX, ESI, EDI, and ES:EDI so far */
    bool accumulator;  /* EAX, of LODS */
    bool registers;    /* all but ESP: POPA */
    bool dead_stack;   /* below the stack pointer */
    bool debug_access; /* DR6.BD and DR7.GD */
};

static bool is_string(const struct instruction *i)
{
    return !i->two_byte &&
           ((i->opcode >= 0x6c && i->opcode <= 0x6f) || (i->opcode >= 0xa4 && i->opcode <= 0xa7) ||
            (i->opcode >= 0xaa && i->opcode <= 0xaf));
}

static struct allowance allowance(const struct subject *s)
{
    const struct instruction *i = &s->instruction;
    struct allowance a = {0};

    if (s->phase != PHASE_INSTRUCTION || !s->decoded)
        return a;
    a.string = i->repeat && is_string(i);
    a.accumulator = a.string && (i->opcode | 1) == 0xad;
    if (i->two_byte) {
        a.debug_access = i->opcode == 0x21 || i->opcode == 0x23;
        return a;
    }
    a.registers = i->opcode == 0x61;
    a.dead_stack = i->opcode == 0x60 || i->opcode == 0xc8 || i->opcode == 0xe8 ||
                   i->opcode == 0x9a || (i->opcode == 0xff && (i->reg == 2 || i->reg == 3));
    return a;
}

/* --- registers ---------------------------------------------------------------------------------
 */

static void check_general(const struct subject *s, const struct guest_state *now,
                          const struct allowance *a)
{
    const struct guest_state *before = &s->snapshot.state;

    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++) {
        bool string_register = n == ECX || n == ESI || n == EDI;

        if (now->gpr[n] == before->gpr[n] || (a->string && string_register) ||
            (a->accumulator && n == EAX) || (a->registers && n != ESP))
            continue;
        finding(s, "general register %u is %08x after a fault, was %08x", n, now->gpr[n],
                before->gpr[n]);
    }
}

static void check_segments(const struct subject *s, const struct guest_state *now)
{
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++) {
        const struct segment_state *x = &now->segment[n], *y = &s->snapshot.state.segment[n];

        if (x->selector != y->selector || x->attributes != y->attributes || x->base != y->base ||
            x->limit != y->limit)
            finding(s, "segment register %u has changed before a fault", n);
    }
}

static void check_control(const struct subject *s, const struct guest_state *now,
                          const struct allowance *a)
{
    const struct guest_state *before = &s->snapshot.state;
    uint32_t dr6 = a->debug_access ? 0x2000 : 0, dr7 = dr6, eflags = 0;
    bool page_fault = s->processor.fault.vector == EXCEPTION_PF;

    if (s->phase == PHASE_BOUNDARY) {
        /* The debug registers tell of traps before their delivery faults; RF has done its work. */
        dr6 = 0xffffffffu;
        dr7 = 0x2000;
        eflags = EFLAGS_RF;
    }
    /* The image of a fault that was under delivery has RF set, and so has that of the next one. */
    if (s->phase == PHASE_DELIVERY)
        eflags = EFLAGS_RF;
    if ((now->eflags ^ before->eflags) & ~eflags)
        finding(s, "EFLAGS is %08x after a fault, was %08x", now->eflags, before->eflags);
    if (now->cr0 != before->cr0 || now->cr3 != before->cr3 || now->cr4 != before->cr4 ||
        now->efer != before->efer || (now->cr2 != before->cr2 && !page_fault))
        finding(s, "a control register has changed before a fault");
    if (((now->dr[6] ^ before->dr[6]) & ~dr6) || ((now->dr[7] ^ before->dr[7]) & ~dr7) ||
        memcmp(now->dr, before->dr, 6 * sizeof now->dr[0]) != 0)
        finding(s, "a debug register has changed before a fault");
    if (now->gdtr.base != before->gdtr.base || now->gdtr.limit != before->gdtr.limit ||
        now->idtr.base != before->idtr.base || now->idtr.limit != before->idtr.limit)
        finding(s, "GDTR or IDTR has changed before a fault");
    if (now->cpl != before->cpl || now->a20 != before->a20)
        finding(s, "CPL or A20 has changed before a fault");
    if (s->phase != PHASE_BOUNDARY && now->shadow != before->shadow)
        finding(s, "shadow is %u after a fault, was %u", now->shadow, before->shadow);
    if (memcmp(s->processor.pdpte, s->snapshot.pdpte, sizeof s->snapshot.pdpte) != 0)
        finding(s, "a PDPTE has changed before a fault");
    /* IRET unblocks them even when it faults. */
    if (s->phase == PHASE_INSTRUCTION && s->processor.nmi_blocked != s->snapshot.nmi_blocked &&
        (s->processor.nmi_blocked || s->instruction.two_byte || s->instruction.opcode != 0xcf))
        finding(s, "NMI blocking has changed before a fault");
}

/* Everything but the pointers must be as it was, unless an operation itself faulted. */
static void check_unit(const struct subject *s)
{
    uint8_t unit[UNIT_IMAGE];

    if (s->processor.fault.vector == EXCEPTION_XM || s->processor.fault.vector == EXCEPTION_UD)
        return;
    subject_unit_get(s, unit);
    for (unsigned n = 0; n < UNIT_END; n++)
        if (unit[n] != s->snapshot.unit[n] && (n < UNIT_POINTERS || n >= UNIT_POINTERS_END))
            finding(s, "byte %u of the x87 or SIMD state is %02x after a fault, was %02x", n,
                    unit[n], s->snapshot.unit[n]);
}

/* --- REP ---------------------------------------------------------------------------------------
 */

static unsigned element_width(const struct instruction *i)
{
    return i->opcode & 1 ? i->operand_size : 1;
}

static uint32_t address_mask(const struct instruction *i)
{
    return i->address_size == 2 ? 0xffff : 0xffffffffu;
}

/* Count and indexes must tell of the same number of elements. */
static void check_progress(const struct subject *s, const struct guest_state *now)
{
    const struct instruction *i = &s->instruction;
    const uint32_t *before = s->snapshot.state.gpr, *after = now->gpr;
    uint32_t mask = address_mask(i), done = (before[ECX] - after[ECX]) & mask;
    uint32_t step = s->snapshot.state.eflags & EFLAGS_DF ? 0u - element_width(i) : element_width(i);
    bool source = i->opcode != 0x6c && i->opcode != 0x6d && (i->opcode & 0xfe) != 0xaa &&
                  (i->opcode & 0xfe) != 0xae;
    bool destination = i->opcode != 0x6e && i->opcode != 0x6f && (i->opcode & 0xfe) != 0xac;

    if (((after[ESI] - before[ESI]) & mask) != ((source ? done * step : 0) & mask) ||
        ((after[EDI] - before[EDI]) & mask) != ((destination ? done * step : 0) & mask))
        finding(s, "REP stopped after %u elements with ESI %08x (was %08x), EDI %08x (was %08x)",
                done, after[ESI], before[ESI], after[EDI], before[EDI]);
    if ((after[ECX] & ~mask) != (before[ECX] & ~mask) ||
        (after[ESI] & ~mask) != (before[ESI] & ~mask) ||
        (after[EDI] & ~mask) != (before[EDI] & ~mask))
        finding(s, "REP changed upper halves");
}

/* Written bytes lie in the elements done. */
static bool in_elements(const struct subject *s, const struct guest_state *now,
                        const struct access *a)
{
    const struct instruction *i = &s->instruction;
    uint32_t mask = address_mask(i), width = element_width(i);
    uint32_t done = ((s->snapshot.state.gpr[ECX] - now->gpr[ECX]) & mask) * width;
    uint32_t first = s->snapshot.state.gpr[EDI], offset = a->linear - now->segment[ES].base;

    if (s->snapshot.state.eflags & EFLAGS_DF)
        first = first + width - done;
    /* In 16-bit addressing an element may reach over the end, so that only its start wraps. */
    return ((offset - first) & mask) < done || (mask == 0xffff && offset - 0xffff < width);
}

/* --- memory ------------------------------------------------------------------------------------
 */

/* Accessed and busy bits: limits.c has seen that nothing else of a descriptor changes. */
static bool in_descriptor(const struct guest_state *state, const struct access *a)
{
    const struct segment_state *ldtr = &state->segment[LDTR];

    return a->width == 1 && !a->privilege &&
           !((a->before ^ a->after) & ~(ATTRIBUTE_ACCESSED | ATTRIBUTE_BUSY)) &&
           (a->linear - state->gdtr.base <= state->gdtr.limit ||
            a->linear - ldtr->base <= ldtr->limit);
}

static bool in_dead_stack(const struct guest_state *state, const struct access *a)
{
    const struct segment_state *ss = &state->segment[SS];
    uint32_t mask = ss->attributes & ATTRIBUTE_DB ? 0xffffffffu : 0xffff;
    uint32_t below = (state->gpr[ESP] - (a->linear - ss->base)) & mask;

    return below >= a->width && below <= DEAD_STACK;
}

static void check_memory(const struct subject *s, const struct guest_state *now,
                         const struct allowance *allowed)
{
    for (unsigned n = 0; n < s->access_count; n++) {
        const struct access *a = &s->access[n];

        if (!a->write || a->walk || a->before == a->after || in_descriptor(&s->snapshot.state, a) ||
            (allowed->string && in_elements(s, now, a)) ||
            (allowed->dead_stack && in_dead_stack(&s->snapshot.state, a)))
            continue;
        finding(s, "%u bytes at linear %08x have been written before a fault", a->width, a->linear);
    }
}

static void check_ports(const struct subject *s, const struct allowance *allowed)
{
    for (unsigned n = s->snapshot.journal_count; n < s->journal->count && !allowed->string; n++) {
        enum journal_kind kind = s->journal->entry[n].kind;

        if (kind == JOURNAL_PORT_READ || kind == JOURNAL_PORT_WRITE)
            finding(s, "a port has been accessed before a fault");
    }
}

/* --- all of it ---------------------------------------------------------------------------------
 */

void check_fault(const struct subject *s)
{
    struct allowance allowed = allowance(s);
    struct guest_state now;

    /* What follows the commit point belongs to the new task. */
    if (s->task_committed)
        return;
    processor_save(&s->processor, &now);
    check_general(s, &now, &allowed);
    check_segments(s, &now);
    check_control(s, &now, &allowed);
    check_unit(s);
    if (s->phase == PHASE_INSTRUCTION && now.eip != s->snapshot.state.eip)
        finding(s, "EIP is %08x at a fault of the instruction at %08x", now.eip,
                s->snapshot.state.eip);
    if (allowed.string)
        check_progress(s, &now);
    check_memory(s, &now, &allowed);
    check_ports(s, &allowed);
}

void check_page_fault(const struct subject *s)
{
    const struct processor *p = &s->processor;
    const struct walk_expectation *e = &s->expectation;
    bool page_fault = p->fault.vector == EXCEPTION_PF;

    if (page_fault != (e->armed && e->fault))
        finding(s, "vector %u where the page walk says %s", p->fault.vector,
                e->armed && e->fault ? "#PF" : "no #PF");
    if (page_fault && (p->fault.error != e->error || p->cr2 != e->linear))
        finding(s, "#PF with error code %x, CR2 %08x; expected %x, %08x", p->fault.error, p->cr2,
                e->error, e->linear);
}
