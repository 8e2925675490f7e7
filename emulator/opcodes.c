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
};

/* clang-format off */
#define S(name) name, name
#define V(name) name##_16, name##_32
#define OPCODE(map, byte, form, attributes, ...) {{__VA_ARGS__}, form, attributes, 0},
#define OPCODES(map, first, last, form, attributes, ...) {{__VA_ARGS__}, form, attributes, 0},
#define OPCODE_STRIDE(map, byte, form, attributes, ...) {{__VA_ARGS__}, form, attributes, 0},
#define OPCODE_GROUP(map, byte, form, group) {{NULL, NULL}, form, ATTRIBUTE_GROUP, group},
/* clang-format on */

/* Distinct rows, in the order of opcodes.def; row 0 is "no such opcode". */
static const struct opcode rows[] = {
    {{NULL, NULL}, FORM_NONE, 0, 0},
#include "opcodes.def"
};
#undef OPCODE
#undef OPCODES
#undef OPCODE_STRIDE
#undef OPCODE_GROUP

/* The second pass numbers the rows in the same order. */
enum { FIRST_ROW = __COUNTER__ };
#define ROW_NUMBER (__COUNTER__ - FIRST_ROW)

/* clang-format off */
#define OPCODE(map, byte, ...) [MAP_##map + (byte)] = ROW_NUMBER,
#define OPCODES(map, first, last, ...) [MAP_##map + (first) ... MAP_##map + (last)] = ROW_NUMBER,
#define OPCODE_GROUP(map, byte, ...) OPCODE(map, byte)
#define OPCODE_STRIDE(map, byte, ...) OPCODE_SEVEN(MAP_##map + (byte), ROW_NUMBER)
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
