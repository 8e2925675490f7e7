/* Single bits: BT BTS BTR BTC BSF BSR. Not here: shifts and rotates (execute_shift.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

/* Bits 4:3 of the opcode, or ModRM.reg in group 8 less 4. */
enum bit_operation { BT, BTS, BTR, BTC };

/* CF := the bit; returns the operand with the bit left, set, reset or complemented. */
static uint32_t bit_change(struct processor *p, enum bit_operation operation, uint32_t value,
                           uint32_t bit)
{
    flags_put_cf(p, value & bit);
    switch (operation) {
    case BTS:
        return value | bit;
    case BTR:
        return value & ~bit;
    case BTC:
        return value ^ bit;
    default:
        return value;
    }
}

/* A bit string in memory: the signed bit offset selects an operand below or above the address. */
static void bt_rm_r(struct processor *p, const struct instruction *i, unsigned width)
{
    enum bit_operation operation = (enum bit_operation)((i->opcode >> 3) & 3);
    uint32_t position = register_read(p, i->reg, width);
    uint32_t bit = 1u << (position & (width * 8 - 1));
    uint32_t offset;

    if (!i->memory) {
        register_write(p, i->rm, width,
                       bit_change(p, operation, register_read(p, i->rm, width), bit));
        return;
    }
    offset = effective_address(p, i) +
             (uint32_t)((int32_t)sign_extend(position, width) >> (width == 4 ? 5 : 4)) * width;
    if (i->address_size == 2)
        offset &= 0xffff;
    if (operation == BT)
        bit_change(p, BT, memory_read(p, i->segment, offset, width), bit);
    else
        memory_write_back(
            p, width,
            bit_change(p, operation, memory_read_for_write(p, i->segment, offset, width), bit));
}

static void bt_rm_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    enum bit_operation operation = (enum bit_operation)(i->reg & 3);
    uint32_t bit = 1u << (i->immediate & (width * 8 - 1));

    if (operation == BT)
        bit_change(p, BT, operand_read(p, i, width), bit);
    else
        operand_write_back(p, i, width,
                           bit_change(p, operation, operand_read_for_write(p, i, width), bit));
}

/* A source of 0 sets ZF and leaves the destination unchanged. The flags but ZF are undefined in the
 * SDM; the processor takes PF from the bit number and clears the others. */
static void bit_scan(struct processor *p, const struct instruction *i, unsigned width, bool reverse)
{
    uint32_t source = operand_read(p, i, width), number, not_zero = 0x100;

    if (source == 0) {
        flags_set_logic(p, 4, 0);
        return;
    }
    number = reverse ? 31 - (uint32_t)__builtin_clz(source) : (uint32_t)__builtin_ctz(source);
    flags_set_logic(p, 4, number | not_zero);
    register_write(p, i->reg, width, number);
}

static void bsf(struct processor *p, const struct instruction *i, unsigned width)
{
    bit_scan(p, i, width, false);
}

static void bsr(struct processor *p, const struct instruction *i, unsigned width)
{
    bit_scan(p, i, width, true);
}

HANDLERS_V(bt_rm_r)
HANDLERS_V(bt_rm_imm)
HANDLERS_V(bsf)
HANDLERS_V(bsr)
