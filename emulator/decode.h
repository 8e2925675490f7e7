/* Bytes become a struct instruction. Not here: running it (expand.c, run.c), the table
 * (opcodes.def). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_DECODE_H
#define EMULATOR_DECODE_H

#include "instruction.h"

#define INSTRUCTION_LENGTH_LIMIT 15u

struct opcode;

/* Decodes the instruction at CS:instruction_eip and returns its row of the opcode table. Raises
 * only what fetching its bytes raises: #PF, #GP(0) beyond the CS limit or the 15-byte limit.
 * i->execute becomes its handler, or NULL when its row has a shape. An encoding that is not allowed
 * gets a handler that raises #UD or #GP(0), so that fetch faults come first (SDM vol. 3, table
 * 6-2). */
const struct opcode *decode(struct processor *p, struct instruction *i);

/* May the instruction at `bytes`, 15 of them, be longer than it is allowed to be? */
bool may_be_too_long(const uint8_t *bytes);

/* The page that `linear` is in becomes the one that instructions are read from. False when it is
 * not RAM. Raises what fetching a byte there raises. */
bool fetch_page(struct processor *p, uint32_t linear);

#endif
