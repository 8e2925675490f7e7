/* The hardware task switch: save the old TSS, load the new one, with its faults in the new task.
 * Not here: who asks for one (far.c, far_return.c, delivery.c). SDM vol. 3, 7.3 and table 7-1. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "task.h"
#include "delivery.h"

/* Offsets in the 32-bit TSS (SDM vol. 3, figure 7-2) and the 16-bit one (figure 7-10). */
enum {
    TSS32_CR3 = 28,
    TSS32_EIP = 32,
    TSS32_EFLAGS = 36,
    TSS32_GPR = 40,
    TSS32_SEGMENTS = 72,
    TSS32_SEGMENTS_LAST = 95,
    TSS32_LDT = 96,
    TSS32_TRAP = 100,
    TSS32_LIMIT = 103,
    TSS16_IP = 14,
    TSS16_FLAGS = 16,
    TSS16_GPR = 18,
    TSS16_SEGMENTS = 34,
    TSS16_SEGMENTS_LAST = 41,
    TSS16_LDT = 42,
    TSS16_LIMIT = 43,
};

/* What a TSS holds of a task. */
struct task_state {
    uint32_t cr3, eip, eflags;
    uint32_t gpr[GENERAL_REGISTER_COUNT];
    uint16_t selector[6]; /* ES CS SS DS FS GS */
    uint16_t ldt;
    bool trap;
};

static bool is_wide(uint32_t type)
{
    return type & 8;
}

/* The dynamic fields of the old TSS; static ones (CR3, LDT, stacks) are not written. */
static void save_old(struct processor *p, uint32_t base, bool wide, uint32_t eflags)
{
    unsigned width = wide ? 4 : 2;
    uint32_t gpr = base + (wide ? TSS32_GPR : TSS16_GPR);
    uint32_t segments = base + (wide ? TSS32_SEGMENTS : TSS16_SEGMENTS);

    linear_write(p, base + (wide ? TSS32_EIP : TSS16_IP), width, p->eip, 0);
    linear_write(p, base + (wide ? TSS32_EFLAGS : TSS16_FLAGS), width, eflags, 0);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        linear_write(p, gpr + n * width, width, p->gpr[n], 0);
    for (unsigned n = 0; n < (wide ? 6u : 4u); n++)
        linear_write(p, segments + n * width, 2, p->segment[n].selector, 0);
}

static void read_new(struct processor *p, uint32_t base, bool wide, struct task_state *t)
{
    unsigned width = wide ? 4 : 2;
    uint32_t gpr = base + (wide ? TSS32_GPR : TSS16_GPR);
    uint32_t segments = base + (wide ? TSS32_SEGMENTS : TSS16_SEGMENTS);

    *t = (struct task_state){.cr3 = p->cr3};
    if (wide)
        t->cr3 = linear_read(p, base + TSS32_CR3, 4, 0);
    t->eip = linear_read(p, base + (wide ? TSS32_EIP : TSS16_IP), width, 0);
    t->eflags = linear_read(p, base + (wide ? TSS32_EFLAGS : TSS16_FLAGS), width, 0);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++) {
        t->gpr[n] = linear_read(p, gpr + n * width, width, 0);
        if (!wide)
            t->gpr[n] |= 0xffff0000u; /* P6: the upper halves are filled with ones */
    }
    for (unsigned n = 0; n < (wide ? 6u : 4u); n++)
        t->selector[n] = (uint16_t)linear_read(p, segments + n * width, 2, 0);
    t->ldt = (uint16_t)linear_read(p, base + (wide ? TSS32_LDT : TSS16_LDT), 2, 0);
    if (wide)
        t->trap = linear_read(p, base + TSS32_TRAP, 1, 0) & 1;
}

/* Faults from here on are the new task's. */
static _Noreturn void raise_ts(struct processor *p, uint16_t selector, unsigned ext)
{
    raise_fault_code(p, EXCEPTION_TS, (uint16_t)(selector_error(selector) | ext));
}

static void load_task_ldt(struct processor *p, uint16_t selector, unsigned ext)
{
    struct descriptor d;

    segment_set_null(p, LDTR, selector);
    if (selector_null(selector))
        return;
    if ((selector & SELECTOR_TI) || !descriptor_read(p, selector, &d) ||
        descriptor_type(&d) != TYPE_LDT || !descriptor_present(&d))
        raise_ts(p, selector, ext);
    segment_set(p, LDTR, selector, &d);
}

static void load_task_stack(struct processor *p, uint16_t selector, unsigned cpl, unsigned ext)
{
    struct descriptor d;

    if (selector_null(selector) || !descriptor_read(p, selector, &d) ||
        (selector & SELECTOR_RPL) != cpl || !descriptor_is_writable_data(&d) ||
        descriptor_dpl(&d) != cpl)
        raise_ts(p, selector, ext);
    if (!descriptor_present(&d))
        raise_fault_code(p, EXCEPTION_SS, (uint16_t)(selector_error(selector) | ext));
    descriptor_set_accessed(p, &d);
    segment_set(p, SS, selector, &d);
}

static void load_task_code(struct processor *p, uint16_t selector, unsigned ext)
{
    unsigned rpl = selector & SELECTOR_RPL;
    struct descriptor d;

    if (selector_null(selector) || !descriptor_read(p, selector, &d) || !descriptor_is_code(&d) ||
        (descriptor_is_conforming(&d) ? descriptor_dpl(&d) > rpl : descriptor_dpl(&d) != rpl))
        raise_ts(p, selector, ext);
    if (!descriptor_present(&d))
        raise_fault_code(p, EXCEPTION_NP, (uint16_t)(selector_error(selector) | ext));
    descriptor_set_accessed(p, &d);
    segment_set(p, CS, selector, &d);
}

static void load_task_data(struct processor *p, unsigned segment, uint16_t selector, unsigned ext)
{
    unsigned rpl = selector & SELECTOR_RPL, dpl;
    struct descriptor d;
    bool conforming;

    if (selector_null(selector))
        return;
    if (!descriptor_read(p, selector, &d) || !(d.attributes & ATTRIBUTE_S))
        raise_ts(p, selector, ext);
    dpl = descriptor_dpl(&d);
    conforming = descriptor_is_code(&d) && descriptor_is_conforming(&d);
    if ((descriptor_is_code(&d) && !(d.attributes & ATTRIBUTE_READABLE)) ||
        (!conforming && (rpl > dpl || p->cpl > dpl)))
        raise_ts(p, selector, ext);
    if (!descriptor_present(&d))
        raise_fault_code(p, EXCEPTION_NP, (uint16_t)(selector_error(selector) | ext));
    descriptor_set_accessed(p, &d);
    segment_set(p, segment, selector, &d);
}

static void load_segments(struct processor *p, const struct task_state *t, unsigned ext)
{
    static const uint8_t data[] = {DS, ES, FS, GS};
    unsigned cpl = t->selector[CS] & SELECTOR_RPL;

    if (virtual_8086_mode(p)) {
        set_cpl(p, 3);
        for (unsigned n = ES; n <= GS; n++)
            segment_set_virtual_8086(p, n, t->selector[n]);
        load_task_ldt(p, t->ldt, ext);
        return;
    }
    set_cpl(p, cpl);
    for (unsigned n = ES; n <= GS; n++)
        segment_set_null(p, n, t->selector[n]);
    load_task_ldt(p, t->ldt, ext);
    load_task_stack(p, t->selector[SS], cpl, ext);
    load_task_code(p, t->selector[CS], ext);
    for (unsigned n = 0; n < sizeof data; n++)
        load_task_data(p, data[n], t->selector[data[n]], ext);
}

static void push_task_error(struct processor *p, bool wide, uint16_t error)
{
    struct stack stack;

    stack_current(p, &stack);
    stack_push(p, &stack, wide ? 4 : 2, error);
    stack_commit(p, &stack);
}

/* The new directory takes effect with the task, and so does #GP(0) for malformed PDPTEs. */
static void switch_directory(struct processor *p, uint32_t cr3)
{
    if (!(p->cr0 & CR0_PG) || cr3 == p->cr3)
        return;
    if ((p->cr4 & CR4_PAE) && !load_pdptes(p, cr3))
        raise_gp(p);
    p->cr3 = cr3;
    processor_flush_translations(p);
}

/* The fields of the old TSS that are about to be written must exist and be writable. */
static void probe_old(struct processor *p, const struct segment *old, bool wide, unsigned ext)
{
    uint32_t first = wide ? TSS32_EIP : TSS16_IP;
    uint32_t last = wide ? TSS32_SEGMENTS_LAST : TSS16_SEGMENTS_LAST;

    if (old->limit < last)
        raise_ts(p, old->selector, ext);
    linear_probe(p, old->base + first, last - first + 1, ACCESS_WRITE);
}

void task_switch(struct processor *p, uint16_t selector, struct descriptor *tss,
                 enum task_switch_kind kind, unsigned ext, bool has_error, uint16_t error)
{
    const struct segment old = p->segment[TR];
    bool old_wide = is_wide(old.attributes & ATTRIBUTE_TYPE), wide = is_wide(descriptor_type(tss));
    uint32_t saved = flags_eflags(p);
    struct task_state t;
    struct descriptor old_descriptor;
    bool leaves;

    /* Everything that can fault in the old task's context is touched before anything is written. */
    probe_old(p, &old, old_wide, ext);
    read_new(p, tss->base, wide, &t);
    leaves = kind != TASK_CALL && descriptor_read(p, old.selector, &old_descriptor) &&
             (old_descriptor.attributes & ATTRIBUTE_BUSY);
    if (leaves)
        descriptor_probe(p, &old_descriptor);
    if (kind == TASK_CALL)
        linear_probe(p, tss->base, 2, ACCESS_WRITE);
    if (kind == TASK_RETURN)
        saved &= ~EFLAGS_NT;
    else
        descriptor_probe(p, tss);
    if (leaves)
        descriptor_set_busy(p, &old_descriptor, false);
    save_old(p, old.base, old_wide, saved);
    if (kind == TASK_CALL) {
        linear_write(p, tss->base, 2, old.selector, 0);
        t.eflags |= EFLAGS_NT;
    }
    if (kind != TASK_RETURN)
        descriptor_set_busy(p, tss, true);
    segment_set(p, TR, selector, tss);
    p->cr0 |= CR0_TS;
    /* The commit point: what follows belongs to the new task, faults included. */
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        p->gpr[n] = t.gpr[n];
    p->eip = p->instruction_eip = t.eip;
    p->dr[7] &= ~0x155u; /* the local breakpoint enables */
    eflags_write(p, wide ? t.eflags : t.eflags & 0xffff, EFLAGS_DEFINED & ~EFLAGS_FIXED);
    switch_directory(p, t.cr3);
    load_segments(p, &t, ext);
    if (has_error)
        push_task_error(p, wide, error);
    if (p->eip > p->segment[CS].limit)
        raise_gp(p);
    if (t.trap) {
        p->pending_debug |= 0x8000u; /* DR6.BT */
        event_set(p, EVENT_DEBUG);
    }
}

/* The TSS must be in the GDT, available (busy for a return), present and long enough. */
static void check_tss(struct processor *p, uint16_t selector, struct descriptor *tss,
                      enum task_switch_kind kind, unsigned ext)
{
    enum exception wrong = kind == TASK_RETURN ? EXCEPTION_TS : EXCEPTION_GP;
    uint16_t error = (uint16_t)(selector_error(selector) | ext);
    uint32_t busy = kind == TASK_RETURN ? ATTRIBUTE_BUSY : 0, type;

    if ((selector & SELECTOR_TI) || selector_null(selector) || !descriptor_read(p, selector, tss))
        raise_fault_code(p, wrong, error);
    type = descriptor_type(tss);
    if ((type & ~8u) != (TYPE_TSS16_AVAILABLE | busy))
        raise_fault_code(p, wrong, error);
    if (!descriptor_present(tss))
        raise_fault_code(p, EXCEPTION_NP, error);
    if (tss->limit < (is_wide(type) ? (uint32_t)TSS32_LIMIT : (uint32_t)TSS16_LIMIT))
        raise_fault_code(p, EXCEPTION_TS, error);
}

void task_enter(struct processor *p, uint16_t selector, enum task_switch_kind kind, unsigned ext,
                bool has_error, uint16_t error)
{
    struct descriptor tss;

    check_tss(p, selector, &tss, kind, ext);
    task_switch(p, selector, &tss, kind, ext, has_error, error);
}
