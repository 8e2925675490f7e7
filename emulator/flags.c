/* The status flags as bits and as conditions, out of their lazy form.
 * Not here: setting them after an operation (flags.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "flags.h"

uint32_t flags_status(const struct processor *p)
{
    return (uint32_t)flags_cf(p) | (uint32_t)flags_pf(p) << 2 | (uint32_t)flags_af(p) << 4 |
           (uint32_t)flags_zf(p) << 6 | (uint32_t)flags_sf(p) << 7 | (uint32_t)flags_of(p) << 11;
}

void flags_put_status(struct processor *p, uint32_t status)
{
    bool cf = status & EFLAGS_CF, of = status & EFLAGS_OF, zf = status & EFLAGS_ZF;
    bool sf = status & EFLAGS_SF, pf = status & EFLAGS_PF;

    /* With ZF the result must be 0 (parity even, sign 0), else 1 (parity odd, sign 0); the deltas
     * supply the rest. */
    p->flags_result = zf ? 0 : 1;
    p->flags_carry = (cf ? FLAGS_CARRY_CF : 0) | ((cf ^ of) ? FLAGS_CARRY_IN : 0) |
                     (status & EFLAGS_AF ? FLAGS_CARRY_AF : 0) | (sf ? 1u : 0) |
                     (pf == zf ? 0 : 0x100u);
}

uint32_t flags_eflags(const struct processor *p)
{
    return p->eflags_rest | flags_status(p);
}

bool flags_condition(const struct processor *p, unsigned condition)
{
    bool result;

    switch (condition >> 1) {
    case 0:
        result = flags_of(p);
        break;
    case 1:
        result = flags_cf(p);
        break;
    case 2:
        result = flags_zf(p);
        break;
    case 3:
        result = flags_cf(p) || flags_zf(p);
        break;
    case 4:
        result = flags_sf(p);
        break;
    case 5:
        result = flags_pf(p);
        break;
    case 6:
        result = flags_sf(p) != flags_of(p);
        break;
    default:
        result = flags_zf(p) || flags_sf(p) != flags_of(p);
        break;
    }
    return result ^ (condition & 1);
}
