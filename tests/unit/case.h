/* What every unit test of the interpreter's doors uses: one machine, and short assertions about
 * where it ended. Not here: the machine (machine.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_CASE_H
#define TESTS_UNIT_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault.h"
#include "machine.h"

/* Enough for anything a test runs; a test that needs more hangs and fails. */
#define CASE_BUDGET 1000u

extern struct machine *m;

int case_create(void **state);
int case_destroy(void **state);

/* Runs to the HLT of a handler and asserts that it is that of `vector`. */
void case_expect_vector(int vector);
/* The same, and that the 32-bit gate's handler found this error code and return address. */
void case_expect_fault(int vector, uint32_t error, uint32_t eip);
/* Runs to a HLT that is no handler's (the end of the test's own code). */
void case_expect_halt(void);
/* Dword `index` above the handler's stack pointer. */
uint32_t case_frame(unsigned index);

#define CASE_MAIN(tests) cmocka_run_group_tests(tests, case_create, case_destroy)

#endif
