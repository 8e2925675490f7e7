/* SHLD and SHRD. Not here: the other shifts and rotates (operate_arithmetic.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

static bool top_bit(uint32_t value, unsigned width)
{
    return value & width_sign_bit(width);
}

/* The two top bits differ: the OF of moving the value to the left by one. */
static bool top_bits_differ(uint32_t value, unsigned width)
{
    return top_bit(value ^ value << 1, width);
}

/* SHLD and SHRD: the destination moves, the source fills. A 16-bit operand with a count above 16
 * (undefined in the SDM) goes on with the destination after the source. */
static uint32_t double_shift(struct processor *p, unsigned width, uint32_t destination,
                             uint32_t source, unsigned count, bool left)
{
    unsigned bits = width * 8;
    bool of =
        left ? top_bits_differ(destination, width) : top_bit(destination, width) ^ (source & 1);
    bool cf;
    uint32_t result;
    uint64_t pair;

    if (width == 2 && count > 16) {
        uint32_t swapped = destination;

        destination = source;
        source = swapped;
        count -= 16;
    }
    if (left) {
        pair = ((uint64_t)destination << bits | source) << (count - 1);
        cf = pair >> (2 * bits - 1) & 1;
        result = (uint32_t)(pair >> (bits - 1));
    } else {
        pair = ((uint64_t)source << bits | destination) >> (count - 1);
        cf = pair & 1;
        result = (uint32_t)(pair >> 1);
    }
    flags_set_logic(p, width, result);
    flags_put_cf_of(p, cf, of);
    return result;
}

static void double_shift_rm(struct processor *p, const struct instruction *i, unsigned width,
                            uint32_t count, bool left)
{
    uint32_t value = operand_read_for_write(p, i, width);

    count &= 31;
    if (count)
        value = double_shift(p, width, value, register_read(p, i->reg, width), count, left);
    operand_write_back(p, i, width, value);
}

static void shld_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    double_shift_rm(p, i, width, i->immediate, true);
}

static void shld_cl(struct processor *p, const struct instruction *i, unsigned width)
{
    double_shift_rm(p, i, width, p->gpr[ECX], true);
}

static void shrd_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    double_shift_rm(p, i, width, i->immediate, false);
}

static void shrd_cl(struct processor *p, const struct instruction *i, unsigned width)
{
    double_shift_rm(p, i, width, p->gpr[ECX], false);
}

HANDLERS_V(shld_imm)
HANDLERS_V(shld_cl)
HANDLERS_V(shrd_imm)
HANDLERS_V(shrd_cl)
