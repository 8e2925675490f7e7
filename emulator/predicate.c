/* May VT-x without "unrestricted guest" enter this state? The rules, with a reason for each no.
 * Not here: when to leave the interpreter (run.c and the platform's policy). SDM vol. 3, 26.3.1. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory.h"

#define CR4_KNOWN                                                                                  \
    0x000067ffu /* what P6 to Penryn define; the platform has refused the rest already */
#define CR0_KNOWN          0xe005003fu
#define EFER_KNOWN         (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define RFLAGS_RESERVED    0xffc08028u
#define ATTRIBUTE_RESERVED 0xfffe0f00u
#define PDPTE_RESERVED     0xfff00000000001e6ull

static unsigned dpl_of(const struct segment_state *s)
{
    return (s->attributes & ATTRIBUTE_DPL) >> ATTRIBUTE_DPL_SHIFT;
}

static unsigned rpl_of(const struct segment_state *s)
{
    return s->selector & 3u;
}

static bool usable(const struct segment_state *s)
{
    return !(s->attributes & ATTRIBUTE_UNUSABLE);
}

/* S=1, P=1 and one of the given types (bit n: type n). */
static bool is_segment(const struct segment_state *s, unsigned types)
{
    uint32_t present = ATTRIBUTE_S | ATTRIBUTE_P;

    return (s->attributes & present) == present && ((types >> (s->attributes & 15)) & 1);
}

static bool is_system(const struct segment_state *s, unsigned types)
{
    return (s->attributes & (ATTRIBUTE_S | ATTRIBUTE_P)) == ATTRIBUTE_P &&
           ((types >> (s->attributes & 15)) & 1);
}

static enum hvmassist_entry_rule control_rule(const struct guest_state *g, const uint64_t *pdpte)
{
    bool long_mode = g->efer & EFER_LMA, paging = g->cr0 & CR0_PG;

    if (!(g->cr0 & CR0_PE))
        return paging ? ENTRY_CR0_RESERVED : ENTRY_CR0_PE;
    if ((g->cr0 & ~CR0_KNOWN) || (g->cr0 & (CR0_NW | CR0_CD)) == CR0_NW)
        return ENTRY_CR0_RESERVED;
    if (g->cr4 & ~CR4_KNOWN)
        return ENTRY_CR4_RESERVED;
    if ((g->efer & ~(uint64_t)EFER_KNOWN) || long_mode != (paging && (g->efer & EFER_LME)) ||
        (long_mode && !(g->cr4 & CR4_PAE)))
        return ENTRY_EFER;
    for (unsigned n = 0; pdpte != NULL && paging && (g->cr4 & CR4_PAE) && !long_mode && n < 4;
         n++) {
        if ((pdpte[n] & 1) && (pdpte[n] & PDPTE_RESERVED))
            return ENTRY_PDPTE_RESERVED;
    }
    return ENTRY_OK;
}

static enum hvmassist_entry_rule flags_rule(const struct guest_state *g)
{
    if (!(g->eflags & EFLAGS_FIXED) || (g->eflags & RFLAGS_RESERVED))
        return ENTRY_RFLAGS_RESERVED;
    if ((g->eflags & EFLAGS_VM) && (g->efer & EFER_LMA))
        return ENTRY_RFLAGS_VM;
    if (g->gdtr.limit > 0xffff || g->idtr.limit > 0xffff)
        return ENTRY_TABLE_LIMIT;
    return ENTRY_OK;
}

static enum hvmassist_entry_rule virtual_8086_rule(const struct guest_state *g)
{
    for (unsigned n = ES; n <= GS; n++) {
        const struct segment_state *s = &g->segment[n];

        if (s->base != (uint32_t)s->selector << 4 || s->limit != 0xffff || s->attributes != 0xf3)
            return ENTRY_VM86_SEGMENT;
    }
    return ENTRY_OK;
}

static enum hvmassist_entry_rule code_and_stack_rule(const struct guest_state *g)
{
    const struct segment_state *cs = &g->segment[CS], *ss = &g->segment[SS];
    uint32_t both_sizes = ATTRIBUTE_L | ATTRIBUTE_DB;

    if (!usable(cs) || !is_segment(cs, 1u << 9 | 1u << 11 | 1u << 13 | 1u << 15))
        return ENTRY_CS_TYPE;
    if ((g->efer & EFER_LMA) && (cs->attributes & both_sizes) == both_sizes)
        return ENTRY_CS_TYPE;
    if (cs->attributes & ATTRIBUTE_CONFORMING ? dpl_of(cs) > dpl_of(ss) : dpl_of(cs) != dpl_of(ss))
        return ENTRY_CS_DPL;
    if (rpl_of(ss) != rpl_of(cs))
        return ENTRY_SS_RPL;
    if (dpl_of(ss) != rpl_of(ss))
        return ENTRY_SS_DPL;
    if (usable(ss) && !is_segment(ss, 1u << 3 | 1u << 7))
        return ENTRY_SS_TYPE;
    return ENTRY_OK;
}

static enum hvmassist_entry_rule data_rule(const struct segment_state *s)
{
    /* Accessed, and readable when code: types 1 3 5 7 11 15. */
    unsigned types = 1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 1u << 11 | 1u << 15;

    if (!usable(s))
        return ENTRY_OK;
    if (!is_segment(s, types))
        return ENTRY_DATA_TYPE;
    if ((s->attributes & 15) <= 11 && dpl_of(s) < rpl_of(s))
        return ENTRY_DATA_DPL;
    return ENTRY_OK;
}

static enum hvmassist_entry_rule system_rule(const struct guest_state *g)
{
    const struct segment_state *tr = &g->segment[TR], *ldtr = &g->segment[LDTR];
    unsigned busy = g->efer & EFER_LMA ? 1u << 11 : 1u << 3 | 1u << 11;

    if (tr->selector & 4)
        return ENTRY_TR_SELECTOR;
    if (!usable(tr) || !is_system(tr, busy))
        return ENTRY_TR_TYPE;
    if (!usable(ldtr))
        return ENTRY_OK;
    if (ldtr->selector & 4)
        return ENTRY_LDTR_SELECTOR;
    return is_system(ldtr, 1u << 2) ? ENTRY_OK : ENTRY_LDTR_TYPE;
}

/* Reserved bits and granularity, for every usable register. */
static enum hvmassist_entry_rule attributes_rule(const struct segment_state *s)
{
    bool granular = s->attributes & ATTRIBUTE_G;

    if (!usable(s))
        return ENTRY_OK;
    if (s->attributes & ATTRIBUTE_RESERVED)
        return ENTRY_ATTRIBUTES_RESERVED;
    if ((s->limit & 0xfff) != 0xfff && granular)
        return ENTRY_LIMIT_GRANULARITY;
    if ((s->limit & 0xfff00000u) && !granular)
        return ENTRY_LIMIT_GRANULARITY;
    return ENTRY_OK;
}

static enum hvmassist_entry_rule segments_rule(const struct guest_state *g)
{
    static const uint8_t data[] = {DS, ES, FS, GS};
    enum hvmassist_entry_rule rule = code_and_stack_rule(g);

    for (unsigned n = 0; rule == ENTRY_OK && n < sizeof data; n++)
        rule = data_rule(&g->segment[data[n]]);
    return rule;
}

enum hvmassist_entry_rule entry_rule_broken(const struct guest_state *g, const uint64_t *pdpte)
{
    enum hvmassist_entry_rule rule = control_rule(g, pdpte);

    if (rule == ENTRY_OK)
        rule = flags_rule(g);
    if (rule == ENTRY_OK)
        rule = g->eflags & EFLAGS_VM ? virtual_8086_rule(g) : segments_rule(g);
    if (rule == ENTRY_OK)
        rule = system_rule(g);
    for (unsigned n = ES; rule == ENTRY_OK && n <= TR; n++)
        rule = attributes_rule(&g->segment[n]);
    if (rule != ENTRY_OK)
        return rule;
    if (g->shadow)
        return ENTRY_SHADOW;
    if (g->pending_debug)
        return ENTRY_SINGLE_STEP;
    return g->a20 ? ENTRY_OK : ENTRY_A20;
}
