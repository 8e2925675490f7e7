/* Input bytes to initial state. Not here: what lies in memory (tables.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "scenario.h"

#include <string.h>

#include "standing.h"

#define ATTRIBUTES_REAL 0x93u

/* --- parsing -----------------------------------------------------------------------------------
 */

struct cursor {
    const uint8_t *at;
    size_t left;
};

static uint8_t take(struct cursor *c)
{
    if (c->left == 0)
        return 0;
    c->left--;
    return *c->at++;
}

static uint32_t take_32(struct cursor *c)
{
    uint32_t value = take(c);

    value |= (uint32_t)take(c) << 8;
    value |= (uint32_t)take(c) << 16;
    return value | (uint32_t)take(c) << 24;
}

void scenario_parse(struct scenario *scenario, const uint8_t *bytes, size_t length)
{
    struct cursor c = {bytes, length};

    memset(scenario, 0, sizeof *scenario);
    scenario->mode = (enum scenario_mode)(take(&c) % MODE_COUNT);
    scenario->privilege = take(&c);
    scenario->paging = take(&c);
    scenario->cr0 = take(&c);
    scenario->cr4 = take(&c);
    scenario->options = take(&c);
    scenario->interrupt_at = take(&c);
    scenario->interrupt_vector = take(&c);
    scenario->mmio_pages = take(&c);
    scenario->chunk = take(&c);
    scenario->eflags = take_32(&c);
    for (unsigned n = 0; n < 18; n++)
        scenario->segment[n / 3][n % 3] = take(&c);
    for (unsigned n = 0; n < sizeof scenario->tables; n++)
        scenario->tables[n] = take(&c);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        scenario->gpr[n] = take_32(&c);
    scenario->dr7 = take_32(&c);
    for (unsigned n = 0; n < 4; n++)
        scenario->dr[n] = take(&c);
    scenario->patch_count = take(&c) & SCENARIO_PATCHES;
    for (unsigned n = 0; n < scenario->patch_count; n++) {
        scenario->patch[n].region = take(&c);
        scenario->patch[n].index = take(&c);
        for (unsigned b = 0; b < PATCH_BYTES; b++)
            scenario->patch[n].bytes[b] = take(&c);
    }
    while (c.left != 0 && scenario->code_length < SCENARIO_CODE_LIMIT)
        scenario->code[scenario->code_length++] = take(&c);
}

/* --- segments ----------------------------------------------------------------------------------
 */

static const uint32_t bases[16] = {
    AT_DATA,    AT_CODE,    AT_STACK,   0,          AT_DATA - 1, 0xfffffff0u, 0x00100000u,
    0x000ffff0, AT_GDT,     0xffff0000, 0x80000000, AT_DATA + 2, 0x00110000u, 0x00400000u + AT_DATA,
    AT_TSS,     0x40000000u};

static const uint32_t limits[16] = {0xffff,      0xffffffffu, 0,      7,      0xfffu,  0x1000u,
                                    0xfffffu,    0x7fffu,     0xffu,  0xfffe, 0x10000, 0xfffffffeu,
                                    0x7fffffffu, 6,           0xffff, 0x1ffff};

/* Any cache at all, legal or not: type, S, DPL, P by one byte, then base and limit. */
static struct segment_state odd_cache(const uint8_t bytes[3], unsigned cpl)
{
    uint32_t type = bytes[0] >> 1 & 15u, flags = bytes[1] >> 4;
    struct segment_state cache = {.base = bases[bytes[1] & 15], .limit = limits[bytes[2] & 15]};

    cache.attributes = type | (flags & 1 ? cpl << ATTRIBUTE_DPL_SHIFT : ATTRIBUTE_DPL);
    cache.attributes |= bytes[0] & 0x20 ? 0 : ATTRIBUTE_S;
    cache.attributes |= bytes[0] & 0x40 && bytes[2] & 0x10 ? 0 : ATTRIBUTE_P;
    cache.attributes |= flags & 2 ? ATTRIBUTE_DB : 0;
    cache.attributes |= flags & 4 ? ATTRIBUTE_AVL : 0;
    cache.attributes |= cache.limit > 0xfffff ? ATTRIBUTE_G : 0;
    cache.attributes |= bytes[0] & 0x80 ? ATTRIBUTE_UNUSABLE : 0;
    cache.selector = (uint16_t)(bytes[2] * 8u | (flags & 8 ? cpl : bytes[2] >> 6 & 3u));
    return cache;
}

static struct segment_state real_segment(uint16_t selector)
{
    return (struct segment_state){.selector = selector,
                                  .attributes = ATTRIBUTES_REAL,
                                  .base = (uint32_t)selector << 4,
                                  .limit = 0xffff};
}

/* Byte 0 of a segment's three: 0 the usual one, odd any cache, even a variation of the usual. */
static struct segment_state vary_real(const uint8_t bytes[3], uint16_t usual)
{
    struct segment_state cache = real_segment(usual);

    if (bytes[0] == 0)
        return cache;
    if (bytes[0] & 1)
        return odd_cache(bytes, 0);
    if (bytes[0] & 2)
        cache = real_segment((uint16_t)(bytes[1] | bytes[2] << 8));
    if (bytes[0] & 4) {
        cache.limit = 0xffffffffu;
        cache.attributes |= ATTRIBUTE_G;
    }
    if (bytes[0] & 8)
        cache.attributes |= ATTRIBUTE_DB;
    if (bytes[0] & 16)
        cache.limit = limits[bytes[2] & 15] & 0xfffff;
    return cache;
}

static const uint16_t real_selectors[6] = {0x3800,       AT_CODE >> 4, AT_STACK >> 4,
                                           AT_DATA >> 4, 0x5000,       0x0000};

static void load_real_segments(const struct scenario *scenario, struct guest_state *state)
{
    for (unsigned n = ES; n <= GS; n++) {
        state->segment[n] = vary_real(scenario->segment[n], real_selectors[n]);
        if (scenario->mode == MODE_BIG_REAL && n != CS) {
            state->segment[n].limit = 0xffffffffu;
            state->segment[n].attributes |= ATTRIBUTE_G;
        }
    }
}

static void load_virtual_8086_segments(const struct scenario *scenario, struct guest_state *state)
{
    for (unsigned n = ES; n <= GS; n++) {
        const uint8_t *bytes = scenario->segment[n];
        uint16_t selector = bytes[0] ? (uint16_t)(bytes[1] | bytes[2] << 8) : real_selectors[n];

        state->segment[n] = real_segment(selector);
        state->segment[n].attributes = 0xf3;
    }
}

static unsigned usual_descriptor(unsigned segment, unsigned cpl, bool wide)
{
    static const uint8_t code[2][4] = {{GDT_CODE_0_16, GDT_CODE_1_16, GDT_CODE_2, GDT_CODE_3_16},
                                       {GDT_CODE_0, GDT_CODE_1, GDT_CODE_2, GDT_CODE_3}};
    static const uint8_t data[2][4] = {{GDT_DATA_0_16, GDT_DATA_1_16, GDT_DATA_2, GDT_DATA_3_16},
                                       {GDT_DATA_0, GDT_DATA_1, GDT_DATA_2, GDT_DATA_3}};

    return segment == CS ? code[wide][cpl] : data[wide][cpl];
}

static void load_protected_segments(struct subject *s, const struct scenario *scenario,
                                    struct guest_state *state)
{
    bool wide = scenario->mode != MODE_PROTECTED_16;
    unsigned cpl = state->cpl;

    for (unsigned n = ES; n <= GS; n++) {
        const uint8_t *bytes = scenario->segment[n];
        unsigned index = usual_descriptor(n, cpl, wide);

        if (bytes[0] & 2)
            index = bytes[1] % GDT_USED;
        descriptor_at(s, index, &state->segment[n]);
        state->segment[n].selector = (uint16_t)(index << 3 | cpl);
        if ((bytes[0] & 1) && (scenario->mode == MODE_PROTECTED_CACHES || n != CS))
            state->segment[n] = odd_cache(bytes, cpl);
        if ((bytes[0] & 4) && n != CS && n != SS)
            state->segment[n] = (struct segment_state){
                .selector = bytes[2] & 3u, .attributes = ATTRIBUTE_UNUSABLE, .limit = bytes[1]};
    }
}

/* --- everything else ---------------------------------------------------------------------------
 */

static void load_system_segments(struct subject *s, const struct scenario *scenario,
                                 struct guest_state *state)
{
    static const uint32_t tss_limits[8] = {0x67,         TSS_SIZE - 1, 0x87, 0x2b,
                                           TSS_SIZE - 2, 0x68,         0x66, 0xa7};
    uint8_t ldt = scenario->tables[0], tss = scenario->tables[1];
    uint8_t gdt = scenario->tables[2], idt = scenario->tables[3];

    descriptor_at(s, GDT_LDT, &state->segment[LDTR]);
    state->segment[LDTR].selector = GDT_LDT << 3;
    if (ldt & 1)
        state->segment[LDTR] = (struct segment_state){.attributes = ATTRIBUTE_UNUSABLE};
    if (ldt & 2)
        state->segment[LDTR].limit = ldt >> 2;
    descriptor_at(s, GDT_TSS, &state->segment[TR]);
    state->segment[TR].selector = GDT_TSS << 3;
    state->segment[TR].limit = tss_limits[tss & 7];
    if (tss & 8)
        state->segment[TR].attributes = tss & 16 ? 0x83 : 0x8b;
    if (tss & 64) /* as after a reset */
        state->segment[TR] = (struct segment_state){.attributes = 0x8b, .limit = 0xffff};
    state->gdtr = (struct table_register){AT_GDT, gdt ? gdt * 3u : GDT_ENTRIES * 8 - 1};
    state->idtr.base = state->cr0 & CR0_PE ? AT_IDT : 0;
    state->idtr.limit = idt ? idt * 5u : 0x7ff;
}

static uint32_t control_bits(uint8_t byte, const uint32_t *bits, unsigned count)
{
    uint32_t value = 0;

    for (unsigned n = 0; n < count; n++)
        value |= (byte >> n) & 1 ? bits[n] : 0;
    return value;
}

static void load_control(const struct scenario *scenario, struct guest_state *state)
{
    static const uint32_t cr0_bits[] = {CR0_MP, CR0_EM, CR0_TS, CR0_NE, CR0_AM, CR0_CD | CR0_NW};
    static const uint32_t cr4_bits[] = {CR4_VME | CR4_PVI, CR4_TSD, CR4_DE,     CR4_PGE,
                                        CR4_PCE,           CR4_MCE, CR4_OSFXSR, CR4_OSXMMEXCPT};
    bool protected = scenario->mode != MODE_REAL && scenario->mode != MODE_BIG_REAL &&
                     scenario->mode != MODE_REAL_CACHES;
    unsigned paging = protected ? scenario->paging & 3 : 0;

    state->cr0 = CR0_ET | control_bits(scenario->cr0, cr0_bits, 6);
    state->cr4 = control_bits(scenario->cr4, cr4_bits, 8);
    state->cr0 |= protected ? CR0_PE : 0;
    state->cr0 |= paging ? CR0_PG : 0;
    state->cr0 |= scenario->paging & 4 ? CR0_WP : 0;
    state->cr4 |= scenario->paging & 2 ? CR4_PSE : 0;
    if ((scenario->paging & 3) == 3)
        state->cr4 = (state->cr4 & ~CR4_PSE) | CR4_PAE;
    state->efer = scenario->paging & 8 ? EFER_NXE | EFER_SCE : 0;
    state->cr3 = AT_PAGES;
}

/* Mostly small numbers, since most addresses are. */
static uint32_t shaped(uint32_t value)
{
    if (value >> 24 < 0x60)
        return value & 0xffff;
    return value >> 24 < 0xa0 ? value & 0x1fffff : value;
}

static void load_registers(const struct scenario *scenario, struct guest_state *state)
{
    uint32_t fixed = scenario->mode == MODE_VIRTUAL_8086 ? EFLAGS_VM | EFLAGS_FIXED : EFLAGS_FIXED;

    state->eflags = scenario->eflags & EFLAGS_DEFINED & ~(EFLAGS_VM | EFLAGS_IOPL);
    state->eflags |= fixed | (scenario->privilege >> 2 & 3u) << 12;
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        state->gpr[n] = shaped(scenario->gpr[n]);
    if (scenario->gpr[ESP] == 0)
        state->gpr[ESP] = state->segment[SS].base ? 0x8000 : AT_STACK + 0x8000;
    state->dr[7] = (scenario->dr7 & 0xffff23ffu) | DR7_FIXED;
    state->dr[6] = DR6_FIXED;
    for (unsigned n = 0; n < 4; n++) /* near the code, or the data */
        state->dr[n] =
            (scenario->dr[n] & 0x80 ? AT_DATA : AT_CODE + 0x100) + (scenario->dr[n] & 0x7fu);
    if (scenario->options & OPTION_SHADOW)
        state->shadow = SHADOW_MOV_SS;
    state->a20 = !(scenario->options & OPTION_A20_OFF);
}

/* In a flat segment somewhere in the code area, at the end of a page or of 64 KiB, else near an end
 * of the segment. */
static uint32_t first_eip(const struct scenario *scenario, const struct segment_state *cs)
{
    uint32_t flat = cs->base == 0 ? AT_CODE : 0;
    static const uint32_t offsets[8] = {0x100, 0xff8, 0x0, 0xffc, 0x1ffd, 0x100, 0x103, 0x7fe0};

    switch (scenario->privilege >> 4) {
    case 8:
        return cs->limit - 7;
    case 9:
        return cs->limit;
    case 10:
        return flat + 0xfff0;
    case 11:
        return cs->limit - 40;
    default:
        return flat + offsets[scenario->privilege >> 4 & 7];
    }
}

/* Registers whose use changes the code. */
static void point_at_code(const struct scenario *scenario, uint32_t linear,
                          struct guest_state *state)
{
    if (scenario->chunk & CHUNK_AT_CODE) {
        state->gpr[EBX] = linear - state->segment[DS].base + (scenario->gpr[EBX] & 0x1f);
        state->gpr[EDI] = linear - state->segment[ES].base + (scenario->gpr[EDI] & 0x1f);
    }
    if (scenario->chunk & CHUNK_ON_CODE)
        state->gpr[ESP] = linear - state->segment[SS].base + (scenario->gpr[ESP] & 0x3f);
}

void scenario_load(struct subject *s, const struct scenario *scenario)
{
    struct guest_state state;

    memset(&state, 0, sizeof state);
    tables_build(s, scenario);
    load_control(scenario, &state);
    if (scenario->mode == MODE_VIRTUAL_8086)
        state.cpl = 3;
    else if (scenario->mode == MODE_PROTECTED_16 || scenario->mode == MODE_PROTECTED_32 ||
             scenario->mode == MODE_PROTECTED_CACHES)
        state.cpl = scenario->privilege & 3;
    if (scenario->mode == MODE_VIRTUAL_8086)
        load_virtual_8086_segments(scenario, &state);
    else if (scenario->mode == MODE_PROTECTED_16 || scenario->mode == MODE_PROTECTED_32 ||
             scenario->mode == MODE_PROTECTED_CACHES || scenario->mode == MODE_REAL_CACHES)
        load_protected_segments(s, scenario, &state);
    else
        load_real_segments(scenario, &state);
    load_system_segments(s, scenario, &state);
    load_registers(scenario, &state);
    state.eip = first_eip(scenario, &state.segment[CS]);
    s->code_linear = state.segment[CS].base + state.eip;
    point_at_code(scenario, s->code_linear, &state);
    tables_put_code(s, scenario, s->code_linear, state.segment[CS].attributes & ATTRIBUTE_DB);
    s->msr[0] = state.efer;
    s->msr[1] = GDT_CODE_0 << 3;
    s->msr[2] = AT_STACK_0;
    s->msr[3] = AT_CODE + 0x100;
    processor_load(&s->processor, &state);
    s->regular = state_is_regular(&state);
}
