/* XADD CMPXCHG CMPXCHG8B. Not here: the frequent arithmetic (operate_arithmetic.c), MUL and DIV
 * (execute_multiply.c), decimal (execute_decimal.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "width.h"

static void xadd(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t destination = operand_read_for_write(p, i, width);
    uint32_t source = register_read(p, i->reg, width), sum = destination + source;

    flags_set_add(p, width, destination, source, sum);
    /* The destination is written last: with the same register twice it keeps the sum. */
    register_write(p, i->reg, width, destination);
    operand_write_back(p, i, width, sum);
}

static void cmpxchg(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t destination = operand_read_for_write(p, i, width);
    uint32_t expected = register_read(p, EAX, width);

    flags_set_subtract(p, width, expected, destination, expected - destination);
    if (flags_zf(p)) {
        operand_write_back(p, i, width, register_read(p, i->reg, width));
    } else {
        operand_write_back(p, i, width, destination);
        register_write(p, EAX, width, destination);
    }
}

/* The destination is written in both cases, so every check is that of a write. */
void cmpxchg8b(struct processor *p, const struct instruction *i)
{
    uint32_t offset = effective_address(p, i);
    uint32_t linear = segment_linear(p, i->segment, offset, 8, true);
    uint32_t destination[2], replacement[2] = {p->gpr[EBX], p->gpr[ECX]};
    bool equal;

    linear_probe(p, linear, 8, ACCESS_WRITE | access_privilege(p));
    memory_read_bytes(p, i->segment, offset, destination, 8);
    equal = destination[0] == p->gpr[EAX] && destination[1] == p->gpr[EDX];
    memory_write_bytes(p, i->segment, offset, equal ? replacement : destination, 8);
    if (!equal) {
        p->gpr[EAX] = destination[0];
        p->gpr[EDX] = destination[1];
    }
    flags_put_status(p, (flags_status(p) & ~EFLAGS_ZF) | (equal ? EFLAGS_ZF : 0));
}

HANDLERS_8_V(xadd)
HANDLERS_8_V(cmpxchg)
