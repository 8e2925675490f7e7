/* The form that code is executed in: operations, one to four for an instruction, each of which ends
 * by going to the next. Not here: making them (expand.c), keeping them (code.c), what they do
 * (operate_*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_OPERATION_H
#define EMULATOR_OPERATION_H

#include "instruction.h"

/* Does the operation and goes on. With EMULATOR_THREADED each goes to the next by a jump, the
 * arguments stay in registers (the flags included), and NULL comes back only when the loop has to
 * look: then all state is in *p. Without, the next operation is returned, with the flags in
 * p->flags. On i386 the processor is not an argument but a register: with three of them no register
 * would be left for the jump (operate.h). */
#if defined(EMULATOR_THREADED) && defined(__i386__)
#define OPERATION_PARAMETERS uint32_t flags, const struct operation *o
#define OPERATION_ARGUMENTS  flags, o
#define OPERATION_CALL       __attribute__((regparm(2)))
#else
#define OPERATION_PARAMETERS uint32_t flags, struct processor *p, const struct operation *o
#define OPERATION_ARGUMENTS  flags, p, o
#define OPERATION_CALL
#endif
typedef OPERATION_CALL const struct operation *operate(OPERATION_PARAMETERS);

struct operation {
    operate *run;
    uint32_t value; /* immediate, displacement, or the linear address of a branch target */
    uint8_t to;     /* offset in struct processor of the register written */
    uint8_t from;   /* of the register read; of memory, offset of its segment in segment[] */
    union {
        struct {
            uint8_t base, index; /* offsets of registers */
        };
        uint16_t entry; /* of a branch target in code->entry */
    };
    uint8_t scale;   /* shift count, and OPERATION_MIDDLE */
    uint8_t length;  /* of the instruction */
    uint8_t offset;  /* of the instruction from the start of the stretch, in bytes */
    uint8_t ordinal; /* instructions in front of it in the stretch */
};

/* Not the first operation of its instruction. */
#define OPERATION_MIDDLE 0x80u

struct stretch {
    uintptr_t host;    /* of the first byte */
    uint32_t linear;   /* of the first byte */
    uint16_t slots;    /* all of it: header, operations, bytes */
    uint16_t entry;    /* in code->entry */
    uint16_t bytes_at; /* slot of the copy of the bytes */
    uint8_t length;    /* of the bytes; 0: written over */
    uint8_t mode;
};

_Static_assert(sizeof(struct operation) == sizeof(struct code_slot), "one slot");
_Static_assert(sizeof(struct stretch) <= sizeof(struct code_slot), "one slot");

/* Instructions and bytes of a stretch at most. */
#define STRETCH_INSTRUCTIONS 14u
#define STRETCH_BYTES        96u

/* Slots of the struct instruction behind an operation that calls a handler. */
#define INSTRUCTION_SLOTS                                                                          \
    ((sizeof(struct instruction) + sizeof(struct code_slot) - 1) / sizeof(struct code_slot))

ALWAYS_INLINE const struct operation *stretch_first(const struct stretch *s)
{
    return (const struct operation *)((const struct code_slot *)s + 1);
}

/* Where in code->entry the stretch at `linear` belongs. */
ALWAYS_INLINE uint16_t code_entry_of(const struct code *code, uint32_t linear)
{
    return (uint16_t)((linear ^ linear >> 7) & code->entry_mask);
}

/* EIP of the instruction that `o` belongs to. */
ALWAYS_INLINE uint32_t operation_eip(const struct processor *p, const struct operation *o)
{
    return p->code_current->linear + o->offset - p->segment[CS].base;
}

/* Writes the state to *p as it is when the instruction begins, so that it may fault, or run as a
 * handler. */
void operation_enter(uint32_t flags, struct processor *p, const struct operation *o);

/* Register at an offset in struct processor. The gpr array is at its start. */
typedef uint8_t __attribute__((may_alias)) register_8;
typedef uint16_t __attribute__((may_alias, aligned(1))) register_16;
typedef uint32_t __attribute__((may_alias, aligned(1))) register_32;

_Static_assert(offsetof(struct processor, gpr) == 0, "offsets of registers are small");

#define REGISTER(p, offset, bits) (*(register_##bits *)((uint8_t *)(p) + (offset)))

#endif
