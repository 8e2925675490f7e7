/* The r/m operand with a width known at run time only: small code for infrequent instructions.
 * Not here: any instruction. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

uint32_t operand_read(struct processor *p, const struct instruction *i, unsigned width)
{
    if (width == 1)
        return rm_read(p, i, 1);
    return width == 2 ? rm_read(p, i, 2) : rm_read(p, i, 4);
}

void operand_write(struct processor *p, const struct instruction *i, unsigned width, uint32_t value)
{
    if (width == 1)
        rm_write(p, i, 1, value);
    else if (width == 2)
        rm_write(p, i, 2, value);
    else
        rm_write(p, i, 4, value);
}

uint32_t operand_read_for_write(struct processor *p, const struct instruction *i, unsigned width)
{
    if (width == 1)
        return rm_read_for_write(p, i, 1);
    return width == 2 ? rm_read_for_write(p, i, 2) : rm_read_for_write(p, i, 4);
}

void operand_write_back(struct processor *p, const struct instruction *i, unsigned width,
                        uint32_t value)
{
    if (width == 1)
        rm_write_back(p, i, 1, value);
    else if (width == 2)
        rm_write_back(p, i, 2, value);
    else
        rm_write_back(p, i, 4, value);
}
