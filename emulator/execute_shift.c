/* Shifts and rotates: ROL ROR RCL RCR SHL SHR SAR SHLD SHRD. Not here: bit tests (execute_bit.c).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

/* ModRM.reg. SAL is an alias of SHL. */
enum operation { ROL, ROR, RCL, RCR, SHL, SHR, SAL, SAR };

/* Bits 7:1 of the opcode of group 2 with an immediate count. */
#define OPCODE_SHIFT_IMMEDIATE 0xc0

static bool top_bit(uint32_t value, unsigned width)
{
    return value & width_sign_bit(width);
}

/* The two top bits differ: the OF of moving the value to the left by one. */
static bool top_bits_differ(uint32_t value, unsigned width)
{
    return top_bit(value ^ value << 1, width);
}

/* `value` is zero-extended, `count` 1..31. Sets the flags; bits of the result beyond `width` are
 * undefined. The SDM defines OF for a count of 1 only; the processor sets it for every count as if
 * the count were 1, but for the rotates that keep it: ROL and ROR of a register by an immediate
 * other than 1, RCL and RCR all the way round. */
static uint32_t shift(struct processor *p, const struct instruction *i, unsigned width,
                      uint32_t value, unsigned count)
{
    enum operation operation = (enum operation)i->reg;
    unsigned bits = width * 8;
    bool keeps_of = count != 1 && !i->memory && (i->opcode & 0xfe) == OPCODE_SHIFT_IMMEDIATE;
    bool cf = flags_cf(p), of;

    switch (operation) {
    case ROL:
        of = keeps_of ? flags_of(p) : top_bits_differ(value, width);
        value = value << (count % bits) | value >> (-count % bits);
        flags_put_cf_of(p, value & 1, of);
        return value;
    case ROR:
        of = keeps_of ? flags_of(p) : top_bit(value, width) ^ (value & 1);
        value = value >> (count % bits) | value << (-count % bits);
        flags_put_cf_of(p, top_bit(value, width), of);
        return value;
    case RCL:
        of = top_bits_differ(value, width);
        count %= bits + 1;
        if (count == 0)
            return value;
        for (; count; count--) {
            bool out = top_bit(value, width);

            value = value << 1 | cf;
            cf = out;
        }
        flags_put_cf_of(p, cf, of);
        return value;
    case RCR:
        of = top_bit(value, width) ^ cf;
        count %= bits + 1;
        if (count == 0)
            return value;
        for (; count; count--) {
            bool out = value & 1;

            value = value >> 1 | (cf ? width_sign_bit(width) : 0);
            cf = out;
        }
        flags_put_cf_of(p, cf, of);
        return value;
    case SHR:
        of = top_bit(value, width);
        value >>= count - 1;
        cf = value & 1;
        value >>= 1;
        break;
    case SAR:
        of = false;
        value = (uint32_t)((int32_t)sign_extend(value, width) >> (count - 1));
        cf = value & 1;
        value = (uint32_t)((int32_t)value >> 1);
        break;
    default:
        of = top_bits_differ(value, width);
        value <<= count - 1;
        cf = top_bit(value, width);
        value <<= 1;
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
        value = shift(p, i, width, value, count);
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

HANDLERS_8_V(shift_rm_imm)
HANDLERS_8_V(shift_rm_1)
HANDLERS_8_V(shift_rm_cl)
HANDLERS_V(shld_imm)
HANDLERS_V(shld_cl)
HANDLERS_V(shrd_imm)
HANDLERS_V(shrd_cl)
