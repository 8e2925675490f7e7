/* One value on the current stack: what PUSH and CALL, POP and RET share.
 * Not here: several values at once and inner stacks (struct stack in memory.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_EXECUTE_STACK_H
#define EMULATOR_EXECUTE_STACK_H

#include "width.h"

/* The part of ESP that is the stack pointer. SDM vol. 1, 6.2.3. */
ALWAYS_INLINE uint32_t stack_pointer_mask(const struct processor *p)
{
    return p->stack_mask;
}

/* ESP with `pointer` as the stack pointer; on a 16-bit stack the upper half stays. */
ALWAYS_INLINE uint32_t stack_pointer_at(const struct processor *p, uint32_t pointer)
{
    uint32_t mask = stack_pointer_mask(p);

    return (p->gpr[ESP] & ~mask) | (pointer & mask);
}

/* ESP once `bytes` are popped. */
ALWAYS_INLINE uint32_t stack_pointer_above(const struct processor *p, uint32_t bytes)
{
    return stack_pointer_at(p, p->gpr[ESP] + bytes);
}

/* Writes `width` bytes below the top of the stack; returns what ESP becomes. */
uint32_t push_uncommitted(struct processor *p, unsigned width, uint32_t value);

/* Pushes `width` bytes; ESP is committed. */
void push(struct processor *p, unsigned width, uint32_t value);

/* The value at the top of the stack; ESP stays. */
uint32_t stack_top(struct processor *p, unsigned width);

#endif
