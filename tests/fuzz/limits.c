/* The segment rules and the extent of the system tables, a second time.
 * Not here: which fault a violation is to raise. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "limits.h"

#include "finding.h"
#include "walk.h"

#define PAGE_TABLE_A 0x20u
#define PAGE_TABLE_D 0x40u

static bool has(const struct segment_state *cache, uint32_t attributes)
{
    return (cache->attributes & attributes) == attributes;
}

static bool segments_by_paragraph(const struct guest_state *state)
{
    return !(state->cr0 & CR0_PE) || (state->eflags & EFLAGS_VM);
}

bool cache_allows(const struct guest_state *state, const struct segment_state *cache, bool code,
                  uint32_t offset, uint32_t length, bool write)
{
    uint64_t first = offset, last = first + length - 1;
    uint64_t lowest = 0, highest = cache->limit;
    bool is_code = has(cache, ATTRIBUTE_CODE);

    if (has(cache, ATTRIBUTE_UNUSABLE))
        return false;
    if (!segments_by_paragraph(state)) {
        if (write ? is_code || !has(cache, ATTRIBUTE_WRITABLE)
                  : is_code && !has(cache, ATTRIBUTE_READABLE))
            return false;
    } else if (write && !is_code && !has(cache, ATTRIBUTE_WRITABLE) && !code) {
        return false;
    }
    if (!is_code && has(cache, ATTRIBUTE_EXPAND_DOWN)) {
        lowest = (uint64_t)cache->limit + 1;
        highest = has(cache, ATTRIBUTE_DB) ? 0xffffffffu : 0xffff;
    }
    return first >= lowest && last <= highest;
}

/* --- regions -----------------------------------------------------------------------------------
 */

static bool within(const struct access *a, uint32_t base, uint32_t limit)
{
    uint32_t offset = a->linear - base;

    return offset <= limit && limit - offset >= a->width - 1u;
}

static bool in_data_segment(const struct guest_state *state, const struct access *a)
{
    if (!(a->privilege & ACCESS_USER) != (state->cpl != 3))
        return false;
    for (unsigned n = ES; n <= GS; n++) {
        const struct segment_state *cache = &state->segment[n];

        if (cache_allows(state, cache, n == CS, a->linear - cache->base, a->width, a->write))
            return true;
    }
    return false;
}

static bool in_code_segment(const struct guest_state *state, const struct access *a)
{
    const struct segment_state *cs = &state->segment[CS];

    return !a->write && within(a, cs->base, cs->limit) &&
           !(a->privilege & ACCESS_USER) == (state->cpl != 3);
}

/* Descriptors are read whole; written is the type byte, and there accessed or busy. */
static bool in_descriptor_table(const struct access *a, uint32_t base, uint32_t limit)
{
    if (!within(a, base, limit))
        return false;
    return !a->write || (a->width == 1 && (a->linear - base) % 8 == 5 &&
                         !((a->before ^ a->after) & ~(ATTRIBUTE_ACCESSED | ATTRIBUTE_BUSY)));
}

static bool in_task_state(const struct guest_state *state, const struct access *a)
{
    const struct segment_state *tr = &state->segment[TR];

    return !has(tr, ATTRIBUTE_UNUSABLE) && within(a, tr->base, tr->limit);
}

/* SDM vol. 3, 20.3.3: INT n of a virtual-8086 program with CR4.VME. */
static bool in_program_vectors(const struct guest_state *state, const struct access *a)
{
    return (state->eflags & EFLAGS_VM) && (state->cr4 & CR4_VME) && !a->write &&
           within(a, 0, 0x3ff);
}

static bool in_system_table(const struct guest_state *state, const struct access *a)
{
    const struct segment_state *ldtr = &state->segment[LDTR];

    if (a->privilege & ACCESS_USER)
        return false;
    if (in_descriptor_table(a, state->gdtr.base, state->gdtr.limit) ||
        (!has(ldtr, ATTRIBUTE_UNUSABLE) && in_descriptor_table(a, ldtr->base, ldtr->limit)))
        return true;
    return in_task_state(state, a) || in_program_vectors(state, a) ||
           (!a->write && within(a, state->idtr.base, state->idtr.limit));
}

/* The TSS of a task switch that was begun, before TR names it: read only. */
static bool in_attempted_task(const struct subject *s, const struct access *a)
{
    uint32_t gdt = s->snapshot.state.gdtr.base + (s->task_selector & 0xfff8u);
    uint64_t d;
    uint32_t limit;

    if (!s->task_attempted || a->write || a->privilege || !walk_read_table(s, gdt, 8, &d))
        return false;
    limit = (uint32_t)(d & 0xffff) | (uint32_t)(d >> 32 & 0xf0000);
    if (d >> 55 & 1)
        limit = limit << 12 | 0xfff;
    return within(a, (uint32_t)(d >> 16 & 0xffffff) | (uint32_t)(d >> 56 << 24), limit);
}

/* --- one access --------------------------------------------------------------------------------
 */

static void check_walk_access(const struct subject *s, const struct access *a)
{
    if (a->write && ((a->before ^ a->after) & ~(PAGE_TABLE_A | PAGE_TABLE_D)))
        finding(s, "the page walk writes %08x over %08x at %llx", a->after, a->before,
                (unsigned long long)a->physical);
}

void check_accesses(const struct subject *s)
{
    struct guest_state now;

    processor_save(&s->processor, &now);
    for (unsigned n = 0; n < s->access_count; n++) {
        const struct access *a = &s->access[n];
        const struct guest_state *before = &s->snapshot.state;
        bool allowed;

        if (a->walk) {
            check_walk_access(s, a);
            continue;
        }
        if (a->privilege & ACCESS_FETCH)
            allowed = in_code_segment(before, a);
        else
            allowed = in_data_segment(before, a) || in_system_table(before, a) ||
                      in_data_segment(&now, a) || in_system_table(&now, a) ||
                      in_attempted_task(s, a);
        if (!allowed)
            finding(s, "%s of %u bytes at linear %08x (privilege %u) lies in no segment or table",
                    a->write ? "write" : "read", a->width, a->linear, a->privilege);
    }
}
