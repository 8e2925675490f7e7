/* The bundler on mutated files: nothing may be read or written out of bounds, and what it makes of
 * a file that it takes must pass its own check. Not here: files that nobody mutated
 * (bundle_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose.h"
#include "write_file.h"

#include <stdlib.h>
#include <string.h>

#define STANDINS   "build/tests/glue/standin/"
#define FILE_LIMIT 0x1000000u
#define ROUNDS     6000u
/* Most of what is looked at is here: headers, entry, tables. */
#define FRONT 0x1400u

static uint64_t seed = 0x9e3779b97f4a7c15u;
static unsigned taken;

static uint32_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

static void mutate(uint8_t *bytes, size_t size)
{
    static const uint32_t extremes[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000};
    const size_t front = size < FRONT ? size : FRONT;

    for (unsigned changes = next_random() % 4; changes > 0; changes--) {
        const size_t reach = next_random() % 4 == 0 ? size : front;
        const size_t at = next_random() % reach;
        uint32_t value = next_random();

        if (next_random() % 2)
            value = extremes[next_random() % (sizeof extremes / sizeof extremes[0])];
        if (next_random() % 2 && at + sizeof value <= size)
            memcpy(bytes + at, &value, sizeof value);
        else
            bytes[at] = (uint8_t)value;
    }
}

/* What has been made of a taken file is taken again, as bundled. */
static void check_made(struct elf_file *file, const struct hvmloader *found)
{
    const struct payload payload = payload_of(found->kind);
    struct hvmloader again;
    struct elf_file made;
    uint32_t size;
    uint8_t *bytes = compose(file, found, &payload, 1000, &size);

    if (bytes == NULL) {
        assert_true(file->reason[0] != '\0');
        return;
    }
    if (!elf_file_open(&made, bytes, size) || !hvmloader_recognise(&made, &again))
        fail_msg("what was made is refused: %s", made.reason);
    assert_non_null(again.ours);
    free(bytes);
}

static void one(const uint8_t *whole, size_t whole_size)
{
    const size_t size = next_random() % 8 == 0 ? next_random() % (whole_size + 1) : whole_size;
    uint8_t *bytes = malloc(size + (size == 0));
    struct elf_file file;
    struct hvmloader found;

    assert_non_null(bytes);
    memcpy(bytes, whole, size);
    if (size > 0)
        mutate(bytes, size);
    if (elf_file_open(&file, bytes, size) && hvmloader_recognise(&file, &found)) {
        taken++;
        check_made(&file, &found);
    } else {
        assert_true(file.reason[0] != '\0');
    }
    free(bytes);
}

static void fuzz(const char *path)
{
    size_t size;
    uint8_t *whole = read_file(path, FILE_LIMIT, &size);

    assert_non_null(whole);
    taken = 0;
    for (unsigned n = 0; n < ROUNDS; n++)
        one(whole, size);
    free(whole);
    /* Neither all nor nothing, or nothing has been tested. */
    assert_in_range(taken, ROUNDS / 100, ROUNDS - ROUNDS / 100);
}

static void xen3(void **state)
{
    (void)state;
    fuzz(STANDINS "xen3-O2.elf");
}

static void xen4(void **state)
{
    (void)state;
    fuzz(STANDINS "xen4.elf");
}

/* The file that is bundled already: its own headers are mutated. */
static void bundled(void **state)
{
    (void)state;
    fuzz(STANDINS "xen4-bundled.elf");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(xen3),
        cmocka_unit_test(xen4),
        cmocka_unit_test(bundled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
