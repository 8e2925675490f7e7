/* Packs an image for packed.S: pack IMAGE OUT. Runs where the blob is built.
 * Not here: unpacking (packed.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_MOST   0x20000u
#define LITERALS     128u /* of one group at most */
#define LENGTH_LEAST 3u   /* of a copy */
#define LENGTH_MOST  130u
#define DISTANCE     0xffffu /* of a copy at most */

static uint8_t image[IMAGE_MOST];
static uint32_t size;
/* From each byte on: what the rest costs packed when the byte is copied with `length` (0: it is a
 * literal), by dynamic programming from the end. */
static uint32_t cost[IMAGE_MOST + 1];
static uint32_t length[IMAGE_MOST], distance[IMAGE_MOST];

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "pack: %s: %s\n", name, what);
    exit(1);
}

static void read_image(const char *name)
{
    FILE *file = fopen(name, "rb");

    if (file == NULL)
        fail("cannot be opened", name);
    size = (uint32_t)fread(image, 1, sizeof image, file);
    if (ferror(file) || size == 0 || size == sizeof image)
        fail("cannot be read, is empty or is too large", name);
    fclose(file);
}

static uint32_t common(uint32_t a, uint32_t b)
{
    uint32_t n = 0;

    while (n < LENGTH_MOST && b + n < size && image[a + n] == image[b + n])
        n++;
    return n;
}

/* The longest copy of what begins at `at`. */
static uint32_t longest(uint32_t at, uint32_t *from)
{
    uint32_t best = 0;

    for (uint32_t start = at > DISTANCE ? at - DISTANCE : 0; start < at; start++) {
        uint32_t n = image[start] == image[at] ? common(start, at) : 0;

        if (n >= best && n != 0) {
            best = n;
            *from = at - start;
        }
    }
    return best;
}

/* A literal costs its byte; the groups' first bytes are left out of account. */
static void choose(void)
{
    for (uint32_t at = size; at-- > 0;) {
        uint32_t from = 0, most = longest(at, &from);

        cost[at] = cost[at + 1] + 1;
        for (uint32_t n = LENGTH_LEAST; n <= most; n++) {
            if (cost[at + n] + 3 <= cost[at]) {
                cost[at] = cost[at + n] + 3;
                length[at] = n;
                distance[at] = from;
            }
        }
    }
}

static void write_packed(const char *name)
{
    FILE *file = fopen(name, "wb");
    uint32_t at = 0;

    if (file == NULL)
        fail("cannot be opened", name);
    while (at < size) {
        uint32_t n = 0;

        if (length[at] != 0) {
            putc((int)(0x80 | (length[at] - LENGTH_LEAST)), file);
            putc((int)(distance[at] & 0xff), file);
            putc((int)(distance[at] >> 8), file);
            at += length[at];
            continue;
        }
        while (n < LITERALS && at + n < size && length[at + n] == 0)
            n++;
        putc((int)(n - 1), file);
        fwrite(image + at, 1, n, file);
        at += n;
    }
    if (fclose(file) != 0)
        fail("cannot be written", name);
}

int main(int count, char **arguments)
{
    if (count != 3) {
        fprintf(stderr, "usage: pack IMAGE OUT\n");
        return 2;
    }
    read_image(arguments[1]);
    choose();
    write_packed(arguments[2]);
    return 0;
}
