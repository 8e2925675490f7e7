/* Chooses what the oracle runs: every opcode in every form, and random sequences.
 * Not here: running and comparing (main.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_GENERATE_H
#define TESTS_ORACLE_GENERATE_H

#include "outcome.h"
#include "random.h"

/* Number of combinations of opcode, code size, operand-size and address-size prefix, segment
 * override and ModRM form that generate_directed goes through. */
uint64_t generate_directed_count(void);

/* Combination `index` (below the count) with operand values drawn from `random`. False when the
 * combination is left out (row_left_out) or cannot be encoded. */
bool generate_directed(uint64_t index, struct random *random, struct oracle_case *test);

/* A sequence of 2 to CASE_INSTRUCTION_LIMIT instructions. */
void generate_sequence(struct random *random, struct oracle_case *test);

#endif
