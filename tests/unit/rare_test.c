/* Rules that no other test, nor the oracle, the vectors or the kept fuzz inputs come by: `make
 * coverage` shows them. Not here: anything that fits a test with a subject of its own. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"

#define CODE_16 (SELECTOR_FREE + 0u)
#define ABSENT  (SELECTOR_FREE + 8u)
#define GATE    (SELECTOR_FREE + 16u)
#define NEW_TSS 0x00014000u
#define PAGES   0x00018000u

static void code(const void *bytes, size_t length)
{
    machine_code(m, bytes, length);
}

/* --- gates and stacks ---------------------------------------------------------------------------
 */

/* A call gate whose code segment is not present: #NP names the segment, for JMP and CALL. */
static void test_gate_to_absent_code(void **state)
{
    static const uint8_t opcode[] = {0xea, 0x9a};

    (void)state;
    for (unsigned n = 0; n < sizeof(opcode); n++) {
        const uint8_t bytes[] = {opcode[n], 0, 0, 0, 0, GATE, 0};

        machine_protected(m, 0, 32);
        machine_descriptor(m, MACHINE_GDT, ABSENT, 0, 0xffffffff, ATTRIBUTES_CODE_0 & ~ATTRIBUTE_P);
        machine_gate(m, MACHINE_GDT, GATE / 8, ABSENT, MACHINE_CODE, GATE_CALL_32, 0);
        code(bytes, sizeof(bytes));
        case_expect_fault(EXCEPTION_NP, ABSENT, MACHINE_CODE);
    }
}

/* SS0:ESP0 beyond the TSS limit: #TS names the TSS, here in the delivery of INT from CPL 3. The
 * handler of #TS is a task, which needs no stack of the TSS. */
static void test_tss_without_stack(void **state)
{
    static const uint8_t bytes[] = {0xcd, 0x40};

    (void)state;
    machine_protected(m, 3, 32);
    machine_segment(m, TR, SELECTOR_TSS, MACHINE_TSS, 8, 0x8b);
    machine_load(m);
    code(bytes, sizeof(bytes));
    /* Delivery of #TS, then of #DF, meets the same: a shutdown. */
    assert_int_equal(machine_run(m, 2), PROCESSOR_TRIPLE_FAULT);
    assert_int_equal(m->processor.fault.vector, EXCEPTION_TS);
    assert_int_equal(m->processor.fault.error, SELECTOR_TSS | 1);
    assert_int_equal(m->state.eip, MACHINE_CODE);
}

/* IRET to virtual-8086 mode with an EIP that has more than 16 bits. */
static void test_iret_beyond_64k(void **state)
{
    static const uint8_t bytes[] = {0xcf};

    (void)state;
    machine_protected(m, 0, 32);
    machine_write_32(m, MACHINE_STACK, 0x10000);
    machine_write_32(m, MACHINE_STACK + 8, EFLAGS_VM | EFLAGS_FIXED);
    code(bytes, sizeof(bytes));
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
    assert_false(m->state.eflags & EFLAGS_VM);
}

/* --- tasks --------------------------------------------------------------------------------------
 */

static void start_task(uint16_t data, uint32_t eip)
{
    static const uint8_t bytes[] = {0xea, 0, 0, 0, 0, SELECTOR_FREE, 0};

    machine_protected(m, 0, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, NEW_TSS, 0x67, ATTRIBUTES_TSS);
    machine_write_32(m, NEW_TSS + 32, eip);
    machine_write_32(m, NEW_TSS + 56, MACHINE_STACK);
    for (unsigned n = ES; n <= GS; n++)
        machine_write_16(m, NEW_TSS + 72 + n * 4, n == CS ? SELECTOR_CODE_0_16 : SELECTOR_DATA_0);
    machine_write_16(m, NEW_TSS + 72 + FS * 4, data);
    code(bytes, sizeof(bytes));
}

/* Faults in the new task: a data segment that is none, its EIP beyond CS. */
static void test_faults_of_the_new_task(void **state)
{
    (void)state;
    start_task(SELECTOR_TSS, 0);
    case_expect_fault(EXCEPTION_TS, SELECTOR_TSS, 0);
    assert_int_equal(m->state.segment[TR].selector, SELECTOR_FREE);
    start_task(SELECTOR_DATA_0, 0x10000);
    case_expect_fault(EXCEPTION_GP, 0, 0x10000);
    assert_int_equal(m->state.segment[TR].selector, SELECTOR_FREE);
}

/* IRET to a task whose TSS is busy but not present. */
static void test_absent_nested_task(void **state)
{
    static const uint8_t bytes[] = {0xcf};

    (void)state;
    machine_protected(m, 0, 32);
    m->state.eflags |= EFLAGS_NT;
    machine_load(m);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, NEW_TSS, 0x67, 0x0b);
    machine_write_16(m, MACHINE_TSS, SELECTOR_FREE);
    code(bytes, sizeof(bytes));
    case_expect_fault(EXCEPTION_NP, SELECTOR_FREE, MACHINE_CODE);
}

/* Identity mapping of the first 2 MiB by a large page, under PAE. */
static void start_pae(void)
{
    machine_protected(m, 0, 32);
    machine_write_32(m, PAGES, (PAGES + 0x1000) | 1);
    machine_write_32(m, PAGES + 0x1000, 0xe7);
    m->state.cr4 |= CR4_PAE;
    m->state.cr3 = PAGES;
}

/* A task whose CR3 leads to a malformed page-directory-pointer entry: #GP(0) in the new task. */
static void test_task_with_malformed_pdpte(void **state)
{
    static const uint8_t bytes[] = {0xea, 0, 0, 0, 0, SELECTOR_FREE, 0};

    (void)state;
    start_pae();
    m->state.cr0 |= CR0_PG;
    machine_load(m);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, NEW_TSS, 0x67, ATTRIBUTES_TSS);
    machine_write_32(m, NEW_TSS + 28, PAGES + 0x800);
    machine_write_32(m, PAGES + 0x800, 3);
    machine_write_32(m, NEW_TSS + 32, MACHINE_CODE + 0x40);
    machine_write_32(m, NEW_TSS + 56, MACHINE_STACK);
    code(bytes, sizeof(bytes));
    machine_run(m, 1);
    assert_int_equal(m->processor.fault.vector, EXCEPTION_GP);
    assert_int_equal(m->processor.fault.error, 0);
    assert_int_equal(m->state.segment[TR].selector, SELECTOR_FREE);
    assert_int_equal(machine_stack(m, 1, 4), MACHINE_CODE + 0x40);
}

/* --- system instructions ------------------------------------------------------------------------
 */

static void test_lidt(void **state)
{
    static const uint8_t bytes[] = {0x0f, 0x01, 0x1d, 0,    0, 3, 0,    /* lidt [30000] */
                                    0x66, 0x0f, 0x01, 0x1d, 0, 0, 3, 0, /* 24 bits of base */
                                    0xf4};

    (void)state;
    machine_protected(m, 0, 32);
    machine_write_16(m, MACHINE_DATA, 0x1234);
    machine_write_32(m, MACHINE_DATA + 2, 0x56789abc);
    code(bytes, sizeof(bytes));
    machine_run(m, 1);
    assert_int_equal(m->state.idtr.limit, 0x1234);
    assert_int_equal(m->state.idtr.base, 0x56789abc);
    machine_run(m, 1);
    assert_int_equal(m->state.idtr.base, 0x789abc);
}

/* A hypercall instruction where nobody takes hypercalls, and other register forms of 0F 01. */
static void test_no_hypercalls(void **state)
{
    static const uint8_t modrm[] = {0xc1, 0xd9, 0xc2, 0xd8};

    (void)state;
    for (unsigned n = 0; n < sizeof(modrm); n++) {
        const uint8_t bytes[] = {0x0f, 0x01, modrm[n]};

        machine_protected(m, 0, 32);
        code(bytes, sizeof(bytes));
        case_expect_vector(EXCEPTION_UD);
    }
}

/* Without its MSRs there is no SYSENTER. */
static void test_no_sysenter(void **state)
{
    static const uint8_t bytes[] = {0x0f, 0x34};

    (void)state;
    machine_protected(m, 3, 32);
    m->msr_count = 1;
    code(bytes, sizeof(bytes));
    case_expect_vector(EXCEPTION_UD);
}

/* LAR of conforming code asks for no privilege. */
static void test_lar_of_conforming_code(void **state)
{
    static const uint8_t bytes[] = {0x0f, 0x02, 0xc1}; /* lar eax, ecx */

    (void)state;
    machine_protected(m, 3, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff,
                       ATTRIBUTES_CODE_0 | ATTRIBUTE_CONFORMING);
    m->state.gpr[ECX] = SELECTOR_FREE | 3;
    machine_load(m);
    code(bytes, sizeof(bytes));
    machine_run(m, 1);
    assert_true(m->state.eflags & EFLAGS_ZF);
    assert_int_equal(m->state.gpr[EAX] & 0x00f0ff00, 0x00c09f00);
}

/* LME, PAE and PG make LMA; while it is set PAE cannot be cleared. */
static void test_long_mode_active(void **state)
{
    static const uint8_t bytes[] = {0x0f, 0x22, 0xc0}; /* mov cr0, eax */
    static const uint8_t more[] = {0x0f, 0x22, 0xe1};  /* mov cr4, ecx */

    (void)state;
    start_pae();
    m->state.efer = EFER_LME;
    m->state.gpr[EAX] = m->state.cr0 | CR0_PG;
    machine_load(m);
    code(bytes, sizeof(bytes));
    machine_run(m, 1);
    assert_int_equal(m->state.efer, EFER_LME | EFER_LMA);
    machine_load(m);
    code(more, sizeof(more));
    machine_run(m, 1);
    assert_int_equal(m->processor.fault.vector, EXCEPTION_GP);
    assert_true(m->state.cr4 & CR4_PAE);
}

/* --- others -------------------------------------------------------------------------------------
 */

/* SHLD of 16 bits by more than 16 (undefined in the SDM): as P6 processors do, the destination
 * comes in again behind the source. */
static void test_double_shift_beyond_the_width(void **state)
{
    static const uint8_t bytes[] = {0x0f, 0xa4, 0xc8, 20}; /* shld ax, cx, 20 */

    (void)state;
    machine_real_mode(m);
    m->state.gpr[EAX] = 0x1234;
    m->state.gpr[ECX] = 0x5678;
    machine_load(m);
    code(bytes, sizeof(bytes));
    machine_run(m, 1);
    assert_int_equal(m->state.gpr[EAX], 0x6781);
}

static void stop_when_opening(void *context)
{
    struct machine *machine = context;

    machine_platform.open_interrupts(context);
    processor_stop(&machine->processor);
}

/* Asked to stop between the boundary's beginning and HLT's waiting: it does not wait. */
static void test_stop_before_halting(void **state)
{
    static const uint8_t bytes[] = {0xf4};
    struct platform platform = machine_platform;

    (void)state;
    machine_real_mode(m);
    m->state.eflags |= EFLAGS_IF;
    machine_load(m);
    code(bytes, sizeof(bytes));
    machine_run(m, 1);
    platform.open_interrupts = stop_when_opening;
    m->processor.platform = &platform;
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_STOPPED);
    assert_int_equal(m->halts, 0);
}

/* Who refuses to leave may say for how long: the run ends then, and is not asked before. */
static void test_staying_for_a_while(void **state)
{
    static const uint8_t bytes[] = {0x40, 0x40, 0xeb, 0xfc};

    (void)state;
    machine_protected(m, 0, 32);
    m->stay = 7;
    code(bytes, sizeof(bytes));
    for (unsigned n = 1; n < 4; n++) {
        assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_BUDGET);
        assert_int_equal(m->leave_asked, n);
        assert_int_equal(m->processor.retired, 7 * n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_to_absent_code),
        cmocka_unit_test(test_tss_without_stack),
        cmocka_unit_test(test_iret_beyond_64k),
        cmocka_unit_test(test_faults_of_the_new_task),
        cmocka_unit_test(test_absent_nested_task),
        cmocka_unit_test(test_task_with_malformed_pdpte),
        cmocka_unit_test(test_lidt),
        cmocka_unit_test(test_no_hypercalls),
        cmocka_unit_test(test_no_sysenter),
        cmocka_unit_test(test_lar_of_conforming_code),
        cmocka_unit_test(test_long_mode_active),
        cmocka_unit_test(test_double_shift_beyond_the_width),
        cmocka_unit_test(test_stop_before_halting),
        cmocka_unit_test(test_staying_for_a_while),
    };

    return CASE_MAIN(tests);
}
