/* Self-test: a round trip through the guest world keeps every piece of hidden state, for a table of
 * states that no other way could make; the fine print of INVOKE and RESTORE.
 * Not here: refused requests (test_handoff.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "../hardware.h"
#include "blob.h"

static bool is_hypercall(void)
{
    return counters()->abi == TESTVISOR_ABI_HYPERCALL;
}

static void btx(struct world_switch_context *c)
{
    const struct world_switch_segment null_but_usable = {0, 0xffff, 0, 0x93};

    c->ds = null_but_usable;
    c->es = null_but_usable;
}

static void big_real(struct world_switch_context *c)
{
    c->ds = (struct world_switch_segment){0x1234, 0xffffffffu, 0x12340, 0x8093};
    c->es = (struct world_switch_segment){0xb800, 0xffff, 0xb8000, 0x93};
    c->fs = (struct world_switch_segment){0x40, 0xfff, 0xdeadb000u, 0x4093};
    c->gs = (struct world_switch_segment){0xfffc, 0, 0xffffffffu, 0x93};
}

static void segments_of_all_types(struct world_switch_context *c)
{
    c->ds = (struct world_switch_segment){0x10, 0x1fff, 0x1000, 0xc097 & ~0x8000u};
    c->es = (struct world_switch_segment){0x13, 0xffffffffu, 0, 0xc09f};
    c->fs = (struct world_switch_segment){0x2b, 0xfffff, 0x77777, 0x10f3 | 0x4000};
    c->gs = (struct world_switch_segment){0x08, 0xffff, 0x10, 0x9b};
    c->tr = (struct world_switch_segment){0x18, 0x2b, 0x3000, 0x83};
    c->ldtr = (struct world_switch_segment){0x50, 0x3f, 0x5000, 0x82};
}

static void code_with_base(struct world_switch_context *c)
{
    c->cs = (struct world_switch_segment){0x68, 0xffff, (uint32_t)blob_base & ~0xfffu, 0x9b};
    c->eip = (uint32_t)guest_leave16 - c->cs.base;
}

static void stack_with_base(struct world_switch_context *c)
{
    c->ss = (struct world_switch_segment){0x9fc0, 0xffff, 0x9fc00, 0x93};
    c->esp = 0xfffe;
}

static void tables(struct world_switch_context *c)
{
    c->idtr_base = 0x12345;
    c->idtr_limit = 0x3ff;
    c->gdtr_base = 0xfffffff0u;
    c->gdtr_limit = 0xffff;
}

/* CF PF AF ZF SF DF OF, IOPL 3, NT, AC, ID; not TF, IF, RF, VM. */
static void flags(struct world_switch_context *c)
{
    c->eflags = 0x00247cd7u;
}

static void conforming_code(struct world_switch_context *c)
{
    c->cs.attributes = 0xc09f;
}

static void sixteen_bit_code_at_high_eip(struct world_switch_context *c)
{
    c->cs.attributes = 0x809b;
    c->eip = (uint32_t)guest_leave16;
}

struct variation {
    const char *name;
    void (*apply)(struct world_switch_context *context);
    const uint8_t *left; /* where the guest leaves, as an offset from its CS base */
};

static const struct variation variations[] = {
    {"BTX: null selectors with usable caches", btx, guest_left},
    {"big real limits and bases", big_real, guest_left},
    {"segments of all types", segments_of_all_types, guest_left},
    {"16-bit CS with a base", code_with_base, guest_left16},
    {"SS with a base", stack_with_base, guest_left},
    {"descriptor tables", tables, guest_left},
    {"flags", flags, guest_left},
    {"conforming CS", conforming_code, guest_left},
    {"16-bit CS beyond 64 KiB", sixteen_bit_code_at_high_eip, guest_left16},
};

static void check_segment(const char *name, const struct world_switch_segment *got,
                          const struct world_switch_segment *want)
{
    const bool unusable = (want->attributes & 0x10000u) != 0;

    if (memcmp(got, want, sizeof *got) == 0 || (is_hypercall() && unusable))
        return;
    say(name);
    say(": ");
    check("selector", got->selector, want->selector);
    check("limit", got->limit, want->limit);
    check("base", got->base, want->base);
    check("attributes", got->attributes, want->attributes);
}

static void round_trip(const struct variation *variation)
{
    struct world_switch_context got = flat_context(guest_leave);
    struct world_switch_context want;

    variation->apply(&got);
    want = got;
    want.eip = (uint32_t)variation->left - got.cs.base;
    want.cr0 = CR0_ET;
    check(variation->name, run_guest(&got), true);
    check("eip", got.eip, want.eip);
    check("esp", got.esp, want.esp);
    check("eflags", got.eflags, want.eflags);
    check("cr0", got.cr0, want.cr0);
    check("cr4", got.cr4, want.cr4);
    check("idtr base", got.idtr_base, want.idtr_base);
    check("idtr limit", got.idtr_limit, want.idtr_limit);
    check("gdtr base", got.gdtr_base, want.gdtr_base);
    check("gdtr limit", got.gdtr_limit, want.gdtr_limit);
    check_segment("CS", &got.cs, &want.cs);
    check_segment("DS", &got.ds, &want.ds);
    check_segment("ES", &got.es, &want.es);
    check_segment("SS", &got.ss, &want.ss);
    check_segment("FS", &got.fs, &want.fs);
    check_segment("GS", &got.gs, &want.gs);
    check_segment("TR", &got.tr, &want.tr);
    check_segment("LDTR", &got.ldtr, &want.ldtr);
}

/* RF is cleared and bit 1 supplied by 3.2 only; rm_irqbase comes back as garbage. */
static void test_fine_print(void)
{
    struct world_switch_context c = flat_context(guest_leave);
    const bool is_3_2 = counters()->abi == TESTVISOR_ABI_3_2;

    if (is_3_2)
        c.eflags = 0;
    c.rm_irqbase[0] = 0x11;
    run_guest(&c);
    check("eflags bit 1", c.eflags, RFLAGS_FIXED);
    if (!is_hypercall())
        check("rm_irqbase", c.rm_irqbase[0], is_3_2 ? 0xa5 : 0x11);

    c = flat_context(guest_leave);
    c.cr3 = 0x123000;
    run_guest(&c);
    check("unpaged cr3", c.cr3, counters()->abi == TESTVISOR_ABI_3_1 ? 0 : 0x123000u);

    c = flat_context(guest_leave);
    c.cr4 = 0x600;
    run_guest(&c);
    check("cr4 as loaded", c.cr4, 0x600);
}

/* A PE=0 write while the blob runs is an INVOKE again: OLD then holds the blob's own state. */
static void test_nested(void)
{
    const uint32_t before = counters()->nested_into_blob;

    invoke_self();
    check("nested INVOKE counted", counters()->nested_into_blob, before + 1);
    if (!is_hypercall())
        check("OLD holds the blob's CS", old_context.cs.selector, SELECTOR_CODE);
    check_true("NEW context's stack", returned_esp == (uint32_t)blob_stack_top);
}

/* LMSW with PE clear in the source: Xen 3.x takes it for a clear PE, a processor and 4.x do not. */
static void test_lmsw(void)
{
    struct world_switch_context c = flat_context(guest_lmsw);

    run_guest(&c);
    if (is_hypercall()) {
        check("LMSW does not clear PE", c.eip, (uint32_t)guest_left);
    } else {
        check("LMSW leaves at once", c.eip, (uint32_t)guest_lmsw_end);
        check("LMSW: cr0", c.cr0, CR0_ET | CR0_TS);
    }
}

/* The single-step trap of the instruction that left: lost in 3.x, pending in the state from 4.x. */
static void test_leave_with_trap_flag(void)
{
    struct world_switch_context c = flat_context(guest_step_leave);

    run_guest(&c);
    check("left with TF: eip", c.eip, (uint32_t)guest_step_left);
    check("left with TF: eflags", c.eflags & RFLAGS_TF, RFLAGS_TF);
    if (is_hypercall())
        check("left with TF: pending_event", register_block.state.pending_event, 0x80000301u);
    dr6_write(0xffff0ff0u);
}

static void expect_no_trap(void)
{
    check("FPU instruction with CR0.TS clear", probe(probe_fpu, 0, 0, 0), NO_EXCEPTION);
}

static void expect_trap(void)
{
    check("FPU instruction under the TS that was written", probe(probe_fpu, 0, 0, 0), 7);
}

/* RESTORE by a write with TS set of a context without: 3.2 takes the context's CR0, 3.1 runs on
 * with the written one though the guest reads the context's. */
static void test_written_cr0(void)
{
    struct world_switch_context c = flat_context(guest_call);
    const bool is_3_1 = counters()->abi == TESTVISOR_ABI_3_1;

    if (is_hypercall())
        return;
    guest_function = is_3_1 ? expect_trap : expect_no_trap;
    old_context = c;
    restore_cr0 = c.cr0 | CR0_TS;
    run_by_world_switch();
}

void test_world_switch(void)
{
    for (unsigned i = 0; i < sizeof variations / sizeof variations[0]; i++)
        round_trip(&variations[i]);
    test_fine_print();
    test_nested();
    test_lmsw();
    test_leave_with_trap_flag();
    test_written_cr0();
}
