/* The opcode table's row and what its columns mean; handler prototypes come from opcodes.def
 * itself. Not here: the decoder (decode.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_OPCODES_H
#define EMULATOR_OPCODES_H

#include "operation.h"

/* What follows the opcode byte. */
#define FORM_NONE  0x00u
#define FORM_MODRM 0x01u
#define FORM_IMM8  0x02u /* sign-extended */
#define FORM_IMMZ  0x04u /* 16 or 32 bits by operand size */
#define FORM_IMM16 0x08u
#define FORM_MOFFS 0x10u /* offset of address size; the memory operand is seg:offset */
#define FORM_FAR   0x20u /* offset of operand size, then a selector */
#define FORM_ENTER 0x40u /* 16-bit immediate, then an 8-bit one */
#define FORM_BYTE  0x80u /* of a row with a shape: the operands are bytes */

/* Rules checked before the handler runs, in this order. */
#define ATTRIBUTE_LOCKABLE      0x01u /* LOCK allowed with a memory operand; else LOCK is #UD */
#define ATTRIBUTE_MEMORY_ONLY   0x02u /* #UD with a register operand */
#define ATTRIBUTE_PROTECTED     0x04u /* #UD in real and virtual-8086 mode */
#define ATTRIBUTE_CPL0          0x08u /* #GP(0) unless CPL is 0 */
#define ATTRIBUTE_GROUP         0x10u /* ModRM.reg selects the row of a group; rules of both apply */
#define ATTRIBUTE_HYPERCALL     0x40u /* a register operand may make it a hypercall instead */
#define ATTRIBUTE_REGISTER_FORM 0x20u /* ModRM.mod is ignored, r/m is always a register */
#define ATTRIBUTE_ENDS          0x80u /* the next instruction may be elsewhere, or decode otherwise */

/* What an operand of a row with a shape is. */
enum operand { OPERAND_NONE, OPERAND_RM, OPERAND_REG, OPERAND_A, OPERAND_OPCODE };
/* What becomes of r/m when it is in memory. */
enum memory_use {
    MEMORY_NONE,
    MEMORY_LOAD,
    MEMORY_MODIFY,
    MEMORY_MOVE_IN,  /* the load is all there is to do */
    MEMORY_MOVE_OUT, /* the store is, or with an immediate it comes last */
    MEMORY_ADDRESS   /* only its address counts */
};
/* Which of the row's operations it is. */
enum operation_choice { INDEX_NONE, INDEX_OPCODE, INDEX_REG, INDEX_ADDRESS_SIZE };

#define COUNT_CL 2u

struct shape {
    uint8_t memory, to, from, index; /* memory_use, operand, operand, operation_choice */
    uint8_t source_width;            /* of `from`, when not the operand size */
    uint8_t count;                   /* 1: the immediate is 1; COUNT_CL: it is CL */
};

enum shape_name {
    SHAPE_HANDLER, /* not one: the row has handlers */
    SHAPE_RM_REG,
    SHAPE_RM_REG_READ,
    SHAPE_REG_RM,
    SHAPE_REG_RM_ONLY,
    SHAPE_A_IMMEDIATE,
    SHAPE_A_IMMEDIATE_ONLY,
    SHAPE_RM_IMMEDIATE,
    SHAPE_RM_READ,
    SHAPE_RM,
    SHAPE_RM_ONE,
    SHAPE_RM_CL,
    SHAPE_RM_PUSH,
    SHAPE_OPCODE_REGISTER,
    SHAPE_OPCODE_IMMEDIATE,
    SHAPE_A_OPCODE_REGISTER,
    SHAPE_MOVE_IN,
    SHAPE_MOVE_OUT,
    SHAPE_MOVE_IMMEDIATE,
    SHAPE_ADDRESS,
    SHAPE_WIDEN_8,
    SHAPE_WIDEN_16,
    SHAPE_NONE,
    SHAPE_RELATIVE, /* execute: the handlers' common one, then the operations */
    SHAPE_FAST,     /* likewise; the operation does what is frequent, and calls the handler else */
    SHAPE_COUNT
};

extern const struct shape shapes[SHAPE_COUNT];

/* What runs a row: a handler, or operations of which the shape's index chooses one. */
union execution {
    handler *handler;
    operate *const *operations;
};

struct opcode {
    union execution execute[2]; /* for operand size 16 and 32 */
    uint8_t form;
    uint8_t attributes;
    uint8_t
        group; /* ATTRIBUTE_GROUP: of the map that ModRM.reg indexes, from MAP_GROUPS in eights */
    uint8_t shape;
};

/* Where the maps and groups begin in the index. */
enum opcode_map {
    MAP_ONE = 0,
    MAP_TWO = 256,
    MAP_GROUPS = 512,
    MAP_GROUP_1_8 = 512,
    MAP_GROUP_1_V = 520,
    MAP_GROUP_1A = 528,
    MAP_GROUP_3_8 = 536,
    MAP_GROUP_3_V = 544,
    MAP_GROUP_4 = 552,
    MAP_GROUP_5 = 560,
    MAP_GROUP_6 = 568,
    MAP_GROUP_7 = 576,
    MAP_GROUP_8 = 584,
    MAP_GROUP_9 = 592,
    MAP_GROUP_11_8 = 600,
    MAP_GROUP_11_V = 608,
    MAP_END = 616
};

/* The row of map + byte; one without handlers raises #UD. */
const struct opcode *opcode_row(unsigned index);
/* The row of a group for ModRM.reg. */
const struct opcode *opcode_member(const struct opcode *group, unsigned reg);

/* Everything that the table names: each is defined in exactly one execute_*.c, operate_*.c, far.c
 * or task.c. */
/* clang-format off */
#define S(name) handler name;
#define V(name) handler name##_16, name##_32;
#define O(name) extern operate *const name[];
#define W(name) extern operate *const name##_16[], *const name##_32[];
#define R(name, operations) handler name; extern operate *const operations[];
#define OPCODE(map, byte, form, attributes, execute) execute
#define OPCODES(map, first, last, form, attributes, execute) execute
#define OPCODE_STRIDE(map, byte, form, attributes, execute) execute
#define SHAPED(map, byte, form, attributes, shape, execute) execute
#define SHAPEDS(map, first, last, form, attributes, shape, execute) execute
#define SHAPED_STRIDE(map, byte, form, attributes, shape, execute) execute
#define OPCODE_GROUP(map, byte, form, group)
/* clang-format on */
#include "opcodes.def"
#include "opcodes_end.h"

/* ATTRIBUTE_HYPERCALL: what a register operand makes of the row. */
handler vmcall;

#endif
