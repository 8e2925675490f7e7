/* Far JMP and CALL, INT n and friends: direct, through call gates, task gates and TSSs.
 * Not here: RETF and IRET (far_return.c), event delivery (delivery.c). SDM vol. 2, JMP, CALL, INT.
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "far.h"
#include "delivery.h"
#include "opcodes.h"
#include "task.h"

struct far_pointer {
    uint16_t selector;
    uint32_t offset;
};

static struct far_pointer immediate_pointer(const struct instruction *i)
{
    uint32_t mask = width_mask(i->operand_size);

    return (struct far_pointer){i->immediate2, i->immediate & mask};
}

/* m16:16 or m16:32: the offset first, the selector behind it. */
static struct far_pointer memory_pointer(struct processor *p, const struct instruction *i)
{
    unsigned width = i->operand_size;
    struct far_pointer pointer;

    pointer.offset = memory_read(p, i->segment, effective_address(p, i), width);
    pointer.selector = (uint16_t)memory_read(p, i->segment, operand_part_address(p, i, width), 2);
    return pointer;
}

void far_jump_real(struct processor *p, uint16_t selector, uint32_t offset)
{
    /* A virtual-8086 CS always gets limit ffff; in real mode the cached limit stays in force. */
    uint32_t limit = virtual_8086_mode(p) ? 0xffff : p->segment[CS].limit;

    if (offset > limit)
        raise_gp(p);
    segment_load(p, CS, selector);
    p->eip = offset;
}

/* The rules of a code segment reached directly by JMP or CALL. */
static void check_direct_code(struct processor *p, uint16_t selector, const struct descriptor *code)
{
    unsigned dpl = descriptor_dpl(code), rpl = selector & SELECTOR_RPL;
    bool allowed = descriptor_is_conforming(code) ? dpl <= p->cpl : rpl <= p->cpl && dpl == p->cpl;

    if (!allowed)
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    if (!descriptor_present(code))
        raise_fault_code(p, EXCEPTION_NP, selector_error(selector));
}

static void read_target(struct processor *p, uint16_t selector, struct descriptor *d)
{
    if (selector_null(selector))
        raise_gp(p);
    if (!descriptor_read(p, selector, d))
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
}

static void enter_code(struct processor *p, uint16_t selector, const struct descriptor *code,
                       uint32_t offset)
{
    segment_set(p, CS, (uint16_t)((selector & ~SELECTOR_RPL) | p->cpl), code);
    p->eip = offset;
}

/* A gate must be reachable: SDM vol. 3, 5.8.4. */
static void check_gate(struct processor *p, uint16_t selector, const struct descriptor *gate)
{
    unsigned dpl = descriptor_dpl(gate), rpl = selector & SELECTOR_RPL;

    if (dpl < p->cpl || dpl < rpl)
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    if (!descriptor_present(gate))
        raise_fault_code(p, EXCEPTION_NP, selector_error(selector));
}

/* A TSS or task gate as the target of JMP or CALL. */
static void far_task(struct processor *p, uint16_t selector, const struct descriptor *d,
                     enum task_switch_kind kind)
{
    close_interrupts(p);
    check_gate(p, selector, d);
    if (descriptor_type(d) == TYPE_TASK_GATE)
        selector = (uint16_t)(d->low >> 16);
    task_enter(p, selector, kind, 0, false, 0);
}

static bool is_call_gate(unsigned type)
{
    return type == TYPE_CALL_GATE16 || type == TYPE_CALL_GATE32;
}

static bool is_task(unsigned type)
{
    return type == TYPE_TASK_GATE || type == TYPE_TSS16_AVAILABLE || type == TYPE_TSS32_AVAILABLE;
}

/* The code segment behind a call gate, read and checked as far as JMP and CALL agree. */
static uint16_t gate_code(struct processor *p, const struct descriptor *gate,
                          struct descriptor *code)
{
    uint16_t selector = (uint16_t)(gate->low >> 16);

    read_target(p, selector, code);
    if (!descriptor_is_code(code) || descriptor_dpl(code) > p->cpl)
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    return selector;
}

static uint32_t gate_offset(const struct descriptor *gate)
{
    bool wide = descriptor_type(gate) == TYPE_CALL_GATE32;

    return (gate->low & 0xffff) | (wide ? gate->high & 0xffff0000u : 0);
}

static void check_code_limit(struct processor *p, const struct descriptor *code, uint32_t offset)
{
    if (offset > code->limit)
        raise_gp(p);
}

/* --- JMP ---------------------------------------------------------------------------------------
 */

static void jump_gate(struct processor *p, uint16_t selector, const struct descriptor *gate)
{
    struct descriptor code;
    uint16_t code_selector;
    uint32_t offset = gate_offset(gate);

    check_gate(p, selector, gate);
    code_selector = gate_code(p, gate, &code);
    if (!descriptor_is_conforming(&code) && descriptor_dpl(&code) != p->cpl)
        raise_fault_code(p, EXCEPTION_GP, selector_error(code_selector));
    if (!descriptor_present(&code))
        raise_fault_code(p, EXCEPTION_NP, selector_error(code_selector));
    check_code_limit(p, &code, offset);
    descriptor_set_accessed(p, &code);
    enter_code(p, code_selector, &code, offset);
}

static void jump_far(struct processor *p, struct far_pointer target)
{
    struct descriptor d;

    record_branch(p);
    if (real_style(p)) {
        far_jump_real(p, target.selector, target.offset);
        return;
    }
    read_target(p, target.selector, &d);
    if (descriptor_is_code(&d)) {
        check_direct_code(p, target.selector, &d);
        check_code_limit(p, &d, target.offset);
        descriptor_set_accessed(p, &d);
        enter_code(p, target.selector, &d, target.offset);
    } else if (is_call_gate(descriptor_type(&d))) {
        jump_gate(p, target.selector, &d);
    } else if (is_task(descriptor_type(&d))) {
        far_task(p, target.selector, &d, TASK_JUMP);
    } else {
        raise_fault_code(p, EXCEPTION_GP, selector_error(target.selector));
    }
}

/* --- CALL --------------------------------------------------------------------------------------
 */

/* Pushes CS:EIP; ESP is committed by the caller. */
static void push_return(struct processor *p, struct stack *stack, unsigned width)
{
    const uint32_t values[] = {p->segment[CS].selector, p->eip};

    if (stack_push_fast(p, stack, width, 2, values))
        return;
    stack_push(p, stack, width, p->segment[CS].selector);
    stack_push(p, stack, width, p->eip);
}

/* Through a gate to an inner level: parameters are copied to the new stack. SDM vol. 3, 5.8.5. */
static void call_inner(struct processor *p, uint16_t selector, const struct descriptor *code,
                       const struct descriptor *gate)
{
    unsigned dpl = descriptor_dpl(code), width = descriptor_type(gate) == TYPE_CALL_GATE32 ? 4 : 2;
    uint32_t parameters[32], count = gate->high & 31, offset = gate_offset(gate);
    struct inner_stack inner;
    struct stack outer;

    inner_stack_open(p, &inner, dpl, 0);
    stack_probe(p, &inner.stack, 4 + count, width);
    check_code_limit(p, code, offset);
    stack_current(p, &outer);
    for (uint32_t n = 0; n < count; n++)
        parameters[n] = stack_pop(p, &outer, width);
    stack_push(p, &inner.stack, width, p->segment[SS].selector);
    stack_push(p, &inner.stack, width, p->gpr[ESP]);
    for (uint32_t n = count; n-- > 0;)
        stack_push(p, &inner.stack, width, parameters[n]);
    push_return(p, &inner.stack, width);
    inner_stack_commit(p, &inner, dpl);
    enter_code(p, selector, code, offset);
}

static void call_gate(struct processor *p, uint16_t selector, const struct descriptor *gate)
{
    unsigned width = descriptor_type(gate) == TYPE_CALL_GATE32 ? 4 : 2;
    struct descriptor code;
    struct stack stack;
    uint16_t code_selector;

    check_gate(p, selector, gate);
    code_selector = gate_code(p, gate, &code);
    if (!descriptor_present(&code))
        raise_fault_code(p, EXCEPTION_NP, selector_error(code_selector));
    descriptor_set_accessed(p, &code);
    if (!descriptor_is_conforming(&code) && descriptor_dpl(&code) < p->cpl) {
        call_inner(p, code_selector, &code, gate);
        return;
    }
    stack_current(p, &stack);
    stack_probe(p, &stack, 2, width);
    check_code_limit(p, &code, gate_offset(gate));
    push_return(p, &stack, width);
    stack_commit(p, &stack);
    enter_code(p, code_selector, &code, gate_offset(gate));
}

static void call_far(struct processor *p, struct far_pointer target, unsigned width)
{
    struct descriptor d;
    struct stack stack;

    record_branch(p);
    stack_current(p, &stack);
    if (real_style(p)) {
        uint32_t limit = virtual_8086_mode(p) ? 0xffff : p->segment[CS].limit;

        /* Either both are pushed or none. */
        stack_probe(p, &stack, 2, width);
        if (target.offset > limit)
            raise_gp(p);
        push_return(p, &stack, width);
        far_jump_real(p, target.selector, target.offset);
        stack_commit(p, &stack);
        return;
    }
    read_target(p, target.selector, &d);
    if (descriptor_is_code(&d)) {
        check_direct_code(p, target.selector, &d);
        descriptor_set_accessed(p, &d);
        /* A fault of the second push, or a target beyond the limit, leaves what was pushed: dead
         * bytes, since ESP stays. */
        push_return(p, &stack, width);
        check_code_limit(p, &d, target.offset);
        stack_commit(p, &stack);
        enter_code(p, target.selector, &d, target.offset);
    } else if (is_call_gate(descriptor_type(&d))) {
        call_gate(p, target.selector, &d);
    } else if (is_task(descriptor_type(&d))) {
        far_task(p, target.selector, &d, TASK_CALL);
    } else {
        raise_fault_code(p, EXCEPTION_GP, selector_error(target.selector));
    }
}

/* --- handlers ----------------------------------------------------------------------------------
 */

void jmp_far_pointer(struct processor *p, const struct instruction *i)
{
    jump_far(p, immediate_pointer(i));
}

void jmp_far_rm(struct processor *p, const struct instruction *i)
{
    jump_far(p, memory_pointer(p, i));
}

void call_far_pointer(struct processor *p, const struct instruction *i)
{
    call_far(p, immediate_pointer(i), i->operand_size);
}

void call_far_rm(struct processor *p, const struct instruction *i)
{
    call_far(p, memory_pointer(p, i), i->operand_size);
}

/* INT n, INT3, INTO, INT1: interrupts close first, since the handler may begin with IF=0. */
static void software_event(struct processor *p, uint8_t vector, enum event_kind kind)
{
    struct event event = {.vector = vector, .kind = kind};

    close_interrupts(p);
    deliver_event(p, &event);
}

void int_imm(struct processor *p, const struct instruction *i)
{
    software_event(p, (uint8_t)i->immediate, EVENT_KIND_SOFTWARE_INTERRUPT);
}

void int3(struct processor *p, const struct instruction *i)
{
    (void)i;
    software_event(p, EXCEPTION_BP, EVENT_KIND_SOFTWARE_EXCEPTION);
}

void into(struct processor *p, const struct instruction *i)
{
    (void)i;
    if (flags_of(p))
        software_event(p, EXCEPTION_OF, EVENT_KIND_SOFTWARE_EXCEPTION);
}

void int1(struct processor *p, const struct instruction *i)
{
    (void)i;
    software_event(p, EXCEPTION_DB, EVENT_KIND_PRIVILEGED);
}
