/* A decoded instruction and the operand accessors that every handler uses.
 * Not here: decoding (decode.c), the handlers (execute_*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_INSTRUCTION_H
#define EMULATOR_INSTRUCTION_H

#include "memory.h"

struct instruction;
typedef void handler(struct processor *p, const struct instruction *i);

#define REPEAT_NONE 0u
#define REPEAT_NE   0xf2u
#define REPEAT_E    0xf3u
#define NO_REGISTER 8u /* index of the gpr that is always 0 */

struct instruction {
    handler *execute;
    uint32_t displacement; /* of a memory operand (also moffs), sign-extended */
    uint32_t
        immediate; /* sign-extended; a relative branch's displacement; a far pointer's offset */
    uint16_t immediate2; /* far pointer's selector; ENTER's second immediate */
    uint8_t opcode;      /* the last opcode byte */
    uint8_t modrm;
    uint8_t length;             /* 1..15 */
    uint8_t segment;            /* of the memory operand, prefix and defaults resolved */
    uint8_t base, index, scale; /* gpr numbers (NO_REGISTER: none), shift count */
    uint8_t reg;                /* ModRM.reg */
    uint8_t rm;                 /* ModRM.rm, a register when !memory */
    bool memory;                /* the r/m operand is in memory */
    uint8_t operand_size;       /* 2 or 4 */
    uint8_t address_size;       /* 2 or 4 */
    uint8_t repeat;             /* REPEAT_ */
    bool operand_prefix;        /* 66 was present */
    bool lock;
    bool two_byte; /* 0F map */
#ifdef EMULATOR_TRACE
    uint8_t bytes[15];
#endif
};

/* Offset of the memory operand. */
ALWAYS_INLINE uint32_t effective_address(const struct processor *p, const struct instruction *i)
{
    uint32_t address = i->displacement + p->gpr[i->base] + (p->gpr[i->index] << i->scale);

    return i->address_size == 2 ? address & 0xffff : address;
}

/* Offset of a part `bytes` into a memory operand of several parts (far pointers, BOUND, LGDT): each
 * is an access of its own, whose offset wraps at the address size. */
ALWAYS_INLINE uint32_t operand_part_address(const struct processor *p, const struct instruction *i,
                                            uint32_t bytes)
{
    uint32_t address = effective_address(p, i) + bytes;

    return i->address_size == 2 ? address & 0xffff : address;
}

ALWAYS_INLINE uint32_t register_read(const struct processor *p, unsigned number, unsigned width)
{
    if (width == 1)
        return ((const uint8_t *)&p->gpr[number & 3])[number >> 2];
    return width == 2 ? p->gpr[number] & 0xffff : p->gpr[number];
}

ALWAYS_INLINE void register_write(struct processor *p, unsigned number, unsigned width,
                                  uint32_t value)
{
    if (width == 1)
        ((uint8_t *)&p->gpr[number & 3])[number >> 2] = (uint8_t)value;
    else if (width == 2)
        p->gpr[number] = (p->gpr[number] & 0xffff0000u) | (value & 0xffff);
    else
        p->gpr[number] = value;
}

/* The r/m operand. */
ALWAYS_INLINE uint32_t rm_read(struct processor *p, const struct instruction *i, unsigned width)
{
    if (!i->memory)
        return register_read(p, i->rm, width);
    return memory_read(p, i->segment, effective_address(p, i), width);
}

ALWAYS_INLINE void rm_write(struct processor *p, const struct instruction *i, unsigned width,
                            uint32_t value)
{
    if (!i->memory)
        register_write(p, i->rm, width, value);
    else
        memory_write(p, i->segment, effective_address(p, i), width, value);
}

/* Read-modify-write pair; the write cannot fault. */
ALWAYS_INLINE uint32_t rm_read_for_write(struct processor *p, const struct instruction *i,
                                         unsigned width)
{
    if (!i->memory)
        return register_read(p, i->rm, width);
    return memory_read_for_write(p, i->segment, effective_address(p, i), width);
}

ALWAYS_INLINE void rm_write_back(struct processor *p, const struct instruction *i, unsigned width,
                                 uint32_t value)
{
    if (!i->memory)
        register_write(p, i->rm, width, value);
    else
        memory_write_back(p, width, value);
}

/* Count and index registers of string instructions and LOOP: CX/SI/DI or ECX/ESI/EDI. */
ALWAYS_INLINE uint32_t address_register(const struct processor *p, const struct instruction *i,
                                        unsigned number)
{
    return i->address_size == 2 ? p->gpr[number] & 0xffff : p->gpr[number];
}

ALWAYS_INLINE void address_register_write(struct processor *p, const struct instruction *i,
                                          unsigned number, uint32_t value)
{
    if (i->address_size == 2)
        register_write(p, number, 2, value);
    else
        register_write(p, number, 4, value);
}

/* A near branch: EIP := `eip`, #GP(0) when beyond CS.limit (nothing committed). */
void branch_to(struct processor *p, uint32_t eip);

/* The same with `target` cut to the operand size. */
void branch_near(struct processor *p, const struct instruction *i, uint32_t target);

/* Start the instruction again at the next boundary (REP with iterations left). */
ALWAYS_INLINE void instruction_repeat(struct processor *p)
{
    p->eip = p->instruction_eip;
    p->repeating = true;
}

/* #GP(0) unless port I/O is allowed (CPL, IOPL, I/O bitmap). SDM vol. 1, 19.5. */
void check_port(struct processor *p, uint16_t port, unsigned width);
/* After a port access: I/O breakpoints. */
void port_breakpoint(struct processor *p, uint16_t port, unsigned width);

#endif
