/* LLDT and LTR. Not here: their checks (segment.c), SLDT and STR (the other descriptor
 * instructions). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "opcodes.h"
#include "segment.h"

void lldt(struct processor *p, const struct instruction *i)
{
    load_ldtr(p, (uint16_t)rm_read(p, i, 2));
}

void ltr(struct processor *p, const struct instruction *i)
{
    load_tr(p, (uint16_t)rm_read(p, i, 2));
}
