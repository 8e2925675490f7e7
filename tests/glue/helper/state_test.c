/* The helper's rules of VM entry: legal states pass, each state that is wrong in one way is refused
 * with its rule, and random states get the verdict of rules that were written for another program.
 * Not here: those other rules (tests/testvisor). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "state_check.h"

#include "context.h"

#include "../../testvisor/entry_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RANDOM_STATES 400000u

static const struct state_limits limits = {
    .cr4 = 0x67ff, .efer = 0xd01, .physical_address_bits = 40};
static const struct entry_processor processor = {
    .cr4_supported = 0x67ff, .efer_supported = 0xd01, .physical_address_bits = 40};

static struct hvm_hw_cpu c;
static uint64_t pdptes[STATE_PDPTES];

static void flat(void)
{
    memset(pdptes, 0, sizeof pdptes);
    c = (struct hvm_hw_cpu){
        .rip = 0x1000,
        .rflags = 2,
        .cr0 = 0x11,
        .dr6 = 0xffff0ff0,
        .dr7 = 0x400,
        .cs_sel = 8,
        .cs_limit = 0xffffffff,
        .cs_arbytes = 0xc9b,
        .ds_sel = 16,
        .ds_limit = 0xffffffff,
        .ds_arbytes = 0xc93,
        .es_sel = 16,
        .es_limit = 0xffffffff,
        .es_arbytes = 0xc93,
        .fs_sel = 16,
        .fs_limit = 0xffffffff,
        .fs_arbytes = 0xc93,
        .gs_sel = 16,
        .gs_limit = 0xffffffff,
        .gs_arbytes = 0xc93,
        .ss_sel = 16,
        .ss_limit = 0xffffffff,
        .ss_arbytes = 0xc93,
        .tr_sel = 24,
        .tr_limit = 0x67,
        .tr_arbytes = 0x8b,
        .gdtr_limit = 0xffff,
    };
}

static void user(void)
{
    flat();
    c.cs_sel = 0x1b, c.cs_arbytes = 0xcfb;
    c.ss_sel = 0x23, c.ss_arbytes = 0xcf3;
    c.ds_sel = c.es_sel = c.fs_sel = c.gs_sel = 0x23;
    c.ds_arbytes = c.es_arbytes = c.fs_arbytes = c.gs_arbytes = 0xcf3;
}

static void virtual_8086(void)
{
    flat();
    c.rflags |= 1u << 17;
    c.cs_sel = 0xf000, c.ds_sel = 0x40, c.es_sel = 0xffff, c.fs_sel = 0, c.gs_sel = 1, c.ss_sel = 9;
#define V86(name)                                                                                  \
    c.name##_base = (uint64_t)c.name##_sel << 4, c.name##_limit = 0xffff, c.name##_arbytes = 0xf3
    V86(cs), V86(ds), V86(es), V86(fs), V86(gs), V86(ss);
#undef V86
}

static void long_mode(void)
{
    flat();
    c.cr0 = 0x80000011;
    c.cr4 = 0x20;
    c.msr_efer = 0x500;
    c.cs_arbytes = 0xa9b;
    c.rip = 0xffff800000001000;
    c.gs_base = 0xffff888000000000;
    c.tr_base = 0xffffffff81000000;
    c.gdtr_base = 0xffffffff82000000;
}

static void pae(void)
{
    flat();
    c.cr0 = 0x80000011;
    c.cr4 = 0x20;
    c.cr3 = 0x1020;
    pdptes[0] = 0x2001;
}

static enum hvmassist_entry_rule verdict(void)
{
    return state_check(&c, &limits, pdptes);
}

/* A state, changed in one field, and what becomes of it. */
struct trial {
    const char *name;
    void (*state)(void);
    size_t offset, size;
    uint64_t value;
    enum hvmassist_entry_rule rule;
};

#define TRIAL(state, field, value, rule)                                                           \
    {                                                                                              \
#state ", " #field " = " #value, state, offsetof(struct hvm_hw_cpu, field),                \
            sizeof(((struct hvm_hw_cpu *)0)->field), value, rule                                   \
    }

static const struct trial trials[] = {
    TRIAL(flat, rip, 0x1000, ENTRY_OK),
    TRIAL(flat, cr0, 0x10, ENTRY_CR0_PE),
    TRIAL(flat, cr0, 0x01, ENTRY_CR0_RESERVED), /* ET */
    TRIAL(flat, cr0, 0x80000010, ENTRY_CR0_RESERVED),
    TRIAL(flat, cr0, 0x20000011, ENTRY_CR0_RESERVED), /* NW */
    TRIAL(flat, cr0, 0x60000011, ENTRY_OK),
    TRIAL(flat, cr0, 0x51, ENTRY_CR0_RESERVED),
    TRIAL(flat, cr0, 0x100000011, ENTRY_CR0_RESERVED),
    TRIAL(flat, cr4, 0x2000, ENTRY_OK),
    TRIAL(flat, cr4, 0x8000, ENTRY_CR4_RESERVED),
    TRIAL(flat, cr4, 0x20000, ENTRY_CR4_RESERVED),
    TRIAL(flat, cr3, 0xffffffffffull, ENTRY_OK),
    TRIAL(flat, cr3, 0x10000000000ull, ENTRY_CR3_RESERVED),
    TRIAL(flat, msr_efer, 0x801, ENTRY_OK),
    TRIAL(flat, msr_efer, 0x100, ENTRY_OK), /* LME before PG */
    TRIAL(flat, msr_efer, 0x400, ENTRY_EFER),
    TRIAL(flat, msr_efer, 0x1000, ENTRY_EFER),
    TRIAL(flat, dr6, 0x1ffff0ff0, ENTRY_DEBUG),
    TRIAL(flat, dr7, 0x100000400, ENTRY_DEBUG),
    TRIAL(flat, dr2, 0x100000000, ENTRY_DEBUG),
    TRIAL(flat, rip, 0x100000000, ENTRY_RIP),
    TRIAL(flat, rflags, 0, ENTRY_RFLAGS_RESERVED),
    TRIAL(flat, rflags, 0xa, ENTRY_RFLAGS_RESERVED),
    TRIAL(flat, rflags, 0x8002, ENTRY_RFLAGS_RESERVED),
    TRIAL(flat, rflags, 0x400002, ENTRY_RFLAGS_RESERVED),
    TRIAL(flat, rflags, 0x3d7fd7, ENTRY_OK),
    TRIAL(flat, pending_event, 0x80000020, ENTRY_EVENT),
    TRIAL(flat, error_code, 1, ENTRY_EVENT),
    TRIAL(flat, gdtr_limit, 0x10000, ENTRY_TABLE_LIMIT),
    TRIAL(flat, idtr_limit, 0x10000, ENTRY_TABLE_LIMIT),
    TRIAL(flat, idtr_base, 0x1000000000000, ENTRY_BASE_HIGH),
    TRIAL(flat, cs_arbytes, 0xc93, ENTRY_CS_TYPE), /* as real mode leaves it */
    TRIAL(flat, cs_arbytes, 0xc9a, ENTRY_CS_TYPE),
    TRIAL(flat, cs_arbytes, 0xc1b, ENTRY_CS_TYPE),
    TRIAL(flat, cs_arbytes, 0xcfb, ENTRY_CS_DPL),
    TRIAL(flat, cs_arbytes, 0xc9f, ENTRY_OK), /* conforming */
    TRIAL(user, cs_arbytes, 0xc9f, ENTRY_OK), /* conforming, of ring 0 */
    TRIAL(flat, cs_arbytes, 0xcff, ENTRY_CS_DPL),
    TRIAL(flat, cs_sel, 0x0b, ENTRY_SS_RPL),
    TRIAL(flat, cs_sel, 0x10008, ENTRY_ATTRIBUTES_RESERVED),
    TRIAL(flat, cs_base, 0x100000000, ENTRY_BASE_HIGH),
    TRIAL(flat, cs_base, 0x90000, ENTRY_OK),
    TRIAL(flat, cs_limit, 0xfffffffe, ENTRY_LIMIT_GRANULARITY),
    TRIAL(flat, cs_arbytes, 0x49b, ENTRY_LIMIT_GRANULARITY),
    TRIAL(flat, cs_arbytes, 0x1c9b, ENTRY_ATTRIBUTES_RESERVED),
    TRIAL(flat, ss_sel, 0x9fc1, ENTRY_SS_RPL),
    TRIAL(flat, ss_sel, 0, ENTRY_OK), /* null and usable */
    TRIAL(flat, ss_arbytes, 0, ENTRY_OK),
    TRIAL(flat, ss_arbytes, 0x60, ENTRY_CS_DPL),
    TRIAL(user, cs_arbytes, 0xc9b, ENTRY_CS_DPL),
    TRIAL(flat, ss_arbytes, 0xc91, ENTRY_SS_TYPE), /* not writable */
    TRIAL(flat, ss_arbytes, 0xc9b, ENTRY_SS_TYPE),
    TRIAL(flat, ss_arbytes, 0xc97, ENTRY_OK), /* expands down */
    TRIAL(flat, ss_base, 0x100000000, ENTRY_BASE_HIGH),
    TRIAL(flat, ds_sel, 0, ENTRY_OK),
    TRIAL(flat, ds_arbytes, 0, ENTRY_OK),
    TRIAL(flat, ds_arbytes, 0xc92, ENTRY_DATA_TYPE),
    TRIAL(flat, es_arbytes, 0xc99, ENTRY_DATA_TYPE), /* only executable */
    TRIAL(flat, es_arbytes, 0xc9b, ENTRY_OK),
    TRIAL(flat, es_arbytes, 0xc83, ENTRY_DATA_TYPE), /* a system segment */
    TRIAL(flat, es_sel, 0x1237, ENTRY_DATA_DPL),
    TRIAL(user, es_arbytes, 0xc9f, ENTRY_OK), /* conforming: no DPL rule */
    TRIAL(user, gs_arbytes, 0xc9b, ENTRY_DATA_DPL),
    TRIAL(flat, fs_base, 0x100000000, ENTRY_OK),
    TRIAL(flat, fs_base, 0x800000000000, ENTRY_BASE_HIGH),
    TRIAL(flat, es_base, 0x100000000, ENTRY_BASE_HIGH),
    TRIAL(flat, es_limit, 0xffff, ENTRY_OK),
    TRIAL(flat, es_limit, 0xfff0, ENTRY_LIMIT_GRANULARITY),
    TRIAL(flat, tr_sel, 0x1c, ENTRY_TR_SELECTOR),
    TRIAL(flat, tr_arbytes, 0x89, ENTRY_TR_TYPE), /* available */
    TRIAL(flat, tr_arbytes, 0x83, ENTRY_OK),
    TRIAL(flat, tr_arbytes, 0x0b, ENTRY_TR_TYPE),
    TRIAL(flat, tr_arbytes, 0x9b, ENTRY_TR_TYPE),
    TRIAL(flat, tr_limit, 0x100000, ENTRY_LIMIT_GRANULARITY),
    TRIAL(flat, ldtr_arbytes, 0x82, ENTRY_OK),
    TRIAL(flat, ldtr_arbytes, 0x92, ENTRY_LDTR_TYPE),
    TRIAL(flat, ldtr_arbytes, 0x8b, ENTRY_LDTR_TYPE),
    TRIAL(flat, ldtr_sel, 4, ENTRY_OK), /* unusable */
    TRIAL(virtual_8086, rip, 0x1000, ENTRY_OK),
    TRIAL(virtual_8086, gs_base, 0, ENTRY_VM86_SEGMENT),
    TRIAL(virtual_8086, ss_limit, 0xfffff, ENTRY_VM86_SEGMENT),
    TRIAL(virtual_8086, cs_arbytes, 0x9b, ENTRY_VM86_SEGMENT),
    TRIAL(virtual_8086, msr_efer, 0x100, ENTRY_OK),
    TRIAL(long_mode, rip, 0xffff800000000000, ENTRY_OK),
    TRIAL(long_mode, rip, 0x800000000000, ENTRY_RIP),
    TRIAL(long_mode, cr4, 0, ENTRY_EFER),
    TRIAL(long_mode, cr0, 0x11, ENTRY_EFER),
    TRIAL(long_mode, msr_efer, 0x100, ENTRY_EFER),
    TRIAL(long_mode, rflags, 0x20002, ENTRY_RFLAGS_VM),
    TRIAL(long_mode, cs_arbytes, 0xe9b, ENTRY_CS_TYPE), /* L and D */
    TRIAL(long_mode, cs_arbytes, 0xc9b, ENTRY_RIP),     /* compatibility mode */
    TRIAL(long_mode, tr_arbytes, 0x83, ENTRY_TR_TYPE),
    TRIAL(long_mode, dr0, 0xffffffff81000000, ENTRY_OK),
    TRIAL(pae, cr3, 0x1020, ENTRY_OK),
};

static void test_trials(void **state)
{
    (void)state;
    for (unsigned n = 0; n < sizeof trials / sizeof trials[0]; n++) {
        const struct trial *t = &trials[n];
        enum hvmassist_entry_rule rule;

        t->state();
        memcpy((uint8_t *)&c + t->offset, &t->value, t->size);
        rule = verdict();
        if (rule != t->rule)
            fail_msg("%s: \"%s\", not \"%s\"", t->name, state_rule_text(rule),
                     state_rule_text(t->rule));
    }
}

static void test_pdptes(void **state)
{
    static const uint64_t wrong[] = {0x2003, 0x2021, 0x10000002001ull, 0x8000000000002001ull};

    (void)state;
    pae();
    assert_true(state_has_pdptes(&c));
    assert_int_equal(state_pdptes_address(&c), 0x1020);
    for (unsigned n = 0; n < sizeof wrong / sizeof wrong[0]; n++) {
        pdptes[3] = wrong[n];
        assert_int_equal(verdict(), ENTRY_PDPTE_RESERVED);
        pdptes[3] = wrong[n] & ~1ull; /* not present: anything goes */
        assert_int_equal(verdict(), ENTRY_OK);
    }
    long_mode();
    assert_false(state_has_pdptes(&c));
    flat();
    assert_false(state_has_pdptes(&c));
}

static void test_texts(void **state)
{
    (void)state;
    assert_string_equal(state_rule_text(ENTRY_OK), "enterable");
    assert_string_equal(state_rule_text(ENTRY_RULE_COUNT), "unknown rule");
}

/* --- random states ------------------------------------------------------------------------------
 */

static uint64_t seed = 1;

static uint64_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static struct entry_state other_form(void)
{
    struct entry_state s = {
        .cr0 = c.cr0,
        .cr3 = c.cr3,
        .cr4 = c.cr4,
        .efer = c.msr_efer,
        .dr6 = c.dr6,
        .dr7 = c.dr7,
        .rip = c.rip,
        .rflags = c.rflags,
        .gdtr_limit = c.gdtr_limit,
        .idtr_limit = c.idtr_limit,
        .pdptes_known = true,
    };
    static const enum entry_segment_index index[CONTEXT_SEGMENT_COUNT] = {
        [CONTEXT_ES] = ENTRY_SEGMENT_ES,     [CONTEXT_CS] = ENTRY_SEGMENT_CS,
        [CONTEXT_SS] = ENTRY_SEGMENT_SS,     [CONTEXT_DS] = ENTRY_SEGMENT_DS,
        [CONTEXT_FS] = ENTRY_SEGMENT_FS,     [CONTEXT_GS] = ENTRY_SEGMENT_GS,
        [CONTEXT_LDTR] = ENTRY_SEGMENT_LDTR, [CONTEXT_TR] = ENTRY_SEGMENT_TR,
    };

    memcpy(s.pdptes, pdptes, sizeof s.pdptes);
    for (unsigned n = 0; n < CONTEXT_SEGMENT_COUNT; n++) {
        const struct context_segment r = context_segment(&c, (enum context_segment_index)n);

        s.segments[index[n]] = (struct entry_segment){
            .selector = r.selector,
            .limit = r.limit,
            .base = r.base,
            .attributes = (r.attributes & 0xff) | (r.attributes & 0xf00) << 4 |
                          ((r.attributes & 0x80) == 0 ? 0x10000u : 0),
        };
    }
    return s;
}

/* One of the fields that the rules look at gets a bit more, a bit less, or something else. */
static void disturb(void)
{
#define PLACE(field)                                                                               \
    {                                                                                              \
        offsetof(struct hvm_hw_cpu, field), sizeof(((struct hvm_hw_cpu *)0)->field)                \
    }
#define PLACES(name)                                                                               \
    PLACE(name##_sel), PLACE(name##_limit), PLACE(name##_base), PLACE(name##_arbytes)
    static const struct {
        size_t offset, size;
    } places[] = {
        PLACE(cr0),   PLACE(cr3),        PLACE(cr4),        PLACE(msr_efer), PLACE(dr6),
        PLACE(dr7),   PLACE(rip),        PLACE(rflags),     PLACES(cs),      PLACES(ds),
        PLACES(es),   PLACES(fs),        PLACES(gs),        PLACES(ss),      PLACES(tr),
        PLACES(ldtr), PLACE(gdtr_limit), PLACE(idtr_limit),
    };
    const unsigned n = (unsigned)(random_number() % (sizeof places / sizeof places[0]));
    uint8_t *at = (uint8_t *)&c + places[n].offset;
    const unsigned bit = (unsigned)(random_number() % (places[n].size * 8));

    if (random_number() % 8 == 0) {
        const uint64_t value = random_number() >> random_number() % 64;

        memcpy(at, &value, places[n].size);
    } else {
        at[bit / 8] = (uint8_t)(at[bit / 8] ^ 1u << bit % 8);
    }
}

/* Where the two differ on purpose: what the other does not look at, or says it may. */
static bool beyond_the_other(void)
{
    for (unsigned n = 0; n < CONTEXT_SEGMENT_COUNT; n++) {
        const struct context_segment r = context_segment(&c, (enum context_segment_index)n);

        if (r.selector > 0xffff || r.attributes > 0xfff)
            return true;
    }
    return (c.cr0 & 0x10) == 0;
}

static void test_random_states(void **state)
{
    static void (*const starts[])(void) = {flat, user, virtual_8086, long_mode, pae};
    unsigned legal = 0, illegal = 0;

    (void)state;
    for (unsigned n = 0; n < RANDOM_STATES; n++) {
        struct entry_state other;
        bool fits;

        starts[n % (sizeof starts / sizeof starts[0])]();
        for (uint64_t count = random_number() % 5; count > 0; count--)
            disturb();
        if (beyond_the_other()) {
            assert_int_not_equal(verdict(), ENTRY_OK);
            continue;
        }
        other = other_form();
        fits = entry_check(&other, &processor, NULL) == ENTRY_OK;
        if (fits != (verdict() == ENTRY_OK))
            fail_msg("state %u: \"%s\", but by the other rules \"%s\"", n,
                     state_rule_text(verdict()),
                     entry_rule_text(entry_check(&other, &processor, NULL)));
        legal += fits;
        illegal += !fits;
    }
    assert_true(legal > RANDOM_STATES / 10);
    assert_true(illegal > RANDOM_STATES / 10);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_pdptes),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_random_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
