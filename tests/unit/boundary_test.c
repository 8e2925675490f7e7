/* Between two instructions: single step, breakpoints, the way out into the hardware.
 * Not here: external interrupts, NMI, HLT (interrupt_test.c), delivery (delivery_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "case.h"
#include "interruptible.h"

/* Breakpoint 0, enabled locally, of a kind (0 execution, 1 write, 2 I/O, 3 access) and length. */
#define DR7_ENABLE(kind, length) (DR7_FIXED | 1u | (uint32_t)(kind) << 16 | ((length)-1u) << 18)
#define DR6_BS                   0x4000u
#define DR6_BD                   0x2000u

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
