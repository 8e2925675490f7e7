/* The segments of the LDT: one of each kind and many limits, all within the arena.
 * Not here: what uses them (generate.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arena.h"

static void add(struct arena_segment segment)
{
    if (arena_segment_count < ARENA_SEGMENT_LIMIT)
        arena_segment[arena_segment_count++] = segment;
}

static void add_code(void)
{
    static const struct {
        uint32_t base, limit;
    } place[] = {
        {ARENA_BASE, 0xfff},         /* the page */
        {ARENA_BASE, 0xffff},        /* and the whole arena: fetches reach the hole */
        {ARENA_BASE, 0x7ff},         /* a limit inside the page */
        {ARENA_BASE + 0x123, 0xedc}, /* an odd base */
        {ARENA_BASE - 0x10, 0x100f}, /* a hole below */
        {ARENA_BASE + 0x7fd, 0x802},
    };

    for (unsigned wide = 0; wide < 2; wide++) {
        for (unsigned n = 0; n < sizeof(place) / sizeof(place[0]); n++) {
            struct arena_segment segment = {
                .base = place[n].base, .limit = place[n].limit, .code = true, .wide = wide};

            add(segment);
            segment.read_only = true; /* execute-only */
            add(segment);
        }
        add((struct arena_segment){
            .base = ARENA_BASE, .limit = 0xfff, .code = true, .wide = wide, .absent = true});
    }
}

/* Data that grows up, 16 and 32 bit, writable and not. */
static void add_data(void)
{
    static const struct {
        uint32_t base, limit;
    } place[] = {
        {ARENA_BASE, 0xffff},
        {ARENA_BASE + ARENA_DATA, 0x1fff},
        {ARENA_BASE + ARENA_DATA, 0xdfff},
        {ARENA_BASE + ARENA_DATA, 0xfff},
        {ARENA_BASE + ARENA_DATA + 0x10, 0xfe},
        {ARENA_BASE + ARENA_DATA + 0x20, 3},
        {ARENA_BASE + ARENA_DATA + 0x31, 0},
        {ARENA_BASE + ARENA_DATA + 0xfff, 0x1fff},
        {ARENA_BASE + ARENA_DATA + 0x777, 0x100},
        {ARENA_BASE + ARENA_READ_ONLY, 0xfff},
        {ARENA_BASE + ARENA_READ_ONLY - 8, 0xf},
        {ARENA_BASE + ARENA_DATA_2, 0x7},
        {ARENA_BASE + ARENA_DATA_2 + 5, 0xffa},
        {ARENA_BASE + ARENA_STACK, 0x1fff},
        {ARENA_BASE + ARENA_STACK, 0xfff},
        {ARENA_BASE + ARENA_STACK - 0x10, 0x200f},
        {ARENA_BASE + ARENA_STACK + 0xff8, 0x13},
    };

    for (unsigned kind = 0; kind < 4; kind++) {
        for (unsigned n = 0; n < sizeof(place) / sizeof(place[0]); n++)
            add((struct arena_segment){.base = place[n].base,
                                       .limit = place[n].limit,
                                       .wide = kind & 1,
                                       .read_only = kind & 2});
    }
    /* Granular: the limit's low bits are ones. */
    add((struct arena_segment){.base = ARENA_BASE, .limit = 0xffff, .wide = true, .pages = true});
    add((struct arena_segment){.base = ARENA_BASE + ARENA_DATA, .limit = 0x1fff, .pages = true});
    add((struct arena_segment){.base = ARENA_BASE, .limit = 0xffff, .absent = true});
    add((struct arena_segment){.base = ARENA_BASE, .limit = 0xffff, .wide = true, .absent = true});
}

/* Expand-down: offsets above the limit, up to ffff or ffffffff. The 32-bit ones keep a limit of at
 * least fffeffff so that nothing outside the arena can be reached. */
static void add_expand_down(void)
{
    static const uint32_t narrow[] = {0x1fff, 0x27ff, 0x7fff, 0x8fff, 0x97f3, 0xfffe, 0xffff};
    static const uint32_t wide[] = {0xffff1fffu, 0xffff7fffu, 0xffff8fffu, 0xffffefffu,
                                    0xffffffffu};

    for (unsigned read_only = 0; read_only < 2; read_only++) {
        for (unsigned n = 0; n < sizeof(narrow) / sizeof(narrow[0]); n++)
            add((struct arena_segment){.base = ARENA_BASE,
                                       .limit = narrow[n],
                                       .expand_down = true,
                                       .read_only = read_only});
        for (unsigned n = 0; n < sizeof(wide) / sizeof(wide[0]); n++)
            add((struct arena_segment){.base = ARENA_BASE + 0x10000,
                                       .limit = wide[n],
                                       .expand_down = true,
                                       .wide = true,
                                       .pages = true,
                                       .read_only = read_only});
    }
}

bool arena_load_ldt(void)
{
    arena_segment_count = 0;
    add_code();
    add_data();
    add_expand_down();
    for (unsigned n = 0; n < arena_segment_count; n++) {
        const struct arena_segment *segment = &arena_segment[n];
        struct user_desc entry;

        memset(&entry, 0, sizeof(entry));
        entry.entry_number = n;
        entry.base_addr = segment->base;
        entry.limit = segment->pages ? segment->limit >> 12 : segment->limit;
        entry.seg_32bit = segment->wide;
        entry.contents = segment->code          ? MODIFY_LDT_CONTENTS_CODE
                         : segment->expand_down ? MODIFY_LDT_CONTENTS_STACK
                                                : MODIFY_LDT_CONTENTS_DATA;
        entry.read_exec_only = segment->read_only;
        entry.limit_in_pages = segment->pages;
        entry.seg_not_present = segment->absent;
        entry.useable = n & 1; /* AVL */
        if (syscall(SYS_modify_ldt, 0x11, &entry, sizeof(entry)))
            return false;
    }
    return true;
}

size_t arena_read_ldt(uint8_t *table, size_t size)
{
    long got = syscall(SYS_modify_ldt, 0, table, size);

    if (got < (long)(arena_segment_count * 8))
        return 0;
    return arena_segment_count * 8;
}
