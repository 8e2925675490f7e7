/* Operand values, selectors and offsets that are worth testing.
 * Not here: putting them into instructions (encode.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "arena.h"
#include "encode.h"

uint32_t interesting_value(struct random *random)
{
    static const uint32_t edges[] = {
        0,          1,          2,          3,          0x7f,       0x80,       0x81,
        0xfe,       0xff,       0x100,      0x101,      0x7fff,     0x8000,     0x8001,
        0xfffe,     0xffff,     0x10000,    0x10001,    0x7fffffff, 0x80000000, 0x80000001,
        0xffff7fff, 0xffff8000, 0xffffff7f, 0xffffff80, 0xfffffffe, 0xffffffff, 0x55555555,
        0xaaaaaaaa, 0x99999999, 0x0f0f0f0f, 0xffff0000, 0x0000ff00,
    };

    switch (random_below(random, 8)) {
    case 0:
    case 1:
    case 2:
        return edges[random_below(random, sizeof(edges) / sizeof(edges[0]))];
    case 3:
        return random_below(random, 64);
    case 4:
        return random_32(random) & 0xffff;
    case 5:
        return (uint32_t)(int32_t)(int16_t)random_32(random);
    default:
        return random_32(random);
    }
}

uint16_t interesting_selector(struct random *random)
{
    unsigned beyond = arena_segment_count + random_below(random, 4);

    switch (random_below(random, 16)) {
    case 0:
        return (uint16_t)random_below(random, 4); /* null */
    case 1:
        return (uint16_t)(beyond << 3 | 4 | random_below(random, 4));
    case 2:
        /* Kernel segments, TSS and what is behind the GDT; not the flat user segments. */
        return (uint16_t)((random_below(random, 3) + 1) << 3 | random_below(random, 4));
    case 3:
        return (uint16_t)((random_below(random, 4) + 16) << 3 | random_below(random, 4));
    case 4:
        return (uint16_t)(0xfff8 | random_below(random, 8));
    default:
        return (uint16_t)(random_below(random, arena_segment_count) << 3 | 4 |
                          (random_once_in(random, 4) ? random_below(random, 4) : 3));
    }
}

static bool offset_valid(const struct arena_segment *segment, uint32_t offset)
{
    if (!segment->expand_down || segment->code)
        return offset <= segment->limit;
    return offset > segment->limit && offset <= (segment->wide ? 0xffffffffu : 0xffffu);
}

/* Some linear address (offset from ARENA_BASE) by kind of page. */
static uint32_t inside_arena(struct random *random)
{
    static const uint32_t pages[] = {ARENA_DATA,   ARENA_DATA,  ARENA_DATA + ARENA_PAGE,
                                     ARENA_DATA_2, ARENA_STACK, ARENA_STACK + ARENA_PAGE};
    uint32_t page = pages[random_below(random, sizeof(pages) / sizeof(pages[0]))];
    uint32_t within = random_below(random, ARENA_PAGE - 16);

    return page + (random_once_in(random, 2) ? within & ~15u : within);
}

uint32_t interesting_offset(struct random *random, uint16_t selector)
{
    const struct arena_segment *segment = arena_find(selector);
    uint32_t offset;

    if (!segment)
        return interesting_value(random);
    switch (random_below(random, 20)) {
    case 0:
    case 1:
        return segment->limit - 9 + random_below(random, 14);
    case 2: /* page edges, holes and the read-only page included */
        offset = random_below(random, ARENA_SIZE / ARENA_PAGE) * ARENA_PAGE - 8 +
                 random_below(random, 12);
        return ARENA_BASE + offset - segment->base;
    case 3:
        offset = ARENA_READ_ONLY + random_below(random, ARENA_PAGE);
        return ARENA_BASE + offset - segment->base;
    case 4:
        return (segment->wide ? 0u : 0x10000u) - 9 + random_below(random, 14);
    case 5:
        return interesting_value(random);
    default:
        break;
    }
    for (unsigned tries = 0; tries < 8; tries++) {
        offset = ARENA_BASE + inside_arena(random) - segment->base;
        if (offset_valid(segment, offset))
            return offset;
    }
    return segment->limit ? random_below(random, segment->limit) : 0;
}

void case_patch(struct oracle_case *test, uint32_t linear, const void *bytes, unsigned length)
{
    struct case_patch *patch = &test->patch[test->patch_count];
    uint32_t offset = linear - ARENA_BASE;

    if (test->patch_count == CASE_PATCH_LIMIT || offset >= ARENA_SIZE ||
        length > sizeof(patch->bytes))
        return;
    patch->offset = offset;
    patch->length = (uint8_t)length;
    memcpy(patch->bytes, bytes, length);
    test->patch_count++;
}

uint32_t case_linear(uint16_t selector, uint32_t offset)
{
    const struct arena_segment *segment = arena_find(selector);

    return segment ? segment->base + offset : 0;
}
