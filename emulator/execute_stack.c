/* PUSH and POP of segments, POP of r/m, PUSHA POPA PUSHF POPF ENTER LEAVE.
 * Not here: PUSH and POP of registers, calls (operate_stack.c), the stack of a gate (stack.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "execute_stack.h"
#include "segment.h"

uint32_t push_uncommitted(struct processor *p, unsigned width, uint32_t value)
{
    uint32_t pointer = p->gpr[ESP] - width;

    memory_write(p, SS, pointer & stack_pointer_mask(p), width, value);
    return stack_pointer_at(p, pointer);
}

void push(struct processor *p, unsigned width, uint32_t value)
{
    p->gpr[ESP] = push_uncommitted(p, width, value);
}

uint32_t stack_top(struct processor *p, unsigned width)
{
    return memory_read(p, SS, p->gpr[ESP] & stack_pointer_mask(p), width);
}

/* The address of the destination is that of an ESP already incremented (SDM vol. 2, POP). */
static void pop_rm(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t value = stack_top(p, width);
    uint32_t before = p->gpr[ESP], after = stack_pointer_above(p, width), offset;

    if (i->memory) {
        p->gpr[ESP] = after;
        offset = effective_address(p, i);
        p->gpr[ESP] = before;
        memory_write(p, i->segment, offset, width, value);
    }
    p->gpr[ESP] = after;
    if (!i->memory)
        register_write(p, i->rm, width, value);
}

/* Opcodes 06 0E 16 1E, 0F A0 and 0F A8 and their neighbours for POP. */
static unsigned segment_of_opcode(const struct instruction *i)
{
    return (i->opcode >> 3) & 7;
}

/* Only 16 bits are written, or read, whatever the operand size (SDM vol. 2, PUSH and POP). */
void push_segment(struct processor *p, const struct instruction *i)
{
    uint32_t pointer = p->gpr[ESP] - i->operand_size;

    memory_write(p, SS, pointer & stack_pointer_mask(p), 2,
                 p->segment[segment_of_opcode(i)].selector);
    p->gpr[ESP] = stack_pointer_at(p, pointer);
}

void pop_segment(struct processor *p, const struct instruction *i)
{
    uint16_t selector = (uint16_t)stack_top(p, 2);
    unsigned segment = segment_of_opcode(i);
    uint32_t pointer = stack_pointer_above(p, i->operand_size);

    if (segment == SS)
        close_interrupts(p);
    segment_load(p, segment, selector);
    p->gpr[ESP] = pointer;
    if (segment == SS)
        begin_shadow(p, SHADOW_MOV_SS);
}

/* When a later push faults, the earlier ones stay written below an ESP that has not moved, and POPA
 * keeps the registers that it has read: both can start again, and processors do so. */
static void pusha(struct processor *p, const struct instruction *i, unsigned width)
{
    struct stack stack;
    uint32_t pointer;

    (void)i;
    stack_current(p, &stack);
    /* Odd stack pointers that would wrap half-way have a fault of their own without protection.
     * SDM vol. 2, PUSHA, "Real-Address Mode Exceptions". */
    pointer = stack.pointer & stack_pointer_mask(p);
    if (real_style(p) && (pointer & 1) && pointer >= 7 && pointer <= 15)
        raise_gp(p);
    if (!stack_push_fast(p, &stack, width, GENERAL_REGISTER_COUNT, p->gpr)) {
        for (unsigned n = EAX; n <= EDI; n++)
            stack_push(p, &stack, width, p->gpr[n]);
    }
    stack_commit(p, &stack);
}

static void popa(struct processor *p, const struct instruction *i, unsigned width)
{
    struct stack stack;

    (void)i;
    uint32_t values[GENERAL_REGISTER_COUNT];
    bool fast;

    stack_current(p, &stack);
    fast = stack_pop_fast(p, &stack, width, GENERAL_REGISTER_COUNT, values);
    for (unsigned n = EDI + 1; n-- > EAX;) {
        uint32_t value = fast ? values[EDI - n] : stack_pop(p, &stack, width);

        if (n != ESP)
            register_write(p, n, width, value);
    }
    stack_commit(p, &stack);
}

/* SDM vol. 2, ENTER. The frame pointer is ESP less the operand, which unlike ESP itself does not
 * wrap at 64 KiB on a 16-bit stack. */
static void enter(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t mask = stack_pointer_mask(p), outer = p->gpr[EBP];
    uint32_t frame = p->gpr[ESP] - width;
    unsigned level = i->immediate2 & 31;
    struct stack stack;

    stack_current(p, &stack);
    stack_push(p, &stack, width, outer);
    if (level != 0) {
        while (--level != 0) {
            outer -= width;
            stack_push(p, &stack, width, memory_read(p, SS, outer & mask, width));
        }
        stack_push(p, &stack, width, frame);
    }
    stack.pointer -= i->immediate;
    /* "The ENTER instruction causes a page fault whenever a write using the final value of the
     * stack pointer would do so." */
    linear_probe(p, segment_linear(p, SS, stack.pointer & mask, width, true), width,
                 ACCESS_WRITE | access_privilege(p));
    register_write(p, EBP, width, frame);
    stack_commit(p, &stack);
}

static void leave(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t frame = p->gpr[EBP];
    uint32_t value = memory_read(p, SS, frame & stack_pointer_mask(p), width);

    (void)i;
    p->gpr[ESP] = stack_pointer_at(p, frame + width);
    register_write(p, EBP, width, value);
}

/* Virtual-8086 mode with IOPL < 3: true when the virtual-mode extensions let this instruction act
 * on VIF, else #GP(0). SDM vol. 3, 20.2.7 and 20.3. */
static bool virtual_flags(struct processor *p, unsigned width)
{
    if (!virtual_8086_mode(p) || iopl(p) == 3)
        return false;
    if (!(p->cr4 & CR4_VME) || width == 4)
        raise_gp(p);
    return true;
}

static void pushf(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t image = flags_eflags(p) & ~(EFLAGS_VM | EFLAGS_RF);

    (void)i;
    if (virtual_flags(p, width)) {
        image = (image & ~EFLAGS_IF) | EFLAGS_IOPL;
        if (image & EFLAGS_VIF)
            image |= EFLAGS_IF;
    }
    push(p, width, image);
}

/* SDM vol. 2, POPF/POPFD, table "Effect of POPF/POPFD on the EFLAGS Register". */
static void popf(struct processor *p, const struct instruction *i, unsigned width)
{
    bool virtual = virtual_flags(p, width);
    uint32_t image = stack_top(p, width);
    uint32_t mask = EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT;

    (void)i;
    if (width == 4)
        mask |= EFLAGS_AC | EFLAGS_ID;
    if (virtual) {
        if ((image & EFLAGS_TF) || ((image & EFLAGS_IF) && (p->eflags_rest & EFLAGS_VIP)))
            raise_gp(p);
        mask |= EFLAGS_VIF;
        image = image & EFLAGS_IF ? image | EFLAGS_VIF : image & ~EFLAGS_VIF;
    } else if (p->cpl <= iopl(p)) {
        mask |= EFLAGS_IF;
    }
    if (p->cpl == 0)
        mask |= EFLAGS_IOPL;
    eflags_write(p, image, mask);
    p->gpr[ESP] = stack_pointer_above(p, width);
}

HANDLERS_V(pop_rm)
HANDLERS_V(pusha)
HANDLERS_V(popa)
HANDLERS_V(enter)
HANDLERS_V(leave)
HANDLERS_V(pushf)
HANDLERS_V(popf)
