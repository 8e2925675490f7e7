/* MUL IMUL DIV IDIV of the accumulator. Not here: IMUL of other registers
 * (operate_arithmetic.c), AAM and AAD (execute_decimal.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

/* Into AX, DX:AX or EDX:EAX. */
static void write_halves(struct processor *p, unsigned width, uint32_t low, uint32_t high)
{
    register_write(p, EAX, width, low);
    register_write(p, width == 1 ? 4 /* AH */ : EDX, width, high);
}

static uint32_t read_high_half(const struct processor *p, unsigned width)
{
    return register_read(p, width == 1 ? 4 /* AH */ : EDX, width);
}

/* CF and OF say that the product does not fit into `width` bytes. The rest is undefined in the SDM;
 * the processor clears ZF and AF and takes SF and PF from the low half. */
static void flags_set_product(struct processor *p, unsigned width, uint32_t low, bool overflow)
{
    uint32_t never_zero = 0x100;

    flags_set_logic(p, 4, sign_extend(low, width) | never_zero);
    flags_put_cf_of(p, overflow, overflow);
}

static void mul(struct processor *p, const struct instruction *i, unsigned width)
{
    uint64_t product = (uint64_t)register_read(p, EAX, width) * operand_read(p, i, width);
    uint32_t high = (uint32_t)(product >> (width * 8));

    write_halves(p, width, (uint32_t)product, high);
    flags_set_product(p, width, (uint32_t)product, high != 0);
}

static int64_t signed_product(uint32_t a, uint32_t b, unsigned width)
{
    return (int64_t)(int32_t)sign_extend(a, width) * (int32_t)sign_extend(b, width);
}

/* Sets the flags; returns the low half. */
static uint32_t truncate_product(struct processor *p, unsigned width, int64_t product)
{
    uint32_t low = sign_extend((uint32_t)product, width);

    flags_set_product(p, width, low, (int32_t)low != product);
    return low;
}

static void imul(struct processor *p, const struct instruction *i, unsigned width)
{
    int64_t product =
        signed_product(register_read(p, EAX, width), operand_read(p, i, width), width);

    write_halves(p, width, truncate_product(p, width, product),
                 (uint32_t)((uint64_t)product >> (width * 8)));
}

struct division {
    uint32_t quotient;
    uint32_t remainder;
};

/* #DE when the quotient has more than `width` bytes, which includes division by 0. */
static struct division divide(struct processor *p, unsigned width, uint32_t low, uint32_t high,
                              uint32_t divisor)
{
    struct division result;

    if (high >= divisor)
        raise_fault(p, EXCEPTION_DE);
    if (width == 4) {
        /* C has no 64 by 32 bit division: the compiler would call its library for 64 by 64. */
        __asm__("divl %4"
                : "=a"(result.quotient), "=d"(result.remainder)
                : "0"(low), "1"(high), "rm"(divisor)
                : "cc");
    } else {
        uint32_t dividend = low | high << (width * 8);

        result.quotient = dividend / divisor;
        result.remainder = dividend % divisor;
    }
    return result;
}

static void div(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t divisor = operand_read(p, i, width);
    struct division result =
        divide(p, width, register_read(p, EAX, width), read_high_half(p, width), divisor);

    write_halves(p, width, result.quotient, result.remainder);
}

/* On magnitudes: the quotient rounds towards 0, the remainder has the sign of the dividend. */
static void idiv(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t sign = width_sign_bit(width), mask = width_mask(width);
    uint32_t divisor = operand_read(p, i, width);
    uint32_t low = register_read(p, EAX, width), high = read_high_half(p, width);
    bool dividend_negative = high & sign, quotient_negative = (high ^ divisor) & sign;
    struct division result;

    if (dividend_negative) {
        low = -low & mask;
        high = (~high + (low == 0)) & mask;
    }
    if (divisor & sign)
        divisor = -divisor & mask;
    result = divide(p, width, low, high, divisor);
    if (result.quotient >= sign + quotient_negative)
        raise_fault(p, EXCEPTION_DE);
    write_halves(p, width, quotient_negative ? -result.quotient : result.quotient,
                 dividend_negative ? -result.remainder : result.remainder);
}

HANDLERS_8_V(mul)
HANDLERS_8_V(imul)
HANDLERS_8_V(div)
HANDLERS_8_V(idiv)
