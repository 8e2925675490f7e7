/* Bytes become a struct instruction. Not here: running it (run.c), the table (opcodes.def). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_DECODE_H
#define EMULATOR_DECODE_H

#include "instruction.h"

#define INSTRUCTION_LENGTH_LIMIT 15u

/* Decodes the instruction at CS:EIP. Raises only what fetching its bytes raises: #PF, #GP(0) beyond
 * the CS limit or the 15-byte limit. An encoding that is not allowed gets a handler that raises #UD
 * or #GP(0), so that fetch faults come first (SDM vol. 3, table 6-2). */
void decode(struct processor *p, struct instruction *i);

#endif
