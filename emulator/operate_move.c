/* Moves, exchanges, extensions and addresses between registers.
 * Not here: memory operands and the stack (operate_memory.c, operate_stack.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define OPERATIONS_HERE
#include "operate.h"

#define MOVES(bits)                                                                                \
    OPERATION(move_register_##bits)                                                                \
    {                                                                                              \
        REGISTER(p, o->to, bits) = REGISTER(p, o->from, bits);                                     \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(move_value_##bits)                                                                   \
    {                                                                                              \
        REGISTER(p, o->to, bits) = (register_##bits)o->value;                                      \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(exchange_registers_##bits)                                                           \
    {                                                                                              \
        register_##bits value = REGISTER(p, o->to, bits);                                          \
                                                                                                   \
        REGISTER(p, o->to, bits) = REGISTER(p, o->from, bits);                                     \
        REGISTER(p, o->from, bits) = value;                                                        \
        GO_ON;                                                                                     \
    }                                                                                              \
    operate *const move_##bits[] = {move_register_##bits};                                         \
    operate *const move_immediate_##bits[] = {move_value_##bits};                                  \
    operate *const exchange_##bits[] = {exchange_registers_##bits};

/* Extension from `source` bits: MOVZX, and MOVSX by way of the signed type. */
#define EXTENSION(name, source, bits, type)                                                        \
    OPERATION(name##_##source##_to_##bits)                                                         \
    {                                                                                              \
        REGISTER(p, o->to, bits) = (register_##bits)(type)REGISTER(p, o->from, source);            \
        GO_ON;                                                                                     \
    }                                                                                              \
    operate *const name##_##source##_##bits[] = {name##_##source##_to_##bits};

MOVES(8)
MOVES(16)
MOVES(32)
EXTENSION(zero_extend, 8, 16, uint8_t)
EXTENSION(zero_extend, 8, 32, uint8_t)
EXTENSION(zero_extend, 16, 16, uint16_t)
EXTENSION(zero_extend, 16, 32, uint16_t)
EXTENSION(sign_extend, 8, 16, int8_t)
EXTENSION(sign_extend, 8, 32, int8_t)
EXTENSION(sign_extend, 16, 16, int16_t)
EXTENSION(sign_extend, 16, 32, int16_t)
