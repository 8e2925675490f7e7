/* Arithmetic, logic and shifts on registers: the host's own instruction does the work and sets the
 * flags. Not here: memory operands (operate_memory.c), what is rare (execute_arithmetic.c).
 *
 * Each operation is one instruction of the host between the processor's registers, with LAHF and
 * SETO behind it. Where an instruction keeps or reads flags, they are put into the host's first:
 * all but OF by SAHF, CF alone by BT of bit 8. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define OPERATIONS_HERE
#include "operate.h"

#define KEEP_FLAGS "\n\tlahf\n\tseto %%al"
#define GIVE_CF    "bt $8, %[flags]\n\t"
#define GIVE_FLAGS "sahf\n\t"

/* `to` OP= `from`, or the immediate. */
#define BINARY(name, before, text, bits, size, kind)                                               \
    OPERATION(name##_##bits)                                                                       \
    {                                                                                              \
        __asm__ volatile(before text size " %" kind "[from], %[to]" KEEP_FLAGS                     \
                         : [flags] "+a"(flags), [to] "+m"(REGISTER(p, o->to, bits))                \
                         : [from] "q"(REGISTER(p, o->from, bits))                                  \
                         : "cc");                                                                  \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(name##_immediate_##bits)                                                             \
    {                                                                                              \
        __asm__ volatile(before text size " %" kind "[from], %[to]" KEEP_FLAGS                     \
                         : [flags] "+a"(flags), [to] "+m"(REGISTER(p, o->to, bits))                \
                         : [from] "q"(o->value)                                                    \
                         : "cc");                                                                  \
        GO_ON;                                                                                     \
    }

/* `to` alone. */
#define UNARY(name, before, text, bits, size, after)                                               \
    OPERATION(name##_##bits)                                                                       \
    {                                                                                              \
        __asm__ volatile(before text size " %[to]" after                                           \
                         : [flags] "+a"(flags), [to] "+m"(REGISTER(p, o->to, bits))                \
                         :                                                                         \
                         : "cc");                                                                  \
        GO_ON;                                                                                     \
    }

/* `to` by `value`, of which five bits count; a count of 0 keeps every flag. */
#define SHIFT(name, text, bits, size)                                                              \
    OPERATION(name##_##bits)                                                                       \
    {                                                                                              \
        uint8_t count = (uint8_t)o->value & 31;                                                    \
                                                                                                   \
        if (__builtin_expect(count != 0, 1))                                                       \
            __asm__ volatile(GIVE_FLAGS text size " %%cl, %[to]" KEEP_FLAGS                        \
                             : [flags] "+a"(flags), [to] "+m"(REGISTER(p, o->to, bits))            \
                             : "c"(count)                                                          \
                             : "cc");                                                              \
        GO_ON;                                                                                     \
    }

/* The products of registers, of which the lower half is kept. */
#define MULTIPLY(bits, size, kind)                                                                 \
    OPERATION(multiply_##bits##_only)                                                              \
    {                                                                                              \
        register_##bits product = REGISTER(p, o->to, bits);                                        \
                                                                                                   \
        __asm__ volatile(GIVE_FLAGS "imul" size " %[from], %" kind "[product]" KEEP_FLAGS          \
                         : [flags] "+a"(flags), [product] "+r"(product)                            \
                         : [from] "m"(REGISTER(p, o->from, bits))                                  \
                         : "cc");                                                                  \
        REGISTER(p, o->to, bits) = product;                                                        \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(multiply_immediate_##bits##_only)                                                    \
    {                                                                                              \
        register_##bits product = (register_##bits)o->value;                                       \
                                                                                                   \
        __asm__ volatile(GIVE_FLAGS "imul" size " %[from], %" kind "[product]" KEEP_FLAGS          \
                         : [flags] "+a"(flags), [product] "+r"(product)                            \
                         : [from] "m"(REGISTER(p, o->from, bits))                                  \
                         : "cc");                                                                  \
        REGISTER(p, o->to, bits) = product;                                                        \
        GO_ON;                                                                                     \
    }                                                                                              \
    operate *const multiply_##bits[] = {multiply_##bits##_only};                                   \
    operate *const multiply_immediate_##bits[] = {multiply_immediate_##bits##_only};

#define TABLE(name, suffix)                                                                        \
    {                                                                                              \
        add##suffix, or ##suffix, adc##suffix, sbb##suffix, and##suffix, sub##suffix, xor##suffix, \
            compare##suffix                                                                        \
    }
#define SHIFT_TABLE(suffix)                                                                        \
    {                                                                                              \
        rol##suffix, ror##suffix, rcl##suffix, rcr##suffix, shl##suffix, shr##suffix, shl##suffix, \
            sar##suffix                                                                            \
    }

/* Everything of one width. `kind`: the operand modifier that names a register of that width. */
#define WIDTH(bits, size, kind)                                                                    \
    BINARY(add, "", "add", bits, size, kind)                                                       \
    BINARY(or, "", "or", bits, size, kind)                                                         \
    BINARY(adc, GIVE_CF, "adc", bits, size, kind)                                                  \
    BINARY(sbb, GIVE_CF, "sbb", bits, size, kind)                                                  \
    BINARY(and, "", "and", bits, size, kind)                                                       \
    BINARY(sub, "", "sub", bits, size, kind)                                                       \
    BINARY(xor, "", "xor", bits, size, kind)                                                       \
    BINARY(compare, "", "cmp", bits, size, kind)                                                   \
    BINARY(bit_test, "", "test", bits, size, kind)                                                 \
    UNARY(increment, GIVE_CF, "inc", bits, size, KEEP_FLAGS)                                       \
    UNARY(decrement, GIVE_CF, "dec", bits, size, KEEP_FLAGS)                                       \
    UNARY(complement, "", "not", bits, size, "")                                                   \
    UNARY(negate, "", "neg", bits, size, KEEP_FLAGS)                                               \
    SHIFT(rol, "rol", bits, size)                                                                  \
    SHIFT(ror, "ror", bits, size)                                                                  \
    SHIFT(rcl, "rcl", bits, size)                                                                  \
    SHIFT(rcr, "rcr", bits, size)                                                                  \
    SHIFT(shl, "shl", bits, size)                                                                  \
    SHIFT(shr, "shr", bits, size)                                                                  \
    SHIFT(sar, "sar", bits, size)                                                                  \
    operate *const arithmetic_##bits[] = TABLE(, _##bits);                                         \
    operate *const arithmetic_immediate_##bits[] = TABLE(, _immediate_##bits);                     \
    operate *const test_##bits[] = {bit_test_##bits};                                              \
    operate *const test_immediate_##bits[] = {bit_test_immediate_##bits,                           \
                                              bit_test_immediate_##bits};                          \
    operate *const unary_##bits[] = {increment_##bits, decrement_##bits, complement_##bits,        \
                                     negate_##bits};                                               \
    operate *const shift_##bits[] = SHIFT_TABLE(_##bits);

WIDTH(8, "b", "b")
WIDTH(16, "w", "w")
WIDTH(32, "l", "k")
MULTIPLY(16, "w", "w")
MULTIPLY(32, "l", "k")

/* CL becomes the count of the shift behind. */
PUBLIC_OPERATION(operation_count_cl)
{
    ((struct operation *)o)[1].value = p->gpr[ECX];
    GO_ON;
}

operate *const inc_dec_push_pop_16[] = {increment_16, decrement_16, push_register_16,
                                        pop_register_16};
operate *const inc_dec_push_pop_32[] = {increment_32, decrement_32, push_register_32,
                                        pop_register_32};
