/* Binary addition, subtraction and logic: ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NOT NEG XADD
 * CMPXCHG CMPXCHG8B. Not here: MUL and DIV (execute_multiply.c), decimal (execute_decimal.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

/* Bits 5:3 of the opcode, or ModRM.reg in group 1. */
enum operation { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

/* Status flags and result of `a` operation `b`; bits of the result beyond `width` are undefined. */
ALWAYS_INLINE uint32_t calculate(struct processor *p, enum operation operation, unsigned width,
                                 uint32_t a, uint32_t b)
{
    uint32_t carry = 0, result;

    switch (operation) {
    case ADC:
        carry = flags_cf(p);
        /* fall through */
    case ADD:
        result = a + b + carry;
        flags_set_add(p, width, a, b, result);
        return result;
    case SBB:
        carry = flags_cf(p);
        /* fall through */
    case SUB:
    case CMP:
        result = a - b - carry;
        flags_set_subtract(p, width, a, b, result);
        return result;
    case OR:
        result = a | b;
        break;
    case AND:
        result = a & b;
        break;
    default:
        result = a ^ b;
        break;
    }
    flags_set_logic(p, width, result);
    return result;
}

/* Where the operation is known at run time only, one copy per width. */
static uint32_t calculate_8(struct processor *p, enum operation operation, uint32_t a, uint32_t b)
{
    return calculate(p, operation, 1, a, b);
}

static uint32_t calculate_16(struct processor *p, enum operation operation, uint32_t a, uint32_t b)
{
    return calculate(p, operation, 2, a, b);
}

static uint32_t calculate_32(struct processor *p, enum operation operation, uint32_t a, uint32_t b)
{
    return calculate(p, operation, 4, a, b);
}

ALWAYS_INLINE uint32_t calculate_any(struct processor *p, enum operation operation, unsigned width,
                                     uint32_t a, uint32_t b)
{
    if (width == 1)
        return calculate_8(p, operation, a, b);
    return width == 2 ? calculate_16(p, operation, a, b) : calculate_32(p, operation, a, b);
}

ALWAYS_INLINE enum operation operation_of_opcode(const struct instruction *i)
{
    return (enum operation)((i->opcode >> 3) & 7);
}

/* The r/m operand is the destination; CMP does not write it. */
ALWAYS_INLINE void arithmetic_rm(struct processor *p, const struct instruction *i, unsigned width,
                                 enum operation operation, uint32_t source)
{
    if (operation == CMP)
        calculate_any(p, CMP, width, operand_read(p, i, width), source);
    else
        operand_write_back(
            p, i, width,
            calculate_any(p, operation, width, operand_read_for_write(p, i, width), source));
}

ALWAYS_INLINE void arithmetic_register(struct processor *p, unsigned number, unsigned width,
                                       enum operation operation, uint32_t source)
{
    uint32_t result = calculate_any(p, operation, width, register_read(p, number, width), source);

    if (operation != CMP)
        register_write(p, number, width, result);
}

ALWAYS_INLINE void arithmetic_rm_r(struct processor *p, const struct instruction *i, unsigned width)
{
    arithmetic_rm(p, i, width, operation_of_opcode(i), register_read(p, i->reg, width));
}

ALWAYS_INLINE void arithmetic_rm_imm(struct processor *p, const struct instruction *i,
                                     unsigned width)
{
    arithmetic_rm(p, i, width, (enum operation)i->reg, i->immediate);
}

ALWAYS_INLINE void arithmetic_r_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    arithmetic_register(p, i->reg, width, operation_of_opcode(i), operand_read(p, i, width));
}

ALWAYS_INLINE void arithmetic_a_imm(struct processor *p, const struct instruction *i,
                                    unsigned width)
{
    arithmetic_register(p, EAX, width, operation_of_opcode(i), i->immediate);
}

ALWAYS_INLINE void test_rm_r(struct processor *p, const struct instruction *i, unsigned width)
{
    flags_set_logic(p, width, operand_read(p, i, width) & register_read(p, i->reg, width));
}

ALWAYS_INLINE void test_rm_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    flags_set_logic(p, width, operand_read(p, i, width) & i->immediate);
}

ALWAYS_INLINE void test_a_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    flags_set_logic(p, width, register_read(p, EAX, width) & i->immediate);
}

/* INC and DEC: an addition or subtraction of 1 that keeps CF. */
ALWAYS_INLINE uint32_t step(struct processor *p, enum operation operation, unsigned width,
                            uint32_t value)
{
    bool cf = flags_cf(p);
    uint32_t result = calculate(p, operation, width, value, 1);

    flags_put_cf(p, cf);
    return result;
}

ALWAYS_INLINE void step_r(struct processor *p, const struct instruction *i, unsigned width,
                          enum operation operation)
{
    unsigned number = i->opcode & 7;

    register_write(p, number, width, step(p, operation, width, register_read(p, number, width)));
}

ALWAYS_INLINE void inc_r(struct processor *p, const struct instruction *i, unsigned width)
{
    step_r(p, i, width, ADD);
}

ALWAYS_INLINE void dec_r(struct processor *p, const struct instruction *i, unsigned width)
{
    step_r(p, i, width, SUB);
}

static void step_rm(struct processor *p, const struct instruction *i, unsigned width,
                    enum operation operation)
{
    operand_write_back(p, i, width, step(p, operation, width, operand_read_for_write(p, i, width)));
}

ALWAYS_INLINE void inc_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    step_rm(p, i, width, ADD);
}

ALWAYS_INLINE void dec_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    step_rm(p, i, width, SUB);
}

static void not_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    operand_write_back(p, i, width, ~operand_read_for_write(p, i, width));
}

static void neg_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    operand_write_back(p, i, width,
                       calculate(p, SUB, width, 0, operand_read_for_write(p, i, width)));
}

static void xadd(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t destination = operand_read_for_write(p, i, width);
    uint32_t sum = calculate(p, ADD, width, destination, register_read(p, i->reg, width));

    /* The destination is written last: with the same register twice it keeps the sum. */
    register_write(p, i->reg, width, destination);
    operand_write_back(p, i, width, sum);
}

static void cmpxchg(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t destination = operand_read_for_write(p, i, width);

    calculate(p, CMP, width, register_read(p, EAX, width), destination);
    if (flags_zf(p)) {
        operand_write_back(p, i, width, register_read(p, i->reg, width));
    } else {
        operand_write_back(p, i, width, destination);
        register_write(p, EAX, width, destination);
    }
}

/* The destination is written in both cases, so every check is that of a write. */
void cmpxchg8b(struct processor *p, const struct instruction *i)
{
    uint32_t offset = effective_address(p, i);
    uint32_t linear = segment_linear(p, i->segment, offset, 8, true);
    uint32_t destination[2], replacement[2] = {p->gpr[EBX], p->gpr[ECX]};
    bool equal;

    linear_probe(p, linear, 8, ACCESS_WRITE | access_privilege(p));
    memory_read_bytes(p, i->segment, offset, destination, 8);
    equal = destination[0] == p->gpr[EAX] && destination[1] == p->gpr[EDX];
    memory_write_bytes(p, i->segment, offset, equal ? replacement : destination, 8);
    if (!equal) {
        p->gpr[EAX] = destination[0];
        p->gpr[EDX] = destination[1];
    }
    flags_put_status(p, (flags_status(p) & ~EFLAGS_ZF) | (equal ? EFLAGS_ZF : 0));
}

HANDLERS_8_V(arithmetic_rm_r)
HANDLERS_8_V(arithmetic_rm_imm)
HANDLERS_8_V(arithmetic_r_rm)
HANDLERS_8_V(arithmetic_a_imm)
HANDLERS_8_V(test_rm_r)
HANDLERS_8_V(test_rm_imm)
HANDLERS_8_V(test_a_imm)
HANDLERS_V(inc_r)
HANDLERS_V(dec_r)
HANDLERS_8_V(inc_rm)
HANDLERS_8_V(dec_rm)
HANDLERS_8_V(not_rm)
HANDLERS_8_V(neg_rm)
HANDLERS_8_V(xadd)
HANDLERS_8_V(cmpxchg)
