/* Conversions and flag bits: CMOVcc SETcc BSWAP XLAT CBW CWD LAHF SAHF CLC STC CMC CLD STD NOP
 * MOVNTI UD. Not here: the frequent moves (operate_move.c), segment, control and debug registers.
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

#define AH 4u

/* The opcode stands for itself without 66, F2 and F3 only. */
void movnti(struct processor *p, const struct instruction *i)
{
    if (i->operand_prefix || i->repeat != REPEAT_NONE)
        raise_ud(p);
    operand_write_32(p, i, p->gpr[i->reg]);
}

/* The source is read even when the condition is false. */
static void cmov(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t value = operand_read(p, i, width);

    if (flags_condition(p, i->opcode & 15))
        register_write(p, i->reg, width, value);
}

void setcc(struct processor *p, const struct instruction *i)
{
    operand_write_8(p, i, flags_condition(p, i->opcode & 15));
}

/* With a 16-bit operand (undefined in the SDM) the result is 0. */
static void bswap(struct processor *p, const struct instruction *i, unsigned width)
{
    unsigned number = i->opcode & 7;

    register_write(p, number, width, width == 4 ? __builtin_bswap32(p->gpr[number]) : 0);
}

void xlat(struct processor *p, const struct instruction *i)
{
    uint32_t offset = p->gpr[EBX] + register_read(p, EAX, 1);

    if (i->address_size == 2)
        offset &= 0xffff;
    register_write(p, EAX, 1, memory_read(p, i->segment, offset, 1));
}

/* CBW and CWDE. */
static void cbw(struct processor *p, const struct instruction *i, unsigned width)
{
    (void)i;
    register_write(p, EAX, width, sign_extend(p->gpr[EAX], width / 2));
}

/* CWD and CDQ. */
static void cwd(struct processor *p, const struct instruction *i, unsigned width)
{
    (void)i;
    register_write(p, EDX, width, p->gpr[EAX] & width_sign_bit(width) ? 0xffffffffu : 0);
}

/* SF, ZF, AF, PF and CF; OF is kept. */
void sahf(struct processor *p, const struct instruction *i)
{
    (void)i;
    flags_put_status(p, register_read(p, AH, 1) | (flags_status(p) & EFLAGS_OF));
}

void lahf(struct processor *p, const struct instruction *i)
{
    (void)i;
    register_write(p, AH, 1, flags_status(p) | EFLAGS_FIXED);
}

void clc(struct processor *p, const struct instruction *i)
{
    (void)i;
    flags_put_cf(p, false);
}

void stc(struct processor *p, const struct instruction *i)
{
    (void)i;
    flags_put_cf(p, true);
}

void cmc(struct processor *p, const struct instruction *i)
{
    (void)i;
    flags_put_cf(p, !flags_cf(p));
}

void cld(struct processor *p, const struct instruction *i)
{
    (void)i;
    p->eflags_rest &= ~EFLAGS_DF;
}

void std(struct processor *p, const struct instruction *i)
{
    (void)i;
    p->eflags_rest |= EFLAGS_DF;
}

void nop(struct processor *p, const struct instruction *i)
{
    (void)p;
    (void)i;
}

void ud(struct processor *p, const struct instruction *i)
{
    (void)i;
    raise_ud(p);
}

HANDLERS_V(cmov)
HANDLERS_V(bswap)
HANDLERS_V(cbw)
HANDLERS_V(cwd)
