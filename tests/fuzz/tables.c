/* Memory at the start of an input: descriptor tables, TSSs, page tables, handlers, patches.
 * Not here: registers (scenario.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "scenario.h"

#define FLAT      0xffffffffu
#define ABSENT(x) ((x) & ~ATTRIBUTE_P)

/* --- descriptors -------------------------------------------------------------------------------
 */

struct row {
    uint32_t base;
    uint32_t limit;
    uint32_t attributes;
};

static const struct row segments[] = {
    [GDT_CODE_0] = {0, FLAT, 0xc09b},
    [GDT_DATA_0] = {0, FLAT, 0xc093},
    [GDT_CODE_3] = {0, FLAT, 0xc0fb},
    [GDT_DATA_3] = {0, FLAT, 0xc0f3},
    [GDT_CODE_0_16] = {AT_CODE, 0xffff, 0x9b},
    [GDT_DATA_0_16] = {AT_STACK, 0xffff, 0x93},
    [GDT_CODE_3_16] = {AT_CODE, 0xffff, 0xfb},
    [GDT_DATA_3_16] = {AT_STACK, 0xffff, 0xf3},
    [GDT_CODE_1] = {0, FLAT, 0xc0bb},
    [GDT_DATA_1] = {0, FLAT, 0xc0b3},
    [GDT_CODE_2] = {0, FLAT, 0xc0db},
    [GDT_DATA_2] = {0, FLAT, 0xc0d3},
    [GDT_CONFORMING_0] = {0, FLAT, 0xc09f},
    [GDT_CONFORMING_3] = {0, FLAT, 0xc0ff},
    [GDT_EXECUTE_ONLY_0] = {0, FLAT, 0xc099},
    [GDT_EXECUTE_ONLY_3] = {0, FLAT, 0xc0f9},
    [GDT_READ_ONLY_3] = {AT_DATA, 0xffff, 0xf1},
    [GDT_EXPAND_DOWN_3] = {0, AT_STACK - 1, 0xc0f7},
    [GDT_EXPAND_DOWN_0_16] = {AT_STACK, 0x0fff, 0x97},
    [GDT_DATA_ABSENT] = {AT_DATA, 0xffff, 0x73},
    [GDT_CODE_ABSENT] = {0, FLAT, 0xc01b},
    [GDT_DATA_FRESH] = {0, FLAT, 0xc0f2},
    [GDT_CODE_FRESH] = {0, FLAT, 0xc09a},
    [GDT_DATA_SHORT] = {AT_DATA, 0x0f, 0xf3},
    [GDT_DATA_PAGE] = {AT_DATA, 0xfff, 0xc0f3},
    [GDT_TSS] = {AT_TSS, TSS_SIZE - 1, 0x8b},
    [GDT_TSS_32] = {AT_OTHER_TSS, 0x67, 0xe9},
    [GDT_TSS_16] = {AT_OTHER_TSS + 0x100, 0x2b, 0xe1},
    [GDT_TSS_ABSENT] = {AT_OTHER_TSS + 0x200, 0x67, 0x69},
    [GDT_TSS_SHORT] = {AT_OTHER_TSS + 0x200, 0x66, 0xe9},
    [GDT_TSS_BUSY] = {AT_OTHER_TSS + 0x300, 0x67, 0x8b},
    [GDT_TSS_VM] = {AT_OTHER_TSS + 0x400, 0x67, 0xe9},
    [GDT_TSS_3] = {AT_OTHER_TSS + 0x500, 0x67, 0xe9},
    [GDT_LDT] = {AT_LDT, LDT_ENTRIES * 8 - 1, 0x82},
    [GDT_LDT_2] = {AT_LDT + 0x40, 0x37, 0xe2},
    [GDT_SYSTEM_0] = {AT_DATA, 0xffff, 0xe0},
    [GDT_DATA_1_16] = {AT_STACK, 0xffff, 0xb3},
    [GDT_CODE_1_16] = {AT_CODE, 0xffff, 0xbb},
};

static const struct {
    uint8_t index, attributes, parameters;
    uint16_t selector;
    uint32_t offset;
} gates[] = {
    {GDT_CALL_32, 0xec, 0, GDT_CODE_0 << 3, AT_CODE + 0x100},
    {GDT_CALL_32_PARAMETERS, 0xec, 3, GDT_CODE_0 << 3, AT_CODE + 0x108},
    {GDT_CALL_16, 0xe4, 2, GDT_CODE_0_16 << 3, 0x100},
    {GDT_CALL_CONFORMING, 0xec, 1, GDT_CONFORMING_0 << 3, AT_CODE + 0x100},
    {GDT_CALL_1, 0xec, 31, GDT_CODE_1 << 3, AT_CODE + 0x104},
    {GDT_TASK_32, 0xe5, 0, GDT_TSS_32 << 3, 0},
    {GDT_TASK_16, 0xe5, 0, GDT_TSS_16 << 3, 0},
    {GDT_TASK_3, 0xe5, 0, GDT_TSS_3 << 3, 0},
};

static void put(struct subject *s, uint32_t at, uint32_t value)
{
    subject_poke(s, at, 4, value);
}

static void put_descriptor(struct subject *s, uint32_t at, const struct row *row)
{
    uint32_t limit = row->attributes & ATTRIBUTE_G ? row->limit >> 12 : row->limit;

    put(s, at, (limit & 0xffff) | row->base << 16);
    put(s, at + 4,
        (row->base >> 16 & 0xff) | (row->attributes & 0xf0ff) << 8 | (limit & 0xf0000) |
            (row->base & 0xff000000u));
}

static void put_gate(struct subject *s, uint32_t at, uint16_t selector, uint32_t offset,
                     uint32_t attributes, uint32_t parameters)
{
    put(s, at, (offset & 0xffff) | (uint32_t)selector << 16);
    put(s, at + 4, parameters | attributes << 8 | (offset & 0xffff0000u));
}

void descriptor_at(const struct subject *s, unsigned index, struct segment_state *cache)
{
    uint32_t low = subject_peek(s, AT_GDT + index * 8, 4);
    uint32_t high = subject_peek(s, AT_GDT + index * 8 + 4, 4);

    cache->selector = (uint16_t)(index << 3);
    cache->attributes = high >> 8 & 0xf0ff;
    cache->base = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000u);
    cache->limit = (low & 0xffff) | (high & 0xf0000);
    if (high & 0x00800000)
        cache->limit = cache->limit << 12 | 0xfff;
    if (cache->attributes & ATTRIBUTE_S)
        cache->attributes |= ATTRIBUTE_ACCESSED;
}

static void put_descriptors(struct subject *s)
{
    static const uint8_t local[] = {GDT_DATA_3,      GDT_CODE_3,  GDT_DATA_0,     GDT_CODE_0,
                                    GDT_CALL_32,     GDT_CALL_16, GDT_DATA_FRESH, GDT_EXPAND_DOWN_3,
                                    GDT_TASK_32,     GDT_TSS_32,  GDT_LDT,        GDT_DATA_1,
                                    GDT_CONFORMING_3};

    for (unsigned n = 0; n < sizeof segments / sizeof segments[0]; n++)
        if (segments[n].attributes)
            put_descriptor(s, AT_GDT + n * 8, &segments[n]);
    for (unsigned n = 0; n < sizeof gates / sizeof gates[0]; n++)
        put_gate(s, AT_GDT + gates[n].index * 8u, gates[n].selector, gates[n].offset,
                 gates[n].attributes, gates[n].parameters);
    for (unsigned n = 0; n < sizeof local; n++) {
        put(s, AT_LDT + n * 8, subject_peek(s, AT_GDT + local[n] * 8u, 4));
        put(s, AT_LDT + n * 8 + 4, subject_peek(s, AT_GDT + local[n] * 8u + 4, 4));
    }
}

/* --- interrupts --------------------------------------------------------------------------------
 */

/* Gates that differ from the usual one, for every eighth vector when the input asks for them. */
static const struct {
    uint8_t attributes;
    uint16_t selector;
} odd_gates[8] = {
    {0xef, GDT_CODE_0 << 3},       /* trap gate */
    {0xe6, GDT_CODE_0 << 3},       /* 16-bit interrupt gate */
    {0x8e, GDT_CONFORMING_0 << 3}, /* DPL 0 */
    {0xe5, GDT_TSS_32 << 3},       /* task gate */
    {0x6e, GDT_CODE_0 << 3},       /* absent */
    {0xee, GDT_CODE_1 << 3},       /* to ring 1 */
    {0xec, GDT_CODE_0 << 3},       /* a call gate: wrong here */
    {0xe5, GDT_TSS_16 << 3},
};

static void put_idt(struct subject *s, const struct scenario *scenario)
{
    unsigned odd = scenario->options >> 6;

    for (unsigned vector = 0; vector < 256; vector++) {
        unsigned attributes = 0xee, selector = GDT_CODE_0 << 3;

        if (odd == 3 || (odd == 1 && vector >= 32) || (odd == 2 && vector % 2 == 0)) {
            attributes = odd_gates[vector % 8].attributes;
            selector = odd_gates[vector % 8].selector;
        }
        put_gate(s, AT_IDT + vector * 8, (uint16_t)selector, AT_HANDLERS + vector * 16, attributes,
                 0);
        put(s, vector * 4, (AT_HANDLERS >> 4) << 16 | vector * 16);
    }
}

static bool has_error_code(unsigned vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

/* A handler goes on one byte behind what faulted, so that a stream of random bytes goes on. */
static void put_handlers(struct subject *s, const struct scenario *scenario)
{
    /* push ax; push bp; mov bp,sp; inc word [bp+4]; pop bp; pop ax; iret */
    static const uint8_t skip_16[] = {0x50, 0x55, 0x8b, 0xec, 0xff, 0x46, 0x04, 0x5d, 0x58, 0xcf};
    /* add esp,4 */
    static const uint8_t drop_error[] = {0x83, 0xc4, 0x04};
    /* inc dword ss:[esp]; iret */
    static const uint8_t skip_32[] = {0x36, 0xff, 0x04, 0x24, 0xcf};
    bool real = scenario->mode == MODE_REAL || scenario->mode == MODE_BIG_REAL ||
                scenario->mode == MODE_REAL_CACHES;

    for (unsigned vector = 0; vector < 256; vector++) {
        uint32_t at = AT_HANDLERS + vector * 16;
        bool fault = vector < 32 && vector != 1 && vector != 3 && vector != 4;

        if (fault && (scenario->options & OPTION_HALT_IN_FAULTS)) {
            subject_poke(s, at, 1, 0xf4);
        } else if (!fault) {
            subject_poke(s, at, 1, 0xcf);
        } else if (real) {
            for (unsigned n = 0; n < sizeof skip_16; n++)
                subject_poke(s, at + n, 1, skip_16[n]);
        } else {
            unsigned begin = has_error_code(vector) ? sizeof drop_error : 0;

            for (unsigned n = 0; n < begin; n++)
                subject_poke(s, at + n, 1, drop_error[n]);
            for (unsigned n = 0; n < sizeof skip_32; n++)
                subject_poke(s, at + begin + n, 1, skip_32[n]);
        }
    }
}

/* --- tasks -------------------------------------------------------------------------------------
 */

static void put_task_32(struct subject *s, uint32_t at, uint32_t eflags, unsigned code,
                        unsigned data, unsigned rpl)
{
    uint32_t flat = eflags & EFLAGS_VM ? 0 : AT_CODE;

    put(s, at + 4, AT_STACK_0);
    put(s, at + 8, GDT_DATA_0 << 3);
    put(s, at + 12, AT_STACK_0 - 0x400);
    put(s, at + 16, GDT_DATA_1 << 3 | 1);
    put(s, at + 20, AT_STACK_0 - 0x800);
    put(s, at + 24, GDT_DATA_2 << 3 | 2);
    put(s, at + 28, AT_PAGES);
    put(s, at + 32, flat + 0x100);
    put(s, at + 36, eflags);
    put(s, at + 56, eflags & EFLAGS_VM ? 0x8000 : AT_STACK + 0x6000);
    for (unsigned n = ES; n <= GS; n++)
        put(s, at + 72 + n * 4, n == CS ? code | rpl : data | rpl);
    put(s, at + 96, GDT_LDT << 3);
    put(s, at + 100, 0x00680000);
}

static void put_task_16(struct subject *s, uint32_t at)
{
    subject_poke(s, at + 2, 2, 0xf000);
    subject_poke(s, at + 4, 2, GDT_DATA_0_16 << 3);
    subject_poke(s, at + 14, 2, 0x100);
    subject_poke(s, at + 16, 2, EFLAGS_FIXED);
    subject_poke(s, at + 26, 2, 0x7000);
    for (unsigned n = ES; n <= DS; n++)
        subject_poke(s, at + 34 + n * 2, 2, (n == CS ? GDT_CODE_0_16 : GDT_DATA_0_16) * 8u);
    subject_poke(s, at + 42, 2, GDT_LDT << 3);
}

static void put_tasks(struct subject *s, const struct scenario *scenario)
{
    put_task_32(s, AT_TSS, EFLAGS_FIXED, GDT_CODE_0 << 3, GDT_DATA_0 << 3, 0);
    subject_poke(s, AT_TSS, 2, GDT_TSS_BUSY << 3);
    subject_poke(s, AT_TSS + 0x66, 2, 0x88);
    /* Redirection: every vector but the even ones of the last eight bytes goes to the program. */
    for (unsigned n = 24; n < 32; n++)
        subject_poke(s, AT_TSS + 0x68 + n, 1, 0x55);
    /* I/O: every other port of the second hundred; the end is ones, as it must be. */
    for (unsigned n = 0x20; n < 0x40; n++)
        subject_poke(s, AT_TSS + 0x88 + n, 1, scenario->mmio_pages & 0x80 ? 0xaa : 0x10);
    subject_poke(s, AT_TSS + TSS_SIZE - 1, 1, 0xff);
    put_task_32(s, AT_OTHER_TSS, EFLAGS_FIXED | EFLAGS_IF, GDT_CODE_0 << 3, GDT_DATA_0 << 3, 0);
    put_task_16(s, AT_OTHER_TSS + 0x100);
    put_task_32(s, AT_OTHER_TSS + 0x200, EFLAGS_FIXED, GDT_CODE_0 << 3, GDT_DATA_0 << 3, 0);
    put_task_32(s, AT_OTHER_TSS + 0x300, EFLAGS_FIXED | EFLAGS_NT, GDT_CODE_0 << 3, GDT_DATA_0 << 3,
                0);
    put_task_32(s, AT_OTHER_TSS + 0x400, EFLAGS_FIXED | EFLAGS_VM, AT_CODE >> 4, AT_DATA >> 4, 0);
    put_task_32(s, AT_OTHER_TSS + 0x500, EFLAGS_FIXED, GDT_CODE_3 << 3, GDT_DATA_3 << 3, 3);
}

/* --- pages -------------------------------------------------------------------------------------
 */

#define ENTRY_ALL 0x67u /* present, writable, user, accessed, dirty */

/* Rights of one page by the input's pattern; what delivery needs stays whole in most of them. */
static uint32_t rights(const struct scenario *scenario, uint32_t page)
{
    static const uint8_t by_hash[16] = {0x67, 0x67, 0x07, 0x27, 0x65, 0x05, 0x63, 0x03,
                                        0x61, 0x67, 0x00, 0x66, 0x67, 0x07, 0x25, 0x47};
    unsigned pattern = scenario->paging >> 4;
    uint32_t at = page * PAGE_SIZE;
    bool vital = at < AT_LDT + PAGE_SIZE || at / 0x10000 == AT_HANDLERS / 0x10000 ||
                 (at & ~0xfffu) == ((AT_STACK_0 - 1) & ~0xfffu) ||
                 (at >= AT_TSS - 0xfff && at < AT_CODE);

    if (pattern == 0)
        return ENTRY_ALL;
    if (pattern == 1)
        return 0x07;
    if (pattern == 2)
        return vital ? 0x63 : ENTRY_ALL;
    if (vital && pattern < 14)
        return pattern & 1 ? ENTRY_ALL : 0x61;
    if (at / PAGE_SIZE == AT_CODE / PAGE_SIZE && pattern != 15)
        return 0x65;
    return by_hash[(page * 5 + pattern * 3 + (page >> 4)) & 15];
}

static void put_entry(struct subject *s, uint32_t table, unsigned index, unsigned width,
                      uint64_t entry)
{
    put(s, table + index * width, (uint32_t)entry);
    if (width == 8)
        put(s, table + index * width + 4, (uint32_t)(entry >> 32));
}

static void put_page_tables(struct subject *s, const struct scenario *scenario)
{
    bool pae = (scenario->paging & 3) == 3;
    unsigned width = pae ? 8 : 4, shift = pae ? 21 : 22;
    uint32_t directory = pae ? AT_PAGES + 0x1000 : AT_PAGES;

    if ((scenario->paging & 3) == 0)
        return;
    for (uint32_t page = 0; page < RAM_PAGES; page++) {
        uint64_t no_execute = pae && page % 5 == 3 && scenario->paging & 8 ? 1ull << 63 : 0;

        put_entry(s, AT_PAGE_TABLES, page, width,
                  page * PAGE_SIZE | rights(scenario, page) | no_execute);
    }
    if (pae) {
        put_entry(s, AT_PAGES, 0, 8, directory | 1);
        put_entry(s, AT_PAGES, 1, 8, directory | 1);
        put_entry(s, AT_PAGES, 3, 8, (directory + 0x1000) | 1);
    }
    put_entry(s, directory, 0, width, AT_PAGE_TABLES | ENTRY_ALL);
    put_entry(s, directory, 1, width, 0x00 | 0xe7u);            /* large, onto 0 */
    put_entry(s, directory, 2, width, AT_PAGE_TABLES | 0x07u);  /* an alias, not accessed */
    put_entry(s, directory, 3, width, (1ull << shift) | 0x83u); /* large, supervisor */
    put_entry(s, directory, 4, width, 0x00202087u);             /* large, reserved bits */
    put_entry(s, directory, 5, width, 0xfffff000u | 0x07u);     /* table outside RAM */
    put_entry(s, directory, width == 8 ? 511 : 1023, width, AT_PAGE_TABLES | ENTRY_ALL);
    if (pae)
        put_entry(s, directory + 0x1000, 511, 8, AT_PAGE_TABLES | ENTRY_ALL);
}

/* --- the input's own ---------------------------------------------------------------------------
 */

static const struct {
    uint32_t at;
    uint32_t step;
    uint32_t size;
} regions[] = {
    {AT_GDT, 8, GDT_ENTRIES * 8}, {AT_LDT, 8, LDT_ENTRIES * 8},
    {AT_IDT, 8, 0x800},           {0, 4, 0x400},
    {AT_TSS, 4, 0x100},           {AT_OTHER_TSS, 8, 0x600},
    {AT_PAGES, 4, 0x400},         {AT_PAGES + 0x1000, 8, 0x100},
    {AT_PAGE_TABLES, 8, 0x900},   {AT_STACK + 0x8000, 4, 0x40},
    {AT_DATA, 8, 0x400},          {AT_STACK_0 - 0x40, 4, 0x40},
};

static void put_patches(struct subject *s, const struct scenario *scenario)
{
    for (unsigned n = 0; n < scenario->patch_count; n++) {
        const struct patch *patch = &scenario->patch[n];
        unsigned region = patch->region % (sizeof regions / sizeof regions[0]);
        uint32_t offset = patch->index * regions[region].step % regions[region].size;

        for (unsigned b = 0; b < PATCH_BYTES; b++)
            subject_poke(s, regions[region].at + offset + b, 1, patch->bytes[b]);
    }
}

void tables_build(struct subject *s, const struct scenario *scenario)
{
    put_descriptors(s);
    put_idt(s, scenario);
    put_handlers(s, scenario);
    put_tasks(s, scenario);
    put_page_tables(s, scenario);
    for (unsigned n = 0; n < scenario->code_length; n++) {
        subject_poke(s, AT_DATA + n, 1, scenario->code[n]);
        subject_poke(s, AT_STACK + 0x8000 + n, 1, scenario->code[n]);
    }
    put_patches(s, scenario);
}

/* JMP rel16 or rel32 from behind the code to its beginning. */
static void put_loop(struct subject *s, const struct scenario *scenario, uint32_t linear, bool wide)
{
    uint32_t behind = linear + scenario->code_length;

    subject_poke(s, behind, 1, 0xe9);
    subject_poke(s, behind + 1, wide ? 4 : 2, 0u - scenario->code_length - (wide ? 5u : 3u));
}

void tables_put_code(struct subject *s, const struct scenario *scenario, uint32_t linear, bool wide)
{
    for (unsigned n = 0; n < scenario->code_length; n++)
        subject_poke(s, linear + n, 1, scenario->code[n]);
    if (scenario->chunk & CHUNK_LOOP)
        put_loop(s, scenario, linear, wide);
}
