/* The r/m operand with a width known at run time only: small code for infrequent instructions.
 * Not here: any instruction. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

uint32_t operand_read(struct processor *p, const struct instruction *i, unsigned width)
{
    return rm_read(p, i, width);
}

void operand_write(struct processor *p, const struct instruction *i, unsigned width, uint32_t value)
{
    rm_write(p, i, width, value);
}

uint32_t operand_read_for_write(struct processor *p, const struct instruction *i, unsigned width)
{
    return rm_read_for_write(p, i, width);
}

void operand_write_back(struct processor *p, const struct instruction *i, unsigned width,
                        uint32_t value)
{
    rm_write_back(p, i, width, value);
}
