/* "May the hardware run this state?": the interpreter's predicate against a checker written on its
 * own from the same pages of the SDM, over random states, and against states tried one by one on a
 * processor model with VT-x. Not here: either check. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "case.h"
#include "entry_check.h"
#include "native_compare.h"

#define SEED         0x510e527fade682d1ull
#define RANDOM_COUNT 3000000u

/* Everything that the interpreter's own CR4 and EFER can hold. */
static const struct entry_processor checker = {
    .cr4_supported = 0x67ff,
    .efer_supported = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE,
    .physical_address_bits = 52,
};

static enum hvmassist_entry_rule other_opinion(const struct guest_state *g, const uint64_t *pdpte)
{
    /* From the interpreter's order, which is the VMCS's, to the checker's. */
    static const uint8_t order[] = {ES, CS, SS, DS, FS, GS, LDTR, TR};
    struct entry_state state = {
        .cr0 = g->cr0,
        .cr3 = g->cr3,
        .cr4 = g->cr4,
        .efer = g->efer,
        .dr6 = g->dr[6],
        .dr7 = g->dr[7],
        .rip = g->eip,
        .rflags = g->eflags,
        .gdtr_limit = g->gdtr.limit,
        .idtr_limit = g->idtr.limit,
        .pdptes_known = pdpte != NULL,
    };
    enum hvmassist_entry_rule rule;

    for (unsigned n = 0; n < ENTRY_SEGMENT_COUNT; n++) {
        const struct segment_state *s = &g->segment[order[n]];

        state.segments[n] = (struct entry_segment){s->selector, s->limit, s->attributes, s->base};
    }
    if (pdpte)
        memcpy(state.pdptes, pdpte, sizeof(state.pdptes));
    rule = entry_check(&state, &checker, NULL);
    if (rule != ENTRY_OK)
        return rule;
    /* What entry_check leaves to its caller. */
    if (g->segment[CS].attributes & ATTRIBUTE_UNUSABLE)
        return ENTRY_CS_TYPE;
    if (g->shadow)
        return ENTRY_SHADOW;
    if (g->pending_debug)
        return ENTRY_SINGLE_STEP;
    return g->a20 ? ENTRY_OK : ENTRY_A20;
}

/* --- legal states -------------------------------------------------------------------------------
 */

static void flat(struct guest_state *g, unsigned cpl)
{
    uint32_t dpl = cpl << ATTRIBUTE_DPL_SHIFT;

    memset(g, 0, sizeof(*g));
    g->cr0 = CR0_PE | CR0_ET | CR0_NE;
    g->eflags = EFLAGS_FIXED;
    g->dr[6] = DR6_FIXED;
    g->dr[7] = DR7_FIXED;
    g->gdtr.limit = 0xffff;
    g->idtr.limit = 0x7ff;
    g->a20 = true;
    g->cpl = (uint8_t)cpl;
    for (unsigned n = ES; n <= GS; n++)
        g->segment[n] =
            (struct segment_state){(uint16_t)(0x10 | cpl), ATTRIBUTES_DATA_0 | dpl, 0, 0xffffffff};
    g->segment[CS] =
        (struct segment_state){(uint16_t)(8 | cpl), ATTRIBUTES_CODE_0 | dpl, 0, 0xffffffff};
    g->segment[TR] = (struct segment_state){0x18, 0x8b, 0x1000, 0x67};
    g->segment[LDTR] = (struct segment_state){0, ATTRIBUTE_UNUSABLE, 0, 0};
}

static void legal_state(struct guest_state *g, uint64_t pdpte[4], struct random *r)
{
    static const uint8_t data_types[] = {1, 3, 5, 7, 11, 15}, code_types[] = {9, 11, 13, 15};
    unsigned cpl = random_below(r, 4);

    flat(g, cpl);
    memset(pdpte, 0, 4 * sizeof(pdpte[0]));
    if (random_below(r, 8) == 0) { /* virtual-8086 mode */
        g->eflags |= EFLAGS_VM;
        for (unsigned n = ES; n <= GS; n++) {
            uint16_t selector = (uint16_t)random_next(r);

            g->segment[n] = (struct segment_state){selector, 0xf3, (uint32_t)selector << 4, 0xffff};
        }
    } else {
        for (unsigned n = ES; n <= GS; n++) {
            struct segment_state *s = &g->segment[n];
            uint8_t type = n == CS   ? code_types[random_below(r, 4)]
                           : n == SS ? (random_below(r, 2) ? 3 : 7)
                                     : data_types[random_below(r, 6)];

            s->attributes = (s->attributes & ~15u) | type;
            if (random_below(r, 3) == 0) {
                s->limit = random_below(r, 0x100000);
                s->attributes &= ~ATTRIBUTE_G;
            }
            if (random_below(r, 3) == 0)
                s->base = (uint32_t)random_next(r);
            if (random_below(r, 6) == 0 && n != CS)
                s->attributes |= ATTRIBUTE_UNUSABLE;
        }
    }
    if (random_below(r, 2))
        g->segment[LDTR] = (struct segment_state){0x20, 0x82, 0x2000, 0xff};
    if (random_below(r, 3) == 0)
        g->segment[TR] = (struct segment_state){0x18, 0x83, 0x1000, 0x2b};
    if (random_below(r, 2)) {
        g->cr0 |= CR0_PG;
        g->cr3 = (uint32_t)random_next(r) & ~0xfffu;
        if (random_below(r, 2)) {
            g->cr4 |= CR4_PAE;
            for (unsigned n = 0; n < 4; n++)
                pdpte[n] = (random_next(r) & 0x000ffffffffff000ull) | 1;
        }
    }
}

/* --- spoiling them ------------------------------------------------------------------------------
 */

static uint32_t one_bit(struct random *r)
{
    return 1u << random_below(r, 32);
}

static void spoil(struct guest_state *g, uint64_t pdpte[4], struct random *r)
{
    struct segment_state *s = &g->segment[random_below(r, SEGMENT_REGISTER_COUNT)];

    switch (random_below(r, 16)) {
    case 0:
        g->cr0 ^= one_bit(r);
        break;
    case 1:
        g->cr4 ^= one_bit(r);
        break;
    case 2:
        g->efer ^=
            random_below(r, 2) ? 1ull << random_below(r, 64) : (uint64_t)(EFER_LME | EFER_LMA);
        break;
    case 3:
        pdpte[random_below(r, 4)] ^= 1ull << random_below(r, 64);
        break;
    case 4:
        g->eflags ^= one_bit(r);
        break;
    case 5:
        g->gdtr.limit = (uint32_t)random_next(r) & 0x1ffff;
        break;
    case 6:
        g->idtr.limit = (uint32_t)random_next(r) & 0x1ffff;
        break;
    case 7:
        g->shadow = (uint8_t)random_below(r, 3);
        break;
    case 8:
        g->pending_debug = random_below(r, 2) ? 0x4000 : 0;
        break;
    case 9:
        g->a20 = random_below(r, 2);
        break;
    case 10:
        s->selector ^= (uint16_t)(1u << random_below(r, 16));
        break;
    case 11:
        s->limit ^= one_bit(r);
        break;
    case 12:
        s->base ^= one_bit(r);
        break;
    default:
        s->attributes ^= 1u << random_below(r, random_below(r, 4) ? 18 : 32);
        break;
    }
}

/* --- tests --------------------------------------------------------------------------------------
 */

/* Rules that the interpreter's 32-bit state cannot break. */
static bool out_of_reach(unsigned rule)
{
    return rule == ENTRY_CR3_RESERVED || rule == ENTRY_DEBUG || rule == ENTRY_RIP ||
           rule == ENTRY_BASE_HIGH || rule == ENTRY_EVENT;
}

static void two_checkers_agree(void **state)
{
    struct random r = {SEED};
    unsigned long hit[ENTRY_RULE_COUNT] = {0};

    (void)state;
    for (unsigned n = 0; n < RANDOM_COUNT; n++) {
        struct guest_state g;
        uint64_t pdpte[4];
        unsigned spoils = random_below(&r, 4);
        enum hvmassist_entry_rule ours, theirs;

        legal_state(&g, pdpte, &r);
        for (unsigned k = 0; k < spoils; k++)
            spoil(&g, pdpte, &r);
        ours = entry_rule_broken(&g, pdpte);
        theirs = other_opinion(&g, pdpte);
        hit[ours]++;
        /* With several rules broken the order is each one's own. */
        if (spoils > 1 ? !ours != !theirs : ours != theirs)
            fail_msg("seed %llx, state %u: \"%s\" against \"%s\"", SEED, n, entry_rule_text(ours),
                     entry_rule_text(theirs));
        if (!spoils)
            assert_int_equal(ours, ENTRY_OK);
    }
    for (unsigned rule = 0; rule < ENTRY_RULE_COUNT; rule++) {
        if (!hit[rule] != out_of_reach(rule) && rule != ENTRY_RFLAGS_VM)
            fail_msg("\"%s\" was hit %lu times", entry_rule_text(rule), hit[rule]);
    }
}

/* Each broken rule in a state that is legal otherwise. RFLAGS.VM with IA-32e mode needs two bits.
 */
static void virtual_8086_and_long_mode_exclude_each_other(void **state)
{
    struct guest_state g;
    uint64_t pdpte[4];
    struct random r = {SEED};

    (void)state;
    do
        legal_state(&g, pdpte, &r);
    while (!(g.eflags & EFLAGS_VM) || !(g.cr4 & CR4_PAE));
    assert_int_equal(entry_rule_broken(&g, pdpte), ENTRY_OK);
    g.efer = EFER_LME | EFER_LMA;
    assert_int_equal(entry_rule_broken(&g, pdpte), ENTRY_RFLAGS_VM);
    assert_int_equal(other_opinion(&g, pdpte), ENTRY_RFLAGS_VM);
}

enum field { SELECTOR, ATTRIBUTES, LIMIT };

struct change {
    int segment; /* -1: none */
    enum field field;
    uint32_t value;
};

/* Changes to a flat ring 0 state, as injected one at a time into a processor model with VT-x;
 * whether it took them. The data rules that this model is known to be lax about follow the SDM. */
static const struct {
    enum hvmassist_entry_rule rule;
    struct change change[4];
} tried[] = {
    {ENTRY_SS_RPL, {{CS, SELECTOR, 9}, {-1, 0, 0}}},
    {ENTRY_SS_RPL, {{SS, SELECTOR, 0x11}, {-1, 0, 0}}},
    {ENTRY_SS_DPL, {{CS, SELECTOR, 9}, {SS, SELECTOR, 0x11}, {-1, 0, 0}}},
    {ENTRY_CS_TYPE, {{CS, ATTRIBUTES, 0xc093}, {-1, 0, 0}}},
    {ENTRY_CS_TYPE, {{CS, ATTRIBUTES, 0xc09a}, {-1, 0, 0}}},
    {ENTRY_CS_DPL, {{CS, ATTRIBUTES, 0xc0fb}, {-1, 0, 0}}},
    {ENTRY_CS_DPL, {{CS, ATTRIBUTES, 0xc0ff}, {-1, 0, 0}}},
    {ENTRY_CS_DPL, {{SS, ATTRIBUTES, 0xc0f3}, {-1, 0, 0}}},
    {ENTRY_SS_DPL, {{CS, ATTRIBUTES, 0xc0fb}, {SS, ATTRIBUTES, 0x1c0f3}, {-1, 0, 0}}},
    {ENTRY_SS_TYPE, {{SS, ATTRIBUTES, 0xc09b}, {-1, 0, 0}}},
    {ENTRY_SS_TYPE, {{SS, ATTRIBUTES, 0xc092}, {-1, 0, 0}}},
    {ENTRY_DATA_TYPE, {{DS, ATTRIBUTES, 0xc092}, {-1, 0, 0}}},
    {ENTRY_DATA_TYPE, {{DS, ATTRIBUTES, 0xc099}, {-1, 0, 0}}},
    {ENTRY_DATA_DPL, {{DS, SELECTOR, 0x13}, {-1, 0, 0}}},
    {ENTRY_DATA_TYPE, {{DS, ATTRIBUTES, 0xc013}, {-1, 0, 0}}},
    {ENTRY_DATA_TYPE, {{DS, ATTRIBUTES, 0xc083}, {-1, 0, 0}}},
    {ENTRY_ATTRIBUTES_RESERVED, {{DS, ATTRIBUTES, 0xc193}, {-1, 0, 0}}},
    {ENTRY_ATTRIBUTES_RESERVED, {{DS, ATTRIBUTES, 0x2c093}, {-1, 0, 0}}},
    {ENTRY_LIMIT_GRANULARITY, {{DS, LIMIT, 0xfffffffe}, {-1, 0, 0}}},
    {ENTRY_LIMIT_GRANULARITY, {{DS, ATTRIBUTES, 0x4093}, {-1, 0, 0}}},
    {ENTRY_TR_TYPE, {{TR, ATTRIBUTES, 0x89}, {-1, 0, 0}}},
    {ENTRY_TR_TYPE, {{TR, ATTRIBUTES, 0x1008b}, {-1, 0, 0}}},
    {ENTRY_TR_SELECTOR, {{TR, SELECTOR, 0x1c}, {-1, 0, 0}}},
    {ENTRY_LDTR_TYPE, {{LDTR, ATTRIBUTES, 0x83}, {LDTR, SELECTOR, 0x20}, {-1, 0, 0}}},
    {ENTRY_LDTR_SELECTOR, {{LDTR, ATTRIBUTES, 0x82}, {LDTR, SELECTOR, 0x24}, {-1, 0, 0}}},
    {ENTRY_DATA_DPL, {{FS, ATTRIBUTES, 0xc09b}, {FS, SELECTOR, 0xb}, {-1, 0, 0}}}, /* lax there */
    /* taken */
    {ENTRY_OK, {{-1, 0, 0}}},
    {ENTRY_OK, {{DS, SELECTOR, 0}, {DS, ATTRIBUTES, 0x93}, {DS, LIMIT, 0xffff}, {-1, 0, 0}}},
    {ENTRY_OK, {{DS, ATTRIBUTES, 0x10000}, {-1, 0, 0}}},
    {ENTRY_OK, {{SS, ATTRIBUTES, 0x10000}, {-1, 0, 0}}},
    {ENTRY_OK, {{CS, ATTRIBUTES, 0xc09f}, {-1, 0, 0}}},
    {ENTRY_OK, {{DS, ATTRIBUTES, 0xc097}, {-1, 0, 0}}},
    {ENTRY_OK, {{ES, ATTRIBUTES, 0xc09f}, {ES, SELECTOR, 0xb}, {-1, 0, 0}}},
    {ENTRY_OK, {{TR, ATTRIBUTES, 0x83}, {-1, 0, 0}}},
    {ENTRY_OK, {{LDTR, ATTRIBUTES, 0x82}, {LDTR, SELECTOR, 0x20}, {-1, 0, 0}}},
    /* passed through on the way: real-mode caches just after CR0.PE was set */
    {ENTRY_CS_TYPE,
     {{CS, ATTRIBUTES, 0x93}, {CS, LIMIT, 0xffff}, {CS, SELECTOR, 0x1000}, {-1, 0, 0}}},
    {ENTRY_SS_RPL, {{SS, SELECTOR, 0x9fc1}, {-1, 0, 0}}},
};

static void states_tried_on_vt_x(void **state)
{
    (void)state;
    for (unsigned n = 0; n < sizeof(tried) / sizeof(tried[0]); n++) {
        struct guest_state g;
        enum hvmassist_entry_rule rule;

        flat(&g, 0);
        for (unsigned c = 0; c < 4 && tried[n].change[c].segment >= 0; c++) {
            const struct change *change = &tried[n].change[c];
            struct segment_state *s = &g.segment[change->segment];

            if (change->field == SELECTOR)
                s->selector = (uint16_t)change->value;
            else if (change->field == ATTRIBUTES)
                s->attributes = change->value;
            else
                s->limit = change->value;
        }
        rule = entry_rule_broken(&g, NULL);
        if (rule != tried[n].rule)
            fail_msg("state %u: \"%s\", not \"%s\"", n, entry_rule_text(rule),
                     entry_rule_text(tried[n].rule));
    }
}

/* The registers that are no segments. */
static void other_registers_tried_on_vt_x(void **state)
{
    static const struct {
        enum hvmassist_entry_rule rule;
        uint32_t cr0, cr4, eflags, gdtr_limit, idtr_limit;
        uint8_t shadow;
    } row[] = {
        {ENTRY_OK, 0x80000031, 0x10, 0x202, 0xffff, 0x7ff, 0},
        {ENTRY_CR0_PE, 0x00000030, 0, 2, 0xffff, 0xffff, 0},
        {ENTRY_CR0_RESERVED, 0x00000071, 0, 2, 0xffff, 0xffff, 0},
        {ENTRY_CR0_RESERVED, 0x20000031, 0, 2, 0xffff, 0xffff, 0}, /* NW without CD */
        {ENTRY_OK, 0x60000031, 0, 2, 0xffff, 0xffff, 0},
        {ENTRY_CR4_RESERVED, 0x00000031, 0x80000000, 2, 0xffff, 0xffff, 0},
        {ENTRY_RFLAGS_RESERVED, 0x00000031, 0, 0, 0xffff, 0xffff, 0},
        {ENTRY_RFLAGS_RESERVED, 0x00000031, 0, 0xa, 0xffff, 0xffff, 0},
        {ENTRY_RFLAGS_RESERVED, 0x00000031, 0, 0x8002, 0xffff, 0xffff, 0},
        {ENTRY_RFLAGS_RESERVED, 0x00000031, 0, 0x400002, 0xffff, 0xffff, 0},
        {ENTRY_VM86_SEGMENT, 0x00000031, 0, 0x20002, 0xffff, 0xffff, 0},
        {ENTRY_TABLE_LIMIT, 0x00000031, 0, 2, 0x10000, 0xffff, 0},
        {ENTRY_TABLE_LIMIT, 0x00000031, 0, 2, 0xffff, 0x10000, 0},
        {ENTRY_SHADOW, 0x00000031, 0, 0x202, 0xffff, 0xffff, SHADOW_STI},
        {ENTRY_SHADOW, 0x00000031, 0, 0x202, 0xffff, 0xffff, SHADOW_MOV_SS},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        struct guest_state g;
        enum hvmassist_entry_rule rule;

        flat(&g, 0);
        g.cr0 = row[n].cr0;
        g.cr4 = row[n].cr4;
        g.eflags = row[n].eflags;
        g.gdtr.limit = row[n].gdtr_limit;
        g.idtr.limit = row[n].idtr_limit;
        g.shadow = row[n].shadow;
        rule = entry_rule_broken(&g, NULL);
        if (rule != row[n].rule)
            fail_msg("state %u: \"%s\", not \"%s\"", n, entry_rule_text(rule),
                     entry_rule_text(row[n].rule));
    }
}

static void every_rule_has_a_text(void **state)
{
    (void)state;
    for (unsigned rule = 0; rule < ENTRY_RULE_COUNT; rule++) {
        assert_non_null(entry_rule_text(rule));
        for (unsigned other = 0; other < rule; other++)
            assert_string_not_equal(entry_rule_text(rule), entry_rule_text(other));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_checkers_agree),
        cmocka_unit_test(virtual_8086_and_long_mode_exclude_each_other),
        cmocka_unit_test(states_tried_on_vt_x),
        cmocka_unit_test(other_registers_tried_on_vt_x),
        cmocka_unit_test(every_rule_has_a_text),
    };

    return CASE_MAIN(tests);
}
