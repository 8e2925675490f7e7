/* Far jumps, calls and returns: what far.c, far_return.c share. Not here: delivery of events. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_FAR_H
#define EMULATOR_FAR_H

#include "instruction.h"
#include "segment.h"

/* Real and virtual-8086 style: CS := selector, EIP := offset, after the limit check. */
void far_jump_real(struct processor *p, uint16_t selector, uint32_t offset);

/* A code segment that a return may go to: RPL >= CPL and the DPL rules; raises #GP/#NP(selector).
 */
void check_return_code(struct processor *p, uint16_t selector, struct descriptor *code);

#endif
