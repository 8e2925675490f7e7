/* The page walk of SDM vol. 3, chapter 4, a second time: a pure function of registers and memory.
 * Not here: the interpreter's (emulator/paging.c), nor any write of A and D bits. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_WALK_H
#define FUZZ_WALK_H

#include "subject.h"

struct walk {
    bool fault;
    uint16_t error;    /* of #PF when `fault` */
    uint64_t physical; /* without A20 */
    bool accessed;     /* A is set in every entry used that lies in RAM */
    bool dirty;        /* D is set in the last one, or it is not in RAM; true without paging */
};

/* `access`: ACCESS_ flags. */
struct walk walk(const struct subject *s, uint32_t linear, unsigned access);

/* One byte at a linear address as `access` would read it; false when the walk faults. */
bool walk_read(const struct subject *s, uint32_t linear, unsigned access, uint8_t *byte);
/* 2, 4 or 8 bytes of a system table; false when the walk faults. */
bool walk_read_table(const struct subject *s, uint32_t linear, unsigned width, uint64_t *value);

#endif
