/* One value pushed or popped, and near control flow: Jcc JMP LOOP CALL RET.
 * Not here: several values at once (execute_stack.c), far control flow (far.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define OPERATIONS_HERE
#include "operate.h"
#include "execute_stack.h"

/* --- stack -------------------------------------------------------------------------------------
 */

/* Writes `value` below the top of the stack when that is within the window, and says so. */
#define PUSH(bits)                                                                                 \
    ALWAYS_INLINE bool push_fast_##bits(struct processor *p, uint32_t value)                       \
    {                                                                                              \
        const struct segment *s = &p->segment[SS];                                                 \
        uint32_t mask = p->stack_mask, esp = p->gpr[ESP], offset = (esp - (bits) / 8) & mask;      \
        uintptr_t host = s->host + offset;                                                         \
                                                                                                   \
        if (__builtin_expect(offset - s->window >= s->write_size || code_near(p, host), 0))        \
            return false;                                                                          \
        *(register_##bits *)host = (register_##bits)value;                                         \
        p->gpr[ESP] = (esp & ~mask) | offset;                                                      \
        return true;                                                                               \
    }                                                                                              \
    /* The value at the top; NULL when that is not within the window. */                           \
    ALWAYS_INLINE const register_##bits *top_fast_##bits(struct processor *p)                      \
    {                                                                                              \
        const struct segment *s = &p->segment[SS];                                                 \
        uint32_t offset = p->gpr[ESP] & p->stack_mask;                                             \
                                                                                                   \
        if (__builtin_expect(offset - s->window >= s->read_size, 0))                               \
            return NULL;                                                                           \
        return (const register_##bits *)(s->host + offset);                                        \
    }                                                                                              \
    SLOW_OPERATION(push_register_slow_##bits)                                                      \
    {                                                                                              \
        operation_enter(flags, p, o);                                                              \
        push(p, (bits) / 8, REGISTER(p, o->from, bits));                                           \
        GO_ON;                                                                                     \
    }                                                                                              \
    SLOW_OPERATION(push_value_slow_##bits)                                                         \
    {                                                                                              \
        operation_enter(flags, p, o);                                                              \
        push(p, (bits) / 8, o->value);                                                             \
        GO_ON;                                                                                     \
    }                                                                                              \
    PUBLIC_OPERATION(push_register_##bits)                                                         \
    {                                                                                              \
        if (!push_fast_##bits(p, REGISTER(p, o->from, bits)))                                      \
            return push_register_slow_##bits(OPERATION_ARGUMENTS);                                 \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(push_value_##bits)                                                                   \
    {                                                                                              \
        if (!push_fast_##bits(p, o->value))                                                        \
            return push_value_slow_##bits(OPERATION_ARGUMENTS);                                    \
        GO_ON;                                                                                     \
    }                                                                                              \
    SLOW_OPERATION(pop_slow_##bits)                                                                \
    {                                                                                              \
        uint32_t value;                                                                            \
                                                                                                   \
        operation_enter(flags, p, o);                                                              \
        value = stack_top(p, (bits) / 8);                                                          \
        p->gpr[ESP] = stack_pointer_above(p, (bits) / 8);                                          \
        REGISTER(p, o->to, bits) = (register_##bits)value;                                         \
        GO_ON;                                                                                     \
    }                                                                                              \
    PUBLIC_OPERATION(pop_register_##bits)                                                          \
    {                                                                                              \
        const register_##bits *top = top_fast_##bits(p);                                           \
                                                                                                   \
        if (top == NULL)                                                                           \
            return pop_slow_##bits(OPERATION_ARGUMENTS);                                           \
        p->gpr[ESP] = stack_pointer_above(p, (bits) / 8);                                          \
        REGISTER(p, o->to, bits) = *top;                                                           \
        GO_ON;                                                                                     \
    }                                                                                              \
    operate *const push_##bits[] = {push_register_##bits};                                         \
    operate *const push_immediate_##bits[] = {push_value_##bits};

PUSH(16)
PUSH(32)

/* --- relative branches -------------------------------------------------------------------------
 * `value` is the linear address of the target, which is where the branch goes when EIP there is
 * below code_bound; else the target may have to be cut to 16 bits, or is beyond the limit. */

ALWAYS_INLINE bool target_near(const struct processor *p, const struct operation *o)
{
    return o->value - p->segment[CS].base < p->code_bound;
}

/* EIP of the target in a segment whose default size the branch has. */
static uint32_t target_eip(const struct processor *p, const struct operation *o)
{
    uint32_t eip = o->value - p->segment[CS].base;

    return p->segment[CS].attributes & ATTRIBUTE_DB ? eip : eip & 0xffff;
}

SLOW_OPERATION(branch_slow)
{
    operation_enter(flags, p, o);
    branch_to(p, target_eip(p, o));
    return operation_transfer(OPERATION_ARGUMENTS);
}

/* The target is not at hand. */
SLOW_OPERATION(branch_far)
{
    p->eip = o->value - p->segment[CS].base;
    return operation_transfer(OPERATION_ARGUMENTS);
}

/* One copy, since every condition ends in it. */
static __attribute__((noinline)) operate branch_taken;
OPERATION(branch_taken)
{
    int32_t left;

    if (__builtin_expect(!target_near(p, o), 0))
        return branch_slow(OPERATION_ARGUMENTS);
    if (__builtin_expect(p->code->entry[o->entry].linear != o->value, 0))
        return branch_far(OPERATION_ARGUMENTS);
    left = p->code_left + ~(int32_t)o->ordinal;
    if (__builtin_expect(left < 0, 0))
        return branch_far(OPERATION_ARGUMENTS);
    o = take_stretch(p, o->entry, left);
    NEXT;
}

/* Jcc, the operation for one condition code. */
#define CONDITION(code)                                                                            \
    OPERATION(branch_if_##code)                                                                    \
    {                                                                                              \
        if (flags_image_condition(flags, code))                                                    \
            return branch_taken(OPERATION_ARGUMENTS);                                              \
        GO_ON;                                                                                     \
    }

CONDITION(0)
CONDITION(1)
CONDITION(2)
CONDITION(3)
CONDITION(4)
CONDITION(5)
CONDITION(6)
CONDITION(7)
CONDITION(8)
CONDITION(9)
CONDITION(10)
CONDITION(11)
CONDITION(12)
CONDITION(13)
CONDITION(14)
CONDITION(15)
operate *const branch_condition[] = {branch_if_0,  branch_if_1,  branch_if_2,  branch_if_3,
                                     branch_if_4,  branch_if_5,  branch_if_6,  branch_if_7,
                                     branch_if_8,  branch_if_9,  branch_if_10, branch_if_11,
                                     branch_if_12, branch_if_13, branch_if_14, branch_if_15};

operate *const branch_always[] = {branch_taken};

/* The counter is CX or ECX by the segment's default size, which the instruction has. It is written
 * only once the branch has proved good. */
OPERATION(loop_counted)
{
    uint32_t mask = p->segment[CS].attributes & ATTRIBUTE_DB ? 0xffffffffu : 0xffffu;
    uint32_t count = (p->gpr[ECX] - 1) & mask;

    if (count != 0 && !target_near(p, o)) {
        operation_enter(flags, p, o);
        branch_to(p, target_eip(p, o));
        p->gpr[ECX] = (p->gpr[ECX] & ~mask) | count;
        return operation_transfer(OPERATION_ARGUMENTS);
    }
    p->gpr[ECX] = (p->gpr[ECX] & ~mask) | count;
    if (count != 0)
        TRANSFER(o->value, o->entry);
    GO_ON;
}
operate *const branch_loop[] = {loop_counted};

/* --- CALL and RET ------------------------------------------------------------------------------
 */

SLOW_OPERATION(call_slow)
{
    unsigned width = p->segment[CS].attributes & ATTRIBUTE_DB ? 4 : 2;
    uint32_t pointer;

    operation_enter(flags, p, o);
    pointer = push_uncommitted(p, width, p->eip);
    branch_to(p, target_eip(p, o));
    p->gpr[ESP] = pointer;
    return operation_transfer(OPERATION_ARGUMENTS);
}

OPERATION(call_relative)
{
    uint32_t after = operation_eip(p, o) + o->length;

    if (!target_near(p, o))
        return call_slow(OPERATION_ARGUMENTS);
    if (p->segment[CS].attributes & ATTRIBUTE_DB ? !push_fast_32(p, after)
                                                 : !push_fast_16(p, after))
        return call_slow(OPERATION_ARGUMENTS);
    TRANSFER(o->value, o->entry);
}
operate *const branch_call[] = {call_relative};

/* `value` bytes more go from the stack. */
#define RETURN(bits)                                                                               \
    SLOW_OPERATION(return_slow_##bits)                                                             \
    {                                                                                              \
        operation_enter(flags, p, o);                                                              \
        branch_to(p, stack_top(p, (bits) / 8));                                                    \
        p->gpr[ESP] = stack_pointer_above(p, (bits) / 8 + o->value);                               \
        return operation_transfer(OPERATION_ARGUMENTS);                                            \
    }                                                                                              \
    OPERATION(return_to_##bits)                                                                    \
    {                                                                                              \
        const register_##bits *top = top_fast_##bits(p);                                           \
        uint32_t linear;                                                                           \
                                                                                                   \
        if (top == NULL || *top >= p->code_bound)                                                  \
            return return_slow_##bits(OPERATION_ARGUMENTS);                                        \
        linear = p->segment[CS].base + *top;                                                       \
        p->gpr[ESP] = stack_pointer_above(p, (bits) / 8 + o->value);                               \
        TRANSFER(linear, code_entry_of(p->code, linear));                                          \
    }                                                                                              \
    operate *const return_near_##bits[] = {return_to_##bits};

RETURN(16)
RETURN(32)
