/* Handlers for several operand widths from one body, and the r/m operand out of line.
 * Not here: the inline accessors (instruction.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_WIDTH_H
#define EMULATOR_WIDTH_H

#include "opcodes.h"

/* Defines name_8, name_16 or name_32 as a call of name(p, i, width). A body that is ALWAYS_INLINE
 * becomes one copy per width, for frequent instructions; any other stays one copy for all. */
#define HANDLER(name, bits)                                                                        \
    void name##_##bits(struct processor *p, const struct instruction *i)                           \
    {                                                                                              \
        name(p, i, (bits) / 8);                                                                    \
    }

/* Rows V(name). */
#define HANDLERS_V(name) HANDLER(name, 16) HANDLER(name, 32)

/* Rows S(name_8) and V(name). */
#define HANDLERS_8_V(name) HANDLER(name, 8) HANDLERS_V(name)

/* rm_read, rm_write, rm_read_for_write and rm_write_back as functions, one copy per width. Bits of
 * `value` beyond the width are ignored. */
uint32_t operand_read_8(struct processor *p, const struct instruction *i);
uint32_t operand_read_16(struct processor *p, const struct instruction *i);
uint32_t operand_read_32(struct processor *p, const struct instruction *i);
uint32_t operand_read_for_write_8(struct processor *p, const struct instruction *i);
uint32_t operand_read_for_write_16(struct processor *p, const struct instruction *i);
uint32_t operand_read_for_write_32(struct processor *p, const struct instruction *i);
void operand_write_8(struct processor *p, const struct instruction *i, uint32_t value);
void operand_write_16(struct processor *p, const struct instruction *i, uint32_t value);
void operand_write_32(struct processor *p, const struct instruction *i, uint32_t value);
void operand_write_back_8(struct processor *p, const struct instruction *i, uint32_t value);
void operand_write_back_16(struct processor *p, const struct instruction *i, uint32_t value);
void operand_write_back_32(struct processor *p, const struct instruction *i, uint32_t value);

/* The one for `width` (1, 2 or 4). */
ALWAYS_INLINE uint32_t operand_read(struct processor *p, const struct instruction *i,
                                    unsigned width)
{
    if (width == 1)
        return operand_read_8(p, i);
    return width == 2 ? operand_read_16(p, i) : operand_read_32(p, i);
}

ALWAYS_INLINE uint32_t operand_read_for_write(struct processor *p, const struct instruction *i,
                                              unsigned width)
{
    if (width == 1)
        return operand_read_for_write_8(p, i);
    return width == 2 ? operand_read_for_write_16(p, i) : operand_read_for_write_32(p, i);
}

/* 2 or 4 bytes. */
ALWAYS_INLINE void operand_write(struct processor *p, const struct instruction *i, unsigned width,
                                 uint32_t value)
{
    if (width == 2)
        operand_write_16(p, i, value);
    else
        operand_write_32(p, i, value);
}

ALWAYS_INLINE void operand_write_back(struct processor *p, const struct instruction *i,
                                      unsigned width, uint32_t value)
{
    if (width == 1)
        operand_write_back_8(p, i, value);
    else if (width == 2)
        operand_write_back_16(p, i, value);
    else
        operand_write_back_32(p, i, value);
}

#endif
