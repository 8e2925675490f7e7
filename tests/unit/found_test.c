/* What the fuzzer has found, in its smallest form. Not here: the fuzzer (tests/fuzz). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stopped_repeat),
    };

    return CASE_MAIN(tests);
}
