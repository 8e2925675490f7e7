/* The interrupt flag in every mode, shadows, descriptor-table registers, counters, fast system
 * calls. Not here: control and debug registers (system_control.c), ports (port_rules.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "system_machine.h"

#define CLI   0xfa
#define STI   0xfb
#define NOP   0x90
#define PUSHF 0x9c
#define POPF  0x9d

#define FLAGS_SHOWN (EFLAGS_IF | EFLAGS_VIF | EFLAGS_IOPL | EFLAGS_TF)

/* --- interrupt flag ----------------------------------------------------------------------------
 */

struct flag_case {
    uint32_t cr4, before, after;
    uint8_t instruction;
    int vector;
};

/* Ring 3 of protected mode: IOPL decides, else PVI lets CLI and STI act on VIF. */
static void flag_in_ring_3(void **state)
{
    static const struct flag_case cases[] = {
        {0, EFLAGS_IF, 0, CLI, 13},
        {0, 0, 0, STI, 13},
        {0, EFLAGS_IOPL | EFLAGS_IF, EFLAGS_IOPL, CLI, ENDED},
        {CR4_PVI, EFLAGS_VIF | EFLAGS_IF, EFLAGS_IF, CLI, ENDED},
        {CR4_PVI, 0, EFLAGS_VIF, STI, ENDED},
        {CR4_PVI, EFLAGS_VIP, 0, STI, 13},
        {CR4_VME, 0, 0, STI, 13},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        machine_protected(machine, 3, 32);
        machine->state.cr4 = cases[n].cr4;
        machine->state.eflags |= cases[n].before;
        assert_int_equal(RUN(cases[n].instruction), cases[n].vector);
        if (cases[n].vector == ENDED)
            assert_int_equal(pushed_eflags(false) & FLAGS_SHOWN, cases[n].after);
    }
}

static void flag_in_virtual_8086_mode(void **state)
{
    static const struct flag_case cases[] = {
        {0, EFLAGS_IF, 0, CLI, 13},
        {0, EFLAGS_IOPL | EFLAGS_IF, EFLAGS_IOPL, CLI, ENDED},
        {CR4_VME, EFLAGS_VIF | EFLAGS_IF, EFLAGS_IF, CLI, ENDED},
        {CR4_VME, EFLAGS_IF, EFLAGS_IF | EFLAGS_VIF, STI, ENDED},
        {CR4_VME, EFLAGS_VIP, 0, STI, 13},
        {CR4_PVI, 0, 0, STI, 13},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        machine_virtual_8086(machine, 0);
        machine->state.cr4 = cases[n].cr4;
        machine->state.eflags |= cases[n].before;
        assert_int_equal(RUN(cases[n].instruction), cases[n].vector);
        if (cases[n].vector == ENDED)
            assert_int_equal(pushed_eflags(false) & FLAGS_SHOWN, cases[n].after);
    }
}

/* PUSHF and POPF in virtual-8086 mode below IOPL 3. */
static void flags_image_in_virtual_8086_mode(void **state)
{
    (void)state;
    machine_virtual_8086(machine, 0);
    assert_int_equal(RUN(PUSHF), 13);
    machine_virtual_8086(machine, 0);
    machine->state.cr4 = CR4_VME;
    assert_int_equal(RUN(0x66, PUSHF), 13);
    machine_virtual_8086(machine, 0);
    assert_int_equal(RUN(POPF), 13);

    machine_virtual_8086(machine, 0);
    machine->state.cr4 = CR4_VME;
    machine->state.eflags |= EFLAGS_VIF | EFLAGS_CF;
    assert_int_equal(RUN(PUSHF), ENDED);
    assert_int_equal(machine_read_16(machine, 0x27ffe),
                     EFLAGS_IF | EFLAGS_IOPL | EFLAGS_FIXED | EFLAGS_CF);
    machine_virtual_8086(machine, 0);
    machine->state.cr4 = CR4_VME;
    machine->state.eflags |= EFLAGS_IF;
    assert_int_equal(RUN(PUSHF), ENDED);
    assert_int_equal(machine_read_16(machine, 0x27ffe), EFLAGS_IOPL | EFLAGS_FIXED);

    /* IF goes to VIF; IOPL and IF stay. */
    machine_virtual_8086(machine, 0);
    machine->state.cr4 = CR4_VME;
    machine_write_16(machine, 0x28000, EFLAGS_IF | EFLAGS_IOPL | EFLAGS_ZF);
    assert_int_equal(RUN(POPF), ENDED);
    assert_int_equal(pushed_eflags(false), EFLAGS_VM | EFLAGS_VIF | EFLAGS_ZF | EFLAGS_FIXED);
    /* A virtual interrupt waits, or TF: the monitor must see it. */
    machine_virtual_8086(machine, 0);
    machine->state.cr4 = CR4_VME;
    machine->state.eflags |= EFLAGS_VIP;
    machine_write_16(machine, 0x28000, EFLAGS_IF);
    assert_int_equal(RUN(POPF), 13);
    machine_virtual_8086(machine, 0);
    machine->state.cr4 = CR4_VME;
    machine_write_16(machine, 0x28000, EFLAGS_TF);
    assert_int_equal(RUN(POPF), 13);

    /* IOPL 3: all but IOPL, VM, VIF and VIP. */
    machine_virtual_8086(machine, 3);
    machine_write_32(machine, 0x28000, 0xffffffff & ~EFLAGS_TF);
    assert_int_equal(RUN(0x66, POPF), ENDED);
    assert_int_equal(pushed_eflags(false),
                     EFLAGS_DEFINED & ~(EFLAGS_TF | EFLAGS_RF | EFLAGS_VIF | EFLAGS_VIP));
}

/* POPF by privilege: the low half and the high half. */
static void popf_by_privilege(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine_write_32(machine, MACHINE_STACK, ~(EFLAGS_TF | EFLAGS_IF));
    assert_int_equal(RUN(POPF), ENDED);
    assert_int_equal(machine_stack(machine, 2, 4),
                     EFLAGS_DEFINED & ~(EFLAGS_TF | EFLAGS_IF | EFLAGS_RF | EFLAGS_VM | EFLAGS_VIF |
                                        EFLAGS_VIP));
    machine_protected(machine, 3, 32);
    machine_write_32(machine, MACHINE_STACK, EFLAGS_IF | EFLAGS_IOPL | EFLAGS_ID | EFLAGS_OF);
    assert_int_equal(RUN(POPF), ENDED);
    assert_int_equal(pushed_eflags(false), EFLAGS_ID | EFLAGS_OF | EFLAGS_FIXED);
    machine_protected(machine, 3, 32);
    machine->state.eflags |= EFLAGS_AC | EFLAGS_IF;
    machine_write_32(machine, MACHINE_STACK, EFLAGS_NT);
    assert_int_equal(RUN(0x66, POPF), ENDED);
    assert_int_equal(pushed_eflags(false), EFLAGS_AC | EFLAGS_IF | EFLAGS_NT | EFLAGS_FIXED);
}

/* --- shadows -----------------------------------------------------------------------------------
 */

/* Where an interrupt that was there from the start came in: EIP relative to the code. */
static uint32_t interrupted_at(const uint8_t *code, size_t length, uint32_t eflags)
{
    machine_protected(machine, 0, 32);
    machine->state.eflags |= eflags;
    machine->state.gpr[EAX] = SELECTOR_DATA_0;
    machine_request(machine, 0x40, 0);
    assert_int_equal(run_code(code, length), 0x40);
    assert_int_equal(machine->violations, 0);
    return machine_stack(machine, 0, 4) - MACHINE_CODE;
}

static void interrupt_shadows(void **state)
{
    static const uint8_t sti[] = {STI, NOP, NOP};
    static const uint8_t sti_twice[] = {STI, STI, NOP};
    static const uint8_t window[] = {STI, CLI, STI, NOP, NOP};
    static const uint8_t load_ss[] = {STI, 0x8e, 0xd0, NOP, NOP}; /* mov ss, ax */

    (void)state;
    assert_int_equal(interrupted_at(sti, sizeof(sti), 0), 2);
    assert_int_equal(interrupted_at(sti_twice, sizeof(sti_twice), 0), 2);
    assert_int_equal(interrupted_at(window, sizeof(window), 0), 4);
    assert_int_equal(interrupted_at(sti, sizeof(sti), EFLAGS_IF), 0);
    /* In a row of instructions with a shadow the second one has none. */
    assert_int_equal(interrupted_at(load_ss, sizeof(load_ss), 0), 3);
}

/* A single-step trap waits for the instruction behind a load of SS, not for that behind a DS. */
static void stack_segment_shadow(void **state)
{
    static const struct {
        uint8_t code[4];
        uint32_t trapped_at;
    } cases[] = {
        {{0x8e, 0xd0, NOP, NOP}, 3}, /* mov ss, ax */
        {{0x17, NOP, NOP, NOP}, 2},  /* pop ss */
        {{0x8e, 0xd8, NOP, NOP}, 2}, /* mov ds, ax */
        {{0x1f, NOP, NOP, NOP}, 1},  /* pop ds */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        machine_protected(machine, 0, 32);
        machine->state.gpr[EAX] = SELECTOR_DATA_0;
        machine_write_32(machine, MACHINE_STACK, SELECTOR_DATA_0);
        machine->state.eflags |= EFLAGS_TF;
        assert_int_equal(run_code(cases[n].code, sizeof(cases[n].code)), 1);
        assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE + cases[n].trapped_at);
    }
}

/* --- tables ------------------------------------------------------------------------------------
 */

static void table_registers(void **state)
{
    (void)state;
    for (unsigned narrow = 0; narrow < 2; narrow++) {
        machine_protected(machine, 0, 32);
        machine->state.gpr[EBX] = MACHINE_DATA;
        machine_write_16(machine, MACHINE_DATA, 0x1ff);
        machine_write_32(machine, MACHINE_DATA + 2, 0xab000000u | MACHINE_GDT);
        machine_write_32(machine, MACHINE_DATA + 8, 0xeeeeeeee);
        machine_write_32(machine, MACHINE_DATA + 12, 0xeeeeeeee);
        /* lgdt [ebx]; sgdt [ebx + 8], the latter always with the 16-bit prefix; then the right
         * table again for the handlers */
        machine_write_16(machine, MACHINE_DATA + 0x20, 0x1ff);
        machine_write_32(machine, MACHINE_DATA + 0x22, MACHINE_GDT);
        assert_int_equal(
            narrow
                ? RUN(0x66, 0x0f, 0x01, 0x13, 0x66, 0x0f, 0x01, 0x43, 0x08, 0x0f, 0x01, 0x53, 0x20)
                : RUN(0x3e, 0x0f, 0x01, 0x13, 0x66, 0x0f, 0x01, 0x43, 0x08, 0x0f, 0x01, 0x53, 0x20),
            ENDED);
        assert_int_equal(machine_read_16(machine, MACHINE_DATA + 8), 0x1ff);
        assert_int_equal(machine_read_32(machine, MACHINE_DATA + 10),
                         narrow ? MACHINE_GDT : 0xab000000u | MACHINE_GDT);
        assert_int_equal(machine_read_16(machine, MACHINE_DATA + 14), 0xeeee);
    }
}

/* A store of six bytes that does not fit leaves none of them. */
static void table_store_is_whole(void **state)
{
    (void)state;
    machine_real_mode(machine);
    machine_segment(machine, DS, 0x3000, 0x30000, 0x0104, ATTRIBUTES_REAL);
    machine_write_16(machine, 0x30100, 0xeeee);
    assert_int_equal(RUN(0x0f, 0x01, 0x0e, 0x00, 0x01), 13); /* sidt [100h] */
    assert_int_equal(machine_read_16(machine, 0x30100), 0xeeee);
}

static void privileged_instructions(void **state)
{
    static const uint8_t codes[][3] = {
        {0x0f, 0x06, NOP},  {0x0f, 0x08, NOP},  {0x0f, 0x09, NOP},  {0x0f, 0x30, NOP},
        {0x0f, 0x32, NOP},  {0x0f, 0x01, 0x13}, {0x0f, 0x01, 0x1b}, {0x0f, 0x01, 0xf0},
        {0x0f, 0x01, 0x3b}, {0xf4, NOP, NOP},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
        machine_protected(machine, 3, 32);
        machine->state.gpr[EBX] = MACHINE_DATA;
        assert_int_equal(run_code(codes[n], sizeof(codes[n])), 13);
        assert_int_equal(machine_stack(machine, 0, 4), 0);
        assert_int_equal(machine_stack(machine, 1, 4), MACHINE_CODE);
    }
}

/* --- counters ----------------------------------------------------------------------------------
 */

static void counters(void **state)
{
    (void)state;
    machine_protected(machine, 3, 32);
    assert_int_equal(RUN(0x0f, 0x31), ENDED);
    assert_int_equal(machine->state.gpr[EAX], 0x89abcdef);
    assert_int_equal(machine->state.gpr[EDX], 0x01234567);
    machine_protected(machine, 3, 32);
    machine->state.cr4 = CR4_TSD;
    assert_int_equal(RUN(0x0f, 0x31), 13);
    machine_protected(machine, 0, 32);
    machine->state.cr4 = CR4_TSD;
    assert_int_equal(RUN(0x0f, 0x31), ENDED);

    machine_protected(machine, 3, 32);
    assert_int_equal(RUN(0x0f, 0x33), 13);
    machine_protected(machine, 3, 32);
    machine->state.cr4 = CR4_PCE;
    assert_int_equal(RUN(0x0f, 0x33), ENDED);
    assert_int_equal(machine->state.gpr[EDX], 0x11);
    machine_protected(machine, 0, 32);
    machine->state.gpr[ECX] = 2; /* no such counter */
    assert_int_equal(RUN(0x0f, 0x33), 13);
}

/* --- fast system calls -------------------------------------------------------------------------
 */

static void check_flat(unsigned segment, uint16_t selector, uint32_t attributes)
{
    const struct segment_state *s = &machine->state.segment[segment];

    assert_int_equal(s->selector, selector);
    assert_int_equal(s->base, 0);
    assert_int_equal(s->limit, 0xffffffff);
    assert_int_equal(s->attributes, attributes);
}

static void fast_system_calls(void **state)
{
    (void)state;
    machine_protected(machine, 3, 32);
    assert_int_equal(RUN(0x0f, 0x34), 13); /* no selector yet */

    machine_protected(machine, 3, 32);
    machine->msr[1].value = SELECTOR_CODE_0;
    machine->msr[2].value = MACHINE_STACK_0;
    machine->msr[3].value = MACHINE_HANDLERS + 0x70 * 16;
    machine->state.eflags |= EFLAGS_IF;
    assert_int_equal(RUN(0x0f, 0x34), 0x70);
    assert_int_equal(machine->state.cpl, 0);
    assert_int_equal(machine->state.gpr[ESP], MACHINE_STACK_0);
    assert_int_equal(machine->state.eflags & EFLAGS_IF, 0);
    check_flat(CS, SELECTOR_CODE_0, ATTRIBUTES_CODE_0);
    check_flat(SS, SELECTOR_CODE_0 + 8, ATTRIBUTES_DATA_0);

    machine_protected(machine, 0, 32);
    machine->msr[1].value = SELECTOR_CODE_0;
    machine->state.gpr[ECX] = MACHINE_STACK;
    machine->state.gpr[EDX] = MACHINE_CODE + 0x100;
    machine_write_8(machine, MACHINE_CODE + 0x100, 0xcc);
    assert_int_equal(RUN(0x0f, 0x35), ENDED);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE + 0x101);
    assert_int_equal(machine_stack(machine, 1, 4), SELECTOR_CODE_3 | 3);
    assert_int_equal(machine_stack(machine, 3, 4), MACHINE_STACK);
    assert_int_equal(machine_stack(machine, 4, 4), SELECTOR_DATA_3 | 3);

    machine_protected(machine, 3, 32);
    machine->msr[1].value = SELECTOR_CODE_0;
    assert_int_equal(RUN(0x0f, 0x35), 13);
    machine_real_mode(machine);
    machine->msr[1].value = SELECTOR_CODE_0;
    assert_int_equal(RUN(0x0f, 0x34), 13);
    machine_protected(machine, 3, 32);
    machine->msr_count = 1; /* a processor without SYSENTER */
    assert_int_equal(RUN(0x0f, 0x34), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(flag_in_ring_3, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(flag_in_virtual_8086_mode, machine_set_up,
                                        machine_tear_down),
        cmocka_unit_test_setup_teardown(flags_image_in_virtual_8086_mode, machine_set_up,
                                        machine_tear_down),
        cmocka_unit_test_setup_teardown(popf_by_privilege, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(interrupt_shadows, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(stack_segment_shadow, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(table_registers, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(table_store_is_whole, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(privileged_instructions, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(counters, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(fast_system_calls, machine_set_up, machine_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
