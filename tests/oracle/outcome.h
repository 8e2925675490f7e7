/* A case's start and end, as both sides of the oracle know them.
 * Not here: how a case comes about (generate.h) or is run (silicon.h, emulated.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_OUTCOME_H
#define TESTS_ORACLE_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "state.h"

#define CASE_CODE_LIMIT        160u
#define CASE_INSTRUCTION_LIMIT 20u
#define CASE_PATCH_LIMIT       12u

/* User-visible registers; segment registers as selectors, in the order of enum segment_register up
 * to GS. */
struct registers {
    uint32_t gpr[GENERAL_REGISTER_COUNT];
    uint32_t eip;
    uint32_t eflags;
    uint16_t selector[GS + 1];
};

/* Where a case ended: guest code always ends in an exception. */
struct outcome {
    struct registers registers;
    uint32_t vector;
    uint32_t error;
    uint32_t cr2;          /* page faults only */
    bool timeout;          /* guest code did not end by itself; nothing else is valid */
    bool host_descriptor;  /* looked at a descriptor of the host's GDT (the interpreter only) */
    uint64_t instructions; /* retired, the faulting one included (the interpreter only) */
};

struct case_patch {
    uint32_t offset; /* from ARENA_BASE */
    uint8_t length;  /* 1..16 */
    uint8_t bytes[16];
};

struct oracle_case {
    struct registers start;
    uint64_t memory_seed;
    uint32_t code_offset; /* in the code page */
    uint8_t code[CASE_CODE_LIMIT];
    uint32_t code_length;
    struct case_patch patch[CASE_PATCH_LIMIT];
    uint32_t patch_count;
    /* Instruction boundaries in `code`; the flags that may differ when the case ends at that
     * instruction; the end of the code is the last one. */
    uint32_t instruction_count;
    uint8_t boundary[CASE_INSTRUCTION_LIMIT + 1];
    uint32_t undefined_flags[CASE_INSTRUCTION_LIMIT + 1];
    uint16_t row[CASE_INSTRUCTION_LIMIT]; /* of the opcode table, see rows.h */
};

#endif
