/* The bundled file, made from a recognised hvmloader.
 * Not here: recognising it (hvmloader.h), writing it (write_file.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUNDLE_COMPOSE_H
#define BUNDLE_COMPOSE_H

#include "hvmloader.h"

/* A blob and the stub that goes before it. */
struct payload {
    const uint8_t *stub, *blob;
    uint32_t stub_size, blob_size; /* multiples of 4 */
};

/* The ones that this program carries. */
struct payload payload_of(enum bundle_kind kind);

/* The new file, in memory of its own (free it), its size in *size. NULL and file->reason: it cannot
 * be made. wait_milliseconds is for struct hvmassist_origin. */
uint8_t *compose(struct elf_file *file, const struct hvmloader *found,
                 const struct payload *payload, uint32_t wait_milliseconds, uint32_t *size);

#endif
