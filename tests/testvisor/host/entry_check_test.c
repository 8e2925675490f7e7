/* Host test of the entry rules: legal states pass, and each state that is wrong in one way is
 * refused with its rule. What is here was also tried on a processor model with VT-x. Not here: the
 * rules (entry_check.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "entry_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NOT_A_RULE ENTRY_RULE_COUNT /* expects a sentence of entry_check_hardware() */

static const struct entry_processor penryn = {
    .cr4_supported = 0x67ff,
    .efer_supported = 0xd01,
    .physical_address_bits = 40,
};

static struct entry_state state;
static struct entry_hardware_state hardware;
static unsigned tests;
static unsigned failures;

/* A flat 32-bit guest as the VMCS holds it. */
static void reset(void)
{
    static const struct entry_segment data = {0x10, 0xffffffffu, 0xc093, 0};

    memset(&state, 0, sizeof state);
    state.hardware = true;
    state.cr0 = 0x80000031;
    state.cr4 = 0x2010;
    state.dr7 = 0x400;
    state.rflags = 2;
    state.gdtr_limit = 0xffff;
    state.idtr_limit = 0xffff;
    for (unsigned i = ENTRY_SEGMENT_ES; i <= ENTRY_SEGMENT_GS; i++)
        state.segments[i] = data;
    state.segments[ENTRY_SEGMENT_CS] = (struct entry_segment){8, 0xffffffffu, 0xc09b, 0};
    state.segments[ENTRY_SEGMENT_TR] = (struct entry_segment){0x18, 0x67, 0x8b, 0};
    state.segments[ENTRY_SEGMENT_LDTR] = (struct entry_segment){0, 0, 0x10000, 0};
    hardware = (struct entry_hardware_state){
        .cr0_fixed_ones = 0x80000021, .cr4_fixed_ones = 0x2000, .link_pointer = ~0ull};
}

static void result(const char *name, enum hvmassist_entry_rule want)
{
    unsigned segment;
    const enum hvmassist_entry_rule rule = entry_check(&state, &penryn, &segment);
    const char *sentence = entry_check_hardware(&state, &hardware);
    const bool passed = want == NOT_A_RULE ? rule == ENTRY_OK && sentence != NULL
                                           : rule == want && (want != ENTRY_OK || sentence == NULL);

    tests++;
    failures += !passed;
    printf("%sok %u - %s\n", passed ? "" : "not ", tests, name);
    if (!passed)
        printf("# rule %u (%s), segment %u, sentence: %s\n", (unsigned)rule, entry_rule_text(rule),
               segment, sentence == NULL ? "none" : sentence);
}

/* One or two fields of a segment register changed; a negative index ends the list. */
struct change {
    int segment;
    int64_t selector; /* -1: as it is */
    int64_t attributes;
    int64_t limit;
};

struct segment_case {
    const char *name;
    enum hvmassist_entry_rule rule;
    struct change changes[2];
};

#define KEEP (-1)
#define END                                                                                        \
    {                                                                                              \
        -1, 0, 0, 0                                                                                \
    }
#define ES   ENTRY_SEGMENT_ES
#define CS   ENTRY_SEGMENT_CS
#define SS   ENTRY_SEGMENT_SS
#define DS   ENTRY_SEGMENT_DS
#define LDTR ENTRY_SEGMENT_LDTR
#define TR   ENTRY_SEGMENT_TR

static const struct segment_case segment_cases[] = {
    {"CS RPL differs from SS RPL", ENTRY_SS_RPL, {{CS, 0x0b, KEEP, KEEP}, END}},
    {"SS RPL differs from CS RPL", ENTRY_SS_RPL, {{SS, 0x11, KEEP, KEEP}, END}},
    {"CS and SS RPL 1, DPL 0", ENTRY_SS_DPL, {{CS, 9, KEEP, KEEP}, {SS, 0x11, KEEP, KEEP}}},
    {"CS type 3", ENTRY_CS_TYPE, {{CS, KEEP, 0xc093, KEEP}, END}},
    {"CS not accessed", ENTRY_CS_TYPE, {{CS, KEEP, 0xc09a, KEEP}, END}},
    {"CS with the unusable bit (legal)", ENTRY_OK, {{CS, KEEP, 0x1c09b, KEEP}, END}},
    {"CS DPL 3", ENTRY_CS_DPL, {{CS, KEEP, 0xc0fb, KEEP}, END}},
    {"conforming CS, DPL 0 (legal)", ENTRY_OK, {{CS, KEEP, 0xc09f, KEEP}, END}},
    {"conforming CS, DPL 3", ENTRY_CS_DPL, {{CS, KEEP, 0xc0ff, KEEP}, END}},
    {"CS not present", ENTRY_CS_TYPE, {{CS, KEEP, 0xc01b, KEEP}, END}},
    {"CS system", ENTRY_CS_TYPE, {{CS, KEEP, 0xc08b, KEEP}, END}},
    {"SS DPL 3", ENTRY_CS_DPL, {{SS, KEEP, 0xc0f3, KEEP}, END}},
    {"SS DPL 3 under a conforming CS",
     ENTRY_SS_DPL,
     {{SS, KEEP, 0xc0f3, KEEP}, {CS, KEEP, 0xc09f, KEEP}}},
    {"SS code", ENTRY_SS_TYPE, {{SS, KEEP, 0xc09b, KEEP}, END}},
    {"SS not accessed", ENTRY_SS_TYPE, {{SS, KEEP, 0xc092, KEEP}, END}},
    {"SS read-only", ENTRY_SS_TYPE, {{SS, KEEP, 0xc091, KEEP}, END}},
    {"SS expand-down (legal)", ENTRY_OK, {{SS, KEEP, 0xc097, KEEP}, END}},
    {"SS unusable (legal)", ENTRY_OK, {{SS, KEEP, 0x10000, KEEP}, END}},
    {"SS unusable, DPL 3, RPL 0, conforming CS",
     ENTRY_SS_DPL,
     {{SS, KEEP, 0x10060, KEEP}, {CS, KEEP, 0xc09f, KEEP}}},
    {"DS not accessed", ENTRY_DATA_TYPE, {{DS, KEEP, 0xc092, KEEP}, END}},
    {"DS execute-only", ENTRY_DATA_TYPE, {{DS, KEEP, 0xc099, KEEP}, END}},
    {"DS RPL 3, DPL 0", ENTRY_DATA_DPL, {{DS, 0x13, KEEP, KEEP}, END}},
    {"DS not present", ENTRY_DATA_TYPE, {{DS, KEEP, 0xc013, KEEP}, END}},
    {"DS system", ENTRY_DATA_TYPE, {{DS, KEEP, 0xc083, KEEP}, END}},
    {"DS null selector, usable (legal)", ENTRY_OK, {{DS, 0, 0x93, 0xffff}, END}},
    {"DS unusable with anything (legal)", ENTRY_OK, {{DS, 0x13, 0x1ffff, 0x123}, END}},
    {"DS reserved bit 8", ENTRY_ATTRIBUTES_RESERVED, {{DS, KEEP, 0xc193, KEEP}, END}},
    {"DS reserved bit 17", ENTRY_ATTRIBUTES_RESERVED, {{DS, KEEP, 0x2c093, KEEP}, END}},
    {"DS G=0 with 4 GiB", ENTRY_LIMIT_GRANULARITY, {{DS, KEEP, 0x4093, KEEP}, END}},
    {"DS G=1, limit not all ones", ENTRY_LIMIT_GRANULARITY, {{DS, KEEP, KEEP, 0xfffffffe}, END}},
    {"DS expand-down (legal)", ENTRY_OK, {{DS, KEEP, 0xc097, KEEP}, END}},
    {"DS conforming code, RPL 3 (legal)", ENTRY_OK, {{DS, 0x13, 0xc09f, KEEP}, END}},
    {"DS non-conforming code, RPL 3, DPL 0", ENTRY_DATA_DPL, {{DS, 0x13, 0xc09b, KEEP}, END}},
    {"ES non-conforming code, RPL 1, DPL 0", ENTRY_DATA_DPL, {{ES, 0x11, 0xc09b, KEEP}, END}},
    {"TR not busy", ENTRY_TR_TYPE, {{TR, KEEP, 0x89, KEEP}, END}},
    {"TR unusable", ENTRY_TR_TYPE, {{TR, KEEP, 0x1008b, KEEP}, END}},
    {"TR busy 16-bit (legal)", ENTRY_OK, {{TR, KEEP, 0x83, KEEP}, END}},
    {"TR with TI", ENTRY_TR_SELECTOR, {{TR, 0x1c, KEEP, KEEP}, END}},
    {"LDTR usable (legal)", ENTRY_OK, {{LDTR, KEEP, 0x82, KEEP}, END}},
    {"LDTR type 3", ENTRY_LDTR_TYPE, {{LDTR, KEEP, 0x83, KEEP}, END}},
    {"LDTR usable with TI", ENTRY_LDTR_SELECTOR, {{LDTR, 4, 0x82, KEEP}, END}},
    {"LDTR unusable with TI (legal)", ENTRY_OK, {{LDTR, 4, KEEP, KEEP}, END}},
};

static void test_segments(void)
{
    for (size_t i = 0; i < sizeof segment_cases / sizeof segment_cases[0]; i++) {
        reset();
        for (unsigned j = 0; j < 2 && segment_cases[i].changes[j].segment >= 0; j++) {
            const struct change *change = &segment_cases[i].changes[j];
            struct entry_segment *segment = &state.segments[change->segment];

            if (change->selector != KEEP)
                segment->selector = (uint32_t)change->selector;
            if (change->attributes != KEEP)
                segment->attributes = (uint32_t)change->attributes;
            if (change->limit != KEEP)
                segment->limit = (uint32_t)change->limit;
        }
        result(segment_cases[i].name, segment_cases[i].rule);
    }
}

/* One number of the state or of the hardware state set to a value. */
struct number_case {
    const char *name;
    void *number;
    size_t size;
    uint64_t value;
    enum hvmassist_entry_rule rule;
};

#define NUMBER(where, value, rule)                                                                 \
    {                                                                                              \
#where " = " #value, &(where), sizeof(where), value, rule                                  \
    }

static const struct number_case number_cases[] = {
    NUMBER(state.gdtr_limit, 0x10000, ENTRY_TABLE_LIMIT),
    NUMBER(state.idtr_limit, 0xffffffff, ENTRY_TABLE_LIMIT),
    NUMBER(state.rflags, 0, ENTRY_RFLAGS_RESERVED),
    NUMBER(state.rflags, 0xa, ENTRY_RFLAGS_RESERVED),
    NUMBER(state.rflags, 0x22, ENTRY_RFLAGS_RESERVED),
    NUMBER(state.rflags, 0x8002, ENTRY_RFLAGS_RESERVED),
    NUMBER(state.rflags, 0x400002, ENTRY_RFLAGS_RESERVED),
    NUMBER(state.rflags, 0x20002, ENTRY_VM86_SEGMENT),
    NUMBER(state.rflags, 0x3f7fd7 & ~0x20000, ENTRY_OK),
    NUMBER(state.rip, 0x100000000, ENTRY_RIP),
    NUMBER(state.cr0, 0x80000030, ENTRY_CR0_RESERVED),
    NUMBER(state.cr0, 0x30, ENTRY_CR0_PE),
    NUMBER(state.cr0, 0x31, NOT_A_RULE),
    NUMBER(state.cr0, 0x80000011, NOT_A_RULE),
    NUMBER(state.cr0, 0xa0000031, ENTRY_OK),
    NUMBER(state.cr4, 0x10, NOT_A_RULE),
    NUMBER(state.cr4, 0x102010, ENTRY_CR4_RESERVED),
    NUMBER(state.cr3, 0x10000000000, ENTRY_CR3_RESERVED),
    NUMBER(state.dr7, 0x100000400, ENTRY_DEBUG),
    NUMBER(state.efer, 0x400, ENTRY_EFER),
    NUMBER(state.segments[ENTRY_SEGMENT_CS].base, 0x100000000, ENTRY_BASE_HIGH),
    NUMBER(state.segments[ENTRY_SEGMENT_SS].base, 0x100000000, ENTRY_BASE_HIGH),
    NUMBER(state.segments[ENTRY_SEGMENT_FS].base, 0x100000000, ENTRY_OK),
    NUMBER(state.segments[ENTRY_SEGMENT_FS].base, 0x800000000000, ENTRY_BASE_HIGH),
    NUMBER(state.segments[ENTRY_SEGMENT_TR].base, 0x800000000000, ENTRY_BASE_HIGH),
    NUMBER(hardware.interruptibility, 1, NOT_A_RULE),
    NUMBER(hardware.interruptibility, 2, ENTRY_OK),
    NUMBER(hardware.interruptibility, 0x10, NOT_A_RULE),
    NUMBER(hardware.link_pointer, 0, NOT_A_RULE),
    NUMBER(hardware.activity, 5, NOT_A_RULE),
    NUMBER(hardware.event, 0x80000030, NOT_A_RULE),
    NUMBER(hardware.pending_debug, 0x10, NOT_A_RULE),
    NUMBER(hardware.pending_debug, 0x4000, ENTRY_OK),
};

static void test_numbers(void)
{
    for (size_t i = 0; i < sizeof number_cases / sizeof number_cases[0]; i++) {
        reset();
        memcpy(number_cases[i].number, &number_cases[i].value, number_cases[i].size);
        result(number_cases[i].name, number_cases[i].rule);
    }
}

static void test_privilege_3(void)
{
    reset();
    for (unsigned i = ENTRY_SEGMENT_ES; i <= ENTRY_SEGMENT_GS; i++) {
        state.segments[i].selector |= 3;
        state.segments[i].attributes |= 0x60;
    }
    result("CPL 3 throughout (legal)", ENTRY_OK);
    hardware.activity = 1;
    result("HLT at CPL 3", NOT_A_RULE);
}

static void test_vm86(void)
{
    reset();
    state.rflags = 0x20202;
    for (unsigned i = ENTRY_SEGMENT_ES; i <= ENTRY_SEGMENT_GS; i++)
        state.segments[i] = (struct entry_segment){0x1237, 0xffff, 0xf3, 0x12370};
    result("virtual-8086 mode (legal)", ENTRY_OK);
    state.segments[ENTRY_SEGMENT_GS].limit = 0xffffffff;
    result("virtual-8086 mode with a 4 GiB limit", ENTRY_VM86_SEGMENT);
    state.segments[ENTRY_SEGMENT_GS].limit = 0xffff;
    state.segments[ENTRY_SEGMENT_CS].base = 0;
    result("virtual-8086 mode with a base of its own", ENTRY_VM86_SEGMENT);
}

static void test_paging_modes(void)
{
    reset();
    state.cr4 = 0x2020;
    state.pdptes_known = true;
    state.pdptes[2] = 0x1001;
    result("PAE (legal)", ENTRY_OK);
    state.pdptes[2] = 0x1003;
    result("PAE with a reserved PDPTE bit", ENTRY_PDPTE_RESERVED);
    state.pdptes[2] = 0x1000000000000001;
    result("PAE with a PDPTE beyond the address width", ENTRY_PDPTE_RESERVED);
    state.pdptes[2] = 0x1002;
    result("PAE with junk in an absent PDPTE (legal)", ENTRY_OK);
    state.hardware = false;
    state.efer = 0x500;
    result("IA-32e compatibility mode: the registers are legal, a 32-bit host is not", NOT_A_RULE);
    state.segments[ENTRY_SEGMENT_CS].attributes = 0xe09b;
    result("64-bit CS with D=1", ENTRY_CS_TYPE);
    state.segments[ENTRY_SEGMENT_CS].attributes = 0xa09b;
    state.rip = 0xffff800000000000;
    result("64-bit RIP", NOT_A_RULE);
    state.rflags = 0x20002;
    result("virtual-8086 mode in IA-32e mode", ENTRY_RFLAGS_VM);
    state.rflags = 2;
    state.segments[ENTRY_SEGMENT_TR].attributes = 0x83;
    result("16-bit TSS in IA-32e mode", ENTRY_TR_TYPE);
}

/* What a guest can have in CR0 is less than what VM entry takes. */
static void test_guest_view(void)
{
    reset();
    state.hardware = false;
    state.cr4 = 0x10;
    hardware.cr0_fixed_ones = 0;
    hardware.cr4_fixed_ones = 0;
    state.cr0 = 0x11;
    result("unpaged CR0 as the guest reads it (legal)", ENTRY_OK);
    state.cr0 = 0x20000011;
    result("NW without CD", ENTRY_CR0_RESERVED);
    state.cr0 = 0x60000011;
    result("NW with CD (legal)", ENTRY_OK);
    state.cr0 = 0x51;
    result("reserved CR0 bit", ENTRY_CR0_RESERVED);
    state.cr0 = 0x10;
    result("CR0.PE clear", ENTRY_CR0_PE);
    state.cr0 = 0x80000010;
    result("PG without PE", ENTRY_CR0_RESERVED);
}

/* The rules on shadows, which a table of single changes cannot reach. */
static void test_shadows(void)
{
    reset();
    state.rflags = 0x202;
    hardware.interruptibility = 1;
    result("STI shadow with IF=1 (legal)", ENTRY_OK);
    hardware.interruptibility = 3;
    result("STI and MOV-SS shadow", NOT_A_RULE);
    hardware.interruptibility = 2;
    hardware.event = 0x80000030;
    result("interrupt under a MOV-SS shadow", NOT_A_RULE);
    hardware.event = 0;
    state.rflags = 0x302;
    result("TF under a shadow without a pending step", NOT_A_RULE);
    hardware.pending_debug = 0x4000;
    result("TF under a shadow with a pending step (legal)", ENTRY_OK);
    state.rflags = 0x202;
    result("a pending step under a shadow without TF", NOT_A_RULE);
}

int main(void)
{
    test_segments();
    test_numbers();
    test_privilege_3();
    test_vm86();
    test_paging_modes();
    test_guest_view();
    test_shadows();
    printf("1..%u\n", tests);
    return failures == 0 ? 0 : 1;
}
