/* The opcode table, built from opcodes.def. Not here: anything that reads it (decode.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "opcodes.h"

/* The short names that the rows use. */
enum {
    NONE = FORM_NONE,
    MODRM = FORM_MODRM,
    IMM8 = FORM_IMM8,
    IMMZ = FORM_IMMZ,
    IMM16 = FORM_IMM16,
    MOFFS = FORM_MOFFS,
    FAR = FORM_FAR,
    ENTER = FORM_ENTER,
    LOCKABLE = ATTRIBUTE_LOCKABLE,
    MEMORY_ONLY = ATTRIBUTE_MEMORY_ONLY,
    PROTECTED = ATTRIBUTE_PROTECTED,
    CPL0 = ATTRIBUTE_CPL0,
    HYPERCALL = ATTRIBUTE_HYPERCALL,
    REGISTER_FORM = ATTRIBUTE_REGISTER_FORM,
    ENDS = ATTRIBUTE_ENDS,
    BYTE = FORM_BYTE,
};

const struct shape shapes[SHAPE_COUNT] = {
    [SHAPE_RM_REG] = {MEMORY_MODIFY, OPERAND_RM, OPERAND_REG, INDEX_OPCODE, 0, 0},
    [SHAPE_RM_REG_READ] = {MEMORY_LOAD, OPERAND_RM, OPERAND_REG, INDEX_OPCODE, 0, 0},
    [SHAPE_REG_RM] = {MEMORY_LOAD, OPERAND_REG, OPERAND_RM, INDEX_OPCODE, 0, 0},
    [SHAPE_REG_RM_ONLY] = {MEMORY_LOAD, OPERAND_REG, OPERAND_RM, INDEX_NONE, 0, 0},
    [SHAPE_A_IMMEDIATE] = {MEMORY_NONE, OPERAND_A, OPERAND_NONE, INDEX_OPCODE, 0, 0},
    [SHAPE_A_IMMEDIATE_ONLY] = {MEMORY_NONE, OPERAND_A, OPERAND_NONE, INDEX_NONE, 0, 0},
    [SHAPE_RM_IMMEDIATE] = {MEMORY_MODIFY, OPERAND_RM, OPERAND_NONE, INDEX_REG, 0, 0},
    [SHAPE_RM_READ] = {MEMORY_LOAD, OPERAND_RM, OPERAND_RM, INDEX_REG, 0, 0},
    [SHAPE_RM] = {MEMORY_MODIFY, OPERAND_RM, OPERAND_NONE, INDEX_REG, 0, 0},
    [SHAPE_RM_ONE] = {MEMORY_MODIFY, OPERAND_RM, OPERAND_NONE, INDEX_REG, 0, 1},
    [SHAPE_RM_CL] = {MEMORY_MODIFY, OPERAND_RM, OPERAND_NONE, INDEX_REG, 0, COUNT_CL},
    [SHAPE_RM_PUSH] = {MEMORY_LOAD, OPERAND_NONE, OPERAND_RM, INDEX_NONE, 0, 0},
    [SHAPE_OPCODE_REGISTER] = {MEMORY_NONE, OPERAND_OPCODE, OPERAND_OPCODE, INDEX_OPCODE, 0, 0},
    [SHAPE_OPCODE_IMMEDIATE] = {MEMORY_NONE, OPERAND_OPCODE, OPERAND_NONE, INDEX_NONE, 0, 0},
    [SHAPE_A_OPCODE_REGISTER] = {MEMORY_NONE, OPERAND_A, OPERAND_OPCODE, INDEX_NONE, 0, 0},
    [SHAPE_MOVE_IN] = {MEMORY_MOVE_IN, OPERAND_REG, OPERAND_RM, INDEX_NONE, 0, 0},
    [SHAPE_MOVE_OUT] = {MEMORY_MOVE_OUT, OPERAND_RM, OPERAND_REG, INDEX_NONE, 0, 0},
    [SHAPE_MOVE_IMMEDIATE] = {MEMORY_MOVE_OUT, OPERAND_RM, OPERAND_NONE, INDEX_NONE, 0, 0},
    [SHAPE_ADDRESS] = {MEMORY_ADDRESS, OPERAND_REG, OPERAND_NONE, INDEX_ADDRESS_SIZE, 0, 0},
    [SHAPE_WIDEN_8] = {MEMORY_LOAD, OPERAND_REG, OPERAND_RM, INDEX_NONE, 1, 0},
    [SHAPE_WIDEN_16] = {MEMORY_LOAD, OPERAND_REG, OPERAND_RM, INDEX_NONE, 2, 0},
    [SHAPE_NONE] = {MEMORY_NONE, OPERAND_NONE, OPERAND_NONE, INDEX_NONE, 0, 0},
};

/* clang-format off */
#define S(name) {{.handler = name}, {.handler = name}}
#define V(name) {{.handler = name##_16}, {.handler = name##_32}}
#define O(name) {{.operations = name}, {.operations = name}}
#define W(name) {{.operations = name##_16}, {.operations = name##_32}}
#define R(name, name_operations) {{.handler = name}, {.operations = name_operations}}
#define OPCODE(map, byte, form, attributes, ...) {__VA_ARGS__, form, attributes, 0, SHAPE_HANDLER},
#define OPCODES(map, first, last, form, attributes, ...) OPCODE(map, first, form, attributes, __VA_ARGS__)
#define OPCODE_STRIDE(map, byte, form, attributes, ...) OPCODE(map, byte, form, attributes, __VA_ARGS__)
#define SHAPED(map, byte, form, attributes, shape, ...) {__VA_ARGS__, form, attributes, 0, SHAPE_##shape},
#define SHAPEDS(map, first, last, form, attributes, shape, ...) SHAPED(map, first, form, attributes, shape, __VA_ARGS__)
#define SHAPED_STRIDE(map, byte, form, attributes, shape, ...) SHAPED(map, byte, form, attributes, shape, __VA_ARGS__)
#define OPCODE_GROUP(map, byte, form, group) \
    {{{.handler = NULL}, {.handler = NULL}}, form, ATTRIBUTE_GROUP, ((group) - MAP_GROUPS) / 8, SHAPE_HANDLER},
/* clang-format on */

/* Distinct rows, in the order of opcodes.def; row 0 is "no such opcode". */
static const struct opcode rows[] = {
    {{{.handler = NULL}, {.handler = NULL}}, FORM_NONE, 0, 0, SHAPE_HANDLER},
#include "opcodes.def"
};
#include "opcodes_end.h"

/* The second pass numbers the rows in the same order. */
enum { FIRST_ROW = __COUNTER__ };
#define ROW_NUMBER (__COUNTER__ - FIRST_ROW)

/* clang-format off */
#define OPCODE(map, byte, ...) [MAP_##map + (byte)] = ROW_NUMBER,
#define OPCODES(map, first, last, ...) [MAP_##map + (first) ... MAP_##map + (last)] = ROW_NUMBER,
#define OPCODE_GROUP(map, byte, ...) OPCODE(map, byte)
#define OPCODE_STRIDE(map, byte, ...) OPCODE_SEVEN(MAP_##map + (byte), ROW_NUMBER)
#define SHAPED(map, byte, ...) OPCODE(map, byte)
#define SHAPEDS(map, first, last, ...) OPCODES(map, first, last)
#define SHAPED_STRIDE(map, byte, ...) OPCODE_STRIDE(map, byte)
#define OPCODE_SEVEN(first, row) \
    [first] = row, [first + 8] = row, [first + 16] = row, [first + 24] = row, \
    [first + 32] = row, [first + 40] = row, [first + 48] = row,
/* clang-format on */
static const uint8_t row_of[MAP_END] = {
#include "opcodes.def"
};
_Static_assert(sizeof rows / sizeof rows[0] <= 256, "a row number is a byte");

const struct opcode *opcode_row(unsigned index)
{
    return &rows[row_of[index]];
}

const struct opcode *opcode_member(const struct opcode *group, unsigned reg)
{
    return opcode_row(MAP_GROUPS + group->group * 8u + reg);
}
