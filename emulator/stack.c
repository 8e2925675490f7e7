/* Pushing and popping, on the current stack or on the inner stack of a gate.
 * Not here: which stack a gate uses (delivery.c, far.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory.h"

/* Offsets on a 16-bit stack wrap at 64 KiB. */
static uint32_t stack_mask(const struct segment *segment)
{
    return segment->attributes & ATTRIBUTE_DB ? 0xffffffffu : 0xffffu;
}

void stack_current(struct processor *p, struct stack *stack)
{
    stack->segment = &p->segment[SS];
    stack->pointer = p->gpr[ESP];
    stack->access = access_privilege(p);
    stack->error = 0;
    stack->inner = false;
}

static void stack_move(struct stack *stack, uint32_t offset)
{
    uint32_t mask = stack_mask(stack->segment);

    stack->pointer = (stack->pointer & ~mask) | (offset & mask);
}

/* Linear address of an inner stack's bytes, which are not yet those of SS. */
static uint32_t inner_linear(struct processor *p, const struct stack *stack, uint32_t offset,
                             uint32_t length)
{
    if (!segment_allows(p, stack->segment, offset, length, true))
        raise_fault_code(p, EXCEPTION_SS, stack->error);
    return stack->segment->base + offset;
}

void stack_push(struct processor *p, struct stack *stack, unsigned width, uint32_t value)
{
    uint32_t offset = (stack->pointer - width) & stack_mask(stack->segment);

    if (stack->inner)
        linear_write(p, inner_linear(p, stack, offset, width), width, value, stack->access);
    else
        memory_write(p, SS, offset, width, value);
    stack_move(stack, offset);
}

uint32_t stack_pop(struct processor *p, struct stack *stack, unsigned width)
{
    uint32_t offset = stack->pointer & stack_mask(stack->segment), value;

    value = memory_read(p, SS, offset, width);
    stack_move(stack, offset + width);
    return value;
}

uint16_t stack_pop_selector(struct processor *p, struct stack *stack, unsigned width)
{
    uint32_t offset = stack->pointer & stack_mask(stack->segment);
    uint16_t selector = (uint16_t)memory_read(p, SS, offset, 2);

    stack_move(stack, offset + width);
    return selector;
}

/* Host address of `bytes` from stack->pointer on; NULL when they wrap or some are outside the
 * window, whose size here is `size`. */
static uint8_t *frame_host(const struct processor *p, const struct stack *stack, uint32_t pointer,
                           uint32_t bytes, bool write)
{
    const struct segment *s = &p->segment[SS];
    uint32_t mask = p->stack_mask, offset = pointer & mask, from = offset - s->window;
    uint32_t size = write ? s->write_size : s->read_size;

    if (stack->inner || offset > mask - (bytes - 1) || from >= size || from + (bytes - 4) >= size)
        return NULL;
    return (uint8_t *)(s->host + offset);
}

bool stack_pop_fast(struct processor *p, struct stack *stack, unsigned width, unsigned count,
                    uint32_t *values)
{
    const uint8_t *host = frame_host(p, stack, stack->pointer, width * count, false);

    if (host == NULL)
        return false;
    for (unsigned n = 0; n < count; n++)
        values[n] = width == 2 ? host_read(host + 2 * n, 2) : host_read(host + 4 * n, 4);
    stack->pointer = stack->pointer + width * count;
    return true;
}

bool stack_push_fast(struct processor *p, struct stack *stack, unsigned width, unsigned count,
                     const uint32_t *values)
{
    uint32_t pointer = stack->pointer - width * count;
    uint8_t *host = frame_host(p, stack, pointer, width * count, true);

    if (host == NULL)
        return false;
    code_written(p, host, width * count);
    for (unsigned n = count; n-- > 0; host += width) {
        if (width == 2)
            host_write(host, 2, values[n]);
        else
            host_write(host, 4, values[n]);
    }
    stack->pointer = pointer;
    return true;
}

void stack_probe(struct processor *p, const struct stack *stack, unsigned count, unsigned width)
{
    uint32_t mask = stack_mask(stack->segment);

    if (frame_host(p, stack, stack->pointer - count * width, count * width, true) != NULL)
        return;
    /* Element by element, since the frame may wrap on a 16-bit stack. */
    for (unsigned n = 1; n <= count; n++) {
        uint32_t offset = (stack->pointer - n * width) & mask;
        uint32_t linear = stack->inner ? inner_linear(p, stack, offset, width)
                                       : segment_linear(p, SS, offset, width, true);

        linear_probe(p, linear, width, ACCESS_WRITE | stack->access);
    }
}

void stack_commit(struct processor *p, const struct stack *stack)
{
    uint32_t mask = stack_mask(stack->segment);

    p->gpr[ESP] = (p->gpr[ESP] & ~mask) | (stack->pointer & mask);
}
