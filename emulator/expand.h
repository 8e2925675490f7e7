/* Instructions become operations. Not here: what the operations do (operate_*.c), where they are
 * kept (code.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_EXPAND_H
#define EMULATOR_EXPAND_H

#include "decode.h"
#include "operation.h"

struct expansion {
    unsigned
        slots; /* in: all that may be used, header and bytes included; out: of the operations */
    unsigned bytes; /* of the code */
};

/* Decodes from EIP (at `linear`) on, to the first instruction that may go elsewhere, or as far as a
 * stretch may reach, into the slots behind *s. The first instruction lies within its page, and
 * STRETCH_BYTES from EIP on lie within the CS limit. Raises what fetching the first one raises. */
void expand_stretch(struct processor *p, struct stretch *s, uint32_t linear, struct expansion *e);

/* The one instruction at EIP, wherever it lies. Raises what fetching it raises. */
void expand_single(struct processor *p, struct stretch *s);

#endif
