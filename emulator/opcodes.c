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
    GROUP = ATTRIBUTE_GROUP,
    REGISTER_FORM = ATTRIBUTE_REGISTER_FORM,
};

/* clang-format off */
#define S(name) name, name
#define V(name) name##_16, name##_32
#define G(name) &opcodes[MAP_GROUP_##name], &opcodes[MAP_GROUP_##name]
#define OPCODE(map, byte, form, attributes, ...) \
    [MAP_##map + (byte)] = {{__VA_ARGS__}, form, attributes},
/* clang-format on */
const struct opcode opcodes[MAP_END] = {
#include "opcodes.def"
};
