/* Interrupt and exception delivery in every mode, and the double-fault rules.
 * Not here: task switches themselves (task.c), IRET (far_return.c). SDM vol. 3, chapter 6. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "delivery.h"
#include "task.h"

/* Error code bits, SDM vol. 3, 6.13. */
#define ERROR_EXT 1u
#define ERROR_IDT 2u

#define REDIRECTION_MAP_OFFSET 0x66u

void record_branch(struct processor *p)
{
    p->branch_source[p->branch_index++ % (sizeof p->branch_source / sizeof p->branch_source[0])] =
        p->segment[CS].base + p->instruction_eip;
}

/* --- inner stacks ------------------------------------------------------------------------------
 */

/* SS:ESP for `dpl` out of the current TSS. */
static void read_inner_pointer(struct processor *p, struct inner_stack *inner, unsigned dpl,
                               unsigned ext)
{
    const struct segment *tr = &p->segment[TR];
    bool wide = (tr->attributes & ATTRIBUTE_TYPE) & 8;
    uint32_t offset = wide ? dpl * 8 + 4 : dpl * 4 + 2, size = wide ? 6 : 4;

    if (offset + size - 1 > tr->limit)
        raise_fault_code(p, EXCEPTION_TS, (uint16_t)(selector_error(tr->selector) | ext));
    inner->stack.pointer = linear_read(p, tr->base + offset, wide ? 4 : 2, 0);
    inner->selector = (uint16_t)linear_read(p, tr->base + offset + (wide ? 4 : 2), 2, 0);
}

void inner_stack_open(struct processor *p, struct inner_stack *inner, unsigned dpl, unsigned ext)
{
    struct descriptor *d = &inner->descriptor;
    uint16_t error;

    read_inner_pointer(p, inner, dpl, ext);
    error = (uint16_t)(selector_error(inner->selector) | ext);
    if (selector_null(inner->selector))
        raise_fault_code(p, EXCEPTION_TS, (uint16_t)ext);
    if (!descriptor_read(p, inner->selector, d) || (inner->selector & SELECTOR_RPL) != dpl ||
        descriptor_dpl(d) != dpl || !descriptor_is_writable_data(d))
        raise_fault_code(p, EXCEPTION_TS, error);
    if (!descriptor_present(d))
        raise_fault_code(p, EXCEPTION_SS, error);
    segment_from_descriptor(&inner->segment, inner->selector, d);
    inner->stack.segment = &inner->segment;
    inner->stack.access = dpl == 3 ? ACCESS_USER : 0;
    inner->stack.error = error;
    inner->stack.inner = true;
}

void inner_stack_commit(struct processor *p, struct inner_stack *inner, unsigned dpl)
{
    struct stack stack = inner->stack;

    descriptor_set_accessed(p, &inner->descriptor);
    set_cpl(p, dpl);
    segment_set(p, SS, inner->selector, &inner->descriptor);
    p->gpr[ESP] = stack.pointer;
}

/* --- EFLAGS ------------------------------------------------------------------------------------
 */

/* The image that goes on the stack: a fault resumes its instruction with RF set (17.3.1.1). */
static uint32_t eflags_image(const struct processor *p, const struct event *event)
{
    uint32_t image = flags_eflags(p);

    if (event->kind == EVENT_KIND_FAULT && event->vector != EXCEPTION_DB)
        image |= EFLAGS_RF;
    return image;
}

static void enter_handler_flags(struct processor *p, uint32_t cleared)
{
    eflags_write(p, 0, cleared);
}

/* --- real-address style ------------------------------------------------------------------------
 */

/* Through a vector table of far pointers at `table`: the IVT, or virtual-8086 redirection. */
static void deliver_real(struct processor *p, const struct event *event, uint32_t table,
                         uint16_t flags, uint32_t cleared)
{
    uint32_t entry = linear_read(p, table + event->vector * 4u, 4, 0);
    struct stack stack;

    const uint32_t frame[] = {flags, p->segment[CS].selector, p->eip};

    stack_current(p, &stack);
    stack_probe(p, &stack, 3, 2);
    if ((entry & 0xffff) > p->segment[CS].limit)
        raise_gp(p);
    if (!stack_push_fast(p, &stack, 2, 3, frame)) {
        for (unsigned n = 0; n < 3; n++)
            stack_push(p, &stack, 2, frame[n]);
    }
    stack_commit(p, &stack);
    segment_load(p, CS, (uint16_t)(entry >> 16));
    p->eip = entry & 0xffff;
    enter_handler_flags(p, cleared);
}

static void deliver_real_mode(struct processor *p, const struct event *event)
{
    if (event->vector * 4u + 3 > p->idtr.limit)
        raise_gp(p);
    deliver_real(p, event, p->idtr.base, (uint16_t)flags_eflags(p),
                 EFLAGS_IF | EFLAGS_TF | EFLAGS_AC | EFLAGS_RF);
}

/* CR4.VME: does the TSS say that INT n goes to the virtual-8086 program's own table? 20.3.3. */
static bool redirected(struct processor *p, uint8_t vector)
{
    const struct segment *tr = &p->segment[TR];
    uint32_t map;

    if (!(p->cr4 & CR4_VME) || !((tr->attributes & ATTRIBUTE_TYPE) & 8) ||
        tr->limit < REDIRECTION_MAP_OFFSET + 1)
        return false;
    map = linear_read(p, tr->base + REDIRECTION_MAP_OFFSET, 2, 0);
    /* The redirection map is the 32 bytes below the I/O map. */
    if (map < 32 || map - 1 > tr->limit)
        return false;
    return !(linear_read(p, tr->base + map - 32 + vector / 8, 1, 0) & (1u << vector % 8));
}

/* INT n in virtual-8086 mode: true when it has been delivered through the program's own table. */
static bool deliver_virtual_8086(struct processor *p, const struct event *event)
{
    uint32_t flags = flags_eflags(p);

    if (event->kind != EVENT_KIND_SOFTWARE_INTERRUPT || !redirected(p, event->vector)) {
        if (event->kind == EVENT_KIND_SOFTWARE_INTERRUPT && iopl(p) < 3)
            raise_gp(p);
        return false;
    }
    if (iopl(p) < 3) { /* the image shows VIF as IF and IOPL 3; VIF is cleared, IF is not */
        flags = (flags & ~EFLAGS_IF) | EFLAGS_IOPL | (flags & EFLAGS_VIF ? EFLAGS_IF : 0);
        deliver_real(p, event, 0, (uint16_t)flags, EFLAGS_VIF | EFLAGS_TF);
    } else {
        deliver_real(p, event, 0, (uint16_t)flags, EFLAGS_IF | EFLAGS_TF);
    }
    return true;
}

/* --- protected mode ----------------------------------------------------------------------------
 */

static void push_frame(struct processor *p, struct stack *stack, const struct event *event,
                       unsigned width)
{
    stack_push(p, stack, width, eflags_image(p, event));
    stack_push(p, stack, width, p->segment[CS].selector);
    stack_push(p, stack, width, p->eip);
    if (event->has_error)
        stack_push(p, stack, width, event->error);
}

static void push_outer(struct processor *p, struct stack *stack, unsigned width)
{
    static const uint8_t data[] = {GS, FS, DS, ES};

    if (virtual_8086_mode(p)) {
        for (unsigned n = 0; n < sizeof data; n++)
            stack_push(p, stack, width, p->segment[data[n]].selector);
    }
    stack_push(p, stack, width, p->segment[SS].selector);
    stack_push(p, stack, width, p->gpr[ESP]);
}

/* To a handler of an inner level, on the stack that the TSS names. */
static void deliver_inner(struct processor *p, const struct event *event,
                          const struct descriptor *code, uint32_t entry, unsigned width,
                          unsigned ext)
{
    unsigned dpl = descriptor_dpl(code);
    uint32_t words = (virtual_8086_mode(p) ? 9u : 5u) + event->has_error;
    struct inner_stack inner;

    inner_stack_open(p, &inner, dpl, ext);
    stack_probe(p, &inner.stack, words, width);
    if (entry > code->limit)
        raise_fault_code(p, EXCEPTION_GP, (uint16_t)ext);
    push_outer(p, &inner.stack, width);
    push_frame(p, &inner.stack, event, width);
    if (virtual_8086_mode(p)) {
        segment_set_null(p, GS, 0);
        segment_set_null(p, FS, 0);
        segment_set_null(p, DS, 0);
        segment_set_null(p, ES, 0);
    }
    inner_stack_commit(p, &inner, dpl);
}

static void deliver_same_level(struct processor *p, const struct event *event,
                               const struct descriptor *code, uint32_t entry, unsigned width,
                               unsigned ext)
{
    struct stack stack;

    stack_current(p, &stack);
    stack_probe(p, &stack, 3u + event->has_error, width);
    if (entry > code->limit)
        raise_fault_code(p, EXCEPTION_GP, (uint16_t)ext);
    push_frame(p, &stack, event, width);
    stack_commit(p, &stack);
}

/* Interrupt and trap gates: SDM vol. 2, INT n, "INTERRUPT-OR-TRAP-GATE". */
static void deliver_gate(struct processor *p, const struct event *event,
                         const struct descriptor *gate, unsigned ext)
{
    unsigned type = descriptor_type(gate), width = type & 8 ? 4 : 2;
    uint16_t selector = (uint16_t)(gate->low >> 16);
    uint16_t error = (uint16_t)(selector_error(selector) | ext);
    uint32_t entry = (gate->low & 0xffff) | (width == 4 ? gate->high & 0xffff0000u : 0);
    uint32_t cleared = EFLAGS_TF | EFLAGS_VM | EFLAGS_RF | EFLAGS_NT;
    struct descriptor code;
    bool inner;

    if (selector_null(selector))
        raise_fault_code(p, EXCEPTION_GP, (uint16_t)ext);
    if (!descriptor_read(p, selector, &code) || !descriptor_is_code(&code) ||
        descriptor_dpl(&code) > p->cpl)
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!descriptor_present(&code))
        raise_fault_code(p, EXCEPTION_NP, error);
    inner = !descriptor_is_conforming(&code) && descriptor_dpl(&code) < p->cpl;
    if (virtual_8086_mode(p) && (!inner || descriptor_dpl(&code) != 0))
        raise_fault_code(p, EXCEPTION_GP, error);
    descriptor_set_accessed(p, &code);
    if (inner)
        deliver_inner(p, event, &code, entry, width, ext);
    else
        deliver_same_level(p, event, &code, entry, width, ext);
    segment_set(p, CS, (uint16_t)((selector & ~SELECTOR_RPL) | p->cpl), &code);
    p->eip = entry;
    if (type == TYPE_INTERRUPT_GATE16 || type == TYPE_INTERRUPT_GATE32)
        cleared |= EFLAGS_IF;
    enter_handler_flags(p, cleared);
}

static bool interrupt_gate_type(unsigned type)
{
    return type == TYPE_TASK_GATE || type == TYPE_INTERRUPT_GATE16 || type == TYPE_TRAP_GATE16 ||
           type == TYPE_INTERRUPT_GATE32 || type == TYPE_TRAP_GATE32;
}

static void deliver_protected(struct processor *p, const struct event *event)
{
    bool software = event->kind == EVENT_KIND_SOFTWARE_INTERRUPT ||
                    event->kind == EVENT_KIND_SOFTWARE_EXCEPTION;
    unsigned ext = software ? 0 : ERROR_EXT;
    uint16_t error = (uint16_t)(event->vector * 8u | ERROR_IDT | ext);
    uint32_t linear = p->idtr.base + event->vector * 8u;
    struct descriptor gate;

    if (event->vector * 8u + 7 > p->idtr.limit)
        raise_fault_code(p, EXCEPTION_GP, error);
    descriptor_unpack(&gate, linear_read(p, linear, 4, 0), linear_read(p, linear + 4, 4, 0));
    if (!interrupt_gate_type(descriptor_type(&gate)))
        raise_fault_code(p, EXCEPTION_GP, error);
    if (software && descriptor_dpl(&gate) < p->cpl)
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!descriptor_present(&gate))
        raise_fault_code(p, EXCEPTION_NP, error);
    if (descriptor_type(&gate) == TYPE_TASK_GATE) {
        /* The image goes to the old TSS. */
        p->eflags_rest |= eflags_image(p, event) & EFLAGS_RF;
        task_enter(p, (uint16_t)(gate.low >> 16), TASK_CALL, ext, event->has_error, event->error);
    } else {
        deliver_gate(p, event, &gate, ext);
    }
}

void deliver_event(struct processor *p, const struct event *event)
{
    bool software = event->kind == EVENT_KIND_SOFTWARE_INTERRUPT ||
                    event->kind == EVENT_KIND_SOFTWARE_EXCEPTION;

    p->delivering =
        (uint16_t)(software || event->kind == EVENT_KIND_EXTERNAL ? 0x100u : event->vector + 1u);
    record_branch(p);
    if (!protected_mode(p))
        deliver_real_mode(p, event);
    else if (!virtual_8086_mode(p) || !deliver_virtual_8086(p, event))
        deliver_protected(p, event);
    p->delivering = p->chain = 0;
    /* The handler starts clean: no shadow, and no single-step trap of the instruction that led
     * here. */
    p->shadow = 0;
    p->single_step = false;
    p->halted = false;
    event_clear(p, EVENT_SHADOW | EVENT_HALTED);
    event_set(p, EVENT_OPEN | EVENT_MODE);
}

/* --- double faults -----------------------------------------------------------------------------
 */

static bool contributory(unsigned vector)
{
    return vector == EXCEPTION_DE || (vector >= EXCEPTION_TS && vector <= EXCEPTION_GP);
}

/* SDM vol. 3, table 6-5. Vectors above 0xff stand for interrupts and INT n, which are benign. */
static bool makes_double_fault(unsigned first, unsigned second)
{
    if (contributory(first))
        return contributory(second);
    return first == EXCEPTION_PF && (contributory(second) || second == EXCEPTION_PF);
}

/* Exceptions that are not contributory never end in a double fault, so that a chain of them may go
 * round for ever: the processor hangs. Here the instruction is left undone and starts again, which
 * lets interrupts and the caller in. No other chain is as long. */
#define CHAIN_LIMIT 16u

static bool chain_too_long(struct processor *p)
{
    if (++p->chain <= CHAIN_LIMIT)
        return false;
    p->delivering = p->chain = 0;
    event_set(p, EVENT_OPEN | EVENT_MODE);
    return true;
}

bool deliver_fault(struct processor *p)
{
    struct event event = {.vector = p->fault.vector,
                          .kind = EVENT_KIND_FAULT,
                          .has_error = p->fault.has_error && protected_mode(p),
                          .error = p->fault.error};

    if (chain_too_long(p))
        return true;
    if (p->delivering != 0) {
        unsigned first = p->delivering - 1u;

        if (first == EXCEPTION_DF && (contributory(event.vector) || event.vector == EXCEPTION_PF))
            return false;
        if (makes_double_fault(first, event.vector))
            event = (struct event){EXCEPTION_DF, EVENT_KIND_FAULT, protected_mode(p), 0};
    }
    p->faults++;
    p->pending_debug = 0;
    deliver_event(p, &event);
    return true;
}
