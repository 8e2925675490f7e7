/* Memory operands: loads and stores through the segment's window, LEA, PUSH and POP.
 * Not here: what happens outside the window (memory.c), which is asked from here. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define OPERATIONS_HERE
#include "operate.h"
#include "execute_stack.h"

/* Offset of the memory operand; `bits` is the address size. */
ALWAYS_INLINE uint32_t address(const struct processor *p, const struct operation *o, unsigned bits)
{
    uint32_t base = REGISTER(p, o->base, 32), index = REGISTER(p, o->index, 32);

    if (bits == 16)
        return (o->value + base + index) & 0xffff;
    return o->value + base + (index << (o->scale & OPERATION_SHIFT));
}

static uint32_t address_any(const struct processor *p, const struct operation *o)
{
    return o->scale & OPERATION_ADDRESS_32 ? address(p, o, 32) : address(p, o, 16);
}

static unsigned segment_number(const struct operation *o)
{
    return o->from / sizeof(struct segment);
}

static unsigned operation_width(const struct operation *o)
{
    return o->scale >> OPERATION_WIDTH_SHIFT & OPERATION_WIDTH;
}

static void put_register(struct processor *p, const struct operation *o, unsigned width,
                         uint32_t value)
{
    if (width == 1)
        REGISTER(p, o->to, 8) = (uint8_t)value;
    else if (width == 2)
        REGISTER(p, o->to, 16) = (uint16_t)value;
    else
        REGISTER(p, o->to, 32) = value;
}

static uint32_t get_register(struct processor *p, const struct operation *o, unsigned width)
{
    return REGISTER(p, o->to, 32) & width_mask(width);
}

/* --- outside the window ------------------------------------------------------------------------
 */

SLOW_OPERATION(load_slow)
{
    unsigned width = operation_width(o);

    operation_enter(flags, p, o);
    put_register(p, o, width, memory_read(p, segment_number(o), address_any(p, o), width));
    GO_ON;
}

SLOW_OPERATION(modify_slow)
{
    unsigned width = operation_width(o);

    operation_enter(flags, p, o);
    put_register(p, o, width,
                 memory_read_for_write(p, segment_number(o), address_any(p, o), width));
    GO_ON;
}

SLOW_OPERATION(store_slow)
{
    unsigned width = operation_width(o);

    operation_enter(flags, p, o);
    memory_write(p, segment_number(o), address_any(p, o), width, get_register(p, o, width));
    GO_ON;
}

SLOW_OPERATION(write_back_slow)
{
    memory_write_back(p, operation_width(o), get_register(p, o, operation_width(o)));
    GO_ON;
}

/* --- through the window ------------------------------------------------------------------------
 */

ALWAYS_INLINE const struct segment *operand_segment(const struct processor *p,
                                                    const struct operation *o)
{
    return (const struct segment *)((const uint8_t *)p->segment + o->from);
}

#define MEMORY(bits, size)                                                                         \
    OPERATION(load_##bits##_##size)                                                                \
    {                                                                                              \
        uint32_t offset = address(p, o, size);                                                     \
        const struct segment *s = operand_segment(p, o);                                           \
                                                                                                   \
        if (__builtin_expect(offset - s->window >= s->read_size, 0))                               \
            return load_slow(OPERATION_ARGUMENTS);                                                 \
        REGISTER(p, o->to, bits) = *(const register_##bits *)(s->host + offset);                   \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(modify_##bits##_##size)                                                              \
    {                                                                                              \
        uint32_t offset = address(p, o, size);                                                     \
        const struct segment *s = operand_segment(p, o);                                           \
                                                                                                   \
        if (__builtin_expect(offset - s->window >= s->write_size, 0))                              \
            return modify_slow(OPERATION_ARGUMENTS);                                               \
        p->write_host = (uint8_t *)(s->host + offset);                                             \
        REGISTER(p, o->to, bits) = *(const register_##bits *)p->write_host;                        \
        GO_ON;                                                                                     \
    }                                                                                              \
    OPERATION(store_##bits##_##size)                                                               \
    {                                                                                              \
        uint32_t offset = address(p, o, size);                                                     \
        const struct segment *s = operand_segment(p, o);                                           \
        uintptr_t host;                                                                            \
                                                                                                   \
        if (__builtin_expect(offset - s->window >= s->write_size, 0))                              \
            return store_slow(OPERATION_ARGUMENTS);                                                \
        host = s->host + offset;                                                                   \
        if (__builtin_expect(code_near(p, host), 0))                                               \
            return store_slow(OPERATION_ARGUMENTS);                                                \
        *(register_##bits *)host = REGISTER(p, o->to, bits);                                       \
        GO_ON;                                                                                     \
    }

#define WRITE_BACK(bits)                                                                           \
    OPERATION(write_back_##bits)                                                                   \
    {                                                                                              \
        uint8_t *host = p->write_host;                                                             \
                                                                                                   \
        if (__builtin_expect(host == NULL || code_near(p, (uintptr_t)host), 0))                    \
            return write_back_slow(OPERATION_ARGUMENTS);                                           \
        *(register_##bits *)host = REGISTER(p, o->to, bits);                                       \
        GO_ON;                                                                                     \
    }

#define ADDRESS(bits, size)                                                                        \
    OPERATION(address_##bits##_##size)                                                             \
    {                                                                                              \
        REGISTER(p, o->to, bits) = (register_##bits)address(p, o, size);                           \
        GO_ON;                                                                                     \
    }

MEMORY(8, 16)
MEMORY(16, 16)
MEMORY(32, 16)
MEMORY(8, 32)
MEMORY(16, 32)
MEMORY(32, 32)
WRITE_BACK(8)
WRITE_BACK(16)
WRITE_BACK(32)
ADDRESS(16, 16)
ADDRESS(16, 32)
ADDRESS(32, 16)
ADDRESS(32, 32)

operate *const operation_load[2][3] = {{load_8_16, load_16_16, load_32_16},
                                       {load_8_32, load_16_32, load_32_32}};
operate *const operation_modify[2][3] = {{modify_8_16, modify_16_16, modify_32_16},
                                         {modify_8_32, modify_16_32, modify_32_32}};
operate *const operation_store[2][3] = {{store_8_16, store_16_16, store_32_16},
                                        {store_8_32, store_16_32, store_32_32}};
operate *const operation_write_back[2][3] = {{write_back_8, write_back_16, write_back_32},
                                             {write_back_8, write_back_16, write_back_32}};
operate *const address_16[] = {address_16_16, address_16_32};
operate *const address_32[] = {address_32_16, address_32_32};
