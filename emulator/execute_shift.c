/* Shifts and rotates: ROL ROR RCL RCR SHL SHR SAR SHLD SHRD. Not here: bit tests (execute_bit.c).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

/* ModRM.reg. SAL is an alias of SHL. */
enum operation { ROL, ROR, RCL, RCR, SHL, SHR, SAL, SAR };

static bool top_bit(uint32_t value, unsigned width)
{
    return value & width_sign_bit(width);
}

/* OF after a shift to the right: the two top bits of the result differ. */
static bool top_bits_differ(uint32_t value, unsigned width)
{
    return top_bit(value ^ (value << 1), width);
}

/* `value` is zero-extended, `count` 1..31. Sets the flags; bits of the result beyond `width` are
 * undefined. */
static uint32_t shift(struct processor *p, enum operation operation, unsigned width, uint32_t value,
                      unsigned count)
{
    unsigned bits = width * 8;
    bool cf = flags_cf(p), of;

    switch (operation) {
    case ROL:
        value = value << (count % bits) | value >> (-count % bits);
        cf = value & 1;
        of = top_bit(value, width) ^ cf;
        flags_put_cf_of(p, cf, of);
        return value;
    case ROR:
        value = value >> (count % bits) | value << (-count % bits);
        cf = top_bit(value, width);
        of = top_bits_differ(value, width);
        flags_put_cf_of(p, cf, of);
        return value;
    case RCL:
        for (count %= bits + 1; count; count--) {
            bool out = top_bit(value, width);

            value = value << 1 | cf;
            cf = out;
        }
        of = top_bit(value, width) ^ cf;
        flags_put_cf_of(p, cf, of);
        return value;
    case RCR:
        for (count %= bits + 1; count; count--) {
            bool out = value & 1;

            value = value >> 1 | (cf ? width_sign_bit(width) : 0);
            cf = out;
        }
        of = top_bits_differ(value, width);
        flags_put_cf_of(p, cf, of);
        return value;
    case SHR:
        value >>= count - 1;
        cf = value & 1;
        value >>= 1;
        of = top_bits_differ(value, width);
        break;
    case SAR:
        value = (uint32_t)((int32_t)sign_extend(value, width) >> (count - 1));
        cf = value & 1;
        value = (uint32_t)((int32_t)value >> 1);
        of = false;
        break;
    default:
        value <<= count - 1;
        cf = top_bit(value, width);
        value <<= 1;
        of = top_bit(value, width) ^ cf;
        break;
    }
    flags_set_logic(p, width, value);
    flags_put_cf_of(p, cf, of);
    return value;
}

/* A count of 0 changes nothing, but a memory operand is still read and written. */
static void shift_rm(struct processor *p, const struct instruction *i, unsigned width,
                     uint32_t count)
{
    uint32_t value = operand_read_for_write(p, i, width);

    count &= 31;
    if (count)
        value = shift(p, (enum operation)i->reg, width, value, count);
    operand_write_back(p, i, width, value);
}

static void shift_rm_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    shift_rm(p, i, width, i->immediate);
}

static void shift_rm_1(struct processor *p, const struct instruction *i, unsigned width)
{
    shift_rm(p, i, width, 1);
}

static void shift_rm_cl(struct processor *p, const struct instruction *i, unsigned width)
{
    shift_rm(p, i, width, p->gpr[ECX]);
}

/* SHLD and SHRD: the destination moves, the source fills. A 16-bit operand with a count above 16
 * (undefined in the SDM) goes on with the destination after the source. */
static uint32_t double_shift(struct processor *p, unsigned width, uint32_t destination,
                             uint32_t source, unsigned count, bool left)
{
    unsigned bits = width * 8;
    uint32_t result;
    uint64_t pair;
    bool cf, of;

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
        of = top_bit(result, width) ^ cf;
    } else {
        pair = ((uint64_t)source << bits | destination) >> (count - 1);
        cf = pair & 1;
        result = (uint32_t)(pair >> 1);
        of = top_bits_differ(result, width);
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

HANDLERS_8_V(shift_rm_imm)
HANDLERS_8_V(shift_rm_1)
HANDLERS_8_V(shift_rm_cl)
HANDLERS_V(shld_imm)
HANDLERS_V(shld_cl)
HANDLERS_V(shrd_imm)
HANDLERS_V(shrd_cl)
