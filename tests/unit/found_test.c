/* What the fuzzer has found, in its smallest form. Not here: the fuzzer (tests/fuzz). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <unistd.h>

#include "case.h"

/* --- a stopped REP instruction goes on in blocks -------------------------------------------------
 */

static unsigned blocks;

static void count_block(void *context, uint16_t port, unsigned width, const void *buffer,
                        uint32_t count)
{
    struct machine *machine = context;

    (void)port;
    (void)width;
    (void)buffer;
    (void)count;
    if (blocks++ == 0)
        processor_stop(&machine->processor);
}

static void test_stopped_repeat(void **state)
{
    static const uint8_t code[] = {0xf3, 0x6e, 0xf4}; /* rep outsb; hlt */
    struct platform platform = machine_platform;

    (void)state;
    machine_real_mode(m);
    m->state.gpr[ECX] = 3 * MACHINE_PAGE_SIZE;
    machine_load(m);
    machine_code(m, code, sizeof(code));
    platform.port_write_string = count_block;
    m->processor.platform = &platform;
    blocks = 0;
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_STOPPED);
    assert_int_equal(m->state.eip, 0);
    assert_true(m->state.gpr[ECX] > MACHINE_PAGE_SIZE);
    /* The rest is one instruction. */
    assert_int_equal(machine_run(m, 1), PROCESSOR_BUDGET);
    assert_int_equal(m->state.gpr[ECX], 0);
    assert_int_equal(m->state.eip, 2);
}

/* --- task switches that cannot begin -------------------------------------------------------------
 */

#define NEW_TSS      0x00014000u
#define NEW_SELECTOR SELECTOR_FREE

/* JMP (ea) or CALL (9a) to a 32-bit TSS whose task halts at once. */
static void start_task_switch(uint8_t opcode)
{
    const uint8_t code[] = {opcode, 0, 0, 0, 0, NEW_SELECTOR, 0};

    machine_protected(m, 0, 32);
    machine_descriptor(m, MACHINE_GDT, NEW_SELECTOR, NEW_TSS, 0x67, ATTRIBUTES_TSS);
    machine_write_32(m, NEW_TSS + 32, MACHINE_CODE + 0x100);
    machine_write_8(m, MACHINE_CODE + 0x100, 0xf4);
    for (unsigned n = ES; n <= GS; n++)
        machine_write_16(m, NEW_TSS + 72 + n * 4, n == CS ? SELECTOR_CODE_0 : SELECTOR_DATA_0);
    machine_code(m, code, sizeof(code));
}

/* The old TSS holds what the processor writes, or the switch does not begin: #TS names it. */
static void test_old_tss_too_short(void **state)
{
    static const struct {
        uint32_t attributes, limit;
        bool fits;
    } row[] = {{0x8b, 0x5e, false}, {0x8b, 0x5f, true}, {0x83, 0x28, false}, {0x83, 0x29, true}};

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        start_task_switch(0xea);
        machine_segment(m, TR, SELECTOR_TSS, MACHINE_TSS, row[n].limit, row[n].attributes);
        machine_load(m);
        if (row[n].fits) {
            case_expect_halt();
            assert_int_equal(m->state.segment[TR].selector, NEW_SELECTOR);
        } else {
            case_expect_fault(EXCEPTION_TS, SELECTOR_TSS, MACHINE_CODE);
            assert_int_equal(machine_read_32(m, MACHINE_TSS + 32), 0);
        }
    }
}

/* A GDT that the supervisor may not write: neither TSS nor any descriptor has been touched. */
static void test_read_only_gdt(void **state)
{
    static const uint8_t opcode[] = {0xea, 0x9a};

    (void)state;
    for (unsigned n = 0; n < sizeof(opcode); n++) {
        start_task_switch(opcode[n]);
        machine_paging(m);
        machine_write_32(m, machine_page_entry(MACHINE_GDT), MACHINE_GDT | 5);
        m->state.cr0 |= CR0_WP;
        machine_load(m);
        case_expect_fault(EXCEPTION_PF, 3, MACHINE_CODE);
        assert_int_equal(machine_read_32(m, MACHINE_TSS + 32), 0);
        assert_int_equal(machine_read_16(m, NEW_TSS), 0);
        assert_int_equal(m->state.segment[TR].selector, SELECTOR_TSS);
        assert_int_equal(machine_read_8(m, MACHINE_GDT + SELECTOR_TSS + 5), 0x8b);
    }
}

/* --- a chain of exceptions without end -----------------------------------------------------------
 */

/* #AC whose handler is absent, and #NP whose handler runs at CPL 3 on a stack that is not aligned,
 * which is #AC again: no double fault, but the caller and an interrupt must get through. */
static void test_endless_chain(void **state)
{
    static const uint8_t code[] = {0xa1, 0x01, 0x00, 0x03, 0x00}; /* mov eax, [30001] */

    (void)state;
    machine_protected(m, 3, 32);
    machine_gate(m, MACHINE_IDT, EXCEPTION_AC, SELECTOR_CODE_0, MACHINE_HANDLERS, 0x6e, 0);
    machine_gate(m, MACHINE_IDT, EXCEPTION_NP, SELECTOR_CODE_3, MACHINE_HANDLERS, 0xee, 0);
    m->state.cr0 |= CR0_AM;
    m->state.eflags |= EFLAGS_AC | EFLAGS_IF;
    m->state.gpr[ESP] = MACHINE_STACK - 1;
    machine_load(m);
    machine_code(m, code, sizeof(code));
    alarm(10);
    assert_int_equal(machine_run(m, 3), PROCESSOR_BUDGET);
    assert_int_equal(m->state.eip, MACHINE_CODE);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK - 1);
    machine_request(m, 0x40, 0);
    case_expect_vector(0x40);
    alarm(0);
}

/* Faults in the delivery of INT n are no chain when each of them is delivered. */
static void test_many_short_chains(void **state)
{
    static const uint8_t code[] = {0xcd, 0x77, 0xf4};       /* int 77h */
    static const uint8_t handler[] = {0x83, 0xc4, 4, 0xcf}; /* add esp, 4; iret */

    (void)state;
    machine_protected(m, 0, 32);
    machine_gate(m, MACHINE_IDT, 0x77, SELECTOR_CODE_0, MACHINE_HANDLERS, 0x6e, 0);
    machine_write(m, MACHINE_HANDLERS + EXCEPTION_NP * 16, handler, sizeof(handler));
    machine_code(m, code, sizeof(code));
    for (unsigned n = 0; n < 40; n++) {
        machine_run(m, 1);
        assert_int_equal(m->state.eip, MACHINE_HANDLERS + EXCEPTION_NP * 16);
        machine_run(m, 2);
        assert_int_equal(m->state.eip, MACHINE_CODE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_repeat),    cmocka_unit_test(test_old_tss_too_short),
        cmocka_unit_test(test_read_only_gdt),     cmocka_unit_test(test_endless_chain),
        cmocka_unit_test(test_many_short_chains),
    };

    return CASE_MAIN(tests);
}
