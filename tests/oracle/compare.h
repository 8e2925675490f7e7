/* Runs a case on both sides and says whether they agree.
 * Not here: choosing cases (generate.h), making a failing one small (minimise.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_COMPARE_H
#define TESTS_ORACLE_COMPARE_H

#include <stdio.h>

#include "outcome.h"

enum verdict {
    AGREE,
    DISAGREE,
    LEFT_CODE, /* ran in data pages, which only the host protects, or loaded a segment of the host's
                */
    TIMED_OUT, /* did not end on the processor within the watchdog's time */
    DERAILED,  /* ran into the middle of an instruction, where anything may be */
    UNSTABLE,  /* the processor itself gave two different results (interrupted at a bad moment) */
};
#define VERDICT_COUNT 6u

/* What differs first, in the order of looking. */
enum difference_kind {
    DIFFERENT_FAULT, /* vector, error code, CR2, EIP */
    DIFFERENT_FLAGS,
    DIFFERENT_REGISTER,
    DIFFERENT_MEMORY,
    ENDLESS, /* the interpreter did not come to an end */
};

struct comparison {
    enum verdict verdict;
    struct outcome native, emulated;
    enum difference_kind kind;
    const char *what; /* the first thing that differs */
    uint32_t address; /* of a memory byte that differs, else 0 */
    uint32_t expected, got;
    uint32_t flags_compared;
};

/* All flags, undefined ones too, when `strict`. */
void compare_strictly(bool strict);
enum verdict compare_case(const struct oracle_case *test, struct comparison *comparison);

/* Both outcomes and what differs, for a person. */
void comparison_print(FILE *output, const struct comparison *comparison);

/* A case as one line of text that case_parse reads again. */
void case_print(FILE *output, const struct oracle_case *test);
/* False when the line is not one. */
bool case_parse(const char *line, struct oracle_case *test);

#endif
