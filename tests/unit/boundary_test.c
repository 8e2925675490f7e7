/* What happens between two instructions: external interrupts at every moment, shadows, NMI, HLT,
 * single step, breakpoints, the way out. Not here: how an event is delivered (delivery_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "case.h"

#define IRQ        0x48 /* vector of the scripted interrupt */
#define NOT_TAKEN  0xffffu
#define HANDLER(v) (0x50000u + (uint32_t)(v)*16)
#define IRET       0xcf

#define DR7_LE_GE 0x300u
/* Breakpoint 0, enabled locally, of a kind (0 execution, 1 write, 2 I/O, 3 access) and length. */
#define DR7_ENABLE(kind, length) (DR7_FIXED | 1u | (uint32_t)(kind) << 16 | ((length)-1u) << 18)
#define DR6_BS                   0x4000u
#define DR6_BD                   0x2000u

/* --- external interrupts ------------------------------------------------------------------------
 */

/* Real-mode code whose interrupt handler is a bare IRET. */
static void start_interruptible(const uint8_t *code, size_t length, uint32_t eflags)
{
    machine_real_mode(m);
    m->state.eflags = EFLAGS_FIXED | eflags;
    machine_load(m);
    machine_code(m, code, length);
    machine_write_8(m, HANDLER(IRQ), IRET);
}

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

/* --- single step --------------------------------------------------------------------------------
 */

static void start_stepping(const uint8_t *code, size_t length)
{
    start_interruptible(code, length, EFLAGS_TF);
    m->state.gpr[EBX] = 0x2000;
    machine_load(m);
}

static void single_step(void **state)
{
    static const struct {
        const char *what;
        uint8_t code[6];
        uint32_t eflags;
        int vector;
        uint32_t ip;
    } row[] = {
        {"after the instruction", {0x90}, EFLAGS_TF, EXCEPTION_DB, 1},
        {"mov ss: after the next one", {0x8e, 0xd3, 0x90}, EFLAGS_TF, EXCEPTION_DB, 3},
        {"sti has no such shadow", {0xfb, 0x90}, EFLAGS_TF, EXCEPTION_DB, 1},
        {"popf that sets it: after the next one",
         {0x68, 0x02, 0x01, 0x9d, 0x90},
         0,
         EXCEPTION_DB,
         5},
        {"popf that clears it: after the popf", {0x9d, 0x90}, EFLAGS_TF, EXCEPTION_DB, 1},
        {"a fault has no step", {0x0f, 0x0b}, EFLAGS_TF, EXCEPTION_UD, 0},
        {"int n clears it first", {0xcd, 0x30}, EFLAGS_TF, 0x30, 2},
        {"rep: after one element", {0xf3, 0xac}, EFLAGS_TF, EXCEPTION_DB, 0},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        start_stepping(row[n].code, sizeof(row[n].code));
        m->state.eflags = EFLAGS_FIXED | row[n].eflags;
        m->state.gpr[ECX] = 5;
        machine_load(m);
        case_expect_vector(row[n].vector);
        if (machine_stack(m, 0, 2) != row[n].ip)
            fail_msg("%s: IP %x", row[n].what, machine_stack(m, 0, 2));
        if (row[n].vector == EXCEPTION_DB)
            assert_int_equal(m->state.dr[6] & 0xf00f, DR6_BS);
        /* The handler runs without TF. */
        assert_false(m->state.eflags & EFLAGS_TF);
    }
}

/* Debug trap before external interrupt, and the interrupt's handler starts without TF. */
static void step_before_interrupt(void **state)
{
    static const uint8_t code[] = {0x90, 0x90, 0xf4};

    (void)state;
    start_stepping(code, sizeof(code));
    m->state.eflags |= EFLAGS_IF;
    machine_load(m);
    machine_request(m, IRQ, 1);
    case_expect_vector(EXCEPTION_DB);
    assert_int_equal(machine_stack(m, 0, 2), 1);
}

/* --- breakpoints --------------------------------------------------------------------------------
 */

static void start_breakpoint(const uint8_t *code, size_t length, uint32_t address, uint32_t dr7)
{
    start_interruptible(code, length, 0);
    m->state.dr[0] = address;
    m->state.dr[7] = dr7;
    machine_load(m);
}

static void instruction_breakpoints(void **state)
{
    static const uint8_t code[] = {0x40, 0x40, 0x40, 0xf4};

    (void)state;
    start_breakpoint(code, sizeof(code), MACHINE_REAL_CODE + 1, DR7_ENABLE(0, 1));
    case_expect_vector(EXCEPTION_DB);
    assert_int_equal(machine_stack(m, 0, 2), 1);
    assert_int_equal(m->state.gpr[EAX], 1);
    assert_int_equal(m->state.dr[6] & 0xf00f, 1);
    /* RF lets the instruction through, once. A 32-bit IRET sets it. */
    start_breakpoint(code, sizeof(code), MACHINE_REAL_CODE + 1, DR7_ENABLE(0, 1));
    m->state.eip = 1;
    m->state.eflags |= EFLAGS_RF;
    machine_load(m);
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], 2);
    assert_false(m->state.eflags & EFLAGS_RF);
    /* In the MOV-SS shadow there is none. */
    start_breakpoint((const uint8_t[]){0x8e, 0xd3, 0x40, 0xf4}, 4, MACHINE_REAL_CODE + 2,
                     DR7_ENABLE(0, 1));
    m->state.gpr[EBX] = 0x2000;
    machine_load(m);
    case_expect_halt();
    /* Not enabled: nothing. */
    start_breakpoint(code, sizeof(code), MACHINE_REAL_CODE + 1, DR7_FIXED);
    case_expect_halt();
}

static void data_breakpoints(void **state)
{
    static const struct {
        uint8_t code[4]; /* at DS:0102, linear 30102 */
        uint32_t address;
        unsigned kind, length;
        bool hit;
    } row[] = {
        {{0xa2, 0x02, 0x01}, 0x30102, 1, 1, true},  /* mov [0102], al */
        {{0xa0, 0x02, 0x01}, 0x30102, 1, 1, false}, /* a read */
        {{0xa0, 0x02, 0x01}, 0x30102, 3, 1, true},
        {{0xa3, 0x02, 0x01}, 0x30103, 1, 1, true}, /* the second byte of a word */
        {{0xa2, 0x02, 0x01}, 0x30103, 1, 1, false},
        {{0xa2, 0x02, 0x01}, 0x30100, 1, 4, true}, /* the length reaches it */
        {{0xa2, 0x02, 0x01}, 0x30100, 1, 2, false},
        {{0xa2, 0x02, 0x01}, 0x30104, 1, 4, false},
        {{0xfe, 0x06, 0x02, 0x01}, 0x30102, 1, 1, true}, /* inc: read and write */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        uint8_t code[5];
        uint32_t length = row[n].code[3] ? 4 : 3;

        memcpy(code, row[n].code, 4);
        code[length] = 0xf4;
        start_breakpoint(code, length + 1, row[n].address, DR7_ENABLE(row[n].kind, row[n].length));
        machine_run(m, CASE_BUDGET);
        if (machine_vector(m) != (row[n].hit ? EXCEPTION_DB : -1))
            fail_msg("row %u: vector %d", n, machine_vector(m));
        if (row[n].hit) { /* a trap: the access was made */
            assert_int_equal(machine_stack(m, 0, 2), length);
            assert_int_equal(m->state.dr[6] & 0xf00f, 1);
        }
    }
    /* A push is a data access, too. */
    start_breakpoint((const uint8_t[]){0x50, 0xf4}, 2, 0x27ffe, DR7_ENABLE(1, 2));
    case_expect_vector(EXCEPTION_DB);
    /* The string instruction that hits stops behind the element. */
    start_breakpoint((const uint8_t[]){0xf3, 0xaa, 0xf4}, 3, 0x30005, DR7_ENABLE(1, 1));
    m->state.gpr[ECX] = 10;
    machine_load(m);
    case_expect_vector(EXCEPTION_DB);
    assert_int_equal(m->state.gpr[EDI], 6);
    assert_int_equal(m->state.gpr[ECX], 4);
    assert_int_equal(machine_stack(m, 0, 2), 0);
}

static void port_breakpoints(void **state)
{
    static const uint8_t code[] = {0xe6, 0x61, 0xf4}; /* out 61, al */

    (void)state;
    for (unsigned extensions = 0; extensions < 2; extensions++) {
        start_breakpoint(code, sizeof(code), 0x61, DR7_ENABLE(2, 1));
        m->state.cr4 = extensions ? CR4_DE : 0;
        machine_load(m);
        machine_run(m, CASE_BUDGET);
        assert_int_equal(machine_vector(m), extensions ? EXCEPTION_DB : -1);
        assert_int_equal(m->log[0].kind, ACCESS_PORT_WRITE);
        if (extensions)
            assert_int_equal(machine_stack(m, 0, 2), 2);
    }
}

static void general_detect(void **state)
{
    static const uint8_t code[] = {0x0f, 0x21, 0xc0}; /* mov eax, dr0 */

    (void)state;
    start_breakpoint(code, sizeof(code), 0, DR7_FIXED | 0x2000);
    case_expect_vector(EXCEPTION_DB);
    assert_int_equal(machine_stack(m, 0, 2), 0); /* a fault */
    assert_int_equal(m->state.dr[6] & 0xf00f, DR6_BD);
    assert_false(m->state.dr[7] & 0x2000); /* the handler may use them */
}

/* --- the way out --------------------------------------------------------------------------------
 */

static void leaving_when_the_state_is_enterable(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    m->leave = true;
    MACHINE_CODE_BYTES(m, 0x90, 0x90);
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_ENTERABLE);
    assert_int_equal(m->state.eip, MACHINE_CODE);
    assert_int_equal(m->leave_asked, 1);
    /* Asked only at changes of what counts: not at every instruction. */
    machine_protected(m, 0, 32);
    MACHINE_CODE_BYTES(m, 0x90, 0x90, 0x90, 0xf4);
    case_expect_halt();
    assert_true(m->leave_asked <= 2);
}

/* The classic entry: PE set, far jump, then each data segment; out at the first moment possible. */
static void leaving_on_the_way_into_protected_mode(void **state)
{
    static const uint8_t code[] = {
        0x0f,
        0x20,
        0xc0, /* mov eax, cr0 */
        0x0c,
        0x01, /* or al, 1 */
        0x0f,
        0x22,
        0xc0, /* mov cr0, eax */
        0x66,
        0xea,
        0x10,
        0x00,
        0x01,
        0x00, /* jmp 0008:00010010 */
        SELECTOR_CODE_0,
        0x00,
        0x66,
        0xb8,
        SELECTOR_DATA_0,
        0x00, /* 10: mov ax, 10h */
        0x8e,
        0xd0, /* 14: mov ss, ax */
        0x90,
        0x90,
        0xf4,
    };

    (void)state;
    machine_protected(m, 0, 32); /* for its tables */
    machine_save(m);
    machine_segment(m, CS, 0x1000, 0x10000, 0xffff, ATTRIBUTES_REAL);
    for (unsigned n = ES; n <= GS; n++) {
        if (n != CS)
            machine_segment(m, n, 0x2003, 0x20030, 0xffff, ATTRIBUTES_REAL);
    }
    m->state.cr0 = CR0_ET | CR0_NE;
    m->state.eip = 0;
    machine_load(m);
    /* The GDT is at the same place as this code: put it elsewhere. */
    for (uint32_t n = 0; n < 64; n++)
        machine_write_32(m, 0x00018000 + n * 4, machine_read_32(m, MACHINE_GDT + n * 4));
    m->state.gdtr.base = 0x00018000;
    m->state.segment[DS].selector = 0; /* as in the loader that started it all */
    m->state.segment[ES].selector = 0;
    m->state.segment[FS].selector = 0;
    m->state.segment[GS].selector = 0;
    machine_load(m);
    machine_code(m, code, sizeof(code));
    m->leave = true;
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_ENTERABLE);
    /* Not inside the MOV-SS shadow: one instruction later. */
    assert_int_equal(m->state.eip, 0x10017);
    assert_int_equal(m->state.segment[DS].selector, 0);
    assert_int_equal(m->state.segment[DS].base, 0x20030);
    assert_int_equal(m->state.segment[DS].attributes, ATTRIBUTES_REAL);
    assert_int_equal(m->state.shadow, 0);
}

/* An interrupt accepted at the moment of leaving stays the interpreter's to deliver. */
static void an_interrupt_at_the_door(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    m->leave = true;
    m->state.eflags |= EFLAGS_IF;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x90, 0x90, 0xeb, 0xfe);
    machine_request(m, IRQ, 0);
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_ENTERABLE);
    /* Either it was delivered first (we leave inside the handler) or it was never accepted. */
    if (m->state.eip == MACHINE_CODE)
        assert_int_equal(m->request, IRQ);
    else
        assert_int_equal(m->state.eip, MACHINE_HANDLERS + IRQ * 16);
    assert_int_equal(m->accepted, -1);
    assert_false(m->open);
    assert_int_equal(m->violations, 0);
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
        cmocka_unit_test(single_step),
        cmocka_unit_test(step_before_interrupt),
        cmocka_unit_test(instruction_breakpoints),
        cmocka_unit_test(data_breakpoints),
        cmocka_unit_test(port_breakpoints),
        cmocka_unit_test(general_detect),
        cmocka_unit_test(leaving_when_the_state_is_enterable),
        cmocka_unit_test(leaving_on_the_way_into_protected_mode),
        cmocka_unit_test(an_interrupt_at_the_door),
    };

    return CASE_MAIN(tests);
}
