/* Far control flow and segment registers on the stack as real-mode programs use them all the time:
 * with 16-bit operands, on a stack within the window, without anything that could fault. Not here:
 * every other case, which the handler behind the operation has (far.c, far_return.c, delivery.c,
 * execute_stack.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define OPERATIONS_HERE
#include "operate.h"
#include "delivery.h"
#include "execute_stack.h"

#define CS_REAL (ATTRIBUTE_P | ATTRIBUTE_S | ATTRIBUTE_WRITABLE | ATTRIBUTE_ACCESSED)

static const struct instruction *instruction_behind(const struct operation *o)
{
    return (const struct instruction *)(o + 1);
}

/* In real-address mode, with a code segment that a load changes in base and selector only. */
static bool real_code(const struct processor *p)
{
    return !(p->cr0 & CR0_PE) &&
           !(p->segment[CS].attributes & ~(CS_REAL | ATTRIBUTE_G | ATTRIBUTE_AVL)) &&
           (p->segment[CS].attributes & CS_REAL) == CS_REAL;
}

/* `words` of the stack from `below` bytes below its top on, to be written unless that is 0; NULL
 * when they wrap, or some are outside the window. */
static __attribute__((noinline)) register_16 *frame(struct processor *p, uint32_t below,
                                                    uint32_t words)
{
    const struct segment *s = &p->segment[SS];
    uint32_t size = below ? s->write_size : s->read_size, mask = p->stack_mask;
    uint32_t offset = (p->gpr[ESP] - below) & mask, from = offset - s->window;
    uintptr_t host = s->host + offset;

    if (offset > mask - (2 * words - 1) || from >= size || from + 2 * words - 2 >= size)
        return NULL;
    if (below)
        code_written(p, (const uint8_t *)host, 2 * words);
    return (register_16 *)host;
}

/* CS:EIP := selector:eip; the record of branches; returns the linear address. */
static uint32_t load_code(struct processor *p, const struct operation *o, uint16_t selector,
                          uint32_t eip)
{
    struct segment *s = &p->segment[CS];

    p->instruction_eip = operation_eip(p, o);
    record_branch(p);
    p->code->transfers++;
    s->selector = selector;
    s->base = (uint32_t)selector << 4;
    segment_close_window(s);
    return s->base + eip;
}

#define AGAIN_AS_HANDLER_END return operation_handler_end(OPERATION_ARGUMENTS)

OPERATION(call_far_fast)
{
    const struct instruction *i = instruction_behind(o);
    register_16 *stack = frame(p, 4, 2);
    uint32_t linear;

    if (stack == NULL || !real_code(p) || (i->immediate & 0xffff) >= p->code_bound)
        AGAIN_AS_HANDLER_END;
    stack[0] = (register_16)(operation_eip(p, o) + o->length);
    stack[1] = p->segment[CS].selector;
    p->gpr[ESP] = stack_pointer_above(p, -4u);
    linear = load_code(p, o, i->immediate2, i->immediate & 0xffff);
    TRANSFER(linear, code_entry_of(p->code, linear));
}
operate *const fast_call_far[] = {call_far_fast};

OPERATION(return_far_fast)
{
    const register_16 *stack = frame(p, 0, 2);
    uint32_t linear;

    if (stack == NULL || !real_code(p) || stack[0] >= p->code_bound)
        AGAIN_AS_HANDLER_END;
    linear = load_code(p, o, stack[1], stack[0]);
    p->gpr[ESP] = stack_pointer_above(p, 4 + (o->value & 0xffff));
    TRANSFER(linear, code_entry_of(p->code, linear));
}
operate *const fast_return_far[] = {return_far_fast};

/* Flags that make more of INT and IRET than a push or pop. */
#define FLAGS_APART (EFLAGS_TF | EFLAGS_AC | EFLAGS_RF)

/* In real-address mode the vector's entry of the table, when that is in the run of RAM and its EIP
 * is good; else 0. */
static uint32_t vector_entry(const struct processor *p, uint32_t vector)
{
    uint32_t linear = p->idtr.base + vector * 4, entry;

    if (!real_code(p) || vector * 4 + 3 > p->idtr.limit || linear < p->run_first ||
        linear > p->run_last || p->run_last - linear < 3)
        return 0;
    entry = *(const register_32 *)(p->run_host + linear);
    return (entry & 0xffff) < p->code_bound ? entry : 0;
}

OPERATION(interrupt_fast)
{
    uint32_t entry = vector_entry(p, o->value & 0xff), linear;
    register_16 *stack = frame(p, 6, 3);

    if (entry == 0 || stack == NULL || p->shadow || (p->eflags_rest & FLAGS_APART))
        AGAIN_AS_HANDLER_END;
    operation_enter(flags, p, o);
    close_interrupts(p);
    stack[0] = (register_16)p->eip;
    stack[1] = p->segment[CS].selector;
    stack[2] = (register_16)flags_eflags(p);
    p->gpr[ESP] = stack_pointer_above(p, -6u);
    p->eflags_rest &= ~EFLAGS_IF;
    linear = load_code(p, o, (uint16_t)(entry >> 16), entry & 0xffff);
    flags = p->flags;
    TRANSFER(linear, code_entry_of(p->code, linear));
}
operate *const fast_interrupt[] = {interrupt_fast};

/* While IF stays as it is. */
OPERATION(interrupt_return_fast)
{
    const register_16 *stack = frame(p, 0, 3);
    uint32_t linear, rest, kept = ~(EFLAGS_STATUS | EFLAGS_DF | EFLAGS_NT | EFLAGS_IOPL);

    if (stack == NULL || !real_code(p) || stack[0] >= p->code_bound || p->nmi_blocked ||
        ((p->eflags_rest | stack[2]) & FLAGS_APART) || ((p->eflags_rest ^ stack[2]) & EFLAGS_IF))
        AGAIN_AS_HANDLER_END;
    rest = stack[2] & EFLAGS_DEFINED & ~EFLAGS_STATUS;
    p->eflags_rest = (p->eflags_rest & kept) | rest | EFLAGS_FIXED;
    flags_put_status(p, stack[2]);
    linear = load_code(p, o, stack[1], stack[0]);
    p->gpr[ESP] = stack_pointer_above(p, 6);
    flags = p->flags;
    TRANSFER(linear, code_entry_of(p->code, linear));
}
operate *const fast_interrupt_return[] = {interrupt_return_fast};

/* The instruction's opcode names the segment. */
static unsigned segment_behind(const struct operation *o)
{
    return (instruction_behind(o)->opcode >> 3) & 7;
}

OPERATION(push_segment_fast)
{
    register_16 *stack = frame(p, 2, 1);

    if (stack == NULL)
        return operation_handler(OPERATION_ARGUMENTS);
    *stack = p->segment[segment_behind(o)].selector;
    p->gpr[ESP] = stack_pointer_above(p, -2u);
    o += INSTRUCTION_SLOTS;
    GO_ON;
}
operate *const fast_push_segment[] = {push_segment_fast};

OPERATION(pop_segment_fast)
{
    const register_16 *stack = frame(p, 0, 1);

    if (stack == NULL || (p->cr0 & CR0_PE))
        return operation_handler(OPERATION_ARGUMENTS);
    segment_load_real(p, segment_behind(o), *stack);
    p->gpr[ESP] = stack_pointer_above(p, 2);
    o += INSTRUCTION_SLOTS;
    GO_ON;
}
operate *const fast_pop_segment[] = {pop_segment_fast};
