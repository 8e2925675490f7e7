/* What the tests of system instructions share: a machine per test, code that ends in INT3, and
 * virtual-8086 mode. Not here: the machine itself (machine.h), any expectation. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_SYSTEM_MACHINE_H
#define TESTS_UNIT_SYSTEM_MACHINE_H

#include "machine.h"

#define ENDED 3 /* the vector of the INT3 behind the code: nothing faulted */

extern struct machine *machine;

/* cmocka set-up and tear-down: a machine at reset. */
int machine_set_up(void **state);
int machine_tear_down(void **state);

/* Virtual-8086 mode at 7000:0000, SS:SP 2000:8000, the other segments 3000, in the tables of
 * machine_protected. */
void machine_virtual_8086(struct machine *m, unsigned iopl);

/* Runs the code at the CS:EIP of machine->state, followed by INT3, until a handler halts; returns
 * the vector. machine->state is then that of the handler. */
int run_code(const uint8_t *code, size_t length);

#define RUN(...) run_code((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* EFLAGS as the handler found them on its stack: a 32-bit frame without or with error code. */
uint32_t pushed_eflags(bool error_code);

#endif
