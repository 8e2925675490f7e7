/* Lazy status flags: a result and a word of carries stand for OF SF ZF AF PF CF.
 * Not here: the other bits of EFLAGS beyond their storage in eflags_rest. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_FLAGS_H
#define EMULATOR_FLAGS_H

#include "processor.h"

/* flags_result: the result, sign-extended to 32 bits: ZF = (result == 0), SF its sign, PF its low
 * byte. flags_carry: bit 31 CF; bit 30 the carry into the top bit, so OF = bit 31 ^ bit 30; bit 3
 * AF; bits 15:8 XOR-ed into the byte that PF is taken from; bit 0 XOR-ed into SF. */
#define FLAGS_CARRY_CF 0x80000000u
#define FLAGS_CARRY_IN 0x40000000u
#define FLAGS_CARRY_AF 0x00000008u

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Bits of an operand of `width` bytes. */
ALWAYS_INLINE uint32_t width_mask(unsigned width)
{
    return width == 4 ? 0xffffffffu : (1u << (width * 8)) - 1;
}

ALWAYS_INLINE uint32_t width_sign_bit(unsigned width)
{
    return 1u << (width * 8 - 1);
}

/* Sign extension of a `width`-byte value to 32 bits. */
ALWAYS_INLINE uint32_t sign_extend(uint32_t value, unsigned width)
{
    if (width == 1)
        return (uint32_t)(int32_t)(int8_t)value;
    if (width == 2)
        return (uint32_t)(int32_t)(int16_t)value;
    return value;
}

/* Aligns a vector of carries (bit n: carry out of bit n) of a `width`-byte operation. */
ALWAYS_INLINE uint32_t flags_align_carries(uint32_t carries, unsigned width)
{
    return ((carries << (32 - width * 8)) & (FLAGS_CARRY_CF | FLAGS_CARRY_IN)) |
           (carries & FLAGS_CARRY_AF);
}

/* After result = a + b (+ carry in), all `width` bytes wide. */
ALWAYS_INLINE void flags_set_add(struct processor *p, unsigned width, uint32_t a, uint32_t b,
                                 uint32_t result)
{
    p->flags_result = sign_extend(result, width);
    p->flags_carry = flags_align_carries((a & b) | ((a | b) & ~result), width);
}

/* After result = a - b (- borrow in). */
ALWAYS_INLINE void flags_set_subtract(struct processor *p, unsigned width, uint32_t a, uint32_t b,
                                      uint32_t result)
{
    p->flags_result = sign_extend(result, width);
    p->flags_carry = flags_align_carries((~a & b) | ((~a | b) & result), width);
}

/* After AND, OR, XOR, TEST: CF, OF and AF are 0. */
ALWAYS_INLINE void flags_set_logic(struct processor *p, unsigned width, uint32_t result)
{
    p->flags_result = sign_extend(result, width);
    p->flags_carry = 0;
}

ALWAYS_INLINE bool flags_cf(const struct processor *p)
{
    return p->flags_carry >> 31;
}

ALWAYS_INLINE bool flags_of(const struct processor *p)
{
    return (p->flags_carry + FLAGS_CARRY_IN) >> 31;
}

ALWAYS_INLINE bool flags_zf(const struct processor *p)
{
    return p->flags_result == 0;
}

ALWAYS_INLINE bool flags_sf(const struct processor *p)
{
    return (p->flags_result >> 31) ^ (p->flags_carry & 1);
}

ALWAYS_INLINE bool flags_af(const struct processor *p)
{
    return (p->flags_carry >> 3) & 1;
}

ALWAYS_INLINE bool flags_pf(const struct processor *p)
{
    uint32_t byte = (p->flags_result ^ (p->flags_carry >> 8)) & 0xff;

    byte ^= byte >> 4;
    return (0x9669u >> (byte & 15)) & 1;
}

/* CF alone, the other five kept (INC, DEC, CLC, BT, rotates). */
ALWAYS_INLINE void flags_put_cf(struct processor *p, bool cf)
{
    if (flags_cf(p) != cf)
        p->flags_carry ^= FLAGS_CARRY_CF | FLAGS_CARRY_IN; /* OF = CF ^ carry in, so both flip */
}

/* CF and OF, the other four kept (rotates, MUL). */
ALWAYS_INLINE void flags_put_cf_of(struct processor *p, bool cf, bool of)
{
    p->flags_carry &= ~(FLAGS_CARRY_CF | FLAGS_CARRY_IN);
    p->flags_carry |= (cf ? FLAGS_CARRY_CF : 0) | ((cf ^ of) ? FLAGS_CARRY_IN : 0);
}

/* The six status flags in EFLAGS positions. */
uint32_t flags_status(const struct processor *p);

/* All six from EFLAGS positions; other bits of `status` are ignored. */
void flags_put_status(struct processor *p, uint32_t status);

/* The whole of EFLAGS. */
uint32_t flags_eflags(const struct processor *p);

/* A condition code 0..15 (SDM vol. 1, appendix B). */
bool flags_condition(const struct processor *p, unsigned condition);

#endif
