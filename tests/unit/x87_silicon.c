/* Every x87 encoding against the host: register forms, memory forms of every size at every edge,
 * all with random units. Not here: rules that the host's user mode cannot show (x87_rules.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "native_compare.h"

#define SEED 0x6a09e667f3bcc908ull

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

/* FNSTSW AX writes the register that carries the pointer; x87_rules.c has it. */
static bool comparable(unsigned opcode, unsigned modrm)
{
    return !(opcode == 0xdf && modrm == 0xe0);
}

static void register_forms(void **state)
{
    static const struct unlike none = {{{0, 0}}};
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++)
        for (unsigned modrm = 0xc0; modrm <= 0xff; modrm++)
            for (unsigned n = 0; n < 24 && comparable(opcode, modrm); n++) {
                trial_random(&trial, &random);
                trial.code[0] = (uint8_t)opcode;
                trial.code[1] = (uint8_t)modrm;
                trial.length = 2;
                compare(machine, &trial, none);
            }
}

/* The bytes of a stored image that hold pointers. SDM vol. 1, figures 8-9 and 8-11. */
static struct unlike image_pointers(unsigned opcode, unsigned reg, bool wide)
{
    static const struct unlike none = {{{0, 0}}}, wide_pointers = {{{12, 14}}};
    static const struct unlike narrow_pointers = {{{6, 8}}};

    if ((opcode & ~4u) != 0xd9 || reg != 6)
        return none;
    return wide ? wide_pointers : narrow_pointers;
}

static void try_memory_form(unsigned opcode, unsigned reg, bool wide, uint32_t position,
                            uint32_t eflags)
{
    trial.length = 0;
    if (!wide)
        trial.code[trial.length++] = 0x66;
    trial.code[trial.length++] = (uint8_t)opcode;
    trial.code[trial.length++] = (uint8_t)(reg << 3);
    trial.position = position;
    trial.eflags |= eflags;
    compare(machine, &trial, image_pointers(opcode, reg, wide));
}

static void memory_forms(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++)
        for (unsigned reg = 0; reg < 8; reg++)
            for (unsigned n = 0; n < 48; n++) {
                trial_random(&trial, &random);
                try_memory_form(opcode, reg, n & 1, 16 * random_below(&random, 16), 0);
            }
}

/* How many bytes before the end of the memory an operand may begin: shows its size, and that a
 * store that does not fit leaves unit and memory alone. */
static void operand_sizes(void **state)
{
    struct random random = {SEED};

    (void)state;
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++)
        for (unsigned reg = 0; reg < 8; reg++)
            for (uint32_t room = 1; room <= 110; room++) {
                trial_random(&trial, &random);
                /* AMD's looks at the memory also where an unmasked exception keeps it from
                 * storing anything. */
                if (!host_is_intel())
                    trial.unit[0] |= 0x3f;
                try_memory_form(opcode, reg, room & 1, WINDOW - room, 0);
                try_memory_form(opcode, reg, !(room & 1), WINDOW - room, 0);
            }
}

static void alignment(void **state)
{
    struct random random = {SEED};

    (void)state;
    if (!host_is_intel())
        skip();
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++)
        for (unsigned reg = 0; reg < 8; reg++)
            for (uint32_t position = 0; position <= 16; position++) {
                trial_random(&trial, &random);
                try_memory_form(opcode, reg, true, position, EFLAGS_AC);
                try_memory_form(opcode, reg, false, position, EFLAGS_AC);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(register_forms),
        cmocka_unit_test(memory_forms),
        cmocka_unit_test(operand_sizes),
        cmocka_unit_test(alignment),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
