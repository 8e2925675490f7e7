/* platform.run_native on the test host's own unit: code runs in a page of this process, on an FPU
 * state of its own. Not here: which code the interpreter asks for (emulator/native.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_NATIVE_HOST_H
#define TESTS_UNIT_NATIVE_HOST_H

#include "platform.h"

/* Bytes of an FXSAVE image. */
#define NATIVE_HOST_IMAGE 512u

/* The guest's unit as FNINIT leaves it, XMM registers zero, MXCSR 1f80. Every thread has its own;
 * it starts so. This and native_host_set also make sure that exceptions are still caught: cmocka
 * takes the signals for itself when a test begins, so every test begins with one of the two. */
void native_host_reset(void);

/* The guest's unit as an FXSAVE image of the 32-bit layout (SDM vol. 1, table 10-2). An image given
 * to native_host_set must not have reserved bits of MXCSR set (aborts). */
void native_host_get(uint8_t image[NATIVE_HOST_IMAGE]);
void native_host_set(const uint8_t image[NATIVE_HOST_IMAGE]);

/* Fits platform.run_native; `context` is not used. The exceptions 0, 4, 5, 6, 13, 14, 16, 17 and 19
 * are caught (as signals; others' handlers keep getting what is not from `code`) and returned; then
 * the unit is as the exception found it, and *call is not changed. Aborts with a message when the
 * process may not have a page that is writable and executable. Safe from several threads. */
int native_host_run(void *context, const uint8_t *code, unsigned length, struct native_call *call);

#endif
