/* The arena's pages and the LDT that confines guest code to them.
 * Not here: the emulated page tables and descriptor tables (emulated.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "arena.h"

#include <asm/ldt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "random.h"

#define HLT 0xf4

static const uint32_t writable_page[] = {ARENA_DATA, ARENA_DATA + ARENA_PAGE, ARENA_DATA_2,
                                         ARENA_STACK, ARENA_STACK + ARENA_PAGE};
#define WRITABLE_COUNT (sizeof(writable_page) / sizeof(writable_page[0]))

static uint8_t *const arena = (uint8_t *)ARENA_BASE;
static uint8_t *code_alias;      /* the code page, writable */
static uint8_t *read_only_alias; /* the read-only page, writable */
static uint8_t pristine[ARENA_IMAGE_SIZE];
static uint8_t patched[ARENA_IMAGE_SIZE];
static bool any_patch;

struct arena_segment arena_segment[ARENA_SEGMENT_LIMIT];
unsigned arena_segment_count;

enum arena_page arena_page_kind(uint32_t offset)
{
    uint32_t page = offset & ~(ARENA_PAGE - 1);

    if (page == ARENA_CODE)
        return PAGE_CODE;
    if (page == ARENA_READ_ONLY)
        return PAGE_READ_ONLY;
    for (unsigned n = 0; n < WRITABLE_COUNT; n++) {
        if (page == writable_page[n])
            return PAGE_WRITABLE;
    }
    return PAGE_HOLE;
}

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

/* A page at `address` and a writable alias of it. */
static uint8_t *map_aliased(uint8_t *address, int protection)
{
    int file = memfd_create("oracle", 0);
    uint8_t *alias;

    if (file < 0 || ftruncate(file, ARENA_PAGE))
        die("memfd_create");
    alias = mmap(NULL, ARENA_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
    if (alias == MAP_FAILED || mmap(address, ARENA_PAGE, protection,
                                    MAP_SHARED | MAP_FIXED | MAP_POPULATE, file, 0) != address)
        die("mmap of an aliased page");
    close(file);
    return alias;
}

void arena_create(void)
{
    if (mmap(arena, ARENA_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
             0) != arena)
        die("mmap of the arena");
    code_alias = map_aliased(arena + ARENA_CODE, PROT_READ | PROT_EXEC);
    read_only_alias = map_aliased(arena + ARENA_READ_ONLY, PROT_READ);
    for (unsigned n = 0; n < WRITABLE_COUNT; n++) {
        uint8_t *page = arena + writable_page[n];

        if (mprotect(page, ARENA_PAGE, PROT_READ | PROT_WRITE))
            die("mprotect");
        memset(page, 0, ARENA_PAGE);
    }
}

void arena_fill(uint64_t seed)
{
    struct random random = random_from(seed);

    for (size_t n = 0; n < ARENA_IMAGE_SIZE; n += 4) {
        uint32_t value = random_32(&random);

        memcpy(pristine + n, &value, 4);
    }
    for (size_t n = 0; n < ARENA_PAGE; n += 4) {
        uint32_t value = random_32(&random);

        memcpy(read_only_alias + n, &value, 4);
    }
    memcpy(patched, pristine, sizeof(patched));
    any_patch = false;
}

/* Place of a writable page's byte in an image. */
static size_t image_index(uint32_t offset)
{
    for (unsigned n = 0; n < WRITABLE_COUNT; n++) {
        if (writable_page[n] == (offset & ~(ARENA_PAGE - 1)))
            return n * ARENA_PAGE + offset % ARENA_PAGE;
    }
    return ARENA_IMAGE_SIZE;
}

void arena_patch(uint32_t offset, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    for (size_t n = 0; n < length; n++, offset++) {
        size_t index = image_index(offset);

        if (offset < ARENA_SIZE && index < ARENA_IMAGE_SIZE) {
            patched[index] = from[n];
            any_patch = true;
        }
    }
}

void arena_unpatch(void)
{
    if (any_patch)
        memcpy(patched, pristine, sizeof(patched));
    any_patch = false;
}

void arena_code(uint32_t offset, const uint8_t *bytes, size_t length)
{
    memset(code_alias, HLT, ARENA_PAGE);
    memcpy(code_alias + offset, bytes, offset + length > ARENA_PAGE ? ARENA_PAGE - offset : length);
}

void arena_touch(void)
{
    for (uint32_t offset = 0; offset < ARENA_SIZE; offset += ARENA_PAGE) {
        volatile uint8_t *page = arena + offset;
        enum arena_page kind = arena_page_kind(offset);

        if (kind == PAGE_WRITABLE)
            *page = *page;
        else if (kind != PAGE_HOLE)
            (void)*page;
    }
}

void arena_restore(void)
{
    for (unsigned n = 0; n < WRITABLE_COUNT; n++)
        memcpy(arena + writable_page[n], patched + n * ARENA_PAGE, ARENA_PAGE);
}

void arena_save(uint8_t *image)
{
    for (unsigned n = 0; n < WRITABLE_COUNT; n++)
        memcpy(image + n * ARENA_PAGE, arena + writable_page[n], ARENA_PAGE);
}

long arena_compare(const uint8_t *image)
{
    for (unsigned n = 0; n < WRITABLE_COUNT; n++) {
        const uint8_t *page = arena + writable_page[n], *other = image + n * ARENA_PAGE;

        if (!memcmp(page, other, ARENA_PAGE))
            continue;
        for (uint32_t at = 0; at < ARENA_PAGE; at++) {
            if (page[at] != other[at])
                return (long)(writable_page[n] + at);
        }
    }
    return -1;
}

uint8_t arena_image_byte(const uint8_t *image, uint32_t offset)
{
    return image[image_index(offset)];
}

uint8_t arena_byte(uint32_t offset)
{
    return arena[offset];
}

const struct arena_segment *arena_find(uint16_t selector)
{
    unsigned index = selector >> 3;

    if (!(selector & 4) || index >= arena_segment_count)
        return NULL;
    return &arena_segment[index];
}
