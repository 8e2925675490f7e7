/* The r/m operand out of line: one copy of each access and width, shared by every handler.
 * Not here: any instruction. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

#define OPERAND(bits)                                                                              \
    uint32_t operand_read_##bits(struct processor *p, const struct instruction *i)                 \
    {                                                                                              \
        return rm_read(p, i, (bits) / 8);                                                          \
    }                                                                                              \
    uint32_t operand_read_for_write_##bits(struct processor *p, const struct instruction *i)       \
    {                                                                                              \
        return rm_read_for_write(p, i, (bits) / 8);                                                \
    }                                                                                              \
    void operand_write_##bits(struct processor *p, const struct instruction *i, uint32_t value)    \
    {                                                                                              \
        rm_write(p, i, (bits) / 8, value & width_mask((bits) / 8));                                \
    }                                                                                              \
    void operand_write_back_##bits(struct processor *p, const struct instruction *i,               \
                                   uint32_t value)                                                 \
    {                                                                                              \
        rm_write_back(p, i, (bits) / 8, value & width_mask((bits) / 8));                           \
    }

OPERAND(8)
OPERAND(16)
OPERAND(32)
