/* Moves, exchanges, conversions and flag bits: MOV XCHG LEA MOVZX MOVSX CMOVcc SETcc BSWAP XLAT CBW
 * CWD LAHF SAHF CLC STC CMC CLD STD NOP MOVNTI UD. Not here: segment, control and debug registers.
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

#define AH 4u

ALWAYS_INLINE void mov_rm_r(struct processor *p, const struct instruction *i, unsigned width)
{
    operand_write(p, i, width, register_read(p, i->reg, width));
}

ALWAYS_INLINE void mov_r_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->reg, width, operand_read(p, i, width));
}

ALWAYS_INLINE void mov_rm_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    operand_write(p, i, width, i->immediate);
}

ALWAYS_INLINE void mov_r_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->opcode & 7, width, i->immediate);
}

ALWAYS_INLINE void mov_a_moffs(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, EAX, width, operand_read(p, i, width));
}

ALWAYS_INLINE void mov_moffs_a(struct processor *p, const struct instruction *i, unsigned width)
{
    operand_write(p, i, width, register_read(p, EAX, width));
}

/* The opcode stands for itself without 66, F2 and F3 only. */
void movnti(struct processor *p, const struct instruction *i)
{
    if (i->operand_prefix || i->repeat != REPEAT_NONE)
        raise_ud(p);
    operand_write_32(p, i, p->gpr[i->reg]);
}

static void xchg_rm_r(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t value = operand_read_for_write(p, i, width);

    operand_write_back(p, i, width, register_read(p, i->reg, width));
    register_write(p, i->reg, width, value);
}

ALWAYS_INLINE void xchg_a_r(struct processor *p, const struct instruction *i, unsigned width)
{
    unsigned number = i->opcode & 7;
    uint32_t value = register_read(p, number, width);

    register_write(p, number, width, register_read(p, EAX, width));
    register_write(p, EAX, width, value);
}

ALWAYS_INLINE void lea(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->reg, width, effective_address(p, i));
}

ALWAYS_INLINE void movzx_8(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->reg, width, operand_read_8(p, i));
}

ALWAYS_INLINE void movzx_16(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->reg, width, operand_read_16(p, i));
}

static void movsx_8(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->reg, width, sign_extend(operand_read_8(p, i), 1));
}

static void movsx_16(struct processor *p, const struct instruction *i, unsigned width)
{
    register_write(p, i->reg, width, sign_extend(operand_read_16(p, i), 2));
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

HANDLERS_8_V(mov_rm_r)
HANDLERS_8_V(mov_r_rm)
HANDLERS_8_V(mov_rm_imm)
HANDLERS_8_V(mov_r_imm)
HANDLERS_8_V(mov_a_moffs)
HANDLERS_8_V(mov_moffs_a)
HANDLERS_8_V(xchg_rm_r)
HANDLERS_V(xchg_a_r)
HANDLERS_V(lea)
HANDLERS_V(movzx_8)
HANDLERS_V(movzx_16)
HANDLERS_V(movsx_8)
HANDLERS_V(movsx_16)
HANDLERS_V(cmov)
HANDLERS_V(bswap)
HANDLERS_V(cbw)
HANDLERS_V(cwd)
