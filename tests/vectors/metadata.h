/* The flag masks in a suite's metadata.json. Not here: any other field of it. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VECTORS_METADATA_H
#define TESTS_VECTORS_METADATA_H

#include <stdbool.h>
#include <stdint.h>

struct metadata {
    /* By opcode byte (second map: +256) and ModRM.reg; entry 8 is the opcode without a group. All
     * ones where the suite defines every flag. */
    uint16_t flags_mask[512][9];
};

/* All masks open. */
void metadata_clear(struct metadata *metadata);

/* Reads `path`. False with *error (static text) set when there is such a file and it is damaged;
 * when there is none, true and all masks are open. */
bool metadata_read(const char *path, struct metadata *metadata, const char **error);

/* The mask for an opcode named as the suite names its files: hexadecimal digits, optionally with
 * the prefixes 66 and 67 before and ".reg" behind. */
uint16_t metadata_flags_mask(const struct metadata *metadata, const char *opcode);

#endif
