/* The status flags, kept as LAHF and SETO give them, so that the host's own arithmetic sets them.
 * Not here: the other bits of EFLAGS beyond their storage in eflags_rest. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_FLAGS_H
#define EMULATOR_FLAGS_H

#include "processor.h"

/* processor.flags: SF ZF AF PF CF in bits 15:8 as in AH after LAHF, OF in bit 0 as in AL after
 * SETO; bits 31:16 undefined. */
#define FLAGS_OF 0x0001u
#define FLAGS_CF 0x0100u
#define FLAGS_PF 0x0400u
#define FLAGS_AF 0x1000u
#define FLAGS_ZF 0x4000u
#define FLAGS_SF 0x8000u

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

/* After result = a + b (+ carry in), all `width` bytes wide. */
void flags_set_add(struct processor *p, unsigned width, uint32_t a, uint32_t b, uint32_t result);

/* After result = a - b (- borrow in). */
void flags_set_subtract(struct processor *p, unsigned width, uint32_t a, uint32_t b,
                        uint32_t result);

/* After AND, OR, XOR, TEST: CF, OF and AF are 0. */
void flags_set_logic(struct processor *p, unsigned width, uint32_t result);

ALWAYS_INLINE bool flags_cf(const struct processor *p)
{
    return p->flags & FLAGS_CF;
}

ALWAYS_INLINE bool flags_of(const struct processor *p)
{
    return p->flags & FLAGS_OF;
}

ALWAYS_INLINE bool flags_zf(const struct processor *p)
{
    return p->flags & FLAGS_ZF;
}

ALWAYS_INLINE bool flags_af(const struct processor *p)
{
    return p->flags & FLAGS_AF;
}

/* CF alone, the other five kept. */
ALWAYS_INLINE void flags_put_cf(struct processor *p, bool cf)
{
    p->flags = (p->flags & ~FLAGS_CF) | (cf ? FLAGS_CF : 0);
}

/* CF and OF, the other four kept (rotates, MUL). */
ALWAYS_INLINE void flags_put_cf_of(struct processor *p, bool cf, bool of)
{
    p->flags = (p->flags & ~(FLAGS_CF | FLAGS_OF)) | (cf ? FLAGS_CF : 0) | (of ? FLAGS_OF : 0);
}

/* A condition code 0..15 (SDM vol. 1, appendix B), of `flags` as processor.flags keeps them. */
ALWAYS_INLINE bool flags_image_condition(uint32_t flags, unsigned condition)
{
    bool less = (flags >> 15 ^ flags) & 1, result;

    switch (condition >> 1) {
    case 0:
        result = flags & FLAGS_OF;
        break;
    case 1:
        result = flags & FLAGS_CF;
        break;
    case 2:
        result = flags & FLAGS_ZF;
        break;
    case 3:
        result = flags & (FLAGS_CF | FLAGS_ZF);
        break;
    case 4:
        result = flags & FLAGS_SF;
        break;
    case 5:
        result = flags & FLAGS_PF;
        break;
    case 6:
        result = less;
        break;
    default:
        result = less || (flags & FLAGS_ZF);
        break;
    }
    return result ^ (condition & 1);
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
