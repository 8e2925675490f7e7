/* The checks of VM entry on the guest state, one function per group of SDM vol. 3, 26.3.1.
 * Not here: anything that reads the machine; this file compiles for host tests too. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "entry_check.h"

#include <stddef.h>

#define SELECTOR_RPL 0x3u
#define SELECTOR_TI  0x4u

/* Bits as the SDM numbers them; own names, because this file stands alone. */
#define BIT(n) (1ull << (n))

static uint32_t type_of(const struct entry_segment *segment)
{
    return segment->attributes & 0xfu;
}

static bool code_or_data(const struct entry_segment *segment)
{
    return (segment->attributes & BIT(4)) != 0;
}

static uint32_t dpl_of(const struct entry_segment *segment)
{
    return segment->attributes >> 5 & 3u;
}

static bool present(const struct entry_segment *segment)
{
    return (segment->attributes & BIT(7)) != 0;
}

static bool usable(const struct entry_segment *segment)
{
    return (segment->attributes & BIT(16)) == 0;
}

static uint32_t rpl_of(const struct entry_segment *segment)
{
    return segment->selector & SELECTOR_RPL;
}

static bool above_4g(uint64_t value)
{
    return value >> 32 != 0;
}

static bool canonical(uint64_t address)
{
    const uint64_t top = address >> 47;
    return top == 0 || top == 0x1ffff;
}

/* SDM vol. 3, 26.3.1.1; 2.5 for what a guest can have in CR0. */
static enum hvmassist_entry_rule check_control_registers(const struct entry_state *state,
                                                         const struct entry_processor *processor)
{
    const uint64_t cr0 = state->cr0;
    const bool paging = (cr0 & BIT(31)) != 0;
    const bool pae = (state->cr4 & BIT(5)) != 0;
    const bool lma = (state->efer & BIT(10)) != 0;
    const bool lme = (state->efer & BIT(8)) != 0;

    if ((cr0 & BIT(0)) == 0)
        return paging ? ENTRY_CR0_RESERVED : ENTRY_CR0_PE;
    if (above_4g(cr0))
        return ENTRY_CR0_RESERVED;
    if (!state->hardware && ((cr0 & ~0xe005003full) != 0 || (cr0 & (BIT(29) | BIT(30))) == BIT(29)))
        return ENTRY_CR0_RESERVED;
    if ((state->cr4 & ~processor->cr4_supported) != 0)
        return ENTRY_CR4_RESERVED;
    if (state->cr3 >> processor->physical_address_bits != 0)
        return ENTRY_CR3_RESERVED;
    if ((state->efer & ~processor->efer_supported) != 0 || lma != (lme && paging) || (lma && !pae))
        return ENTRY_EFER;
    if (above_4g(state->dr6) || above_4g(state->dr7))
        return ENTRY_DEBUG;
    return ENTRY_OK;
}

/* SDM vol. 3, 26.3.1.6 and 4.4.1: bits 2:1, 8:5 and those above the physical-address width. */
static enum hvmassist_entry_rule check_pdptes(const struct entry_state *state,
                                              const struct entry_processor *processor)
{
    const bool pae_paging =
        (state->cr0 & BIT(31)) != 0 && (state->cr4 & BIT(5)) != 0 && (state->efer & BIT(10)) == 0;
    const uint64_t reserved = 0x1e6ull | ~(BIT(processor->physical_address_bits) - 1);

    if (!pae_paging || !state->pdptes_known)
        return ENTRY_OK;
    for (unsigned i = 0; i < 4; i++)
        if ((state->pdptes[i] & BIT(0)) != 0 && (state->pdptes[i] & reserved) != 0)
            return ENTRY_PDPTE_RESERVED;
    return ENTRY_OK;
}

/* SDM vol. 3, 26.3.1.4. */
static enum hvmassist_entry_rule check_rip_and_rflags(const struct entry_state *state)
{
    const bool lma = (state->efer & BIT(10)) != 0;
    const bool code64 = lma && (state->segments[ENTRY_SEGMENT_CS].attributes & BIT(13)) != 0;

    if (code64 ? !canonical(state->rip) : above_4g(state->rip))
        return ENTRY_RIP;
    if ((state->rflags & BIT(1)) == 0 || (state->rflags & (BIT(3) | BIT(5) | BIT(15))) != 0 ||
        state->rflags >> 22 != 0)
        return ENTRY_RFLAGS_RESERVED;
    if ((state->rflags & BIT(17)) != 0 && (lma || (state->cr0 & BIT(0)) == 0))
        return ENTRY_RFLAGS_VM;
    return ENTRY_OK;
}

/* What holds for every usable segment, and for CS and TR always. SDM vol. 3, 26.3.1.2: reserved
 * bits 11:8 and 31:17; G against the limit. */
static enum hvmassist_entry_rule check_common(const struct entry_segment *segment)
{
    const bool granular = (segment->attributes & BIT(15)) != 0;

    if ((segment->attributes & 0xfffe0f00u) != 0)
        return ENTRY_ATTRIBUTES_RESERVED;
    if (granular ? (segment->limit & 0xfffu) != 0xfffu : segment->limit >> 20 != 0)
        return ENTRY_LIMIT_GRANULARITY;
    return ENTRY_OK;
}

/* SDM vol. 3, 26.3.1.2: every base, limit and access-rights field of the six has one legal value.
 */
static enum hvmassist_entry_rule check_vm86(const struct entry_state *state, unsigned *at)
{
    for (*at = ENTRY_SEGMENT_ES; *at <= ENTRY_SEGMENT_GS; ++*at) {
        const struct entry_segment *segment = &state->segments[*at];

        if (segment->base != (uint64_t)segment->selector << 4 || segment->limit != 0xffffu ||
            segment->attributes != 0xf3u)
            return ENTRY_VM86_SEGMENT;
    }
    return ENTRY_OK;
}

static enum hvmassist_entry_rule check_cs(const struct entry_state *state)
{
    const struct entry_segment *cs = &state->segments[ENTRY_SEGMENT_CS];
    const uint32_t ss_dpl = dpl_of(&state->segments[ENTRY_SEGMENT_SS]);
    const bool conforming = (cs->attributes & BIT(2)) != 0;
    const bool lma = (state->efer & BIT(10)) != 0;
    enum hvmassist_entry_rule rule;

    if (!code_or_data(cs) || !present(cs) || (cs->attributes & 0x9u) != 0x9u)
        return ENTRY_CS_TYPE;
    if (conforming ? dpl_of(cs) > ss_dpl : dpl_of(cs) != ss_dpl)
        return ENTRY_CS_DPL;
    rule = check_common(cs);
    if (rule != ENTRY_OK)
        return rule;
    if (lma && (cs->attributes & (BIT(13) | BIT(14))) == (BIT(13) | BIT(14)))
        return ENTRY_CS_TYPE;
    return above_4g(cs->base) ? ENTRY_BASE_HIGH : ENTRY_OK;
}

static enum hvmassist_entry_rule check_ss(const struct entry_state *state)
{
    const struct entry_segment *ss = &state->segments[ENTRY_SEGMENT_SS];
    enum hvmassist_entry_rule rule;

    if (rpl_of(ss) != rpl_of(&state->segments[ENTRY_SEGMENT_CS]))
        return ENTRY_SS_RPL;
    if (dpl_of(ss) != rpl_of(ss))
        return ENTRY_SS_DPL;
    if (!usable(ss))
        return ENTRY_OK;
    if (!code_or_data(ss) || !present(ss) || (type_of(ss) != 3 && type_of(ss) != 7))
        return ENTRY_SS_TYPE;
    rule = check_common(ss);
    if (rule != ENTRY_OK)
        return rule;
    return above_4g(ss->base) ? ENTRY_BASE_HIGH : ENTRY_OK;
}

/* DS, ES, FS, GS. The DPL rule holds for types 0 to 11: data and non-conforming code. FS and GS
 * bases need only be canonical. */
static enum hvmassist_entry_rule check_data(const struct entry_state *state, unsigned index)
{
    const struct entry_segment *segment = &state->segments[index];
    const bool wide_base = index == ENTRY_SEGMENT_FS || index == ENTRY_SEGMENT_GS;
    const uint32_t type = type_of(segment);
    enum hvmassist_entry_rule rule;

    if (wide_base && !canonical(segment->base))
        return ENTRY_BASE_HIGH;
    if (!usable(segment))
        return ENTRY_OK;
    if (!code_or_data(segment) || !present(segment) || (type & 1u) == 0 ||
        ((type & 8u) != 0 && (type & 2u) == 0))
        return ENTRY_DATA_TYPE;
    if (type < 12 && dpl_of(segment) < rpl_of(segment))
        return ENTRY_DATA_DPL;
    rule = check_common(segment);
    if (rule != ENTRY_OK)
        return rule;
    return !wide_base && above_4g(segment->base) ? ENTRY_BASE_HIGH : ENTRY_OK;
}

static enum hvmassist_entry_rule check_tr(const struct entry_state *state)
{
    const struct entry_segment *tr = &state->segments[ENTRY_SEGMENT_TR];
    const bool lma = (state->efer & BIT(10)) != 0;

    if ((tr->selector & SELECTOR_TI) != 0)
        return ENTRY_TR_SELECTOR;
    if (!usable(tr) || code_or_data(tr) || !present(tr) ||
        (type_of(tr) != 11 && (lma || type_of(tr) != 3)))
        return ENTRY_TR_TYPE;
    if (!canonical(tr->base))
        return ENTRY_BASE_HIGH;
    return check_common(tr);
}

static enum hvmassist_entry_rule check_ldtr(const struct entry_state *state)
{
    const struct entry_segment *ldtr = &state->segments[ENTRY_SEGMENT_LDTR];

    if (!usable(ldtr))
        return ENTRY_OK;
    if ((ldtr->selector & SELECTOR_TI) != 0)
        return ENTRY_LDTR_SELECTOR;
    if (code_or_data(ldtr) || !present(ldtr) || type_of(ldtr) != 2)
        return ENTRY_LDTR_TYPE;
    if (!canonical(ldtr->base))
        return ENTRY_BASE_HIGH;
    return check_common(ldtr);
}

/* SDM vol. 3, 26.3.1.2. `at` follows the segment that is looked at. */
static enum hvmassist_entry_rule check_segments(const struct entry_state *state, unsigned *at)
{
    static const uint8_t data_segments[] = {ENTRY_SEGMENT_DS, ENTRY_SEGMENT_ES, ENTRY_SEGMENT_FS,
                                            ENTRY_SEGMENT_GS};
    enum hvmassist_entry_rule rule;

    if ((state->rflags & BIT(17)) != 0) {
        rule = check_vm86(state, at);
        if (rule != ENTRY_OK)
            return rule;
    } else {
        *at = ENTRY_SEGMENT_CS;
        rule = check_cs(state);
        if (rule != ENTRY_OK)
            return rule;
        *at = ENTRY_SEGMENT_SS;
        rule = check_ss(state);
        if (rule != ENTRY_OK)
            return rule;
        for (unsigned i = 0; i < sizeof data_segments; i++) {
            *at = data_segments[i];
            rule = check_data(state, data_segments[i]);
            if (rule != ENTRY_OK)
                return rule;
        }
    }
    *at = ENTRY_SEGMENT_TR;
    rule = check_tr(state);
    if (rule != ENTRY_OK)
        return rule;
    *at = ENTRY_SEGMENT_LDTR;
    return check_ldtr(state);
}

enum hvmassist_entry_rule entry_check(const struct entry_state *state,
                                      const struct entry_processor *processor, unsigned *segment)
{
    unsigned at = ENTRY_SEGMENT_COUNT;
    enum hvmassist_entry_rule rule = check_control_registers(state, processor);

    if (rule == ENTRY_OK)
        rule = check_pdptes(state, processor);
    if (rule == ENTRY_OK)
        rule = check_rip_and_rflags(state);
    if (rule == ENTRY_OK) {
        rule = check_segments(state, &at);
        if (rule == ENTRY_OK) {
            at = ENTRY_SEGMENT_COUNT;
            /* SDM vol. 3, 26.3.1.3. */
            if (state->gdtr_limit > 0xffffu || state->idtr_limit > 0xffffu)
                rule = ENTRY_TABLE_LIMIT;
        }
    }
    if (segment != NULL)
        *segment = at;
    return rule;
}

/* SDM vol. 3, 26.3.1.5: what an injected event of this type allows. */
static const char *check_event(const struct entry_state *state,
                               const struct entry_hardware_state *hardware)
{
    const uint32_t type = hardware->event >> 8 & 7u;
    const uint32_t vector = hardware->event & 0xffu;
    const bool shadow = (hardware->interruptibility & 3u) != 0;

    if ((hardware->event & BIT(31)) == 0)
        return NULL;
    if (type == 0 && (state->rflags & BIT(9)) == 0)
        return "an external interrupt is injected with IF=0";
    if (type == 0 && shadow)
        return "an external interrupt is injected under an STI or MOV-SS shadow";
    if (type == 2 && (hardware->interruptibility & 2u) != 0)
        return "an NMI is injected under a MOV-SS shadow";
    if (hardware->activity == 1 && type != 0 && type != 2 &&
        !(type == 3 && (vector == 1 || vector == 18)))
        return "the injected event cannot wake the HLT activity state";
    if (hardware->activity > 1)
        return "an event is injected in the shutdown or wait-for-SIPI state";
    return NULL;
}

/* SDM vol. 3, 26.3.1.5, pending debug exceptions. */
static const char *check_pending_debug(const struct entry_state *state,
                                       const struct entry_hardware_state *hardware)
{
    const bool step = (hardware->pending_debug & BIT(14)) != 0;
    const bool trap_flag = (state->rflags & BIT(8)) != 0;
    const bool branch_step = (hardware->debugctl & BIT(1)) != 0;
    const bool must_agree = (hardware->interruptibility & 3u) != 0 || hardware->activity == 1;

    if ((hardware->pending_debug & ~(0xfull | BIT(12) | BIT(14))) != 0)
        return "pending debug exceptions have a reserved bit set";
    if (must_agree && trap_flag && !branch_step && !step)
        return "TF is set under a shadow or in HLT, but no single step is pending";
    if (must_agree && (!trap_flag || branch_step) && step)
        return "a single step is pending under a shadow or in HLT without TF";
    return NULL;
}

const char *entry_check_hardware(const struct entry_state *state,
                                 const struct entry_hardware_state *hardware)
{
    const uint32_t blocking = hardware->interruptibility;
    const bool lma = (state->efer & BIT(10)) != 0;
    const char *broken;

    if ((state->cr0 & hardware->cr0_fixed_ones) != hardware->cr0_fixed_ones)
        return "CR0 lacks a bit that VMX fixes to 1 (PE, NE or PG)";
    if ((state->cr4 & hardware->cr4_fixed_ones) != hardware->cr4_fixed_ones)
        return "CR4 lacks a bit that VMX fixes to 1 (VMXE)";
    if ((hardware->debugctl & ~0xffc3ull) != 0)
        return "DEBUGCTL has a reserved bit set";
    if (hardware->activity > 3)
        return "the activity state is none";
    if (hardware->activity == 1 && dpl_of(&state->segments[ENTRY_SEGMENT_SS]) != 0)
        return "the activity state is HLT and SS.DPL is not 0";
    if (hardware->activity != 0 && (blocking & 3u) != 0)
        return "an STI or MOV-SS shadow in an activity state other than active";
    if ((blocking & ~0xfu) != 0)
        return "the interruptibility state has a reserved bit set";
    if ((blocking & 3u) == 3u)
        return "STI and MOV-SS shadow at once";
    if ((blocking & 1u) != 0 && (state->rflags & BIT(9)) == 0)
        return "an STI shadow with IF=0";
    if ((blocking & 4u) != 0)
        return "blocking by SMI outside SMM";
    broken = check_event(state, hardware);
    if (broken == NULL)
        broken = check_pending_debug(state, hardware);
    if (broken == NULL && hardware->link_pointer != ~0ull)
        broken = "the VMCS link pointer is not all ones";
    if (broken == NULL && lma)
        broken = "a 32-bit host cannot enter an IA-32e guest";
    return broken;
}

const char *entry_rule_text(uint32_t rule)
{
#define ENTRY_RULE_TEXT(name, text) text,
    static const char *const texts[] = {HVMASSIST_ENTRY_RULES(ENTRY_RULE_TEXT)};
#undef ENTRY_RULE_TEXT

    return rule < ENTRY_RULE_COUNT ? texts[rule] : "unknown rule";
}
