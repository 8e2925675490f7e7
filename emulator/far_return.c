/* RETF and IRET in every form: same level, outer level, to virtual-8086 mode, nested task.
 * Not here: far JMP and CALL (far.c), task switches (task.c). SDM vol. 2, RET and IRET. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "delivery.h"
#include "far.h"
#include "opcodes.h"
#include "task.h"

void check_return_code(struct processor *p, uint16_t selector, struct descriptor *code)
{
    unsigned rpl = selector & SELECTOR_RPL, dpl;

    if (selector_null(selector))
        raise_gp(p);
    if (!descriptor_read(p, selector, code) || !descriptor_is_code(code) || rpl < p->cpl)
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    dpl = descriptor_dpl(code);
    if (descriptor_is_conforming(code) ? dpl > rpl : dpl != rpl)
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    if (!descriptor_present(code))
        raise_fault_code(p, EXCEPTION_NP, selector_error(selector));
}

/* CS:EIP off the stack. CS is read first, as page faults show. */
static uint32_t pop_return(struct processor *p, struct stack *stack, unsigned width,
                           uint16_t *selector)
{
    struct stack ahead = *stack;
    uint32_t eip;

    ahead.pointer += width;
    *selector = stack_pop_selector(p, &ahead, width);
    eip = stack_pop(p, stack, width);
    *stack = ahead;
    return eip;
}

/* EFLAGS, CS and EIP of IRET, EFLAGS first. */
static uint32_t pop_interrupt_return(struct processor *p, struct stack *stack, unsigned width,
                                     uint16_t *selector, uint32_t *flags)
{
    struct stack ahead = *stack;
    uint32_t eip;

    ahead.pointer += 2 * width;
    *flags = stack_pop(p, &ahead, width);
    eip = pop_return(p, stack, width, selector);
    *stack = ahead;
    return eip;
}

/* The stack segment that a return to `cpl` brings with it. */
static void check_outer_stack(struct processor *p, uint16_t selector, unsigned cpl,
                              struct descriptor *d)
{
    if (selector_null(selector))
        raise_gp(p);
    if (!descriptor_read(p, selector, d) || (selector & SELECTOR_RPL) != cpl ||
        !descriptor_is_writable_data(d) || descriptor_dpl(d) != cpl)
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    if (!descriptor_present(d))
        raise_fault_code(p, EXCEPTION_SS, selector_error(selector));
}

/* What a return to an outer level commits; `extra`: bytes of parameters to skip on both stacks. */
struct outer_return {
    uint16_t code_selector, stack_selector;
    uint32_t eip, esp, extra;
};

static void return_outer(struct processor *p, const struct outer_return *r, struct descriptor *code)
{
    unsigned cpl = r->code_selector & SELECTOR_RPL;
    struct descriptor ss;
    struct stack stack;

    check_outer_stack(p, r->stack_selector, cpl, &ss);
    if (r->eip > code->limit)
        raise_gp(p);
    descriptor_set_accessed(p, code);
    descriptor_set_accessed(p, &ss);
    set_cpl(p, cpl);
    segment_set(p, CS, r->code_selector, code);
    segment_set(p, SS, r->stack_selector, &ss);
    p->eip = r->eip;
    stack_current(p, &stack);
    stack.pointer = r->esp + r->extra;
    stack_commit(p, &stack);
    segment_drop_inner(p);
}

static void return_same_level(struct processor *p, uint16_t selector, struct descriptor *code,
                              uint32_t eip)
{
    if (eip > code->limit)
        raise_gp(p);
    descriptor_set_accessed(p, code);
    segment_set(p, CS, selector, code);
    p->eip = eip;
}

/* --- RETF --------------------------------------------------------------------------------------
 */

void ret_far_imm(struct processor *p, const struct instruction *i)
{
    unsigned width = i->operand_size;
    uint32_t eip, extra = i->immediate & 0xffff;
    struct descriptor code;
    struct stack stack;
    uint16_t selector;

    record_branch(p);
    stack_current(p, &stack);
    eip = pop_return(p, &stack, width, &selector);
    if (real_style(p)) {
        far_jump_real(p, selector, eip);
    } else {
        check_return_code(p, selector, &code);
        if ((selector & SELECTOR_RPL) > p->cpl) {
            struct outer_return r = {.code_selector = selector, .eip = eip, .extra = extra};

            stack.pointer += extra;
            r.esp = stack_pop(p, &stack, width);
            r.stack_selector = stack_pop_selector(p, &stack, width);
            return_outer(p, &r, &code);
            return;
        }
        return_same_level(p, selector, &code, eip);
    }
    stack.pointer += extra;
    stack_commit(p, &stack);
}

/* --- IRET --------------------------------------------------------------------------------------
 */

#define IRET_STATUS (EFLAGS_STATUS | EFLAGS_TF | EFLAGS_DF | EFLAGS_NT)

/* Bits of EFLAGS that IRET may change outside virtual-8086 mode. SDM vol. 2, IRET. */
static uint32_t iret_mask(const struct processor *p, unsigned width, unsigned cpl)
{
    uint32_t mask = IRET_STATUS;

    if (width == 4)
        mask |= EFLAGS_RF | EFLAGS_AC | EFLAGS_ID;
    if (cpl <= iopl(p))
        mask |= EFLAGS_IF;
    if (cpl == 0) {
        mask |= EFLAGS_IOPL;
        if (width == 4)
            mask |= EFLAGS_VIF | EFLAGS_VIP;
    }
    return mask;
}

/* IF, TF or a shadow may end here: interrupts close before anything is committed. */
static void before_flags(struct processor *p, uint32_t flags, uint32_t mask)
{
    if ((mask & EFLAGS_IF) && !(flags & EFLAGS_IF))
        close_interrupts(p);
}

static void iret_real(struct processor *p, unsigned width)
{
    uint32_t mask = IRET_STATUS | EFLAGS_IF | EFLAGS_IOPL, eip, flags;
    struct stack stack;
    uint16_t selector;

    if (width == 4)
        mask |= EFLAGS_RF | EFLAGS_AC | EFLAGS_ID;
    stack_current(p, &stack);
    eip = pop_interrupt_return(p, &stack, width, &selector, &flags);
    before_flags(p, flags, mask);
    far_jump_real(p, selector, eip);
    stack_commit(p, &stack);
    eflags_write(p, flags, mask);
}

/* Inside virtual-8086 mode: allowed with IOPL 3, or with CR4.VME for 16 bits through VIF. */
static void iret_virtual_8086(struct processor *p, unsigned width)
{
    uint32_t mask = IRET_STATUS, eip, flags;
    struct stack stack;
    uint16_t selector;

    if (iopl(p) < 3 && !((p->cr4 & CR4_VME) && width == 2))
        raise_gp(p);
    stack_current(p, &stack);
    eip = pop_interrupt_return(p, &stack, width, &selector, &flags);
    if (iopl(p) == 3) {
        mask |= EFLAGS_IF;
        if (width == 4)
            mask |= EFLAGS_RF | EFLAGS_AC | EFLAGS_ID;
    } else {
        if ((flags & EFLAGS_TF) || ((flags & EFLAGS_IF) && (p->eflags_rest & EFLAGS_VIP)))
            raise_gp(p);
        mask |= EFLAGS_VIF;
        flags = (flags & ~EFLAGS_VIF) | (flags & EFLAGS_IF ? EFLAGS_VIF : 0);
    }
    before_flags(p, flags, mask);
    far_jump_real(p, selector, eip);
    stack_commit(p, &stack);
    eflags_write(p, flags, mask);
}

/* From CPL 0 with VM set in the popped EFLAGS. */
static void iret_to_virtual_8086(struct processor *p, struct stack *stack, uint32_t eip,
                                 uint16_t code_selector, uint32_t flags)
{
    static const uint8_t order[] = {SS, ES, DS, FS, GS};
    uint16_t selectors[sizeof order];
    uint32_t esp = stack_pop(p, stack, 4);

    for (unsigned n = 0; n < sizeof order; n++)
        selectors[n] = stack_pop_selector(p, stack, 4);
    if (eip > 0xffff)
        raise_gp(p);
    before_flags(p, flags, EFLAGS_IF);
    eflags_write(p, flags, EFLAGS_DEFINED & ~EFLAGS_FIXED);
    set_cpl(p, 3);
    segment_set_virtual_8086(p, CS, code_selector);
    for (unsigned n = 0; n < sizeof order; n++)
        segment_set_virtual_8086(p, order[n], selectors[n]);
    p->eip = eip;
    p->gpr[ESP] = esp;
}

/* NT set: back to the task whose TSS the current one links to. */
static void iret_task(struct processor *p)
{
    const struct segment *tr = &p->segment[TR];
    uint16_t link = (uint16_t)linear_read(p, tr->base, 2, 0);

    close_interrupts(p);
    task_enter(p, link, TASK_RETURN, 0, false, 0);
}

static void iret_protected(struct processor *p, unsigned width)
{
    uint32_t eip, flags, mask;
    struct descriptor code;
    struct stack stack;
    uint16_t selector;

    if (p->eflags_rest & EFLAGS_NT) {
        iret_task(p);
        return;
    }
    stack_current(p, &stack);
    eip = pop_interrupt_return(p, &stack, width, &selector, &flags);
    if (width == 4 && (flags & EFLAGS_VM) && p->cpl == 0) {
        iret_to_virtual_8086(p, &stack, eip, selector, flags);
        return;
    }
    check_return_code(p, selector, &code);
    mask = iret_mask(p, width, p->cpl);
    before_flags(p, flags, mask);
    if ((selector & SELECTOR_RPL) > p->cpl) {
        struct outer_return r = {.code_selector = selector, .eip = eip};

        r.esp = stack_pop(p, &stack, width);
        r.stack_selector = stack_pop_selector(p, &stack, width);
        return_outer(p, &r, &code);
    } else {
        return_same_level(p, selector, &code, eip);
        stack_commit(p, &stack);
    }
    eflags_write(p, flags, mask);
}

void iret(struct processor *p, const struct instruction *i)
{
    record_branch(p);
    /* "An execution of the IRET instruction unblocks NMIs even if the instruction causes a fault."
     * SDM vol. 3, 6.7.1. An accepted interrupt comes first, and then this has not been executed. */
    if (p->nmi_blocked) {
        close_interrupts(p);
        p->nmi_blocked = false;
        event_set(p, EVENT_OPEN);
    }
    if (!protected_mode(p))
        iret_real(p, i->operand_size);
    else if (virtual_8086_mode(p))
        iret_virtual_8086(p, i->operand_size);
    else
        iret_protected(p, i->operand_size);
}
