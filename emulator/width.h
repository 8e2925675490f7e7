/* Handlers for several operand widths from one body, and the r/m operand for bodies that learn the
 * width at run time. Not here: the accessors for a width known to the compiler (instruction.h). */
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

/* rm_read, rm_write, rm_read_for_write and rm_write_back as functions: `width` is 1, 2 or 4. */
uint32_t operand_read(struct processor *p, const struct instruction *i, unsigned width);
void operand_write(struct processor *p, const struct instruction *i, unsigned width,
                   uint32_t value);
uint32_t operand_read_for_write(struct processor *p, const struct instruction *i, unsigned width);
void operand_write_back(struct processor *p, const struct instruction *i, unsigned width,
                        uint32_t value);

#endif
