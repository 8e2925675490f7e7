/* The opcode table's row and what its columns mean; handler prototypes come from opcodes.def
 * itself. Not here: the decoder (decode.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_OPCODES_H
#define EMULATOR_OPCODES_H

#include "instruction.h"

/* What follows the opcode byte. */
#define FORM_NONE  0x00u
#define FORM_MODRM 0x01u
#define FORM_IMM8  0x02u /* sign-extended */
#define FORM_IMMZ  0x04u /* 16 or 32 bits by operand size */
#define FORM_IMM16 0x08u
#define FORM_MOFFS 0x10u /* offset of address size; the memory operand is seg:offset */
#define FORM_FAR   0x20u /* offset of operand size, then a selector */
#define FORM_ENTER 0x40u /* 16-bit immediate, then an 8-bit one */

/* Rules checked before the handler runs, in this order. */
#define ATTRIBUTE_LOCKABLE      0x01u /* LOCK allowed with a memory operand; else LOCK is #UD */
#define ATTRIBUTE_MEMORY_ONLY   0x02u /* #UD with a register operand */
#define ATTRIBUTE_PROTECTED     0x04u /* #UD in real and virtual-8086 mode */
#define ATTRIBUTE_CPL0          0x08u /* #GP(0) unless CPL is 0 */
#define ATTRIBUTE_GROUP         0x10u /* ModRM.reg selects the row of a group; rules of both apply */
#define ATTRIBUTE_HYPERCALL     0x40u /* a register operand may make it a hypercall instead */
#define ATTRIBUTE_REGISTER_FORM 0x20u /* ModRM.mod is ignored, r/m is always a register */

struct opcode {
    handler *execute[2]; /* for operand size 16 and 32 */
    uint8_t form;
    uint8_t attributes;
    uint16_t group; /* ATTRIBUTE_GROUP: the map that ModRM.reg indexes */
};

/* Where the maps and groups begin in the index. */
enum opcode_map {
    MAP_ONE = 0,
    MAP_TWO = 256,
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

/* Every handler of the table: each is defined in exactly one execute_*.c, far.c or task.c. */
/* clang-format off */
#define S(name) name, name
#define V(name) name##_16, name##_32
#define OPCODE_DECLARE(first, second) handler first, second;
#define OPCODE_HANDLERS(...) OPCODE_DECLARE(__VA_ARGS__)
#define OPCODE(map, byte, form, attributes, ...) OPCODE_HANDLERS(__VA_ARGS__)
#define OPCODES(map, first, last, form, attributes, ...) OPCODE_HANDLERS(__VA_ARGS__)
#define OPCODE_STRIDE(map, byte, form, attributes, ...) OPCODE_HANDLERS(__VA_ARGS__)
#define OPCODE_GROUP(map, byte, form, group)
/* clang-format on */
#include "opcodes.def"
#undef OPCODE
#undef OPCODES
#undef OPCODE_STRIDE
#undef OPCODE_GROUP
#undef OPCODE_HANDLERS
#undef OPCODE_DECLARE
#undef S
#undef V

/* ATTRIBUTE_HYPERCALL: what a register operand makes of the row. */
handler vmcall;

#endif
