/* Reading a file whole, and writing one so that it is there whole or not at all.
 * Not here: what is in them. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUNDLE_WRITE_FILE_H
#define BUNDLE_WRITE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole of a regular file, in memory of its own (free it). NULL: errno says why; EFBIG above
 * `limit` bytes. */
uint8_t *read_file(const char *path, size_t limit, size_t *size);

/* Writes beside `path` and renames: whoever opens `path`, even after a crash, sees all of the old
 * file or all of the new. False: errno says why, and nothing is left behind. */
bool write_file(const char *path, const uint8_t *bytes, size_t size);

#endif
