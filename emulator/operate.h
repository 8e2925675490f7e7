/* The operations by name: what the opcode table and the expander refer to.
 * Not here: their definitions (operate_*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_OPERATE_H
#define EMULATOR_OPERATE_H

/* In front of everything that a function is defined in, as the compiler wants it. */
#if defined(EMULATOR_THREADED) && defined(__i386__) && defined(OPERATIONS_HERE)
struct processor;
register struct processor *p __asm__("ebx");
#endif

#include "opcodes.h"

/* The head of an operation's definition, and its usual end. */
#define OPERATION(name) static OPERATION_CALL const struct operation *name(OPERATION_PARAMETERS)
#define SLOW_OPERATION(name)                                                                       \
    static __attribute__((noinline, cold)) OPERATION_CALL const struct operation *name(            \
        OPERATION_PARAMETERS)
#define PUBLIC_OPERATION(name) OPERATION_CALL const struct operation *name(OPERATION_PARAMETERS)
#define GO_ON                                                                                      \
    do {                                                                                           \
        o++;                                                                                       \
        NEXT;                                                                                      \
    } while (0)

/* Runs `o`. */
#ifdef EMULATOR_THREADED
#define GO return o->run(OPERATION_ARGUMENTS)
#else
#define GO                                                                                         \
    do {                                                                                           \
        p->flags = flags;                                                                          \
        return o;                                                                                  \
    } while (0)
#endif

/* Events are pending in front of `o`: back to the loop, unless the instruction is not over. */
operate operation_leave;

/* Runs `o` by way of the instruction boundary. */
#define NEXT                                                                                       \
    do {                                                                                           \
        if (__builtin_expect(p->events != 0, 0))                                                   \
            return operation_leave(OPERATION_ARGUMENTS);                                           \
        GO;                                                                                        \
    } while (0)

/* The instruction of `o` is over and p->eip says where the next one is: found the long way. The
 * flags and everything else may have changed. */
operate operation_transfer;

/* Goes on with the stretch of an entry that matches, `left` instructions before the loop has to
 * look: returns its first operation. */
ALWAYS_INLINE const struct operation *take_stretch(struct processor *p, unsigned entry,
                                                   int32_t left)
{
    p->code_left = left;
    p->code_current = p->code->entry[entry].stretch;
    return stretch_first(p->code_current);
}

/* The instruction of `o` is over, and the next one is at `linear`, whose entry is `entry` and whose
 * EIP is below code_bound: its first operation when it is at hand and may run, else NULL. */
ALWAYS_INLINE const struct operation *transfer_fast(struct processor *p, const struct operation *o,
                                                    uint32_t linear, unsigned entry)
{
    int32_t left = p->code_left - (int32_t)o->ordinal - 1;

    if (__builtin_expect(left < 0 || p->code->entry[entry].linear != linear, 0)) {
        p->eip = linear - p->segment[CS].base;
        return NULL;
    }
    return take_stretch(p, entry, left);
}
#define TRANSFER(linear, entry)                                                                    \
    do {                                                                                           \
        const struct operation *target = transfer_fast(p, o, (linear), (entry));                   \
                                                                                                   \
        if (target == NULL)                                                                        \
            return operation_transfer(OPERATION_ARGUMENTS);                                        \
        o = target;                                                                                \
        NEXT;                                                                                      \
    } while (0)

/* Number of the register that stands for a memory operand. */
#define MEMORY_REGISTER (GENERAL_REGISTER_COUNT + 1)

/* Memory operands, by address size (16, 32) and width (1, 2, 4). `to` is the register on the other
 * side, `from` the segment. */
extern operate *const operation_load[2][3];
extern operate *const operation_modify[2][3]; /* checks as for a write, and keeps the address */
extern operate *const operation_store[2][3];
extern operate *const operation_write_back[2][3]; /* to where modify was */

/* In `scale` of a memory operation. */
#define OPERATION_SHIFT       0x03u
#define OPERATION_WIDTH_SHIFT 2u /* 1, 2 or 4 in bits 4:2 */
#define OPERATION_WIDTH       7u
#define OPERATION_ADDRESS_32  0x40u

/* CL becomes the count of the shift behind. */
operate operation_count_cl;

/* PUSH and POP of a register of 16 and 32 bits. */
operate push_register_16, push_register_32, pop_register_16, pop_register_32;

/* Runs the handler of the struct instruction behind; `_end`: which may have gone elsewhere. */
operate operation_handler, operation_handler_end;
/* Behind the last instruction of a stretch that ran out of room. */
operate operation_end;

#endif
