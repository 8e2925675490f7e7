/* The shared machine of a test program, and its assertions.
 * Not here: any test. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"

struct machine *m;

int case_create(void **state)
{
    (void)state;
    m = machine_create();
    return 0;
}

int case_destroy(void **state)
{
    (void)state;
    machine_destroy(m);
    return 0;
}

void case_expect_vector(int vector)
{
    enum exit_reason reason = machine_run(m, CASE_BUDGET);

    if (reason != PROCESSOR_HALTED)
        fail_msg("expected vector %d, but processor_run gave %d at %04x:%08x", vector, reason,
                 m->state.segment[CS].selector, m->state.eip);
    assert_int_equal(machine_vector(m), vector);
}

uint32_t case_frame(unsigned index)
{
    return machine_stack(m, index, 4);
}

void case_expect_fault(int vector, uint32_t error, uint32_t eip)
{
    case_expect_vector(vector);
    assert_int_equal(case_frame(0), error);
    assert_int_equal(case_frame(1), eip);
}

void case_expect_halt(void)
{
    enum exit_reason reason = machine_run(m, CASE_BUDGET);

    if (reason != PROCESSOR_HALTED)
        fail_msg("expected a halt, but processor_run gave %d at %04x:%08x", reason,
                 m->state.segment[CS].selector, m->state.eip);
    if (machine_vector(m) >= 0)
        fail_msg("expected a halt, but vector %d was taken from %08x", machine_vector(m),
                 machine_stack(m, m->state.cr0 & CR0_PE ? 1 : 0, m->state.cr0 & CR0_PE ? 4 : 2));
}
