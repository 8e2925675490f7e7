/* The interpreter's opcode table laid out flat, with what the oracle must know about each row: flag
 * effects, and why some cannot be compared. Not here: encoding instructions (encode.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_ROWS_H
#define TESTS_ORACLE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#define ROW_LIMIT 1024u
#define NO_GROUP  8u
#define EVERY_REG 9u

/* SDM vol. 1, appendix A. `writes` are the flags that no longer depend on what was before. */
struct row_flags {
    uint32_t reads, writes, undefined;
};

struct row {
    bool two_byte;
    uint8_t opcode;
    uint8_t reg;  /* ModRM.reg of a group's member, or NO_GROUP */
    uint8_t form; /* FORM_*, group member's own included */
    bool listed;  /* the interpreter has it; else #UD is expected */
    bool lockable;
    struct row_flags flags; /* not of shifts, see row_shift */
    const char *excluded;   /* why this row is never run, or NULL */
};

extern struct row row[ROW_LIMIT];
extern unsigned row_count;

/* Fills the table from the interpreter's. */
void rows_initialise(void);

/* Why this combination of prefixes and operand kind is left out, or NULL. */
const char *row_left_out(const struct row *row, bool memory, uint8_t repeat, uint8_t modrm);

/* Flags of a shift or rotate (ModRM.reg says which; NO_GROUP: unknown) by `count` (0..31; -1:
 * unknown) of a `width`-byte operand; false when the row is none. */
bool row_shift(const struct row *row, unsigned reg, int count, unsigned width,
               struct row_flags *flags);

/* "0f c1", "f7 /4" into `text`. */
void row_name(const struct row *row, char *text, unsigned size);

#endif
