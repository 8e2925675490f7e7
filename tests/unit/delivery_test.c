/* Delivery of exceptions and software interrupts: IVT, gates of an IDT, change of privilege, error
 * codes, double and triple faults. Not here: external interrupts (interrupt_test.c), task gates
 * (task_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"

#define IDT_ERROR(vector, external) ((uint32_t)(vector)*8 + 2 + (external))

/* --- real mode ---------------------------------------------------------------------------------
 */

static void interrupt_table_in_real_mode(void **state)
{
    (void)state;
    machine_real_mode(m);
    m->state.eflags = EFLAGS_FIXED | EFLAGS_IF | EFLAGS_AC | EFLAGS_CF | EFLAGS_DF;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0xcd, 0x21); /* int 0x21 */
    case_expect_vector(0x21);
    assert_int_equal(machine_stack(m, 0, 2), 2);      /* behind the instruction */
    assert_int_equal(machine_stack(m, 1, 2), 0x1000); /* CS */
    assert_int_equal(machine_stack(m, 2, 2), EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF | EFLAGS_DF);
    assert_int_equal(m->state.gpr[ESP], 0x7ffa);
    assert_int_equal(m->state.eflags, EFLAGS_FIXED | EFLAGS_CF | EFLAGS_DF);
    assert_int_equal(m->state.segment[CS].selector, 0x5000);
    assert_int_equal(m->state.segment[CS].base, 0x50000);
}

/* The table is where LIDT says, and as long. */
static void relocated_and_short_tables(void **state)
{
    (void)state;
    machine_real_mode(m);
    m->state.idtr = (struct table_register){0x00080000, 0x3ff};
    machine_load(m);
    machine_write_32(m, 0x80000 + 0x21 * 4, 0x50000420);
    MACHINE_CODE_BYTES(m, 0xcd, 0x21);
    case_expect_vector(0x42);
    /* Vector 20h is beyond the limit: #GP instead; it pushes no error code in real mode. */
    machine_real_mode(m);
    m->state.idtr.limit = 0x20 * 4 + 2;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0xcd, 0x20);
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(machine_stack(m, 0, 2), 0);
    /* #GP itself beyond the limit: #DF; that too: shutdown. */
    machine_real_mode(m);
    m->state.idtr.limit = 8 * 4 + 3;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0xcd, 0x20);
    case_expect_vector(EXCEPTION_DF);
    machine_real_mode(m);
    m->state.idtr.limit = 8 * 4 + 2;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x90, 0xcd, 0x20);
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_TRIPLE_FAULT);
    assert_int_equal(m->state.eip, 1);
    assert_int_equal(m->state.gpr[ESP], 0x8000);
}

static void faults_and_traps_in_real_mode(void **state)
{
    static const struct {
        uint8_t code[4];
        int vector;
        uint32_t ip;
    } row[] = {
        {{0xcc}, EXCEPTION_BP, 1},                   /* int3 */
        {{0xce}, EXCEPTION_OF, 1},                   /* into, OF set */
        {{0xf1}, EXCEPTION_DB, 1},                   /* int1 */
        {{0x0f, 0x0b}, EXCEPTION_UD, 0},             /* ud2 */
        {{0xf7, 0xf3}, EXCEPTION_DE, 0},             /* div bx */
        {{0x62, 0x06, 0x00, 0x00}, EXCEPTION_BR, 0}, /* bound ax, [0] */
        {{0x63, 0xc0}, EXCEPTION_UD, 0},             /* arpl */
        {{0x0f, 0x00, 0xc0}, EXCEPTION_UD, 0},       /* sldt */
        {{0xf0, 0x90}, EXCEPTION_UD, 0},             /* lock nop */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_real_mode(m);
        m->state.eflags |= EFLAGS_OF;
        m->state.gpr[EAX] = 5;
        machine_load(m);
        machine_code(m, row[n].code, sizeof(row[n].code));
        case_expect_vector(row[n].vector);
        assert_int_equal(machine_stack(m, 0, 2), row[n].ip);
    }
    /* INTO without OF is nothing. */
    machine_real_mode(m);
    MACHINE_CODE_BYTES(m, 0xce, 0xf4);
    case_expect_halt();
}

/* --- gates --------------------------------------------------------------------------------------
 */

static void gates_of_all_sizes(void **state)
{
    static const uint32_t types[] = {GATE_INTERRUPT_16, GATE_TRAP_16, GATE_INTERRUPT_32,
                                     GATE_TRAP_32};

    (void)state;
    for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
        for (unsigned n = 0; n < 4; n++) {
            unsigned width = n < 2 ? 2 : 4, words = cpl ? 5 : 3;
            uint32_t top = cpl ? MACHINE_STACK_0 : MACHINE_STACK;
            uint16_t code = cpl ? SELECTOR_CODE_3 | 3 : SELECTOR_CODE_0;

            machine_protected(m, cpl, 32);
            m->state.eflags = EFLAGS_FIXED | EFLAGS_IF | EFLAGS_NT | EFLAGS_ID | EFLAGS_SF;
            machine_load(m);
            /* A 16-bit gate reaches only the low 64 KiB: a code segment with the handlers' base. */
            machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, MACHINE_HANDLERS, 0xffff, 0x9b);
            machine_gate(m, MACHINE_IDT, 0x30, SELECTOR_FREE, 0x30 * 16, types[n] | GATE_DPL_3, 0);
            MACHINE_CODE_BYTES(m, 0xcd, 0x30);
            if (types[n] & 1) { /* a trap gate leaves IF: stop with a budget, not at the HLT */
                assert_int_equal(machine_run(m, 1), PROCESSOR_BUDGET);
                assert_true(m->state.eflags & EFLAGS_IF);
                assert_int_equal(m->state.eip, 0x30 * 16);
            } else {
                case_expect_vector(0x30);
                assert_false(m->state.eflags & EFLAGS_IF);
            }
            assert_false(m->state.eflags & EFLAGS_NT);
            assert_true(m->state.eflags & EFLAGS_ID);
            assert_int_equal(m->state.cpl, 0);
            assert_int_equal(m->state.gpr[ESP], top - words * width);
            assert_int_equal(machine_stack(m, 0, width),
                             (MACHINE_CODE + 2) & (width == 2 ? 0xffffu : 0xffffffffu));
            assert_int_equal(machine_stack(m, 1, width), code);
            assert_int_equal(machine_stack(m, 2, width) & 0xffff,
                             EFLAGS_FIXED | EFLAGS_IF | EFLAGS_NT | EFLAGS_SF);
            if (cpl) {
                assert_int_equal(machine_stack(m, 3, width),
                                 MACHINE_STACK & (width == 2 ? 0xffffu : 0xffffffffu));
                assert_int_equal(machine_stack(m, 4, width), SELECTOR_DATA_3 | 3);
                assert_int_equal(m->state.segment[SS].selector, SELECTOR_DATA_0);
                assert_int_equal(m->state.segment[SS].attributes, ATTRIBUTES_DATA_0);
            }
        }
    }
}

/* INT n needs the gate's DPL; a fault does not. SDM vol. 3, 6.12.1.2. */
static void gate_privilege_is_for_software_only(void **state)
{
    static const uint8_t software[][2] = {{0xcd, 0x06}, {0xcc, 0x00}, {0xce, 0x00}};
    static const uint8_t vector[] = {6, 3, 4};

    (void)state;
    for (unsigned n = 0; n < 3; n++) {
        machine_protected(m, 3, 32);
        m->state.eflags |= EFLAGS_OF;
        machine_load(m);
        machine_gate(m, MACHINE_IDT, vector[n], SELECTOR_CODE_0, MACHINE_HANDLERS + vector[n] * 16,
                     GATE_INTERRUPT_32, 0);
        machine_code(m, software[n], 2);
        case_expect_fault(EXCEPTION_GP, IDT_ERROR(vector[n], 0), MACHINE_CODE);
    }
    machine_protected(m, 3, 32);
    machine_gate(m, MACHINE_IDT, 6, SELECTOR_CODE_0, MACHINE_HANDLERS + 6 * 16, GATE_INTERRUPT_32,
                 0);
    MACHINE_CODE_BYTES(m, 0x0f, 0x0b);
    case_expect_vector(EXCEPTION_UD);
    /* INT1 is like hardware: no privilege rule. */
    machine_protected(m, 3, 32);
    machine_gate(m, MACHINE_IDT, 1, SELECTOR_CODE_0, MACHINE_HANDLERS + 16, GATE_INTERRUPT_32, 0);
    MACHINE_CODE_BYTES(m, 0xf1);
    case_expect_vector(EXCEPTION_DB);
    assert_int_equal(case_frame(0), MACHINE_CODE + 1);
}

/* What can be wrong with a gate, and the error code that says so. EXT is 0 for INT n. */
static void bad_gates(void **state)
{
    static const struct {
        uint32_t attributes; /* of the gate */
        uint16_t selector;
        uint32_t code_attributes; /* of SELECTOR_FREE */
        uint32_t idt_limit;
        int vector;
        uint32_t error;
    } row[] = {
        {0x80 | GATE_DPL_3, SELECTOR_CODE_0, 0, 0x7ff, EXCEPTION_GP, IDT_ERROR(0x30, 0)},
        {0x8c | GATE_DPL_3, SELECTOR_CODE_0, 0, 0x7ff, EXCEPTION_GP, IDT_ERROR(0x30, 0)},
        {0x0e | GATE_DPL_3, SELECTOR_CODE_0, 0, 0x7ff, EXCEPTION_NP, IDT_ERROR(0x30, 0)},
        {0x9b | GATE_DPL_3, SELECTOR_CODE_0, 0, 0x7ff, EXCEPTION_GP, IDT_ERROR(0x30, 0)},
        {0x8e | GATE_DPL_3, 0, 0, 0x7ff, EXCEPTION_GP, 0},
        {0x8e | GATE_DPL_3, 0x200, 0, 0x7ff, EXCEPTION_GP, 0x200},
        {0x8e | GATE_DPL_3, SELECTOR_DATA_0, 0, 0x7ff, EXCEPTION_GP, SELECTOR_DATA_0},
        {0x8e | GATE_DPL_3, SELECTOR_TSS, 0, 0x7ff, EXCEPTION_GP, SELECTOR_TSS},
        {0x8e | GATE_DPL_3, SELECTOR_FREE, 0xc01b, 0x7ff, EXCEPTION_NP, SELECTOR_FREE},
        {0x8e | GATE_DPL_3, SELECTOR_FREE, 0xc0fb, 0x7ff, EXCEPTION_GP, SELECTOR_FREE}, /* outer */
        {0x8e | GATE_DPL_3, SELECTOR_CODE_0, 0, 0x30 * 8 + 6, EXCEPTION_GP, IDT_ERROR(0x30, 0)},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_protected(m, 0, 32);
        m->state.idtr.limit = row[n].idt_limit;
        machine_load(m);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff, row[n].code_attributes);
        machine_gate(m, MACHINE_IDT, 0x30, row[n].selector, MACHINE_HANDLERS + 0x300,
                     row[n].attributes, 0);
        MACHINE_CODE_BYTES(m, 0xcd, 0x30);
        case_expect_vector(row[n].vector);
        if (case_frame(0) != row[n].error)
            fail_msg("row %u: error code %x", n, case_frame(0));
        assert_int_equal(case_frame(1), MACHINE_CODE);
    }
}

/* The same while an exception is delivered: EXT is 1. */
static void a_bad_gate_of_an_exception_is_a_double_fault_or_not(void **state)
{
    /* #UD is benign: its bad gate is #GP with EXT. */
    (void)state;
    machine_protected(m, 0, 32);
    machine_gate(m, MACHINE_IDT, EXCEPTION_UD, SELECTOR_DATA_0, 0, GATE_INTERRUPT_32, 0);
    MACHINE_CODE_BYTES(m, 0x0f, 0x0b);
    case_expect_fault(EXCEPTION_GP, SELECTOR_DATA_0 | 1, MACHINE_CODE);
    /* #DE is contributory: its bad gate is #DF with error code 0. SDM vol. 3, table 6-5. */
    machine_protected(m, 0, 32);
    machine_gate(m, MACHINE_IDT, EXCEPTION_DE, SELECTOR_DATA_0, 0, GATE_INTERRUPT_32, 0);
    MACHINE_CODE_BYTES(m, 0xf7, 0xf3);
    case_expect_fault(EXCEPTION_DF, 0, MACHINE_CODE);
}

/* A handler beyond its segment's limit, or a null selector: #GP(EXT), from either level. */
static void handlers_that_cannot_be_entered(void **state)
{
    (void)state;
    for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
        for (unsigned exception = 0; exception < 2; exception++) {
            for (unsigned null = 0; null < 2; null++) {
                uint8_t vector = exception ? EXCEPTION_UD : 0x30;

                machine_protected(m, cpl, 32);
                machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xfff, 0x409b);
                machine_gate(m, MACHINE_IDT, vector, null ? 0 : SELECTOR_FREE, 0x1000,
                             GATE_INTERRUPT_32 | GATE_DPL_3, 0);
                if (exception)
                    MACHINE_CODE_BYTES(m, 0x0f, 0x0b);
                else
                    MACHINE_CODE_BYTES(m, 0xcd, 0x30);
                case_expect_fault(EXCEPTION_GP, exception, MACHINE_CODE);
            }
        }
    }
}

/* SDM vol. 3, table 6-5: first exception by row, second by column. The second comes from the
 * first's gate: a missing code segment (#NP, contributory) or a page fault while reading the gate.
 */
static void double_fault_classes(void **state)
{
    static const struct {
        uint8_t code[6];
        uint8_t first;
        bool page_fault_second;
        int expected;
    } row[] = {
        {{0x0f, 0x0b}, EXCEPTION_UD, false, EXCEPTION_NP},
        {{0x0f, 0x0b}, EXCEPTION_UD, true, EXCEPTION_PF},
        {{0xf7, 0xf3}, EXCEPTION_DE, false, EXCEPTION_DF},
        {{0xf7, 0xf3}, EXCEPTION_DE, true, EXCEPTION_PF},
        {{0x31, 0xdb, 0x8e, 0xd3}, EXCEPTION_GP, false, EXCEPTION_DF}, /* null into SS */
        {{0x31, 0xdb, 0x8e, 0xd3}, EXCEPTION_GP, true, EXCEPTION_PF},
        {{0xa1, 0x00, 0x00, 0x40, 0x00}, EXCEPTION_PF, false, EXCEPTION_DF},
        {{0xa1, 0x00, 0x00, 0x40, 0x00}, EXCEPTION_PF, true, EXCEPTION_DF},
        {{0xcd, 0x30}, 0x30, false, EXCEPTION_NP},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_protected(m, 0, 32);
        machine_paging(m);
        machine_write_32(m, MACHINE_TABLES + 4, 0); /* 4..8 MiB: not present */
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff, 0xc01b);
        machine_gate(m, MACHINE_IDT, row[n].first, SELECTOR_FREE, 0, GATE_INTERRUPT_32, 0);
        if (row[n].page_fault_second) {
            /* The gate's code segment is described in a page that is not there. */
            machine_gate(m, MACHINE_IDT, row[n].first, 0x04, 0, GATE_INTERRUPT_32, 0);
            m->state.segment[LDTR].base = 0x00400000;
            machine_load(m);
            if (row[n].first == EXCEPTION_PF) {
                /* Vectors 8 and 14 both must keep working when the LDT is gone: they use the GDT;
                 * 14's own gate is the one that is bad here. */
                m->state.cr2 = 0;
            }
        }
        machine_code(m, row[n].code, sizeof(row[n].code));
        case_expect_vector(row[n].expected);
        if (row[n].expected == EXCEPTION_DF)
            assert_int_equal(case_frame(0), 0);
    }
}

static void triple_faults_shut_down(void **state)
{
    (void)state;
    /* #DF's own gate is not present. */
    machine_protected(m, 0, 32);
    machine_gate(m, MACHINE_IDT, EXCEPTION_DE, SELECTOR_DATA_0, 0, GATE_INTERRUPT_32, 0);
    machine_gate(m, MACHINE_IDT, EXCEPTION_DF, SELECTOR_CODE_0, 0, 0x0e, 0);
    MACHINE_CODE_BYTES(m, 0x90, 0xf7, 0xf3);
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_TRIPLE_FAULT);
    assert_int_equal(m->state.eip, MACHINE_CODE + 1);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK);
    assert_int_equal(m->state.segment[CS].selector, SELECTOR_CODE_0);
    /* No IDT at all. */
    machine_protected(m, 3, 32);
    m->state.idtr.limit = 0;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0xcc);
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_TRIPLE_FAULT);
    assert_int_equal(m->state.cpl, 3);
    assert_int_equal(m->state.eip, MACHINE_CODE);
}

/* Error codes are pushed by the exceptions that have one, and as wide as the gate. */
static void error_codes_follow_the_gate(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, MACHINE_HANDLERS, 0xffff, 0x9b);
    machine_gate(m, MACHINE_IDT, EXCEPTION_GP, SELECTOR_FREE, EXCEPTION_GP * 16, GATE_INTERRUPT_16,
                 0);
    MACHINE_CODE_BYTES(m, 0xb8, 0xf8, 0x01, 0x00, 0x00, 0x8e, 0xd8); /* mov ds, 1f8 */
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(machine_stack(m, 0, 2), 0x1f8);
    assert_int_equal(machine_stack(m, 1, 2), (MACHINE_CODE + 5) & 0xffff);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK - 8);
    /* INT 13 pushes none. */
    machine_protected(m, 0, 32);
    MACHINE_CODE_BYTES(m, 0xcd, 0x0d);
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(case_frame(0), MACHINE_CODE + 2);
}

/* --- the inner stack ---------------------------------------------------------------------------
 */

/* SDM vol. 3, 6.12.1 and vol. 2, INT: checks of the stack that the TSS names. EXT 0 for INT n. */
static void bad_inner_stacks(void **state)
{
    static const struct {
        uint16_t selector;
        uint32_t attributes; /* of SELECTOR_FREE */
        uint32_t esp, limit;
        int vector;
        uint32_t error;
    } row[] = {
        {0, 0, 0x50000, 0, EXCEPTION_TS, 0},
        {0x200, 0, 0x50000, 0, EXCEPTION_TS, 0x200},
        {SELECTOR_FREE | 3, 0x93, 0x50000, 0xfffff, EXCEPTION_TS, SELECTOR_FREE},
        {SELECTOR_FREE, 0xf3, 0x50000, 0xfffff, EXCEPTION_TS, SELECTOR_FREE},
        {SELECTOR_FREE, 0x91, 0x50000, 0xfffff, EXCEPTION_TS, SELECTOR_FREE},
        {SELECTOR_FREE, 0x9b, 0x50000, 0xfffff, EXCEPTION_TS, SELECTOR_FREE},
        {SELECTOR_FREE, 0x82, 0x50000, 0xfffff, EXCEPTION_TS, SELECTOR_FREE},
        {SELECTOR_FREE, 0x13, 0x50000, 0xfffff, EXCEPTION_SS, SELECTOR_FREE},
        {SELECTOR_FREE, 0x4093, 0x50000, 0x4ffff, -1, 0},
        {SELECTOR_FREE, 0x4093, 0x50001, 0x4ffff, EXCEPTION_SS, SELECTOR_FREE},
        {SELECTOR_FREE, 0x4093, 0x00010, 0x4ffff, EXCEPTION_SS, SELECTOR_FREE}, /* 5 dwords */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_protected(m, 3, 32);
        /* The handlers of #TS and #SS run at CPL 3 here: a gate to a conforming segment needs no
         * inner stack. */
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE + 8, 0, 0xffffffff, 0xc09f);
        for (unsigned vector = 0; vector < 0x20; vector++)
            machine_gate(m, MACHINE_IDT, vector, SELECTOR_FREE + 8, MACHINE_HANDLERS + vector * 16,
                         GATE_INTERRUPT_32 | GATE_DPL_3, 0);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, row[n].limit, row[n].attributes);
        machine_write_32(m, MACHINE_TSS + 4, row[n].esp);
        machine_write_16(m, MACHINE_TSS + 8, row[n].selector);
        MACHINE_CODE_BYTES(m, 0xcd, 0x30);
        machine_run(m, 1);
        if (row[n].vector < 0) {
            assert_int_equal(m->state.eip, MACHINE_HANDLERS + 0x30 * 16);
            assert_int_equal(m->state.gpr[ESP], row[n].esp - 20);
            continue;
        }
        if (m->state.eip != MACHINE_HANDLERS + (uint32_t)row[n].vector * 16)
            fail_msg("row %u: EIP %x", n, m->state.eip);
        assert_int_equal(m->state.cpl, 3);
        assert_int_equal(m->state.segment[SS].selector, SELECTOR_DATA_3 | 3);
        assert_int_equal(machine_read_32(m, MACHINE_STACK - 16), row[n].error);
        assert_int_equal(machine_read_32(m, MACHINE_STACK - 12), MACHINE_CODE);
    }
}

/* Nothing of a frame is written when it does not fit or a page is missing. */
static void frames_are_written_whole_or_not_at_all(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_paging(m);
    machine_write_32(m, machine_page_entry(MACHINE_STACK_0 - 0x1000), 0);
    machine_write_32(m, MACHINE_TSS + 4, MACHINE_STACK_0 + 8); /* two dwords fit the next page */
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff, 0xc09f);
    machine_gate(m, MACHINE_IDT, EXCEPTION_PF, SELECTOR_FREE, MACHINE_HANDLERS + EXCEPTION_PF * 16,
                 GATE_INTERRUPT_32 | GATE_DPL_3, 0);
    MACHINE_CODE_BYTES(m, 0xcd, 0x30);
    machine_run(m, 1);
    assert_int_equal(m->state.cr2, MACHINE_STACK_0 - 4);
    assert_int_equal(machine_read_32(m, MACHINE_STACK_0), 0);
    assert_int_equal(machine_read_32(m, MACHINE_STACK_0 + 4), 0);
    assert_int_equal(m->state.cpl, 3);
    /* A supervisor's write: the pushes to an inner stack are made with CPL 0. */
    assert_int_equal(machine_read_32(m, MACHINE_STACK - 16), 2);
}

/* A 16-bit TSS holds the inner stack elsewhere. */
static void inner_stack_of_a_16_bit_tss(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_segment(m, TR, SELECTOR_TSS, MACHINE_TSS, 0x2b, 0x83);
    machine_load(m);
    machine_write_32(m, MACHINE_TSS, 0);
    machine_write_16(m, MACHINE_TSS + 2, 0x9000);
    machine_write_16(m, MACHINE_TSS + 4, SELECTOR_DATA_0_16);
    MACHINE_CODE_BYTES(m, 0xcd, 0x30);
    case_expect_vector(0x30);
    assert_int_equal(m->state.segment[SS].selector, SELECTOR_DATA_0_16);
    assert_int_equal(m->state.gpr[ESP] & 0xffff, 0x9000 - 20);
    assert_int_equal(machine_read_32(m, 0x49000 - 20), MACHINE_CODE + 2);
}

/* A conforming handler runs at the interrupted level on its stack. */
static void conforming_handlers(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff, 0xc09f);
    machine_gate(m, MACHINE_IDT, 0x30, SELECTOR_FREE, MACHINE_HANDLERS + 0x300,
                 GATE_INTERRUPT_32 | GATE_DPL_3, 0);
    MACHINE_CODE_BYTES(m, 0xcd, 0x30);
    machine_run(m, 1);
    assert_int_equal(m->state.cpl, 3);
    assert_int_equal(m->state.segment[CS].selector, SELECTOR_FREE | 3);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK - 12);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(interrupt_table_in_real_mode),
        cmocka_unit_test(relocated_and_short_tables),
        cmocka_unit_test(faults_and_traps_in_real_mode),
        cmocka_unit_test(gates_of_all_sizes),
        cmocka_unit_test(gate_privilege_is_for_software_only),
        cmocka_unit_test(bad_gates),
        cmocka_unit_test(a_bad_gate_of_an_exception_is_a_double_fault_or_not),
        cmocka_unit_test(handlers_that_cannot_be_entered),
        cmocka_unit_test(double_fault_classes),
        cmocka_unit_test(triple_faults_shut_down),
        cmocka_unit_test(error_codes_follow_the_gate),
        cmocka_unit_test(bad_inner_stacks),
        cmocka_unit_test(frames_are_written_whole_or_not_at_all),
        cmocka_unit_test(inner_stack_of_a_16_bit_tss),
        cmocka_unit_test(conforming_handlers),
    };

    return CASE_MAIN(tests);
}
