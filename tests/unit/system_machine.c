/* The machine as the tests of system instructions use it.
 * Not here: the tests (system_*.c, port_rules.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "system_machine.h"

#define INT3 0xcc

struct machine *machine;

int machine_set_up(void **state)
{
    (void)state;
    machine = machine_create();
    return 0;
}

int machine_tear_down(void **state)
{
    (void)state;
    machine_destroy(machine);
    return 0;
}

void machine_virtual_8086(struct machine *m, unsigned iopl)
{
    machine_protected(m, 3, 16);
    m->state.eflags |= EFLAGS_VM | iopl << 12;
    for (unsigned segment = ES; segment <= GS; segment++)
        machine_segment(m, segment, 0x3000, 0x30000, 0xffff, 0xf3);
    machine_segment(m, CS, 0x7000, 0x70000, 0xffff, 0xf3);
    machine_segment(m, SS, 0x2000, 0x20000, 0xffff, 0xf3);
    m->state.eip = 0;
    m->state.gpr[ESP] = 0x8000;
}

int run_code(const uint8_t *code, size_t length)
{
    static const uint8_t end = INT3;
    uint32_t where = machine->state.segment[CS].base + machine->state.eip;

    machine_write(machine, where, code, length);
    machine_write(machine, where + (uint32_t)length, &end, 1);
    machine_load(machine);
    assert_true(machine_run_to_halt(machine, 1000));
    return machine_vector(machine);
}

uint32_t pushed_eflags(bool error_code)
{
    return machine_stack(machine, error_code ? 3 : 2, 4);
}
