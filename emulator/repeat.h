/* What string and port instructions share: the REP loop and runs of elements within a page.
 * Not here: the instructions (execute_string.c, execute_io.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_REPEAT_H
#define EMULATOR_REPEAT_H

#include "width.h"

/* Does 1..count elements at once and advances the index registers, or does nothing and returns 0
 * when the next element needs the instruction's ordinary way. May raise the first element's page
 * fault. A comparing block stops behind the element that ends the repetition. */
typedef uint32_t string_block(struct processor *p, const struct instruction *i, unsigned width,
                              uint32_t count);

/* The instruction with its REP prefix: i->execute without the prefix, or `block`, until the count
 * register is 0, an event is pending (the instruction then starts again at the boundary), or
 * `compares` and ZF says stop. Count and indexes always fit the elements done; status flags stay
 * those before the instruction when an element faults. SDM vol. 2, "REP/REPE/REPZ/REPNE/REPNZ". */
void string_repeat(struct processor *p, const struct instruction *i, unsigned width,
                   string_block *block, bool compares);

/* The element at segment:(index register); the one at ES:EDI. Raise what an access raises. */
uint32_t string_read(struct processor *p, const struct instruction *i, unsigned segment,
                     unsigned number, unsigned width);
void string_write(struct processor *p, const struct instruction *i, unsigned width, uint32_t value);

/* Host address of the first of *count elements of RAM from segment:(index register) on in the
 * direction of EFLAGS.DF, where *count comes in >= 1 and goes out as what lies within the page and
 * the segment; NULL when there is none. Raises the page fault that the first element's first byte
 * raises. */
uint8_t *string_span(struct processor *p, const struct instruction *i, unsigned segment,
                     unsigned number, unsigned width, bool write, uint32_t *count);

/* From one element to the next: +width or -width by EFLAGS.DF. */
ALWAYS_INLINE uint32_t string_step(const struct processor *p, unsigned width)
{
    return p->eflags_rest & EFLAGS_DF ? 0u - width : width;
}

/* Whole elements in so many bytes. */
ALWAYS_INLINE uint32_t string_elements(uint32_t bytes, unsigned width)
{
    return bytes >> (width / 2);
}

/* Moves the index register ESI or EDI past `count` elements. */
void string_advance(struct processor *p, const struct instruction *i, unsigned number,
                    unsigned width, uint32_t count);

#endif
