/* Segment:offset becomes linear, linear becomes memory: the one way from an instruction to an
 * operand. Not here: writing descriptor caches (segment.h), page tables (paging.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_MEMORY_H
#define EMULATOR_MEMORY_H

#include "fault.h"
#include "flags.h"

#include <stddef.h>

#define PAGE_SIZE 4096u

/* What an access is, for paging (SDM vol. 3, 4.6). */
#define ACCESS_WRITE 1u
#define ACCESS_USER  2u
#define ACCESS_FETCH 4u

/* The privilege part of an access made by the program itself. */
static inline unsigned access_privilege(const struct processor *p)
{
    return p->cpl == 3 ? ACCESS_USER : 0;
}

/* Full check of `length` bytes at segment:offset (type, limit, expand-down, alignment, in that
 * order); returns the linear address or raises #GP(0), #SS(0), #AC(0). SDM vol. 3, 5.3 and 5.5. */
uint32_t segment_linear(struct processor *p, unsigned segment, uint32_t offset, uint32_t length,
                        bool write);

/* The verdict alone, without alignment and breakpoints. */
bool segment_allows(const struct processor *p, const struct segment *s, uint32_t offset,
                    uint32_t length, bool write);

/* Linear accesses with the given ACCESS_ flags; `width` 1, 2 or 4, any alignment. A fault is raised
 * before any byte is written. */
uint32_t linear_read(struct processor *p, uint32_t linear, unsigned width, unsigned access);
void linear_write(struct processor *p, uint32_t linear, unsigned width, uint32_t value,
                  unsigned access);
/* Raises the page fault that an access to these bytes would raise; `length` 1 to 4096. */
void linear_probe(struct processor *p, uint32_t linear, uint32_t length, unsigned access);

/* Physical accesses below paging (page tables); A20 is applied. */
uint32_t physical_read(struct processor *p, uint64_t physical, unsigned width);
void physical_write(struct processor *p, uint64_t physical, unsigned width, uint32_t value);

/* Linear to physical for one byte, with A/D bits and faults: paging.c. */
uint64_t translate(struct processor *p, uint32_t linear, unsigned access);
/* The four PDPTEs at `cr3`: false when one has reserved bits set (then nothing is changed). */
bool load_pdptes(struct processor *p, uint32_t cr3);

ALWAYS_INLINE uint32_t host_read(const void *host, unsigned width)
{
    uint32_t value = 0;

    if (width == 1)
        __builtin_memcpy(&value, host, 1);
    else if (width == 2)
        __builtin_memcpy(&value, host, 2);
    else
        __builtin_memcpy(&value, host, 4);
    return value;
}

ALWAYS_INLINE void host_write(void *host, unsigned width, uint32_t value)
{
    if (width == 1)
        __builtin_memcpy(host, &value, 1);
    else if (width == 2)
        __builtin_memcpy(host, &value, 2);
    else
        __builtin_memcpy(host, &value, 4);
}

/* The tag that an access ending at `last` must find. */
ALWAYS_INLINE uint32_t translation_tag(const struct processor *p, uint32_t last)
{
    return (last & ~(PAGE_SIZE - 1)) | p->translation_tag;
}

ALWAYS_INLINE struct translation *translation_of(struct processor *p, uint32_t linear)
{
    return &p->translation[(linear / PAGE_SIZE) % TRANSLATION_ENTRIES];
}

ALWAYS_INLINE void segment_close_window(struct segment *s)
{
    s->read_size = s->write_size = 0;
}

/* After a write of the base: the window is opened at offset 0 as far as the last run of RAM goes
 * that was asked for, or is closed. */
void segment_move_window(const struct processor *p, struct segment *s);

/* May the bytes of an access at this host address belong to decoded code? */
ALWAYS_INLINE bool code_near(const struct processor *p, uintptr_t host)
{
    return p->granule_tag[(host >> CODE_GRANULE_SHIFT) % CODE_GRANULES];
}

/* One function per width (1, 2, 4 bytes), so that a call site is small; see below. */
uint32_t memory_read_1(struct processor *p, unsigned segment, uint32_t offset);
uint32_t memory_read_2(struct processor *p, unsigned segment, uint32_t offset);
uint32_t memory_read_4(struct processor *p, unsigned segment, uint32_t offset);
void memory_write_1(struct processor *p, unsigned segment, uint32_t offset, uint32_t value);
void memory_write_2(struct processor *p, unsigned segment, uint32_t offset, uint32_t value);
void memory_write_4(struct processor *p, unsigned segment, uint32_t offset, uint32_t value);
uint32_t memory_read_for_write_1(struct processor *p, unsigned segment, uint32_t offset);
uint32_t memory_read_for_write_2(struct processor *p, unsigned segment, uint32_t offset);
uint32_t memory_read_for_write_4(struct processor *p, unsigned segment, uint32_t offset);

/* `width` bytes (1, 2, 4) at segment:offset, zero-extended. */
ALWAYS_INLINE uint32_t memory_read(struct processor *p, unsigned segment, uint32_t offset,
                                   unsigned width)
{
    if (width == 1)
        return memory_read_1(p, segment, offset);
    return width == 2 ? memory_read_2(p, segment, offset) : memory_read_4(p, segment, offset);
}

ALWAYS_INLINE void memory_write(struct processor *p, unsigned segment, uint32_t offset,
                                unsigned width, uint32_t value)
{
    if (width == 1)
        memory_write_1(p, segment, offset, value);
    else if (width == 2)
        memory_write_2(p, segment, offset, value);
    else
        memory_write_4(p, segment, offset, value);
}

/* Read of a read-modify-write: all checks are those of a write (page faults report W=1). It must be
 * followed by memory_write_back of the same width before any other access. */
ALWAYS_INLINE uint32_t memory_read_for_write(struct processor *p, unsigned segment, uint32_t offset,
                                             unsigned width)
{
    if (width == 1)
        return memory_read_for_write_1(p, segment, offset);
    return width == 2 ? memory_read_for_write_2(p, segment, offset)
                      : memory_read_for_write_4(p, segment, offset);
}

/* Cannot fault. */
void memory_write_back(struct processor *p, unsigned width, uint32_t value);

/* `length` <= 512 bytes; every check is made before the first byte moves. */
void memory_read_bytes(struct processor *p, unsigned segment, uint32_t offset, void *buffer,
                       uint32_t length);
void memory_write_bytes(struct processor *p, unsigned segment, uint32_t offset, const void *buffer,
                        uint32_t length);

/* For block string operations: host address of the RAM at segment:offset for reading (or writing),
 * and in *length how many bytes from there on are within the same page and pass every check, at
 * least `width`; NULL when an element of `width` bytes there needs the ordinary accessors (fault,
 * MMIO, page crossing, breakpoints armed). Raises nothing. */
uint8_t *memory_span(struct processor *p, unsigned segment, uint32_t offset, unsigned width,
                     bool write, uint32_t *length);

/* A stack to push on or pop from: the current one, or the inner one of a gate. ESP is committed by
 * stack_commit only. Wrap and width follow the segment's B bit (SDM vol. 3, 6.2.3 "Stack Size"). */
struct stack {
    const struct segment *segment;
    uint32_t pointer; /* ESP as it will be */
    unsigned access;  /* ACCESS_USER or 0 */
    uint16_t error;   /* error code of its #SS */
    bool inner;       /* not the current SS: checked against *segment itself */
};

void stack_current(struct processor *p, struct stack *stack);
void stack_push(struct processor *p, struct stack *stack, unsigned width, uint32_t value);
uint32_t stack_pop(struct processor *p, struct stack *stack, unsigned width);
/* A selector in an element of `width` bytes: only its two bytes are read. */
uint16_t stack_pop_selector(struct processor *p, struct stack *stack, unsigned width);
/* Pops `count` elements of `width` bytes into `values`, or pushes them, the first one first, when
 * that is possible at once: within the window, without a wrap. Else false, and nothing has
 * happened. count * width is 4 to 64. */
bool stack_pop_fast(struct processor *p, struct stack *stack, unsigned width, unsigned count,
                    uint32_t *values);
bool stack_push_fast(struct processor *p, struct stack *stack, unsigned width, unsigned count,
                     const uint32_t *values);
/* Raises what pushing `count` more elements would raise; nothing is written. */
void stack_probe(struct processor *p, const struct stack *stack, unsigned count, unsigned width);

/* ESP or SP := pointer by SS.B; the upper half of ESP is kept on a 16-bit stack. */
void stack_commit(struct processor *p, const struct stack *stack);

#endif
