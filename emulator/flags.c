/* The status flags as EFLAGS bits, and after operations that the host did not do itself.
 * Not here: what the host's arithmetic leaves (arithmetic.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "flags.h"

#define STATUS_IN_AH (EFLAGS_SF | EFLAGS_ZF | EFLAGS_AF | EFLAGS_PF | EFLAGS_CF)

uint32_t flags_status(const struct processor *p)
{
    return (p->flags >> 8 & STATUS_IN_AH) | (flags_of(p) ? EFLAGS_OF : 0);
}

void flags_put_status(struct processor *p, uint32_t status)
{
    p->flags = (status & STATUS_IN_AH) << 8 | (status & EFLAGS_OF ? FLAGS_OF : 0);
}

uint32_t flags_eflags(const struct processor *p)
{
    return p->eflags_rest | flags_status(p);
}

bool flags_condition(const struct processor *p, unsigned condition)
{
    return flags_image_condition(p->flags, condition);
}

/* `carries`: bit n is the carry (or borrow) out of bit n. SDM vol. 1, 3.4.3.1. */
static void set_result(struct processor *p, unsigned width, uint32_t carries, uint32_t result)
{
    unsigned top = width * 8 - 1;
    uint32_t cf = carries >> top & 1, of = cf ^ (carries >> (top - 1) & 1);

    result = sign_extend(result, width);
    p->flags = of | cf << 8 | (__builtin_parity(result & 0xff) ? 0 : FLAGS_PF) |
               (carries & 8 ? FLAGS_AF : 0) | (result == 0 ? FLAGS_ZF : 0) |
               (result >> 31 ? FLAGS_SF : 0);
}

void flags_set_add(struct processor *p, unsigned width, uint32_t a, uint32_t b, uint32_t result)
{
    set_result(p, width, (a & b) | ((a | b) & ~result), result);
}

void flags_set_subtract(struct processor *p, unsigned width, uint32_t a, uint32_t b,
                        uint32_t result)
{
    set_result(p, width, (~a & b) | ((~a | b) & result), result);
}

void flags_set_logic(struct processor *p, unsigned width, uint32_t result)
{
    set_result(p, width, 0, result);
}
