/* Encodes one instruction of a row with operands that are worth testing.
 * Not here: which rows and combinations are taken (generate.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_ENCODE_H
#define TESTS_ORACLE_ENCODE_H

#include "outcome.h"
#include "random.h"
#include "rows.h"

/* What is prescribed for an instruction. */
struct instruction_choice {
    const struct row *row;
    bool operand_prefix, address_prefix;
    uint8_t segment; /* prefix byte or 0 */
    uint8_t repeat;  /* f2, f3 or 0 */
    bool lock;
    uint8_t extra_prefixes; /* further copies of a segment prefix, for the length limit */
    uint8_t form;           /* mod << 3 | r/m */
    bool wide;              /* the code segment's D */
    bool first;             /* start registers are known and may be set to suit the operand */
    bool gentle;            /* part of a sequence: spare ESP and the address registers */
};

/* Where a relative displacement is in test->code, so that its target can be chosen later. */
struct encoded {
    uint32_t relative_at;
    uint8_t relative_size; /* 0: none */
};

/* Appends the instruction to test->code, records boundary and flags, sets start registers and
 * memory. False, and nothing appended, when there is no room or the form is left out. */
bool encode(const struct instruction_choice *choice, struct random *random,
            struct oracle_case *test, struct encoded *encoded);

/* Values that tests like: edges of all widths, selectors, small ones, any. */
uint32_t interesting_value(struct random *random);
/* A selector of the LDT or GDT, null, or beyond; never the user's own flat segments. */
uint16_t interesting_selector(struct random *random);
/* An offset into `selector`'s segment: mostly inside and backed by memory, else at some edge. */
uint32_t interesting_offset(struct random *random, uint16_t selector);
/* Sets memory bytes of the case at a linear address; outside the data pages nothing happens. */
void case_patch(struct oracle_case *test, uint32_t linear, const void *bytes, unsigned length);
/* Linear address of selector:offset, for selectors of the LDT. */
uint32_t case_linear(uint16_t selector, uint32_t offset);

#endif
