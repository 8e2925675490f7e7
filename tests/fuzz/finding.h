/* How a broken invariant is reported. Not here: any invariant. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_FINDING_H
#define FUZZ_FINDING_H

#include "subject.h"

/* Prints the sentence, the instruction and both states, and aborts: the fuzzer keeps the input. */
_Noreturn void finding(const struct subject *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* With FUZZ_TRACE in the environment: a line for each instruction begun, and for each fault. */
void finding_trace(const struct subject *s);
void finding_trace_fault(const struct subject *s);

#endif
