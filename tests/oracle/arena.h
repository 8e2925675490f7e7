/* What both sides of the oracle share: the memory that guest code can reach, and the LDT.
 * Not here: running code (silicon.h, emulated.h), choosing it (generate.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_ARENA_H
#define TESTS_ORACLE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_PAGE 4096u
#define ARENA_BASE 0x20000000u
#define ARENA_SIZE 0x10000u

/* Page by page from ARENA_BASE. Code can be read and executed only: guest code that could be
 * written could become a system call. */
#define ARENA_CODE      0x0000u /* one page, then a hole */
#define ARENA_DATA      0x2000u /* two writable pages */
#define ARENA_READ_ONLY 0x4000u /* then a hole */
#define ARENA_DATA_2    0x6000u /* one writable page, then a hole */
#define ARENA_STACK     0x8000u /* two writable pages, then holes to the end */
#define ARENA_STACK_END 0xa000u

enum arena_page { PAGE_HOLE, PAGE_CODE, PAGE_READ_ONLY, PAGE_WRITABLE };

/* What is at this offset (below ARENA_SIZE) of the arena. */
enum arena_page arena_page_kind(uint32_t offset);

/* Maps the arena; exits with a message when that fails. */
void arena_create(void);
/* Makes every page present in this process: the kernel must never have to handle a fault of guest
 * code. */
void arena_touch(void);
/* Fills all pages but the code page from `seed` (the same seed gives the same bytes). */
void arena_fill(uint64_t seed);
/* Sets bytes that the next arena_restore puts on top; the offset is from ARENA_BASE. Bytes in pages
 * that are not data are left out. */
void arena_patch(uint32_t offset, const void *bytes, size_t length);
/* Undoes all patches. */
void arena_unpatch(void);
/* Puts code at `offset` of the code page and HLT (#GP in user mode) everywhere else. */
void arena_code(uint32_t offset, const uint8_t *bytes, size_t length);
/* Writable pages as arena_fill and arena_patch say. */
void arena_restore(void);
/* Copies the writable pages out; `image` has room for ARENA_IMAGE_SIZE bytes. */
#define ARENA_IMAGE_SIZE (5 * ARENA_PAGE)
void arena_save(uint8_t *image);
/* Offset from ARENA_BASE of the first byte that differs from the image, or -1. */
long arena_compare(const uint8_t *image);
/* A byte of the image, by its arena offset (of a writable page). */
uint8_t arena_image_byte(const uint8_t *image, uint32_t offset);
uint8_t arena_byte(uint32_t offset);

/* One segment of the LDT. */
struct arena_segment {
    uint32_t base;
    uint32_t limit; /* in bytes; the low 12 bits are ones when `pages` is set */
    bool code;
    bool expand_down; /* data */
    bool read_only;   /* data; execute-only for code */
    bool wide;        /* D/B */
    bool pages;       /* G */
    bool absent;
};

#define ARENA_SEGMENT_LIMIT 256u
extern struct arena_segment arena_segment[ARENA_SEGMENT_LIMIT];
extern unsigned arena_segment_count;

/* Builds the table and hands it to the kernel. False when the kernel does not permit it. */
bool arena_load_ldt(void);
/* The descriptor table as the kernel has made it; bytes read. */
size_t arena_read_ldt(uint8_t *table, size_t size);
/* Selector of a segment of the table. */
static inline uint16_t arena_selector(unsigned index)
{
    return (uint16_t)(index << 3 | 7);
}
/* The segment that a selector names, or NULL. */
const struct arena_segment *arena_find(uint16_t selector);

#endif
