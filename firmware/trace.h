/* Builds with EMULATOR_TRACE: one line of text for each instruction.
 * Not here: reading the lines. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_TRACE_H
#define FIRMWARE_TRACE_H

#include "emulator/processor.h"

/* platform.trace. The line: T, 16 or 32 (CS.D), CS selector, linear address, EIP, bytes, then EAX
 * EBX ECX EDX ESI EDI EBP ESP EFLAGS; all hexadecimal but the second. */
void trace_instruction(void *context, struct processor *p, const uint8_t *bytes, unsigned length);

#endif
