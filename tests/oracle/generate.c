/* Start states, the walk through all combinations, and random sequences.
 * Not here: encoding (encode.c) and values (values.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "generate.h"

#include <string.h>

#include "arena.h"
#include "encode.h"
#include "opcodes.h"

static const uint8_t overrides[] = {0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
#define OVERRIDE_COUNT sizeof(overrides)
/* ModRM forms: mod and r/m. Rows without ModRM get as many turns as a quarter of that. */
#define FORM_COUNT   32u
#define PLAIN_TURNS  8u
#define PREFIX_COUNT 8u /* code size, operand size, address size */

static bool is_stack(const struct arena_segment *segment)
{
    return !segment->code && !segment->read_only && !segment->absent;
}

static bool is_roomy(const struct arena_segment *segment)
{
    return is_stack(segment) && !segment->expand_down && segment->limit >= 0x1fff;
}

static bool is_loadable(const struct arena_segment *segment)
{
    return !segment->absent && (!segment->code || !segment->read_only);
}

static uint16_t pick_segment(struct random *random, bool (*fits)(const struct arena_segment *))
{
    for (;;) {
        unsigned index = random_below(random, arena_segment_count);

        if (fits(&arena_segment[index]))
            return arena_selector(index);
    }
}

static uint16_t pick_data(struct random *random)
{
    if (!random_once_in(random, 3))
        return pick_segment(random, is_roomy);
    if (random_once_in(random, 8))
        return 0;
    return pick_segment(random, is_loadable);
}

/* Code segment and place of the code: EIP follows. */
static void pick_code(struct random *random, bool wide, struct oracle_case *test)
{
    const struct arena_segment *segment;
    uint32_t start, end, low;

    for (;;) {
        unsigned index = random_below(random, arena_segment_count);

        segment = &arena_segment[index];
        if (!segment->code || segment->absent || segment->wide != wide)
            continue;
        if ((segment->base != ARENA_BASE || segment->limit != 0xfff) && !random_once_in(random, 4))
            continue;
        test->start.selector[CS] = arena_selector(index);
        break;
    }
    /* What of the page the segment covers. */
    low = segment->base < ARENA_BASE ? 0 : segment->base - ARENA_BASE;
    end = segment->base + segment->limit + 1 - ARENA_BASE;
    if (end > ARENA_PAGE)
        end = ARENA_PAGE;
    start = low + 0x20 + random_below(random, (end - low) / 2);
    if (random_once_in(random, 16))
        start = end - 1 - random_below(random, 16);
    test->code_offset = start;
    test->start.eip = ARENA_BASE + start - segment->base;
}

static void pick_start(struct random *random, bool wide, struct oracle_case *test)
{
    struct registers *start = &test->start;
    const struct arena_segment *stack;

    memset(test, 0, sizeof(*test));
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        start->gpr[n] = interesting_value(random);
    start->selector[DS] = pick_data(random);
    start->selector[ES] = pick_data(random);
    start->selector[FS] = pick_data(random);
    start->selector[GS] = pick_data(random);
    start->selector[SS] =
        random_once_in(random, 3) ? pick_segment(random, is_stack) : pick_segment(random, is_roomy);
    stack = arena_find(start->selector[SS]);
    start->gpr[ESP] = ARENA_BASE + ARENA_STACK + 0x800 + (random_32(random) & 0xffc) - stack->base;
    if (!random_once_in(random, 8))
        start->gpr[ESP] &= ~3u;
    if (!stack->wide && !random_once_in(random, 4))
        start->gpr[ESP] &= 0xffff;
    pick_code(random, wide, test);
    start->eflags = (random_32(random) & EFLAGS_STATUS) | EFLAGS_FIXED | EFLAGS_IF;
    if (random_once_in(random, 3))
        start->eflags |= EFLAGS_DF;
    if (random_once_in(random, 16))
        start->eflags |= EFLAGS_AC;
    if (random_once_in(random, 8))
        start->eflags |= EFLAGS_ID;
}

static uint64_t turns(const struct row *r)
{
    return r->form & FORM_MODRM ? FORM_COUNT : PLAIN_TURNS;
}

uint64_t generate_directed_count(void)
{
    uint64_t count = 0;

    for (unsigned n = 0; n < row_count; n++)
        count += turns(&row[n]) * PREFIX_COUNT * OVERRIDE_COUNT;
    return count;
}

/* Sometimes LOCK, REP, or so many prefixes that 15 bytes are exceeded. */
static void spice(struct random *random, struct instruction_choice *choice)
{
    bool string =
        !choice->row->two_byte && ((choice->row->opcode >= 0xa4 && choice->row->opcode <= 0xaf) ||
                                   (choice->row->opcode >= 0x6c && choice->row->opcode <= 0x6f));

    if (random_once_in(random, choice->row->lockable ? 4 : 24))
        choice->lock = true;
    if (random_once_in(random, string ? 2 : 24))
        choice->repeat = random_once_in(random, 2) ? 0xf2 : 0xf3;
    if (random_once_in(random, 64))
        choice->extra_prefixes = (uint8_t)random_below(random, 14);
}

bool generate_directed(uint64_t index, struct random *random, struct oracle_case *test)
{
    struct instruction_choice choice = {.first = true};
    struct encoded encoded;
    unsigned n = 0;
    uint32_t prefixes;

    while (index >= turns(&row[n]) * PREFIX_COUNT * OVERRIDE_COUNT) {
        index -= turns(&row[n]) * PREFIX_COUNT * OVERRIDE_COUNT;
        n++;
    }
    choice.row = &row[n];
    choice.form = (uint8_t)(index % turns(&row[n]));
    index /= turns(&row[n]);
    choice.segment = overrides[index % OVERRIDE_COUNT];
    prefixes = (uint32_t)(index / OVERRIDE_COUNT);
    choice.wide = prefixes & 1;
    choice.operand_prefix = prefixes & 2;
    choice.address_prefix = prefixes & 4;
    if (choice.row->excluded)
        return false;
    spice(random, &choice);
    pick_start(random, choice.wide, test);
    /* In IA-32e mode, in which the host is, IRET with NT is no task return. */
    if (random_once_in(random, 8) && (choice.row->two_byte || choice.row->opcode != 0xcf))
        test->start.eflags |= EFLAGS_NT;
    return encode(&choice, random, test, &encoded);
}

/* Rows that sequences are made of: those that seldom end one, more often than the rest. */
static const struct row *pick_row(struct random *random)
{
    for (;;) {
        const struct row *r = &row[random_below(random, row_count)];

        if (r->excluded || !r->listed)
            continue;
        if (!r->two_byte) {
            bool ends = (r->opcode >= 0x6c && r->opcode <= 0x6f) || r->opcode == 0x62 ||
                        r->opcode == 0x9a || r->opcode == 0xc2 || r->opcode == 0xc3 ||
                        (r->opcode >= 0xca && r->opcode <= 0xcf) ||
                        (r->opcode >= 0xe4 && r->opcode <= 0xea) ||
                        (r->opcode >= 0xec && r->opcode <= 0xf4) || r->opcode == 0xfa ||
                        r->opcode == 0xfb || r->opcode == 0xf1 ||
                        (r->opcode == 0xff && r->reg >= 2 && r->reg <= 5);

            /* The image might set NT for a later IRET, see above. */
            if (r->opcode == 0xcf || (ends && !random_once_in(random, 12)))
                continue;
        } else if (r->opcode == 0x01 || r->opcode == 0x00 || r->opcode <= 0x0b ||
                   (r->opcode >= 0x20 && r->opcode <= 0x35)) {
            if (!random_once_in(random, 12))
                continue;
        }
        return r;
    }
}

/* CMP AL, imm8 defines all status flags. */
static const struct row *normaliser(void)
{
    for (unsigned n = 0; n < row_count; n++) {
        if (!row[n].two_byte && row[n].opcode == 0x3c)
            return &row[n];
    }
    return &row[0];
}

static uint32_t flags_read(const struct row *r)
{
    struct row_flags flags = r->flags;

    row_shift(r, NO_GROUP, -1, 1, &flags);
    return flags.reads;
}

/* Branches of a sequence go to one of its later boundaries. */
static void aim_branches(struct random *random, struct oracle_case *test,
                         const struct encoded *encoded)
{
    for (uint32_t n = 0; n < test->instruction_count; n++) {
        uint32_t next = n + 1, target;

        if (!encoded[n].relative_size || random_once_in(random, 16))
            continue;
        target = next + random_below(random, 3);
        if (target > test->instruction_count)
            target = test->instruction_count;
        target = (uint32_t)test->boundary[target] - test->boundary[next];
        for (unsigned byte = 0; byte < encoded[n].relative_size; byte++)
            test->code[encoded[n].relative_at + byte] = (uint8_t)(target >> (byte * 8));
    }
}

/* A branch skips what defines flags: on any path, any flag that was undefined once may still be. */
static void spread_undefined_flags(struct oracle_case *test)
{
    uint32_t so_far = 0;

    for (uint32_t n = 0; n <= test->instruction_count; n++) {
        so_far |= test->undefined_flags[n];
        test->undefined_flags[n] = so_far;
    }
}

void generate_sequence(struct random *random, struct oracle_case *test)
{
    struct encoded encoded[CASE_INSTRUCTION_LIMIT];
    bool wide = random_once_in(random, 2), branches = false;
    uint32_t ever = 0; /* flags that were undefined at any point */
    unsigned wanted = 2 + random_below(random, CASE_INSTRUCTION_LIMIT - 2);
    /* A branch may skip what defines a flag, so with branches nothing reads what ever was
     * undefined; without them a comparison in between defines all. */
    bool allow_branches = random_once_in(random, 3);

    pick_start(random, wide, test);
    for (unsigned tries = 0; test->instruction_count < wanted && tries < 4 * wanted; tries++) {
        struct instruction_choice choice = {.wide = wide, .gentle = true};
        uint32_t undefined = test->undefined_flags[test->instruction_count];
        uint32_t index = test->instruction_count;

        choice.row = pick_row(random);
        choice.operand_prefix = random_once_in(random, 3);
        choice.address_prefix = random_once_in(random, 6);
        if (random_once_in(random, 5))
            choice.segment = overrides[random_below(random, OVERRIDE_COUNT)];
        choice.form = (uint8_t)random_below(random, FORM_COUNT);
        choice.first = index == 0;
        spice(random, &choice);
        if (!choice.first && choice.row->two_byte &&
            (choice.row->opcode == 0xa5 || choice.row->opcode == 0xad))
            continue; /* the count in CL may exceed the operand: undefined result */
        ever |= undefined;
        if (allow_branches && ever & flags_read(choice.row))
            continue;
        if (undefined & flags_read(choice.row)) {
            struct instruction_choice normalise = {.wide = wide, .row = normaliser()};

            if (!encode(&normalise, random, test, &encoded[index]))
                break;
            continue;
        }
        if (!encode(&choice, random, test, &encoded[index]))
            continue;
        if (encoded[index].relative_size) {
            if (!allow_branches && test->instruction_count < wanted) {
                /* Taken back: the flags after a branch would be those of two paths. */
                test->instruction_count = index;
                test->code_length = test->boundary[index];
                continue;
            }
            branches = true;
        }
    }
    aim_branches(random, test, encoded);
    if (branches)
        spread_undefined_flags(test);
}
