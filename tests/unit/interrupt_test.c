/* External interrupts at every moment, shadows, HLT, budgets, NMI: what an instruction lets in
 * before the next. Not here: single step, breakpoints, the way out (boundary_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"
#include "interruptible.h"

#define NOT_TAKEN 0xffffu

/* --- external interrupts ------------------------------------------------------------------------
 */

/* The address that the one interrupt taken returned to, or NOT_TAKEN. The request goes up while
 * instruction number `at` begins (1 is the first). */
static uint32_t taken_at(const uint8_t *code, size_t length, uint32_t eflags, unsigned at)
{
    uint32_t where = NOT_TAKEN;

    start_interruptible(code, length, eflags);
    machine_request(m, IRQ, at);
    machine_run(m, CASE_BUDGET);
    assert_int_equal(m->violations, 0);
    for (unsigned n = 0; n < m->log_count; n++) {
        if (m->log[n].kind == ACCESS_INTERRUPT_TAKEN) {
            assert_int_equal(where, NOT_TAKEN);
            where = m->log[n].value;
        }
    }
    /* What was accepted must have been delivered; what was not must still be waiting. */
    assert_int_equal(m->accepted, -1);
    assert_int_equal(m->request, where == NOT_TAKEN ? IRQ : -1);
    return where;
}

struct interrupt_row {
    const char *what;
    uint8_t code[12];
    uint32_t eflags;
    uint16_t where[8]; /* by the number of the instruction during which it is requested */
};

/* A request is accepted only while the guest would take it, and then taken at once: an instruction
 * that ends this has not happened yet when it is. */
static const struct interrupt_row interrupt_rows[] = {
    {"sti nop nop cli nop hlt",
     {0xfb, 0x90, 0x90, 0xfa, 0x90, 0xf4},
     0,
     {2, 2, 3, 3, NOT_TAKEN, NOT_TAKEN}},
    {"sti cli hlt: the shadow covers the cli",
     {0xfb, 0xfa, 0x90, 0xf4},
     0,
     {NOT_TAKEN, NOT_TAKEN, NOT_TAKEN, NOT_TAKEN}},
    {"sti sti nop cli hlt: only the first one shadows",
     {0xfb, 0xfb, 0x90, 0xfa, 0xf4},
     0,
     {2, 2, 3, 3, NOT_TAKEN}},
    {"sti with IF set: no shadow", {0xfb, 0x90, 0xfa, 0xf4}, EFLAGS_IF, {1, 2, 2, NOT_TAKEN}},
    {"mov ss, bx; nop; nop; cli; hlt",
     {0x8e, 0xd3, 0x90, 0x90, 0xfa, 0xf4},
     EFLAGS_IF,
     {0, 3, 4, 4, NOT_TAKEN}},
    {"pop ss; mov sp, dx; cli; hlt",
     {0x17, 0x89, 0xd4, 0xfa, 0xf4},
     EFLAGS_IF,
     {0, 3, 3, NOT_TAKEN}},
    {"popf (IF 0); nop; hlt", {0x9d, 0x90, 0xf4}, EFLAGS_IF, {0, NOT_TAKEN, NOT_TAKEN}},
    {"push 202; popf; nop; cli; hlt: no shadow",
     {0x68, 0x02, 0x02, 0x9d, 0x90, 0xfa, 0xf4},
     0,
     {4, 4, 5, 5, NOT_TAKEN}},
    {"int 30 from IF 1, whose handler halts with IF 0",
     {0x90, 0xcd, 0x30},
     EFLAGS_IF,
     {1, 1, NOT_TAKEN}},
    {"ud2: the interrupt comes before the fault", {0x90, 0x0f, 0x0b}, EFLAGS_IF, {1, 1}},
};

static void interrupts_at_every_instruction(void **state)
{
    (void)state;
    for (unsigned n = 0; n < sizeof(interrupt_rows) / sizeof(interrupt_rows[0]); n++) {
        const struct interrupt_row *row = &interrupt_rows[n];

        for (unsigned at = 1; at <= 8; at++) {
            uint32_t where;

            if (at > 1 && !row->where[at - 1])
                break;
            where = taken_at(row->code, sizeof(row->code), row->eflags, at);
            if (where != row->where[at - 1])
                fail_msg("%s, request during instruction %u: taken at %x, not %x", row->what, at,
                         where, row->where[at - 1]);
        }
    }
}

/* The pushed FLAGS have IF set: the guest never sees an interrupt that it had shut out. */
static void interrupted_flags(void **state)
{
    static const uint8_t code[] = {0xfb, 0x90, 0xf9, 0xfa, 0xf4}; /* sti nop stc cli hlt */

    (void)state;
    start_interruptible(code, sizeof(code), 0);
    machine_request(m, IRQ, 3);
    machine_run(m, CASE_BUDGET);
    assert_int_equal(machine_read_16(m, 0x27ffe), EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF);
    assert_int_equal(machine_read_16(m, 0x27ffc), 0x1000);
    assert_int_equal(machine_read_16(m, 0x27ffa), 3);
}

/* A REP instruction stops between two elements and goes on after the handler. */
static void interrupts_in_a_repeated_instruction(void **state)
{
    static const uint8_t code[] = {0xf3, 0x6c, 0xf4}; /* rep insb; hlt */

    (void)state;
    /* Ports are looked at element by element when the destination is MMIO; in RAM a block may go at
     * once. Both must have all elements in the end, each exactly once. */
    for (unsigned mmio = 0; mmio < 2; mmio++) {
        unsigned reads = 0, taken = 0;

        start_interruptible(code, sizeof(code), EFLAGS_IF);
        m->state.gpr[ECX] = 20;
        m->state.gpr[EDX] = 0x300;
        if (mmio)
            machine_segment(m, ES, 0x3000, MACHINE_MMIO, 0xffff, ATTRIBUTES_REAL);
        machine_load(m);
        machine_request(m, IRQ, 1);
        machine_run(m, CASE_BUDGET);
        for (unsigned n = 0; n < m->log_count; n++) {
            reads += m->log[n].kind == ACCESS_PORT_READ;
            if (m->log[n].kind == ACCESS_INTERRUPT_TAKEN) {
                taken++;
                assert_int_equal(m->log[n].value, 0);
            }
        }
        assert_int_equal(taken, 1);
        assert_int_equal(reads, 20);
        assert_int_equal(m->state.gpr[ECX], 0);
        assert_int_equal(m->state.gpr[EDI], 20);
        /* RF in the image is a bit that 16-bit frames do not have. */
        assert_int_equal(machine_read_16(m, 0x27ffa), 0);
    }
}

static void protected_interrupts_use_the_idt(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    m->state.eflags |= EFLAGS_IF;
    machine_load(m);
    /* The gate's DPL does not matter. */
    machine_gate(m, MACHINE_IDT, IRQ, SELECTOR_CODE_0, MACHINE_HANDLERS + IRQ * 16,
                 GATE_INTERRUPT_32, 0);
    MACHINE_CODE_BYTES(m, 0x90, 0x90, 0xeb, 0xfe);
    machine_request(m, IRQ, 2);
    case_expect_vector(IRQ);
    assert_int_equal(case_frame(0), MACHINE_CODE + 2);
    assert_int_equal(case_frame(2), EFLAGS_FIXED | EFLAGS_IF);
    assert_int_equal(case_frame(3), MACHINE_STACK);
    assert_int_equal(m->violations, 0);
    /* A bad gate: #GP with EXT and IDT in the error code. */
    machine_protected(m, 0, 32);
    m->state.eflags |= EFLAGS_IF;
    machine_load(m);
    machine_gate(m, MACHINE_IDT, IRQ, SELECTOR_CODE_0, 0, 0x80, 0);
    MACHINE_CODE_BYTES(m, 0x90, 0x90, 0xeb, 0xfe);
    machine_request(m, IRQ, 2);
    case_expect_fault(EXCEPTION_GP, IRQ * 8 + 3, MACHINE_CODE + 2);
}

static void hlt_waits(void **state)
{
    static const uint8_t code[] = {0xfb, 0xf4, 0x90, 0xfa, 0xf4}; /* sti hlt nop cli hlt */

    (void)state;
    start_interruptible(code, sizeof(code), 0);
    machine_request(m, IRQ, 100); /* only the halt itself brings it about */
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_HALTED);
    assert_int_equal(m->halts, 2);
    assert_int_equal(m->log[0].kind, ACCESS_HALT);
    assert_int_equal(m->log[0].value, true);
    assert_int_equal(m->log[1].kind, ACCESS_INTERRUPT_TAKEN);
    assert_int_equal(m->log[1].value, 2); /* behind the HLT */
    assert_int_equal(m->log[2].kind, ACCESS_HALT);
    assert_int_equal(m->log[2].value, false);
    assert_int_equal(m->violations, 0);
    /* HLT is privileged. */
    machine_protected(m, 3, 32);
    MACHINE_CODE_BYTES(m, 0xf4);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
}

static void budget_and_stop(void **state)
{
    static const uint8_t code[] = {0x40, 0x40, 0x40, 0x40, 0xeb, 0xfe};

    (void)state;
    start_interruptible(code, sizeof(code), EFLAGS_IF);
    assert_int_equal(machine_run(m, 3), PROCESSOR_BUDGET);
    assert_int_equal(m->state.gpr[EAX], 3);
    assert_int_equal(m->state.eip, 3);
    assert_false(m->open);
    assert_int_equal(machine_run(m, 1), PROCESSOR_BUDGET);
    assert_int_equal(m->state.gpr[EAX], 4);
    processor_stop(&m->processor);
    assert_int_equal(machine_run(m, 0), PROCESSOR_STOPPED);
    assert_int_equal(m->state.gpr[EAX], 4);
    assert_int_equal(m->processor.retired, 4);
}

/* Accepted but not taken when the budget ran out: it is still there for the next run. */
static void an_accepted_interrupt_is_not_lost(void **state)
{
    static const uint8_t code[] = {0x90, 0x90, 0x90, 0xfa, 0xf4};

    (void)state;
    start_interruptible(code, sizeof(code), EFLAGS_IF);
    machine_request(m, IRQ, 2);
    assert_int_equal(machine_run(m, 2), PROCESSOR_BUDGET);
    assert_int_equal(m->accepted, IRQ);
    machine_run(m, CASE_BUDGET);
    assert_int_equal(m->accepted, -1);
    assert_int_equal(machine_read_16(m, 0x27ffa), 2);
    assert_int_equal(m->violations, 0);
}

/* --- NMI ----------------------------------------------------------------------------------------
 */

static void nmi_ignores_if_and_is_blocked_until_iret(void **state)
{
    static const uint8_t code[] = {0x40, 0x40, 0xf4};

    (void)state;
    start_interruptible(code, sizeof(code), 0);
    machine_write_8(m, HANDLER(2), 0x43); /* inc bx; iret */
    machine_write_8(m, HANDLER(2) + 1, IRET);
    processor_signal_nmi(&m->processor);
    machine_run(m, 1); /* the first instruction that runs is the handler's */
    assert_int_equal(m->state.gpr[EBX], 1);
    assert_int_equal(m->state.gpr[EAX], 0);
    processor_signal_nmi(&m->processor);
    machine_run(m, 1); /* still blocked: the IRET */
    assert_int_equal(m->state.eip, 0);
    machine_run(m, 1); /* and now again */
    assert_int_equal(m->state.gpr[EBX], 2);
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], 2);
    /* MOV SS holds it off for one instruction. */
    start_interruptible((const uint8_t[]){0x8e, 0xd3, 0x40, 0x40, 0xf4}, 5, 0);
    m->state.gpr[EBX] = 0x2000;
    machine_load(m);
    machine_run(m, 1);
    processor_signal_nmi(&m->processor);
    case_expect_vector(2);
    assert_int_equal(machine_stack(m, 0, 2), 3);
}

/* "An execution of the IRET instruction unblocks NMIs even if the instruction causes a fault." SDM
 * vol. 3, 6.7.1. */
static void faulting_iret_unblocks_nmi(void **state)
{
    static const uint8_t code[] = {0x40, 0xf4};
    static const uint8_t handler[] = {0xbc, 0xff, 0xff, IRET}; /* mov sp, ffff; its frame ends */
    uint32_t eip;

    (void)state;
    start_interruptible(code, sizeof(code), 0);
    machine_write(m, HANDLER(2), handler, sizeof(handler));
    machine_write_8(m, HANDLER(12), 0x43); /* inc bx */
    processor_signal_nmi(&m->processor);
    machine_run(m, 1);
    eip = m->state.eip;
    processor_signal_nmi(&m->processor);
    machine_run(m, 1); /* the IRET, which faults */
    assert_int_equal(m->processor.faults, 1);
    machine_run(m, 1); /* the NMI handler's first instruction, not that of #SS */
    assert_int_equal(m->state.eip, eip);
    assert_int_equal(m->state.gpr[EBX], 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupts_at_every_instruction),
        cmocka_unit_test(interrupted_flags),
        cmocka_unit_test(interrupts_in_a_repeated_instruction),
        cmocka_unit_test(protected_interrupts_use_the_idt),
        cmocka_unit_test(hlt_waits),
        cmocka_unit_test(budget_and_stop),
        cmocka_unit_test(an_accepted_interrupt_is_not_lost),
        cmocka_unit_test(nmi_ignores_if_and_is_blocked_until_iret),
        cmocka_unit_test(faulting_iret_unblocks_nmi),
    };

    return CASE_MAIN(tests);
}
