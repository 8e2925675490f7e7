/* Status flags against their definition, and the other bits of EFLAGS.
 * Not here: flags of single instructions (the oracle has them all). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"
#include "flags.h"

static const uint32_t value[] = {0,          1,          2,          0xf,        0x10,
                                 0x7f,       0x80,       0x81,       0xff,       0x100,
                                 0x7fff,     0x8000,     0x8001,     0xffff,     0x10000,
                                 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xffffffff};
#define VALUE_COUNT (sizeof(value) / sizeof(value[0]))

static bool parity_even(uint32_t result)
{
    unsigned ones = 0;

    for (unsigned bit = 0; bit < 8; bit++)
        ones += (result >> bit) & 1;
    return ones % 2 == 0;
}

/* The definition, in 64 bits: SDM vol. 1, 3.4.3.1. */
static uint32_t expected_sum(unsigned width, uint32_t a, uint32_t b, bool carry, bool subtract)
{
    uint64_t mask = width == 4 ? 0xffffffffu : (1u << width * 8) - 1;
    uint64_t sign = (mask >> 1) + 1, x = a & mask, y = b & mask;
    uint64_t wide = subtract ? x - y - carry : x + y + carry, result = wide & mask;
    uint64_t nibble = subtract ? (x & 15) - (y & 15) - carry : (x & 15) + (y & 15) + carry;
    bool overflow = subtract ? (x ^ y) & (x ^ result) & sign : ~(x ^ y) & (x ^ result) & sign;

    return (wide & (mask + 1) ? EFLAGS_CF : 0) | (parity_even((uint32_t)result) ? EFLAGS_PF : 0) |
           (nibble & 16 ? EFLAGS_AF : 0) | (result ? 0 : EFLAGS_ZF) |
           (result & sign ? EFLAGS_SF : 0) | (overflow ? EFLAGS_OF : 0);
}

static void sums_set_all_flags(void **state)
{
    static const unsigned widths[] = {1, 2, 4};
    struct processor *p = &m->processor;

    (void)state;
    for (unsigned w = 0; w < 3; w++) {
        for (unsigned n = 0; n < VALUE_COUNT * VALUE_COUNT * 2; n++) {
            uint32_t mask = width_mask(widths[w]), a = value[n / 2 / VALUE_COUNT] & mask;
            uint32_t b = value[n / 2 % VALUE_COUNT] & mask, carry = n & 1;

            flags_set_add(p, widths[w], a, b, a + b + carry);
            assert_int_equal(flags_status(p), expected_sum(widths[w], a, b, carry, false));
            flags_set_subtract(p, widths[w], a, b, a - b - carry);
            assert_int_equal(flags_status(p), expected_sum(widths[w], a, b, carry, true));
        }
    }
}

static void every_combination_can_be_stored(void **state)
{
    struct processor *p = &m->processor;

    (void)state;
    for (uint32_t bits = 0; bits < 64; bits++) {
        uint32_t status = (bits & 1) | (bits & 2) << 1 | (bits & 4) << 2 | (bits & 8) << 3 |
                          (bits & 16) << 3 | (bits & 32) << 6;

        flags_put_status(p, status);
        assert_int_equal(flags_status(p), status);
        assert_int_equal(flags_cf(p), status & EFLAGS_CF);
        assert_int_equal(flags_zf(p), !!(status & EFLAGS_ZF));
        flags_put_cf(p, !(status & EFLAGS_CF));
        assert_int_equal(flags_status(p), status ^ EFLAGS_CF);
        flags_put_cf_of(p, status & EFLAGS_CF, !(status & EFLAGS_OF));
        assert_int_equal(flags_status(p), status ^ EFLAGS_OF);
    }
}

/* SDM vol. 1, appendix B. */
static void conditions_follow_their_definition(void **state)
{
    struct processor *p = &m->processor;

    (void)state;
    for (uint32_t bits = 0; bits < 64; bits++) {
        bool cf = bits & 1, pf = bits & 2, zf = bits & 8, sf = bits & 16, of = bits & 32;
        bool expected[8] = {of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of};

        flags_put_status(p, (cf ? EFLAGS_CF : 0) | (pf ? EFLAGS_PF : 0) | (zf ? EFLAGS_ZF : 0) |
                                (sf ? EFLAGS_SF : 0) | (of ? EFLAGS_OF : 0));
        for (unsigned condition = 0; condition < 16; condition++)
            assert_int_equal(flags_condition(p, condition),
                             expected[condition / 2] ^ (condition & 1));
    }
}

/* PUSHF and POPF in real mode: every bit but VM, RF, VIF, VIP and the reserved ones. */
static void popf_in_real_mode(void **state)
{
    static const uint8_t code[] = {0x66, 0x9d, 0x66, 0x9c, 0x66, 0x58, 0xf4};

    (void)state;
    machine_real_mode(m);
    machine_code(m, code, sizeof(code));
    machine_write_32(m, 0x28000, 0xffffffff & ~(EFLAGS_TF | EFLAGS_IF));
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], EFLAGS_STATUS | EFLAGS_FIXED | EFLAGS_DF | EFLAGS_IOPL |
                                            EFLAGS_NT | EFLAGS_AC | EFLAGS_ID);
}

/* SDM vol. 2, POPF, table 4-15: what CPL and IOPL let through. */
static void popf_by_privilege(void **state)
{
    static const uint8_t code[] = {0x9d, 0x0f, 0xff}; /* then #UD, whose frame shows EFLAGS */
    static const struct {
        unsigned cpl, iopl;
        uint32_t changed;
    } row[] = {
        {0, 0, EFLAGS_IF | EFLAGS_IOPL},
        {3, 0, 0},
        {3, 2, 0},
        {3, 3, EFLAGS_IF},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        uint32_t always = EFLAGS_STATUS | EFLAGS_DF | EFLAGS_NT | EFLAGS_AC | EFLAGS_ID;
        uint32_t got;

        machine_protected(m, row[n].cpl, 32);
        m->state.eflags |= row[n].iopl << 12;
        machine_load(m);
        machine_code(m, code, sizeof(code));
        machine_write_32(m, MACHINE_STACK, 0xffffffff & ~EFLAGS_TF & ~EFLAGS_IOPL);
        case_expect_vector(EXCEPTION_UD);
        got = case_frame(2);
        /* The image asks for IOPL 0, so a change shows as IOPL cleared. */
        assert_int_equal(got & (always | EFLAGS_IF), always | (row[n].changed & EFLAGS_IF));
        assert_int_equal(got & EFLAGS_IOPL, row[n].changed & EFLAGS_IOPL ? 0 : row[n].iopl << 12);
        assert_int_equal(got & (EFLAGS_VM | EFLAGS_VIF | EFLAGS_VIP), 0);
        assert_int_equal(got & 0xffc08028, 0); /* reserved */
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_set_all_flags),
        cmocka_unit_test(every_combination_can_be_stored),
        cmocka_unit_test(conditions_follow_their_definition),
        cmocka_unit_test(popf_in_real_mode),
        cmocka_unit_test(popf_by_privilege),
    };

    return CASE_MAIN(tests);
}
