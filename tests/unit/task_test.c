/* Task switches: by JMP, CALL, IRET and task gates, between 16- and 32-bit TSSs; what is saved,
 * what is loaded, busy bits, links, and faults before and after the point of no return. Not here:
 * other far transfers (far_test.c). SDM vol. 3, chapter 7. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "case.h"

#define NEW_TSS      0x00014000u
#define NEW_SELECTOR SELECTOR_FREE
#define GATE         (SELECTOR_FREE + 8u)
#define NEW_CODE     0x00025000u
#define NEW_STACK    0x0004c000u
#define BUSY         2u

/* Offsets in a 32-bit TSS (figure 7-2), and in a 16-bit one (figure 7-10). */
enum {
    LINK = 0,
    CR3_AT = 28,
    EIP_AT = 32,
    EFLAGS_AT = 36,
    GPR_AT = 40,
    SEGMENT_AT = 72,
    LDT_AT = 96,
    TRAP_AT = 100
};
enum { IP_AT_16 = 14, FLAGS_AT_16 = 16, GPR_AT_16 = 18, SEGMENT_AT_16 = 34, LDT_AT_16 = 42 };

static uint8_t access_byte(uint16_t selector)
{
    return machine_read_8(m, MACHINE_GDT + selector + 5);
}

static void new_tss_32(void)
{
    static const uint16_t segments[] = {
        SELECTOR_DATA_0, SELECTOR_CODE_0, SELECTOR_DATA_0, SELECTOR_DATA_0, 0, SELECTOR_DATA_3 | 3};

    machine_descriptor(m, MACHINE_GDT, NEW_SELECTOR, NEW_TSS, 0x67, ATTRIBUTES_TSS);
    machine_write_32(m, NEW_TSS + EIP_AT, NEW_CODE);
    machine_write_32(m, NEW_TSS + EFLAGS_AT, EFLAGS_FIXED | EFLAGS_CF);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        machine_write_32(m, NEW_TSS + GPR_AT + n * 4, 0x01010101u * (n + 1));
    machine_write_32(m, NEW_TSS + GPR_AT + ESP * 4, NEW_STACK);
    for (unsigned n = 0; n < 6; n++)
        machine_write_32(m, NEW_TSS + SEGMENT_AT + n * 4, segments[n]);
    machine_write_32(m, NEW_TSS + LDT_AT, SELECTOR_LDT);
    machine_write_8(m, NEW_CODE, 0xf4);
    machine_gate(m, MACHINE_GDT, GATE / 8, NEW_SELECTOR, 0, GATE_TASK | GATE_DPL_3, 0);
}

static void new_tss_16(void)
{
    static const uint16_t segments[] = {SELECTOR_DATA_0_16, SELECTOR_CODE_0_16, SELECTOR_DATA_0_16,
                                        SELECTOR_DATA_0_16};

    machine_descriptor(m, MACHINE_GDT, NEW_SELECTOR, NEW_TSS, 0x2b, 0x81);
    machine_write_16(m, NEW_TSS + IP_AT_16, 0x5000); /* base MACHINE_CODE */
    machine_write_16(m, NEW_TSS + FLAGS_AT_16, EFLAGS_FIXED | EFLAGS_CF);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        machine_write_16(m, NEW_TSS + GPR_AT_16 + n * 2, (uint16_t)(0x0101 * (n + 1)));
    for (unsigned n = 0; n < 4; n++)
        machine_write_16(m, NEW_TSS + SEGMENT_AT_16 + n * 2, segments[n]);
    machine_write_16(m, NEW_TSS + LDT_AT_16, SELECTOR_LDT);
    machine_write_8(m, MACHINE_CODE + 0x5000, 0xf4);
}

/* Old registers that can be recognised in the old TSS. */
static void start(void)
{
    machine_protected(m, 0, 32);
    m->state.eflags = EFLAGS_FIXED | EFLAGS_SF;
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++) {
        if (n != ESP)
            m->state.gpr[n] = 0xa0a0a000u + n;
    }
    machine_load(m);
    new_tss_32();
}

static void far_instruction(uint8_t opcode, uint16_t selector)
{
    uint8_t code[8] = {opcode, 0, 0, 0, 0, (uint8_t)selector, (uint8_t)(selector >> 8), 0xf4};

    machine_code(m, code, sizeof(code));
}

static void expect_new_task(bool linked)
{
    uint32_t eflags = EFLAGS_FIXED | EFLAGS_CF | (linked ? EFLAGS_NT : 0);

    assert_int_equal(m->state.segment[TR].selector, NEW_SELECTOR);
    assert_int_equal(m->state.segment[TR].base, NEW_TSS);
    assert_int_equal(m->state.segment[TR].attributes, ATTRIBUTES_TSS | BUSY);
    assert_int_equal(m->state.eip, NEW_CODE);
    assert_int_equal(m->state.eflags, eflags);
    assert_true(m->state.cr0 & CR0_TS);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        assert_int_equal(m->state.gpr[n], n == ESP ? NEW_STACK : 0x01010101u * (n + 1));
    assert_int_equal(m->state.segment[GS].selector, SELECTOR_DATA_3 | 3);
    assert_true(m->state.segment[FS].attributes & ATTRIBUTE_UNUSABLE);
    assert_int_equal(access_byte(NEW_SELECTOR), ATTRIBUTES_TSS | BUSY);
}

static void expect_old_task_saved(uint32_t eip)
{
    assert_int_equal(machine_read_32(m, MACHINE_TSS + EIP_AT), eip);
    assert_int_equal(machine_read_32(m, MACHINE_TSS + EFLAGS_AT), EFLAGS_FIXED | EFLAGS_SF);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        assert_int_equal(machine_read_32(m, MACHINE_TSS + GPR_AT + n * 4),
                         n == ESP ? MACHINE_STACK : 0xa0a0a000u + n);
    assert_int_equal(machine_read_16(m, MACHINE_TSS + SEGMENT_AT + CS * 4), SELECTOR_CODE_0);
    assert_int_equal(machine_read_16(m, MACHINE_TSS + SEGMENT_AT + SS * 4), SELECTOR_DATA_0);
}

static void jump_call_and_gates(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        bool call = way & 1, gate = way & 2;

        start();
        machine_descriptor(m, MACHINE_GDT, SELECTOR_TSS, MACHINE_TSS, 0x67, ATTRIBUTES_TSS | BUSY);
        far_instruction(call ? 0x9a : 0xea, gate ? GATE : NEW_SELECTOR);
        assert_int_equal(machine_run(m, 1), PROCESSOR_BUDGET);
        expect_new_task(call);
        expect_old_task_saved(MACHINE_CODE + 7);
        assert_int_equal(access_byte(SELECTOR_TSS), ATTRIBUTES_TSS | (call ? BUSY : 0));
        if (call)
            assert_int_equal(machine_read_16(m, NEW_TSS + LINK), SELECTOR_TSS);
    }
}

/* IRET with NT: back through the link; the task that ends is no longer busy. */
static void iret_goes_back(void **state)
{
    (void)state;
    start();
    machine_descriptor(m, MACHINE_GDT, SELECTOR_TSS, MACHINE_TSS, 0x67, ATTRIBUTES_TSS | BUSY);
    far_instruction(0x9a, NEW_SELECTOR);
    machine_write_8(m, NEW_CODE, 0xcf); /* iret */
    machine_run(m, 2);
    assert_int_equal(m->state.segment[TR].selector, SELECTOR_TSS);
    assert_int_equal(m->state.eip, MACHINE_CODE + 7);
    assert_int_equal(m->state.eflags, EFLAGS_FIXED | EFLAGS_SF);
    assert_int_equal(m->state.gpr[EBX], 0xa0a0a000u + EBX);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK);
    assert_int_equal(access_byte(NEW_SELECTOR), ATTRIBUTES_TSS);
    assert_int_equal(access_byte(SELECTOR_TSS), ATTRIBUTES_TSS | BUSY);
    /* NT is cleared in what the ended task saved. */
    assert_int_equal(machine_read_32(m, NEW_TSS + EFLAGS_AT), EFLAGS_FIXED | EFLAGS_CF);
    assert_int_equal(machine_read_32(m, NEW_TSS + EIP_AT), NEW_CODE + 1);
}

static void to_and_from_a_16_bit_task(void **state)
{
    (void)state;
    start();
    new_tss_16();
    machine_descriptor(m, MACHINE_GDT, SELECTOR_TSS, MACHINE_TSS, 0x67, ATTRIBUTES_TSS | BUSY);
    far_instruction(0x9a, NEW_SELECTOR);
    machine_write_8(m, MACHINE_CODE + 0x5000, 0xcf);
    machine_run(m, 1);
    assert_int_equal(m->state.segment[TR].attributes, 0x83);
    assert_int_equal(m->state.segment[CS].selector, SELECTOR_CODE_0_16);
    assert_int_equal(m->state.eip, 0x5000);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        assert_int_equal(m->state.gpr[n] & 0xffff, 0x0101 * (n + 1));
    /* A 16-bit TSS has no FS and GS: they become null. */
    assert_true(m->state.segment[FS].attributes & ATTRIBUTE_UNUSABLE);
    assert_true(m->state.segment[GS].attributes & ATTRIBUTE_UNUSABLE);
    assert_int_equal(m->state.eflags, EFLAGS_FIXED | EFLAGS_CF | EFLAGS_NT);
    machine_run(m, 1);
    assert_int_equal(m->state.segment[TR].selector, SELECTOR_TSS);
    assert_int_equal(m->state.gpr[EAX], 0xa0a0a000u);
    assert_int_equal(machine_read_16(m, NEW_TSS + IP_AT_16), 0x5001);
    assert_int_equal(machine_read_16(m, NEW_TSS + SEGMENT_AT_16 + SS * 2), SELECTOR_DATA_0_16);
}

/* A task gate in the IDT, with an error code for those that have one. */
static void interrupts_through_task_gates(void **state)
{
    (void)state;
    start();
    machine_gate(m, MACHINE_IDT, EXCEPTION_UD, NEW_SELECTOR, 0, GATE_TASK, 0);
    MACHINE_CODE_BYTES(m, 0x0f, 0x0b);
    machine_run(m, 1);
    expect_new_task(true);
    assert_int_equal(machine_read_32(m, MACHINE_TSS + EIP_AT), MACHINE_CODE);
    assert_true(machine_read_32(m, MACHINE_TSS + EFLAGS_AT) & EFLAGS_RF);
    assert_int_equal(machine_read_16(m, NEW_TSS + LINK), SELECTOR_TSS);
    /* #GP: the error code is pushed on the new stack. */
    start();
    machine_gate(m, MACHINE_IDT, EXCEPTION_GP, NEW_SELECTOR, 0, GATE_TASK, 0);
    MACHINE_CODE_BYTES(m, 0x8e, 0xd8); /* mov ds, ax: a000 */
    machine_run(m, 1);
    assert_int_equal(m->state.gpr[ESP], NEW_STACK - 4);
    assert_int_equal(machine_read_32(m, NEW_STACK - 4), 0xa000);
    assert_int_equal(m->state.eip, NEW_CODE);
    /* INT n from CPL 3 needs the gate's DPL. */
    machine_protected(m, 3, 32);
    new_tss_32();
    machine_gate(m, MACHINE_IDT, 0x30, NEW_SELECTOR, 0, GATE_TASK, 0);
    MACHINE_CODE_BYTES(m, 0xcd, 0x30);
    case_expect_fault(EXCEPTION_GP, 0x30 * 8 + 2, MACHINE_CODE);
}

/* Before the switch is committed: the old task takes the fault, nothing has changed. */
static void faults_before_the_switch(void **state)
{
    static const struct {
        uint32_t attributes, limit;
        uint16_t selector;
        int vector;
        uint32_t error;
    } row[] = {
        {0x89, 0x66, NEW_SELECTOR, EXCEPTION_TS, NEW_SELECTOR}, /* too short */
        {0x81, 0x2a, NEW_SELECTOR, EXCEPTION_TS, NEW_SELECTOR},
        {0x09, 0x67, NEW_SELECTOR, EXCEPTION_NP, NEW_SELECTOR},
        {0x8b, 0x67, NEW_SELECTOR, EXCEPTION_GP, NEW_SELECTOR}, /* busy */
        {0x89, 0x67, NEW_SELECTOR | 4, EXCEPTION_GP, NEW_SELECTOR | 4},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        start();
        machine_descriptor(m, MACHINE_GDT, NEW_SELECTOR, NEW_TSS, row[n].limit, row[n].attributes);
        far_instruction(0xea, row[n].selector);
        case_expect_vector(row[n].vector);
        if (case_frame(0) != row[n].error || case_frame(1) != MACHINE_CODE)
            fail_msg("row %u: error code %x at %x", n, case_frame(0), case_frame(1));
        assert_int_equal(m->state.segment[TR].selector, SELECTOR_TSS);
        assert_false(m->state.cr0 & CR0_TS);
        assert_int_equal(machine_read_32(m, MACHINE_TSS + EIP_AT), 0);
        assert_int_equal(access_byte(NEW_SELECTOR), row[n].attributes);
    }
}

/* After it: the new task takes the fault, at its first instruction. SDM vol. 3, 7.3, table 7-1. */
static void faults_after_the_switch(void **state)
{
    static const struct {
        uint32_t where;
        uint16_t value;
        int vector;
        uint32_t error;
    } row[] = {
        {LDT_AT, SELECTOR_TSS, EXCEPTION_TS, SELECTOR_TSS},
        {LDT_AT, 0x200, EXCEPTION_TS, 0x200},
        {SEGMENT_AT + CS * 4, SELECTOR_DATA_0, EXCEPTION_TS, SELECTOR_DATA_0},
        {SEGMENT_AT + CS * 4, 0, EXCEPTION_TS, 0},
        {SEGMENT_AT + CS * 4, SELECTOR_FREE + 16, EXCEPTION_NP, SELECTOR_FREE + 16},
        {SEGMENT_AT + SS * 4, SELECTOR_DATA_3, EXCEPTION_TS, SELECTOR_DATA_3},
        {SEGMENT_AT + SS * 4, SELECTOR_FREE + 24, EXCEPTION_SS, SELECTOR_FREE + 24},
        {SEGMENT_AT + DS * 4, SELECTOR_TSS, EXCEPTION_TS, SELECTOR_TSS},
        {SEGMENT_AT + DS * 4, SELECTOR_FREE + 24, EXCEPTION_NP, SELECTOR_FREE + 24},
        {SEGMENT_AT + ES * 4, 0x200, EXCEPTION_TS, 0x200},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        start();
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE + 16, 0, 0xffffffff, 0xc01b);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE + 24, 0, 0xffffffff, 0xc013);
        machine_write_16(m, NEW_TSS + row[n].where, row[n].value);
        far_instruction(0xea, NEW_SELECTOR);
        machine_run(m, CASE_BUDGET);
        /* A task without a usable stack cannot take its fault: that is a shutdown. */
        if (row[n].where == SEGMENT_AT + SS * 4 || row[n].where == SEGMENT_AT + CS * 4 ||
            row[n].where == LDT_AT) {
            assert_int_equal(m->state.segment[TR].selector, NEW_SELECTOR);
            expect_old_task_saved(MACHINE_CODE + 7);
            continue;
        }
        assert_int_equal(machine_vector(m), row[n].vector);
        if (case_frame(0) != row[n].error || case_frame(1) != NEW_CODE)
            fail_msg("row %u: error code %x at %x", n, case_frame(0), case_frame(1));
        assert_int_equal(m->state.segment[TR].selector, NEW_SELECTOR);
        expect_old_task_saved(MACHINE_CODE + 7);
        assert_true(m->state.cr0 & CR0_TS);
    }
}

/* The T bit of the new TSS: #DB before its first instruction. SDM vol. 3, 17.2.3. */
static void the_debug_trap_flag(void **state)
{
    (void)state;
    start();
    machine_write_16(m, NEW_TSS + TRAP_AT, 1);
    far_instruction(0xea, NEW_SELECTOR);
    case_expect_vector(EXCEPTION_DB);
    assert_int_equal(case_frame(0), NEW_CODE);
    assert_int_equal(m->state.dr[6] & 0xf00f, 0x8000); /* BT */
}

/* CR3 comes from a 32-bit TSS when paging is on. */
static void page_directory_of_the_new_task(void **state)
{
    (void)state;
    start();
    machine_paging(m);
    /* A directory of its own that maps the first 4 MiB the same. */
    machine_write_32(m, 0x00200000, machine_read_32(m, MACHINE_TABLES));
    machine_write_32(m, NEW_TSS + CR3_AT, 0x00200000);
    far_instruction(0xea, NEW_SELECTOR);
    machine_run(m, 1);
    assert_int_equal(m->state.cr3, 0x00200000);
    expect_new_task(false);
    /* The outgoing CR3 is not saved. */
    assert_int_equal(machine_read_32(m, MACHINE_TSS + CR3_AT), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(jump_call_and_gates),
        cmocka_unit_test(iret_goes_back),
        cmocka_unit_test(to_and_from_a_16_bit_task),
        cmocka_unit_test(interrupts_through_task_gates),
        cmocka_unit_test(faults_before_the_switch),
        cmocka_unit_test(faults_after_the_switch),
        cmocka_unit_test(the_debug_trap_flag),
        cmocka_unit_test(page_directory_of_the_new_task),
    };

    return CASE_MAIN(tests);
}
