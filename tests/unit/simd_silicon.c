/* Every MMX and SSE..SSE3 encoding with every mandatory prefix against the host, and group 15.
 * Not here: rules that the host's user mode cannot show, general registers but ECX (simd_rules.c).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "native_compare.h"

#define SEED 0xbb67ae8584caa73bull

static const uint8_t prefixes[4] = {0, 0x66, 0xf3, 0xf2};
static const struct unlike none = {{{0, 0}}};

static struct trial trial;
static struct machine *machine;

static int create(void **state)
{
    (void)state;
    machine = compare_machine();
    printf("seed %llx\n", SEED);
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    machine_destroy(machine);
    return 0;
}

static bool within(unsigned opcode, unsigned first, unsigned last)
{
    return opcode >= first && opcode <= last;
}

/* The opcodes of the 0F map that are MMX or SSE: SDM vol. 2, tables. */
static bool is_simd(unsigned opcode)
{
    return within(opcode, 0x10, 0x17) || within(opcode, 0x28, 0x2f) || within(opcode, 0x50, 0x77) ||
           within(opcode, 0x7c, 0x7f) || opcode == 0xc2 || within(opcode, 0xc4, 0xc6) ||
           within(opcode, 0xd0, 0xfe);
}

static bool has_immediate(unsigned opcode)
{
    return within(opcode, 0x70, 0x73) || opcode == 0xc2 || within(opcode, 0xc4, 0xc6);
}

/* Forms whose general register must be ECX here, since the direct run has only that one. */
static bool general_reg(unsigned opcode, unsigned prefix)
{
    return opcode == 0x50 || opcode == 0xc5 || opcode == 0xd7 ||
           (within(opcode, 0x2c, 0x2d) && prefix >= 2);
}

static bool general_rm(unsigned opcode, unsigned prefix)
{
    return opcode == 0x6e || (opcode == 0x7e && prefix < 2) || opcode == 0xc4 ||
           (opcode == 0x2a && prefix >= 2);
}

/* MOVNTSS and MOVNTSD exist on AMD's processors only, and not here: simd_rules.c. MASKMOV uses EDI,
 * which differs: below. */
static bool comparable(unsigned opcode, unsigned prefix)
{
    return is_simd(opcode) && opcode != 0xf7 && !(opcode == 0x2b && prefix >= 2);
}

static void set_code(unsigned opcode, unsigned prefix, unsigned modrm, unsigned immediate)
{
    trial.length = 0;
    if (prefixes[prefix])
        trial.code[trial.length++] = prefixes[prefix];
    trial.code[trial.length++] = 0x0f;
    trial.code[trial.length++] = (uint8_t)opcode;
    if (opcode != 0x77)
        trial.code[trial.length++] = (uint8_t)modrm;
    if (has_immediate(opcode))
        trial.code[trial.length++] = (uint8_t)immediate;
}

static void register_forms(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0; opcode < 256; opcode++)
        for (unsigned prefix = 0; prefix < 4; prefix++)
            for (unsigned modrm = 0xc0; modrm <= 0xff && comparable(opcode, prefix); modrm++) {
                if ((general_reg(opcode, prefix) && (modrm >> 3 & 7) != ECX) ||
                    (general_rm(opcode, prefix) && (modrm & 7) != ECX))
                    continue;
                for (unsigned n = 0; n < 4; n++) {
                    trial_random(&trial, &random);
                    set_code(opcode, prefix, modrm, random_below(&random, 256));
                    compare(machine, &trial, none);
                }
            }
}

static void try_memory_form(unsigned opcode, unsigned prefix, struct random *random,
                            uint32_t position, uint32_t eflags)
{
    unsigned reg = random_below(random, 8);

    if (!comparable(opcode, prefix))
        return;
    if (general_reg(opcode, prefix))
        reg = ECX;
    trial_random(&trial, random);
    set_code(opcode, prefix, reg << 3, random_below(random, 256));
    trial.position = position;
    trial.eflags |= eflags;
    compare(machine, &trial, none);
}

static void memory_forms(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0; opcode < 256; opcode++)
        for (unsigned prefix = 0; prefix < 4; prefix++)
            for (unsigned n = 0; n < 32; n++)
                try_memory_form(opcode, prefix, &random, 16 * random_below(&random, 16), 0);
}

/* At every distance from the end of the memory: size and 16-byte alignment. */
static void operand_sizes(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0; opcode < 256; opcode++)
        for (unsigned prefix = 0; prefix < 4; prefix++)
            for (uint32_t room = 1; room <= 17; room++)
                try_memory_form(opcode, prefix, &random, WINDOW - room, 0);
}

static void alignment(void **state)
{
    struct random random = {SEED};

    (void)state;
    if (!host_is_intel())
        skip();
    for (unsigned opcode = 0; opcode < 256; opcode++)
        for (unsigned prefix = 0; prefix < 4; prefix++)
            for (uint32_t position = 0; position <= 16; position++)
                try_memory_form(opcode, prefix, &random, position, EFLAGS_AC);
}

/* All prefixes at once, in any order: which one counts. */
static void prefix_order(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0; opcode < 256; opcode++)
        for (unsigned n = 0; n < 24 && comparable(opcode, 2); n++) {
            unsigned length = 1 + random_below(&random, 4), reg = random_below(&random, 8);

            trial_random(&trial, &random);
            for (trial.length = 0; trial.length < length; trial.length++)
                trial.code[trial.length] = prefixes[1 + random_below(&random, 3)];
            trial.code[trial.length++] = 0x0f;
            trial.code[trial.length++] = (uint8_t)opcode;
            /* r/m: ECX, or memory; reg: ECX where it is a general register with any prefix. */
            if (general_reg(opcode, 2))
                reg = ECX;
            if (opcode != 0x77)
                trial.code[trial.length++] = (uint8_t)((n & 1 ? 0xc0 | ECX : 0) | reg << 3);
            if (has_immediate(opcode))
                trial.code[trial.length++] = (uint8_t)random_next(&random);
            compare(machine, &trial, none);
        }
}

/* MASKMOVQ and MASKMOVDQU, with EDI put right by the code itself: PUSH EDI; PUSH EAX; POP EDI; ...;
 * POP EDI. After a fault EDI is not put back, so both runs start from their own. */
static void masked_moves(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned n = 0; n < 2000; n++) {
        static const uint8_t before[] = {0x57, 0x50, 0x5f};

        trial_random(&trial, &random);
        for (trial.length = 0; trial.length < sizeof(before); trial.length++)
            trial.code[trial.length] = before[trial.length];
        if (n & 1)
            trial.code[trial.length++] = 0x66;
        trial.code[trial.length++] = 0x0f;
        trial.code[trial.length++] = 0xf7;
        trial.code[trial.length++] = (uint8_t)(0xc0 | random_below(&random, 64));
        trial.code[trial.length++] = 0x5f;
        trial.position = random_below(&random, 2) ? WINDOW - random_below(&random, 20) - 1
                                                  : random_below(&random, 64);
        if (trial.position < 64 && host_is_intel() && random_below(&random, 3) == 0)
            trial.eflags |= EFLAGS_AC;
        compare(machine, &trial, none);
    }
}

/* MXCSR with reserved bits, fences, CLFLUSH, FXSAVE and FXRSTOR at every distance from the end.
 * CLWB (66 /6), CLFLUSHOPT (66 /7), PTWRITE (F3 /4) and XSAVE (/4 to /6) are not provided:
 * simd_rules.c. */
static bool group15_comparable(unsigned prefix, unsigned reg, bool memory)
{
    if (prefix == 0)
        return !(memory && within(reg, 4, 6));
    if (prefix == 1)
        return reg < 6;
    return prefix == 3 && reg < 4;
}

static void try_group15(unsigned prefix, unsigned modrm, uint32_t position, uint32_t eflags,
                        struct random *random)
{
    static const struct unlike unlike = {{{6, 18}, {288, 128}}};

    if (!group15_comparable(prefix, modrm >> 3 & 7, modrm < 0xc0))
        return;
    trial_random(&trial, random);
    /* Mostly an image that can be loaded. */
    if (random_below(random, 4) != 0 && position % 16 == 0 && position + 512 <= WINDOW) {
        trial.window[position + 25] &= 0x1f;
        trial.window[position + 26] = trial.window[position + 27] = 0;
        trial.window[position + 2] = trial.window[position + 3] = 0;
    }
    if (random_below(random, 2) && (modrm >> 3 & 7) == 2)
        trial.window[position + 2 < WINDOW ? position + 2 : position] = 0;
    set_code(0xae, prefix, modrm, 0);
    trial.position = position;
    trial.eflags |= eflags;
    compare(machine, &trial, (modrm >> 3 & 7) == 0 ? unlike : none);
}

static void group15(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned prefix = 0; prefix < 4; prefix++) {
        for (unsigned modrm = 0xc0; modrm <= 0xff; modrm++)
            try_group15(prefix, modrm, 0, 0, &random);
        for (unsigned reg = 0; reg < 8; reg++) {
            for (unsigned n = 0; n < 64; n++)
                try_group15(prefix, reg << 3, 16 * n, 0, &random);
            for (uint32_t room = 1; room <= 520; room++)
                try_group15(prefix, reg << 3, WINDOW - room, 0, &random);
            for (uint32_t position = 0; position <= 16 && host_is_intel(); position++)
                try_group15(prefix, reg << 3, position, EFLAGS_AC, &random);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_forms), cmocka_unit_test(memory_forms),
        cmocka_unit_test(operand_sizes),  cmocka_unit_test(alignment),
        cmocka_unit_test(prefix_order),   cmocka_unit_test(masked_moves),
        cmocka_unit_test(group15),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
