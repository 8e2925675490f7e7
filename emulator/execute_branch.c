/* Near control flow: Jcc JMP CALL RET LOOP JCXZ, and BOUND.
 * Not here: far transfers and interrupts (far.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "execute_stack.h"

static void branch_relative(struct processor *p, const struct instruction *i)
{
    branch_near(p, i, p->eip + i->immediate);
}

void jcc(struct processor *p, const struct instruction *i)
{
    if (flags_condition(p, i->opcode & 15))
        branch_relative(p, i);
}

void jmp_near(struct processor *p, const struct instruction *i)
{
    branch_relative(p, i);
}

static void jmp_near_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    branch_near(p, i, operand_read(p, i, width));
}

/* As on the processor, a target beyond the limit faults when the return address has already been
 * written, below an ESP that has not moved. */
static void call(struct processor *p, const struct instruction *i, unsigned width, uint32_t target)
{
    uint32_t pointer = push_uncommitted(p, width, p->eip);

    branch_near(p, i, target);
    p->gpr[ESP] = pointer;
}

void call_near(struct processor *p, const struct instruction *i)
{
    call(p, i, i->operand_size, p->eip + i->immediate);
}

static void call_near_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    call(p, i, width, operand_read(p, i, width));
}

/* The counter is written only once the branch has proved good. */
static void loop_while(struct processor *p, const struct instruction *i, bool condition)
{
    uint32_t count = p->gpr[ECX] - 1;

    if (i->address_size == 2)
        count &= 0xffff;
    if (count != 0 && condition)
        branch_relative(p, i);
    address_register_write(p, i, ECX, count);
}

void loop(struct processor *p, const struct instruction *i)
{
    loop_while(p, i, true);
}

void loope(struct processor *p, const struct instruction *i)
{
    loop_while(p, i, flags_zf(p));
}

void loopne(struct processor *p, const struct instruction *i)
{
    loop_while(p, i, !flags_zf(p));
}

void jcxz(struct processor *p, const struct instruction *i)
{
    if (address_register(p, i, ECX) == 0)
        branch_relative(p, i);
}

/* Signed index against a pair of bounds in memory; #BR is a fault, and an index below the lower
 * bound does not wait for the upper one to be read. */
static void bound(struct processor *p, const struct instruction *i, unsigned width)
{
    int32_t index = (int32_t)sign_extend(p->gpr[i->reg], width), limit;

    limit = (int32_t)sign_extend(memory_read(p, i->segment, effective_address(p, i), width), width);
    if (index < limit)
        raise_fault(p, EXCEPTION_BR);
    limit = (int32_t)sign_extend(
        memory_read(p, i->segment, operand_part_address(p, i, width), width), width);
    if (index > limit)
        raise_fault(p, EXCEPTION_BR);
}

HANDLERS_V(jmp_near_rm)
HANDLERS_V(call_near_rm)
HANDLERS_V(bound)
