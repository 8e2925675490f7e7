/* Builds with EMULATOR_TRACE: what is told of each instruction.
 * Not here: reading it. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_TRACE_H
#define FIRMWARE_TRACE_H

#include "emulator/processor.h"

/* platform.trace: one of the two below. */
void trace_instruction(void *context, struct processor *p, const uint8_t *bytes, unsigned length);

/* Into the testvisor's ring (hvmassist/trace.h). */
void trace_to_ring(void *context, struct processor *p, const uint8_t *bytes, unsigned length);

/* To the testvisor's log, as a line: T, 16 or 32 (CS.D), CS selector, linear address, EIP, bytes,
 * then EAX EBX ECX EDX ESI EDI EBP ESP EFLAGS; all hexadecimal but the second. */
void trace_to_log(void *context, struct processor *p, const uint8_t *bytes, unsigned length);

#endif
