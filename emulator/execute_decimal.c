/* Decimal adjustment: DAA DAS AAA AAS AAM AAD, and SALC. Not here: binary arithmetic. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "opcodes.h"

#define AL 0u
#define AH 4u

/* OF is undefined in the SDM; the processor clears it. */
static void set_flags(struct processor *p, uint32_t result, bool af, bool cf)
{
    flags_set_logic(p, 1, result);
    flags_put_status(p, flags_status(p) | (af ? EFLAGS_AF : 0) | (cf ? EFLAGS_CF : 0));
}

/* SDM vol. 2, DAA and DAS; `sign` is 1 or -1. */
static void decimal_adjust(struct processor *p, int sign)
{
    uint32_t al = register_read(p, AL, 1), result = al;
    bool af = (al & 15) > 9 || flags_af(p);
    bool cf = al > 0x99 || flags_cf(p);

    if (af)
        result += (uint32_t)(6 * sign);
    if (cf)
        result += (uint32_t)(0x60 * sign);
    /* The low digit's borrow alone sets CF as well. */
    if (sign < 0 && af && al < 6)
        cf = true;
    register_write(p, AL, 1, result);
    set_flags(p, result, af, cf);
}

void daa(struct processor *p, const struct instruction *i)
{
    (void)i;
    decimal_adjust(p, 1);
}

void das(struct processor *p, const struct instruction *i)
{
    (void)i;
    decimal_adjust(p, -1);
}

/* SDM vol. 2, AAA and AAS: since the 386 the adjustment is of AX as a whole. */
static void ascii_adjust(struct processor *p, int sign)
{
    uint32_t ax = p->gpr[EAX];
    bool adjust = (ax & 15) > 9 || flags_af(p);

    if (adjust)
        ax += (uint32_t)(0x106 * sign);
    register_write(p, EAX, 2, ax & 0xff0f);
    set_flags(p, ax & 15, adjust, adjust);
}

void aaa(struct processor *p, const struct instruction *i)
{
    (void)i;
    ascii_adjust(p, 1);
}

void aas(struct processor *p, const struct instruction *i)
{
    (void)i;
    ascii_adjust(p, -1);
}

void aam(struct processor *p, const struct instruction *i)
{
    uint32_t al = register_read(p, AL, 1), base = i->immediate & 0xff;

    if (base == 0)
        raise_fault(p, EXCEPTION_DE);
    register_write(p, AH, 1, al / base);
    register_write(p, AL, 1, al % base);
    flags_set_logic(p, 1, al % base);
}

void aad(struct processor *p, const struct instruction *i)
{
    uint32_t al = register_read(p, AL, 1), tens = register_read(p, AH, 1) * i->immediate;

    register_write(p, EAX, 2, (al + tens) & 0xff);
    flags_set_add(p, 1, al, tens, al + tens);
}

void salc(struct processor *p, const struct instruction *i)
{
    (void)i;
    register_write(p, AL, 1, flags_cf(p) ? 0xff : 0);
}
