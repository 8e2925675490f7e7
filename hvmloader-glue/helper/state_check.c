/* The rules of VM entry, on Xen's form of a state. SDM vol. 3, 26.3.1.
 * Not here: what the domain's processor supports (processor.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "state_check.h"

#include "context.h"

#define CR0_PE_BIT     (1ull << 0)
#define CR0_ET_BIT     (1ull << 4)
#define CR0_NW_BIT     (1ull << 29)
#define CR0_CD_BIT     (1ull << 30)
#define CR0_PG_BIT     (1ull << 31)
#define CR0_DEFINED    0xe005003full
#define CR4_PAE_BIT    (1ull << 5)
#define CR4_PCIDE_BIT  (1ull << 17)
#define EFER_LME_BIT   (1ull << 8)
#define EFER_LMA_BIT   (1ull << 10)
#define RFLAGS_ONE     (1ull << 1)
#define RFLAGS_VM_BIT  (1ull << 17)
#define RFLAGS_DEFINED 0x3f7fd7ull
#define PDPTE_P        (1ull << 0)
#define PDPTE_RESERVED 0x1e6ull /* bits 2:1 and 8:5 */

/* Attributes in the compact form. */
#define TYPE_MASK      0xfu
#define TYPE_ACCESSED  0x1u
#define TYPE_WRITABLE  0x2u /* data */
#define TYPE_READABLE  0x2u /* code */
#define TYPE_CONFORMS  0x4u /* code */
#define TYPE_CODE      0x8u
#define TYPE_LDT       0x2u
#define TYPE_TSS16     0x3u /* busy */
#define TYPE_TSS32     0xbu /* busy; the 64-bit one too */
#define ATTRIBUTE_S    0x010u
#define ATTRIBUTE_P    0x080u
#define ATTRIBUTE_L    0x200u
#define ATTRIBUTE_D    0x400u
#define ATTRIBUTE_G    0x800u
#define ATTRIBUTES_ALL 0xfffu
#define ATTRIBUTES_V86 0x0f3u

#define SELECTOR_TI 0x4u

/* A state with what several rules ask for. */
struct subject {
    const struct hvm_hw_cpu *cpu;
    const struct state_limits *limits;
    const uint64_t *pdptes;
    bool paging;
    bool long_mode; /* IA-32e mode */
    bool code_64;   /* 64-bit mode proper */
    bool virtual_8086;
    struct context_segment segments[CONTEXT_SEGMENT_COUNT];
};

static bool any_above_31(uint64_t value)
{
    return (value >> 32) != 0;
}

static bool canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

static uint32_t type_of(const struct context_segment *s)
{
    return s->attributes & TYPE_MASK;
}

static uint32_t dpl_of(const struct context_segment *s)
{
    return s->attributes >> 5 & 3u;
}

static uint32_t rpl_of(const struct context_segment *s)
{
    return s->selector & 3u;
}

static bool usable(const struct context_segment *s)
{
    return (s->attributes & ATTRIBUTE_P) != 0;
}

static bool is_code_or_data(const struct context_segment *s)
{
    return (s->attributes & ATTRIBUTE_S) != 0;
}

bool state_has_pdptes(const struct hvm_hw_cpu *cpu)
{
    return (cpu->cr0 & CR0_PG_BIT) != 0 && (cpu->cr4 & CR4_PAE_BIT) != 0 &&
           (cpu->msr_efer & EFER_LMA_BIT) == 0;
}

uint64_t state_pdptes_address(const struct hvm_hw_cpu *cpu)
{
    return cpu->cr3 & 0xffffffe0u;
}

/* --- registers: 26.3.1.1 ------------------------------------------------------------------------
 */

static enum hvmassist_entry_rule check_cr0(const struct subject *s)
{
    const uint64_t cr0 = s->cpu->cr0;

    if ((cr0 & ~CR0_DEFINED) != 0 || (cr0 & CR0_ET_BIT) == 0)
        return ENTRY_CR0_RESERVED;
    if ((cr0 & CR0_NW_BIT) != 0 && (cr0 & CR0_CD_BIT) == 0)
        return ENTRY_CR0_RESERVED;
    if ((cr0 & CR0_PE_BIT) != 0)
        return ENTRY_OK;
    return s->paging ? ENTRY_CR0_RESERVED : ENTRY_CR0_PE;
}

static enum hvmassist_entry_rule check_cr4(const struct subject *s)
{
    const uint64_t cr4 = s->cpu->cr4;

    if ((cr4 & ~s->limits->cr4) != 0)
        return ENTRY_CR4_RESERVED;
    return (cr4 & CR4_PCIDE_BIT) != 0 && !s->long_mode ? ENTRY_CR4_RESERVED : ENTRY_OK;
}

static enum hvmassist_entry_rule check_cr3(const struct subject *s)
{
    return s->cpu->cr3 >> s->limits->physical_address_bits != 0 ? ENTRY_CR3_RESERVED : ENTRY_OK;
}

static enum hvmassist_entry_rule check_efer(const struct subject *s)
{
    const bool enabled = (s->cpu->msr_efer & EFER_LME_BIT) != 0;

    if ((s->cpu->msr_efer & ~s->limits->efer) != 0)
        return ENTRY_EFER;
    if (s->long_mode != (enabled && s->paging))
        return ENTRY_EFER;
    return s->long_mode && (s->cpu->cr4 & CR4_PAE_BIT) == 0 ? ENTRY_EFER : ENTRY_OK;
}

static enum hvmassist_entry_rule check_debug(const struct subject *s)
{
    const uint64_t breakpoints = s->cpu->dr0 | s->cpu->dr1 | s->cpu->dr2 | s->cpu->dr3;

    if (any_above_31(s->cpu->dr6) || any_above_31(s->cpu->dr7))
        return ENTRY_DEBUG;
    return any_above_31(breakpoints) && !s->long_mode ? ENTRY_DEBUG : ENTRY_OK;
}

/* --- descriptor tables, RIP, RFLAGS: 26.3.1.3, 26.3.1.4, 26.3.1.6 -------------------------------
 */

static enum hvmassist_entry_rule check_tables(const struct subject *s)
{
    if (s->cpu->gdtr_limit > 0xffff || s->cpu->idtr_limit > 0xffff)
        return ENTRY_TABLE_LIMIT;
    if (!canonical(s->cpu->gdtr_base) || !canonical(s->cpu->idtr_base))
        return ENTRY_BASE_HIGH;
    return ENTRY_OK;
}

static enum hvmassist_entry_rule check_rip(const struct subject *s)
{
    const bool fits = s->code_64 ? canonical(s->cpu->rip) : !any_above_31(s->cpu->rip);

    return fits ? ENTRY_OK : ENTRY_RIP;
}

static enum hvmassist_entry_rule check_rflags(const struct subject *s)
{
    if ((s->cpu->rflags & ~RFLAGS_DEFINED) != 0 || (s->cpu->rflags & RFLAGS_ONE) == 0)
        return ENTRY_RFLAGS_RESERVED;
    return s->virtual_8086 && s->long_mode ? ENTRY_RFLAGS_VM : ENTRY_OK;
}

static enum hvmassist_entry_rule check_pdptes(const struct subject *s)
{
    const uint64_t too_high = ~0ull << s->limits->physical_address_bits;

    if (!state_has_pdptes(s->cpu))
        return ENTRY_OK;
    for (unsigned n = 0; n < STATE_PDPTES; n++)
        if ((s->pdptes[n] & PDPTE_P) != 0 && (s->pdptes[n] & (PDPTE_RESERVED | too_high)) != 0)
            return ENTRY_PDPTE_RESERVED;
    return ENTRY_OK;
}

static enum hvmassist_entry_rule check_event(const struct subject *s)
{
    return s->cpu->pending_event != 0 || s->cpu->error_code != 0 ? ENTRY_EVENT : ENTRY_OK;
}

/* --- segment registers: 26.3.1.2 ----------------------------------------------------------------
 */

/* What Xen's form has room for and the register has not; whether usable or not. */
static enum hvmassist_entry_rule check_width(const struct context_segment *r)
{
    const bool fits = r->selector <= 0xffff && (r->attributes & ~ATTRIBUTES_ALL) == 0;

    return fits ? ENTRY_OK : ENTRY_ATTRIBUTES_RESERVED;
}

/* G against the limit: bits 11:0 all ones with G, bits 31:20 zero without. */
static enum hvmassist_entry_rule check_limit(const struct context_segment *r)
{
    const bool granular = (r->attributes & ATTRIBUTE_G) != 0;
    const bool agrees = granular ? (r->limit & 0xfff) == 0xfff : r->limit <= 0xfffff;

    return agrees ? ENTRY_OK : ENTRY_LIMIT_GRANULARITY;
}

static enum hvmassist_entry_rule check_virtual_8086(const struct context_segment *r)
{
    const bool exact = r->base == (uint64_t)r->selector * 16 && r->limit == 0xffff &&
                       r->attributes == ATTRIBUTES_V86;

    return exact ? ENTRY_OK : ENTRY_VM86_SEGMENT;
}

static enum hvmassist_entry_rule check_cs(const struct subject *s)
{
    const struct context_segment *cs = &s->segments[CONTEXT_CS];
    const struct context_segment *ss = &s->segments[CONTEXT_SS];
    const uint32_t accessed_code = TYPE_CODE | TYPE_ACCESSED;
    const bool conforming = (type_of(cs) & TYPE_CONFORMS) != 0;

    if (!usable(cs) || !is_code_or_data(cs) || (type_of(cs) & accessed_code) != accessed_code)
        return ENTRY_CS_TYPE;
    if (s->code_64 && (cs->attributes & ATTRIBUTE_D) != 0)
        return ENTRY_CS_TYPE;
    if (conforming ? dpl_of(cs) > dpl_of(ss) : dpl_of(cs) != dpl_of(ss))
        return ENTRY_CS_DPL;
    return any_above_31(cs->base) ? ENTRY_BASE_HIGH : check_limit(cs);
}

static enum hvmassist_entry_rule check_ss(const struct subject *s)
{
    const struct context_segment *ss = &s->segments[CONTEXT_SS];
    const uint32_t wanted = TYPE_ACCESSED | TYPE_WRITABLE;

    if (rpl_of(ss) != rpl_of(&s->segments[CONTEXT_CS]))
        return ENTRY_SS_RPL;
    if (dpl_of(ss) != rpl_of(ss))
        return ENTRY_SS_DPL;
    if (!usable(ss))
        return ENTRY_OK;
    if (!is_code_or_data(ss) || (type_of(ss) & (TYPE_CODE | wanted)) != wanted)
        return ENTRY_SS_TYPE;
    return any_above_31(ss->base) ? ENTRY_BASE_HIGH : check_limit(ss);
}

static enum hvmassist_entry_rule check_data(const struct context_segment *r, bool wide)
{
    const bool code = (type_of(r) & TYPE_CODE) != 0;
    const bool conforming = code && (type_of(r) & TYPE_CONFORMS) != 0;

    /* The bases of FS and GS are looked at in any case: they are MSRs too. */
    if (wide && !canonical(r->base))
        return ENTRY_BASE_HIGH;
    if (!usable(r))
        return ENTRY_OK;
    if (!is_code_or_data(r) || (type_of(r) & TYPE_ACCESSED) == 0)
        return ENTRY_DATA_TYPE;
    if (code && (type_of(r) & TYPE_READABLE) == 0)
        return ENTRY_DATA_TYPE;
    if (!conforming && dpl_of(r) < rpl_of(r))
        return ENTRY_DATA_DPL;
    return !wide && any_above_31(r->base) ? ENTRY_BASE_HIGH : check_limit(r);
}

static enum hvmassist_entry_rule check_tr(const struct subject *s)
{
    const struct context_segment *tr = &s->segments[CONTEXT_TR];
    const bool busy = type_of(tr) == TYPE_TSS32 || (type_of(tr) == TYPE_TSS16 && !s->long_mode);

    if ((tr->selector & SELECTOR_TI) != 0)
        return ENTRY_TR_SELECTOR;
    if (!usable(tr) || is_code_or_data(tr) || !busy)
        return ENTRY_TR_TYPE;
    return canonical(tr->base) ? check_limit(tr) : ENTRY_BASE_HIGH;
}

static enum hvmassist_entry_rule check_ldtr(const struct subject *s)
{
    const struct context_segment *ldtr = &s->segments[CONTEXT_LDTR];

    if (!usable(ldtr))
        return ENTRY_OK;
    if ((ldtr->selector & SELECTOR_TI) != 0)
        return ENTRY_LDTR_SELECTOR;
    if (is_code_or_data(ldtr) || type_of(ldtr) != TYPE_LDT)
        return ENTRY_LDTR_TYPE;
    return canonical(ldtr->base) ? check_limit(ldtr) : ENTRY_BASE_HIGH;
}

static enum hvmassist_entry_rule check_segments(const struct subject *s)
{
    static const enum context_segment_index data[] = {CONTEXT_DS, CONTEXT_ES, CONTEXT_FS,
                                                      CONTEXT_GS};
    enum hvmassist_entry_rule rule = ENTRY_OK;

    for (unsigned n = 0; rule == ENTRY_OK && n < CONTEXT_SEGMENT_COUNT; n++)
        rule = check_width(&s->segments[n]);
    if (rule != ENTRY_OK)
        return rule;
    if (s->virtual_8086) {
        for (unsigned n = CONTEXT_ES; rule == ENTRY_OK && n <= CONTEXT_GS; n++)
            rule = check_virtual_8086(&s->segments[n]);
    } else {
        rule = check_cs(s);
        if (rule == ENTRY_OK)
            rule = check_ss(s);
        for (unsigned n = 0; rule == ENTRY_OK && n < sizeof data / sizeof data[0]; n++)
            rule =
                check_data(&s->segments[data[n]], data[n] == CONTEXT_FS || data[n] == CONTEXT_GS);
    }
    if (rule == ENTRY_OK)
        rule = check_tr(s);
    return rule == ENTRY_OK ? check_ldtr(s) : rule;
}

enum hvmassist_entry_rule state_check(const struct hvm_hw_cpu *cpu,
                                      const struct state_limits *limits,
                                      const uint64_t pdptes[STATE_PDPTES])
{
    static enum hvmassist_entry_rule (*const checks[])(const struct subject *) = {
        check_cr0,    check_cr4, check_cr3,   check_efer,   check_debug,    check_tables,
        check_rflags, check_rip, check_event, check_pdptes, check_segments,
    };
    struct subject s = {
        .cpu = cpu,
        .limits = limits,
        .pdptes = pdptes,
        .paging = (cpu->cr0 & CR0_PG_BIT) != 0,
        .long_mode = (cpu->msr_efer & EFER_LMA_BIT) != 0,
        .virtual_8086 = (cpu->rflags & RFLAGS_VM_BIT) != 0,
    };
    enum hvmassist_entry_rule rule = ENTRY_OK;

    for (unsigned n = 0; n < CONTEXT_SEGMENT_COUNT; n++)
        s.segments[n] = context_segment(cpu, (enum context_segment_index)n);
    s.code_64 = s.long_mode && (s.segments[CONTEXT_CS].attributes & ATTRIBUTE_L) != 0;
    for (unsigned n = 0; rule == ENTRY_OK && n < sizeof checks / sizeof checks[0]; n++)
        rule = checks[n](&s);
    return rule;
}

const char *state_rule_text(uint32_t rule)
{
#define RULE_TEXT(name, text) text,
    static const char *const texts[] = {HVMASSIST_ENTRY_RULES(RULE_TEXT)};
#undef RULE_TEXT

    return rule < ENTRY_RULE_COUNT ? texts[rule] : "unknown rule";
}
