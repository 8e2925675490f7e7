/* The rules of loads and of privilege, looked at from their results.
 * Not here: which fault a load that is not allowed raises. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "loads.h"

#include "finding.h"
#include "walk.h"

#define SELECTOR_TI   4u
#define IO_BITMAP     0x66u
#define TSS_32_BUSY   0x0bu
#define REAL_ACCESS   0x93u
#define KEPT_IN_REAL  (ATTRIBUTE_G | ATTRIBUTE_DB | ATTRIBUTE_AVL)
#define VIRTUAL_LIMIT 0xffffu

static bool has(const struct segment_state *c, uint32_t attributes)
{
    return (c->attributes & attributes) == attributes;
}

static unsigned dpl(const struct segment_state *c)
{
    return (c->attributes & ATTRIBUTE_DPL) >> ATTRIBUTE_DPL_SHIFT;
}

static unsigned rpl(const struct segment_state *c)
{
    return c->selector & 3u;
}

static bool same(const struct segment_state *a, const struct segment_state *b)
{
    return a->selector == b->selector && a->attributes == b->attributes && a->base == b->base &&
           a->limit == b->limit;
}

/* --- in protected mode -------------------------------------------------------------------------
 */

/* SDM vol. 3, 5.5 to 5.8, read backwards: what a register may hold once it has been loaded. */
static bool may_hold(unsigned segment, const struct segment_state *c, unsigned cpl)
{
    bool code = has(c, ATTRIBUTE_CODE), conforming = code && has(c, ATTRIBUTE_CONFORMING);

    if (!has(c, ATTRIBUTE_P))
        return false;
    if (segment == LDTR)
        return !has(c, ATTRIBUTE_S) && (c->attributes & ATTRIBUTE_TYPE) == 2;
    if (segment == TR)
        return !has(c, ATTRIBUTE_S) && (c->attributes & ATTRIBUTE_TYPE & ~8u) == 3;
    if (!has(c, ATTRIBUTE_S | ATTRIBUTE_ACCESSED))
        return false;
    if (segment == CS)
        return code && rpl(c) == cpl && (conforming ? dpl(c) <= cpl : dpl(c) == cpl);
    if (segment == SS)
        return !code && has(c, ATTRIBUTE_WRITABLE) && dpl(c) == cpl && rpl(c) == cpl;
    return (!code || has(c, ATTRIBUTE_READABLE)) &&
           (conforming || (dpl(c) >= cpl && dpl(c) >= rpl(c)));
}

/* Has the program itself written to these bytes meanwhile? */
static bool overwritten(const struct subject *s, uint32_t linear, uint32_t length)
{
    for (unsigned n = 0; n < s->access_count; n++) {
        const struct access *a = &s->access[n];
        bool type_byte = a->width == 1 && a->linear == linear + 5;

        if (a->write && !a->walk && !type_byte && a->linear - linear + 3 < length + 3)
            return true;
    }
    return s->page_table_written;
}

/* The bit that loading sets in the descriptor, when memory does not keep it. */
static uint32_t bit_not_kept(const struct subject *s, unsigned segment, uint32_t linear,
                             uint32_t attributes)
{
    struct walk w = walk(s, linear + 5, 0);

    if (subject_a20(s, w.physical) < RAM_SIZE)
        return 0;
    if (attributes & ATTRIBUTE_S)
        return ATTRIBUTE_ACCESSED;
    return segment == TR ? ATTRIBUTE_BUSY : 0;
}

/* The cache is the descriptor, as it now stands in memory. */
static void check_against_table(const struct subject *s, unsigned segment,
                                const struct segment_state *c, const struct guest_state *now)
{
    bool local = c->selector & SELECTOR_TI;
    uint32_t base = local ? now->segment[LDTR].base : now->gdtr.base;
    uint32_t limit = local ? now->segment[LDTR].limit : now->gdtr.limit;
    uint32_t index = c->selector & 0xfff8u, linear = base + index, size, attributes;
    uint64_t d;

    if (index + 7 > limit)
        finding(s, "segment register %u holds %04x beyond its table", segment, c->selector);
    if (overwritten(s, linear, 8) || !walk_read_table(s, linear, 8, &d))
        return;
    size = (uint32_t)(d & 0xffff) | (uint32_t)(d >> 32 & 0xf0000);
    if (d >> 55 & 1)
        size = size << 12 | 0xfff;
    attributes = (uint32_t)(d >> 40 & 0xf0ff);
    attributes |= bit_not_kept(s, segment, linear, attributes);
    if (c->base != ((uint32_t)(d >> 16 & 0xffffff) | (uint32_t)(d >> 56 << 24)) ||
        c->limit != size || c->attributes != attributes)
        finding(s, "segment register %u: base %08x limit %08x attributes %05x, descriptor %016llx",
                segment, c->base, c->limit, c->attributes, (unsigned long long)d);
}

/* SYSENTER and SYSEXIT load what no table says. */
static bool flat_by_itself(const struct subject *s)
{
    return s->instruction.two_byte && (s->instruction.opcode | 1) == 0x35;
}

static void check_protected_load(const struct subject *s, unsigned segment,
                                 const struct guest_state *now)
{
    const struct segment_state *c = &now->segment[segment];
    bool null = (c->selector & 0xfffcu) == 0;

    if (has(c, ATTRIBUTE_UNUSABLE)) {
        if (segment == CS || segment == SS || segment == TR || !null)
            finding(s, "segment register %u has become unusable with %04x", segment, c->selector);
        return;
    }
    if (null || !may_hold(segment, c, now->cpl))
        finding(s, "segment register %u holds %04x, attributes %05x, at CPL %u", segment,
                c->selector, c->attributes, now->cpl);
    if (!flat_by_itself(s))
        check_against_table(s, segment, c, now);
}

/* --- in the other modes ------------------------------------------------------------------------
 */

static void check_paragraph_load(const struct subject *s, unsigned segment,
                                 const struct guest_state *now)
{
    const struct segment_state *c = &now->segment[segment];
    const struct segment_state *before = &s->snapshot.state.segment[segment];
    bool virtual = now->eflags & EFLAGS_VM;
    uint32_t limit = virtual ? VIRTUAL_LIMIT : before->limit;
    uint32_t attributes = virtual ? REAL_ACCESS | ATTRIBUTE_DPL
                                  : REAL_ACCESS | (before->attributes & KEPT_IN_REAL);

    if (c->base != (uint32_t)c->selector << 4 || c->limit != limit || c->attributes != attributes)
        finding(s, "segment register %u: %04x base %08x limit %08x attributes %05x", segment,
                c->selector, c->base, c->limit, c->attributes);
}

void check_loads(const struct subject *s)
{
    struct guest_state now;

    processor_save(&s->processor, &now);
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++) {
        if (same(&now.segment[n], &s->snapshot.state.segment[n]))
            continue;
        if (n < LDTR && (!(now.cr0 & CR0_PE) || (now.eflags & EFLAGS_VM)))
            check_paragraph_load(s, n, &now);
        else
            check_protected_load(s, n, &now);
    }
}

/* --- privilege ---------------------------------------------------------------------------------
 */

void check_system_registers(const struct subject *s)
{
    const struct guest_state *before = &s->snapshot.state;
    struct guest_state now;
    uint32_t changed;

    processor_save(&s->processor, &now);
    if (before->cpl == 0 || s->task_committed)
        return;
    changed = now.eflags ^ before->eflags;
    if (now.cr0 != before->cr0 || now.cr3 != before->cr3 || now.cr4 != before->cr4 ||
        now.efer != before->efer || now.cr2 != before->cr2)
        finding(s, "a control register has changed at CPL %u", before->cpl);
    if (now.gdtr.base != before->gdtr.base || now.gdtr.limit != before->gdtr.limit ||
        now.idtr.base != before->idtr.base || now.idtr.limit != before->idtr.limit ||
        !same(&now.segment[LDTR], &before->segment[LDTR]) ||
        !same(&now.segment[TR], &before->segment[TR]))
        finding(s, "a descriptor-table register has changed at CPL %u", before->cpl);
    for (unsigned n = 0; n < 8; n++)
        if (now.dr[n] != before->dr[n])
            finding(s, "DR%u has changed at CPL %u", n, before->cpl);
    if ((changed & EFLAGS_IOPL) || ((changed & EFLAGS_VM) && now.cpl != 0) ||
        ((changed & now.eflags & EFLAGS_IF) && before->cpl > (before->eflags >> 12 & 3)))
        finding(s, "EFLAGS is %08x, was %08x at CPL %u", now.eflags, before->eflags, before->cpl);
    if (now.cpl < before->cpl && s->instruction.opcode != 0x9a && s->instruction.opcode != 0xff &&
        (s->instruction.opcode & 0xfe) != 0xcc && s->instruction.opcode != 0xce &&
        s->instruction.opcode != 0xf1 && !flat_by_itself(s))
        finding(s, "CPL %u has become %u", before->cpl, now.cpl);
}

void check_port_allowed(const struct subject *s, uint16_t port, unsigned width)
{
    const struct processor *p = &s->processor;
    const struct segment *tr = &p->segment[TR];
    uint32_t io_level = p->eflags_rest >> 12 & 3;
    uint64_t map, bits;

    if (!(p->cr0 & CR0_PE) || (!(p->eflags_rest & EFLAGS_VM) && p->cpl <= io_level))
        return;
    if ((tr->attributes & ATTRIBUTE_TYPE) != TSS_32_BUSY || tr->limit < IO_BITMAP + 1)
        finding(s, "port %x at CPL %u with IOPL %u and no bitmap", port, p->cpl, io_level);
    if (!walk_read_table(s, tr->base + IO_BITMAP, 2, &map) ||
        !walk_read_table(s, tr->base + (uint32_t)map + port / 8u, 2, &bits))
        return;
    if (map + port / 8u + 1 > tr->limit || (bits >> port % 8 & ((1u << width) - 1)))
        finding(s, "port %x of %u bytes: bitmap at %llx of limit %x, bits %llx", port, width,
                (unsigned long long)map, tr->limit, (unsigned long long)bits);
}
