/* Far control flow: direct transfers, call gates with parameters, RETF and IRET to outer levels, to
 * and from virtual-8086 mode. Not here: task switches (task_test.c), delivery (delivery_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "case.h"

#define TARGET 0x00024000u

/* jmp or call selector:offset (32-bit), then HLT. */
static void start_far(uint8_t opcode, uint16_t selector, uint32_t offset)
{
    uint8_t code[8] = {opcode, 0, 0, 0, 0, (uint8_t)selector, (uint8_t)(selector >> 8), 0xf4};

    memcpy(code + 1, &offset, 4);
    machine_code(m, code, sizeof(code));
    machine_write_8(m, TARGET, 0xf4);
}

/* SDM vol. 2, JMP and CALL: a code segment directly. */
static void direct_transfers(void **state)
{
    static const struct {
        unsigned cpl, rpl;
        uint32_t attributes;
        int vector; /* -1: arrives */
    } row[] = {
        {0, 0, 0x9b, -1},           {0, 0, 0x99, -1},           {0, 0, 0x9f, -1},
        {0, 3, 0x9b, EXCEPTION_GP}, /* RPL > CPL */
        {0, 3, 0x9f, -1},           /* conforming: RPL does not matter */
        {0, 0, 0xfb, EXCEPTION_GP}, /* outer */
        {0, 0, 0xff, EXCEPTION_GP}, /* conforming, DPL > CPL */
        {3, 3, 0xfb, -1},           {3, 0, 0xfb, -1},           {3, 3, 0x9b, EXCEPTION_GP},
        {3, 3, 0x9f, -1}, /* conforming, inner: CPL stays */
        {0, 0, 0x1b, EXCEPTION_NP}, {3, 3, 0x1b, EXCEPTION_GP}, {0, 0, 0x93, EXCEPTION_GP},
        {0, 0, 0x82, EXCEPTION_GP}, {0, 0, 0x8b, EXCEPTION_GP}, /* a busy TSS */
        {0, 0, 0x8e, EXCEPTION_GP},                             /* an interrupt gate */
    };

    (void)state;
    for (unsigned call = 0; call < 2; call++) {
        for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
            uint16_t selector = (uint16_t)(SELECTOR_FREE | row[n].rpl);

            machine_protected(m, row[n].cpl, 32);
            machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff,
                               row[n].attributes | ATTRIBUTE_DB | ATTRIBUTE_G);
            start_far(call ? 0x9a : 0xea, selector, TARGET);
            machine_run(m, 1);
            if (row[n].vector < 0) {
                assert_int_equal(m->state.eip, TARGET);
                assert_int_equal(m->state.segment[CS].selector, SELECTOR_FREE | row[n].cpl);
                assert_int_equal(m->state.cpl, row[n].cpl);
                assert_true(machine_read_8(m, MACHINE_GDT + SELECTOR_FREE + 5) & 1);
                assert_int_equal(m->state.gpr[ESP], MACHINE_STACK - (call ? 8 : 0));
                if (call) {
                    assert_int_equal(machine_stack(m, 0, 4), MACHINE_CODE + 7);
                    assert_int_equal(machine_stack(m, 1, 4),
                                     row[n].cpl ? SELECTOR_CODE_3 | 3 : SELECTOR_CODE_0);
                }
                continue;
            }
            case_expect_vector(row[n].vector);
            if (case_frame(0) != SELECTOR_FREE || case_frame(1) != MACHINE_CODE)
                fail_msg("row %u: error code %x at %x", n, case_frame(0), case_frame(1));
        }
    }
    machine_protected(m, 0, 32);
    start_far(0xea, 0, TARGET);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
    machine_protected(m, 0, 32);
    start_far(0xea, 0x200, TARGET);
    case_expect_fault(EXCEPTION_GP, 0x200, MACHINE_CODE);
    machine_protected(m, 0, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, TARGET - 1, 0x409b);
    start_far(0xea, SELECTOR_FREE, TARGET);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
    assert_int_equal(m->state.segment[CS].selector, SELECTOR_CODE_0);
}

/* Between 16- and 32-bit code, as a boot loader goes. */
static void changing_the_code_size(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    start_far(0xea, SELECTOR_CODE_0_16, 0x4000);            /* base MACHINE_CODE */
    machine_write_32(m, MACHINE_CODE + 0x4000, 0xf41234b8); /* mov ax, 1234; hlt in 16 bits */
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], 0x1234);
    assert_int_equal(m->state.segment[CS].base, MACHINE_CODE);
}

/* --- call gates ---------------------------------------------------------------------------------
 */

static void start_gate(unsigned cpl, uint32_t gate, uint16_t code, unsigned parameters,
                       uint8_t opcode)
{
    machine_protected(m, cpl, 32);
    machine_gate(m, MACHINE_GDT, SELECTOR_FREE / 8, code, TARGET, gate, parameters);
    start_far(opcode, SELECTOR_FREE | (cpl ? 3 : 0), 0xdeadbeef); /* the offset is not used */
}

static void a_call_gate_to_the_inner_level(void **state)
{
    (void)state;
    start_gate(3, GATE_CALL_32 | GATE_DPL_3, SELECTOR_CODE_0, 3, 0x9a);
    machine_write_32(m, MACHINE_STACK, 0x11111111);
    machine_write_32(m, MACHINE_STACK + 4, 0x22222222);
    machine_write_32(m, MACHINE_STACK + 8, 0x33333333);
    case_expect_halt();
    assert_int_equal(m->state.cpl, 0);
    assert_int_equal(m->state.segment[CS].selector, SELECTOR_CODE_0);
    assert_int_equal(m->state.segment[SS].selector, SELECTOR_DATA_0);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK_0 - 28);
    assert_int_equal(case_frame(0), MACHINE_CODE + 7);
    assert_int_equal(case_frame(1), SELECTOR_CODE_3 | 3);
    assert_int_equal(case_frame(2), 0x11111111);
    assert_int_equal(case_frame(3), 0x22222222);
    assert_int_equal(case_frame(4), 0x33333333);
    assert_int_equal(case_frame(5), MACHINE_STACK);
    assert_int_equal(case_frame(6), SELECTOR_DATA_3 | 3);
}

static void a_16_bit_call_gate(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE + 8, TARGET, 0xffff, 0x9b);
    machine_gate(m, MACHINE_GDT, SELECTOR_FREE / 8, SELECTOR_FREE + 8, 0xbeef0000,
                 GATE_CALL_16 | GATE_DPL_3, 2);
    start_far(0x9a, SELECTOR_FREE | 3, 0);
    machine_write_32(m, MACHINE_STACK, 0x22221111);
    case_expect_halt();
    assert_int_equal(m->state.eip, 1); /* the gate's upper half is ignored */
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK_0 - 12);
    assert_int_equal(machine_stack(m, 0, 2), (MACHINE_CODE + 7) & 0xffff);
    assert_int_equal(machine_stack(m, 1, 2), SELECTOR_CODE_3 | 3);
    assert_int_equal(machine_stack(m, 2, 2), 0x1111);
    assert_int_equal(machine_stack(m, 3, 2), 0x2222);
    assert_int_equal(machine_stack(m, 4, 2), MACHINE_STACK & 0xffff);
    assert_int_equal(machine_stack(m, 5, 2), SELECTOR_DATA_3 | 3);
}

/* SDM vol. 3, 5.8.4: DPL of the gate against CPL and RPL, then the code segment. */
static void gate_rules(void **state)
{
    static const struct {
        unsigned cpl;
        uint32_t gate;
        uint16_t code;
        uint8_t opcode;
        int vector; /* -1: arrives */
        uint32_t error;
    } row[] = {
        {3, GATE_CALL_32 | GATE_DPL_3, SELECTOR_CODE_0, 0x9a, -1, 0},
        {0, GATE_CALL_32, SELECTOR_CODE_0, 0x9a, -1, 0},
        {0, GATE_CALL_32, SELECTOR_CODE_0, 0xea, -1, 0},
        {3, GATE_CALL_32, SELECTOR_CODE_0, 0x9a, EXCEPTION_GP, SELECTOR_FREE},
        {3, GATE_CALL_32 | GATE_DPL_3, SELECTOR_CODE_0, 0xea, EXCEPTION_GP, SELECTOR_CODE_0},
        {0, GATE_CALL_32, SELECTOR_CODE_3, 0x9a, EXCEPTION_GP, SELECTOR_CODE_3},
        {0, 0x0c, SELECTOR_CODE_0, 0x9a, EXCEPTION_NP, SELECTOR_FREE},
        {0, GATE_CALL_32, 0, 0x9a, EXCEPTION_GP, 0},
        {0, GATE_CALL_32, 0x200, 0x9a, EXCEPTION_GP, 0x200},
        {0, GATE_CALL_32, SELECTOR_DATA_0, 0x9a, EXCEPTION_GP, SELECTOR_DATA_0},
        {3, GATE_CALL_32 | GATE_DPL_3, SELECTOR_CODE_3, 0xea, -1, 0},
        {3, GATE_CALL_32 | GATE_DPL_3, SELECTOR_CODE_3, 0x9a, -1, 0},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        start_gate(row[n].cpl, row[n].gate, row[n].code, 0, row[n].opcode);
        if (row[n].vector < 0) {
            machine_run(m, 1);
            if (m->state.eip != TARGET)
                fail_msg("row %u: EIP %x", n, m->state.eip);
            continue;
        }
        case_expect_vector(row[n].vector);
        if (case_frame(0) != row[n].error || case_frame(1) != MACHINE_CODE)
            fail_msg("row %u: error code %x at %x", n, case_frame(0), case_frame(1));
    }
    /* RPL beyond the gate's DPL. */
    machine_protected(m, 0, 32);
    machine_gate(m, MACHINE_GDT, SELECTOR_FREE / 8, SELECTOR_CODE_0, TARGET, GATE_CALL_32, 0);
    start_far(0x9a, SELECTOR_FREE | 1, 0);
    case_expect_fault(EXCEPTION_GP, SELECTOR_FREE, MACHINE_CODE);
}

/* --- returns ------------------------------------------------------------------------------------
 */

static void put_frame(unsigned index, uint32_t value)
{
    machine_write_32(m, MACHINE_STACK + index * 4, value);
}

/* RETF 8 to CPL 3: parameters are dropped from both stacks, inner data segments become null. */
static void retf_to_the_outer_level(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    machine_segment(m, ES, SELECTOR_DATA_3 | 3, 0, 0xffffffff, ATTRIBUTES_DATA_3);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffff, 0x9f);
    machine_segment(m, FS, SELECTOR_FREE, 0, 0xffff, 0x9f); /* conforming code stays */
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0xca, 0x08, 0x00);
    put_frame(0, TARGET);
    put_frame(1, SELECTOR_CODE_3 | 3);
    put_frame(4, 0x00044000);
    put_frame(5, SELECTOR_DATA_3 | 3);
    machine_run(m, 1);
    assert_int_equal(m->state.eip, TARGET);
    assert_int_equal(m->state.cpl, 3);
    assert_int_equal(m->state.segment[CS].selector, SELECTOR_CODE_3 | 3);
    assert_int_equal(m->state.segment[SS].selector, SELECTOR_DATA_3 | 3);
    assert_int_equal(m->state.gpr[ESP], 0x00044008);
    assert_true(m->state.segment[DS].attributes & ATTRIBUTE_UNUSABLE);
    assert_int_equal(m->state.segment[DS].selector, 0);
    assert_false(m->state.segment[ES].attributes & ATTRIBUTE_UNUSABLE);
    assert_false(m->state.segment[FS].attributes & ATTRIBUTE_UNUSABLE);
    assert_true(m->state.segment[GS].attributes & ATTRIBUTE_UNUSABLE);
}

/* SDM vol. 2, RET and IRET: what the popped selectors must be. */
static void bad_returns(void **state)
{
    static const struct {
        unsigned cpl;
        uint16_t code, stack;
        uint32_t attributes; /* of SELECTOR_FREE */
        int vector;
        uint32_t error;
    } row[] = {
        {0, 0, 0, 0, EXCEPTION_GP, 0},
        {0, 0x200, 0, 0, EXCEPTION_GP, 0x200},
        {0, SELECTOR_DATA_0, 0, 0, EXCEPTION_GP, SELECTOR_DATA_0},
        {3, SELECTOR_CODE_0, 0, 0, EXCEPTION_GP, SELECTOR_CODE_0}, /* inwards */
        {0, SELECTOR_CODE_0 | 3, SELECTOR_DATA_3 | 3, 0, EXCEPTION_GP, SELECTOR_CODE_0},
        {0, SELECTOR_FREE, 0, 0xc01b, EXCEPTION_NP, SELECTOR_FREE},
        {0, SELECTOR_FREE, 0, 0xc0ff, EXCEPTION_GP, SELECTOR_FREE}, /* conforming, DPL > RPL */
        {0, SELECTOR_CODE_3 | 3, 0, 0, EXCEPTION_GP, 0},
        {0, SELECTOR_CODE_3 | 3, 0x200 | 3, 0, EXCEPTION_GP, 0x200},
        {0, SELECTOR_CODE_3 | 3, SELECTOR_DATA_3, 0, EXCEPTION_GP, SELECTOR_DATA_3},
        {0, SELECTOR_CODE_3 | 3, SELECTOR_DATA_0 | 3, 0, EXCEPTION_GP, SELECTOR_DATA_0},
        {0, SELECTOR_CODE_3 | 3, SELECTOR_CODE_3 | 3, 0, EXCEPTION_GP, SELECTOR_CODE_3},
        {0, SELECTOR_CODE_3 | 3, SELECTOR_FREE | 3, 0xc073, EXCEPTION_SS, SELECTOR_FREE},
        {0, SELECTOR_CODE_3 | 3, SELECTOR_FREE | 3, 0xc0f1, EXCEPTION_GP, SELECTOR_FREE},
    };

    (void)state;
    for (unsigned iret = 0; iret < 2; iret++) {
        for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
            uint8_t code = iret ? 0xcf : 0xcb;

            machine_protected(m, row[n].cpl, 32);
            machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff, row[n].attributes);
            machine_code(m, &code, 1);
            put_frame(0, TARGET);
            put_frame(1, row[n].code);
            put_frame(2, iret ? EFLAGS_FIXED : 0x00044000);
            put_frame(3, iret ? 0x00044000 : row[n].stack);
            put_frame(4, row[n].stack);
            case_expect_vector(row[n].vector);
            if (case_frame(0) != row[n].error || case_frame(1) != MACHINE_CODE)
                fail_msg("row %u: error code %x at %x", n, case_frame(0), case_frame(1));
            if (row[n].cpl == 0)
                assert_int_equal(m->state.gpr[ESP], MACHINE_STACK - 16);
        }
    }
    /* A target beyond the limit. */
    for (unsigned iret = 0; iret < 2; iret++) {
        uint8_t code = iret ? 0xcf : 0xcb;

        machine_protected(m, 0, 32);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, TARGET - 1, 0x409b);
        machine_code(m, &code, 1);
        put_frame(0, TARGET);
        put_frame(1, SELECTOR_FREE);
        put_frame(2, EFLAGS_FIXED);
        case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
    }
}

static void iret_to_the_outer_level(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    MACHINE_CODE_BYTES(m, 0xcf);
    put_frame(0, TARGET);
    put_frame(1, SELECTOR_CODE_3 | 3);
    put_frame(2, EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF | EFLAGS_IOPL | EFLAGS_ID);
    put_frame(3, 0x00044000);
    put_frame(4, SELECTOR_DATA_3 | 3);
    machine_run(m, 1);
    assert_int_equal(m->state.cpl, 3);
    assert_int_equal(m->state.eip, TARGET);
    assert_int_equal(m->state.gpr[ESP], 0x00044000);
    assert_int_equal(m->state.eflags,
                     EFLAGS_FIXED | EFLAGS_IF | EFLAGS_CF | EFLAGS_IOPL | EFLAGS_ID);
}

/* --- virtual-8086 mode --------------------------------------------------------------------------
 */

static void enter_virtual_8086(uint32_t eflags)
{
    machine_protected(m, 0, 32);
    MACHINE_CODE_BYTES(m, 0xcf);
    put_frame(0, 0x0010);
    put_frame(1, 0x2000);
    put_frame(2, eflags | EFLAGS_FIXED | EFLAGS_VM);
    put_frame(3, 0xffe0);
    put_frame(4, 0x4000);
    put_frame(5, 0x1111);
    put_frame(6, 0x2222);
    put_frame(7, 0x3333);
    put_frame(8, 0x4444);
}

static void iret_to_virtual_8086_mode(void **state)
{
    static const struct {
        unsigned number;
        uint16_t selector;
    } row[] = {{CS, 0x2000}, {SS, 0x4000}, {ES, 0x1111}, {DS, 0x2222}, {FS, 0x3333}, {GS, 0x4444}};

    (void)state;
    enter_virtual_8086(EFLAGS_IF | EFLAGS_CF);
    machine_run(m, 1);
    assert_int_equal(m->state.eflags, EFLAGS_FIXED | EFLAGS_VM | EFLAGS_IF | EFLAGS_CF);
    assert_int_equal(m->state.cpl, 3);
    assert_int_equal(m->state.eip, 0x10);
    assert_int_equal(m->state.gpr[ESP], 0xffe0);
    for (unsigned n = 0; n < 6; n++) {
        const struct segment_state *s = &m->state.segment[row[n].number];

        assert_int_equal(s->selector, row[n].selector);
        assert_int_equal(s->base, (uint32_t)row[n].selector << 4);
        assert_int_equal(s->limit, 0xffff);
        assert_int_equal(s->attributes, 0xf3);
    }
}

/* An exception in virtual-8086 mode: all segments are saved, then null. SDM vol. 3, 20.3.1. */
static void exceptions_of_virtual_8086_mode(void **state)
{
    (void)state;
    enter_virtual_8086(EFLAGS_IF);
    machine_write_16(m, 0x20010, 0x0b0f); /* ud2 */
    case_expect_vector(EXCEPTION_UD);
    assert_int_equal(m->state.gpr[ESP], MACHINE_STACK_0 - 36);
    assert_int_equal(case_frame(0), 0x10);
    assert_int_equal(case_frame(1), 0x2000);
    assert_int_equal(case_frame(2), EFLAGS_FIXED | EFLAGS_VM | EFLAGS_IF | EFLAGS_RF);
    assert_int_equal(case_frame(3), 0xffe0);
    assert_int_equal(case_frame(4), 0x4000);
    assert_int_equal(case_frame(5), 0x1111);
    assert_int_equal(case_frame(6), 0x2222);
    assert_int_equal(case_frame(7), 0x3333);
    assert_int_equal(case_frame(8), 0x4444);
    assert_false(m->state.eflags & EFLAGS_VM);
    for (unsigned n = ES; n <= GS; n++) {
        if (n != CS && n != SS) {
            assert_int_equal(m->state.segment[n].selector, 0);
            assert_true(m->state.segment[n].attributes & ATTRIBUTE_UNUSABLE);
        }
    }
}

/* IOPL < 3: CLI, STI, PUSHF, POPF, IRET and INT n are #GP(0). SDM vol. 3, 20.2.7. */
static void sensitive_instructions(void **state)
{
    static const uint8_t code[][2] = {{0xfa}, {0xfb}, {0x9c}, {0x9d}, {0xcf}, {0xcd, 0x30}};

    (void)state;
    for (unsigned n = 0; n < sizeof(code) / sizeof(code[0]); n++) {
        enter_virtual_8086(EFLAGS_IF);
        machine_write(m, 0x20010, code[n], 2);
        case_expect_fault(EXCEPTION_GP, 0, 0x10);
    }
    /* INT3 is no INT n: it goes through its gate. */
    enter_virtual_8086(EFLAGS_IF);
    machine_write_8(m, 0x20010, 0xcc);
    case_expect_vector(EXCEPTION_BP);
    /* With IOPL 3 they work; INT n enters the handler at CPL 0. */
    enter_virtual_8086(EFLAGS_IF | EFLAGS_IOPL);
    machine_write_32(m, 0x20010, 0x30cdfbfa); /* cli; sti; int 0x30 */
    case_expect_vector(0x30);
    assert_int_equal(case_frame(0), 0x14);
    /* LMSW, LGDT and the like are privileged. */
    enter_virtual_8086(EFLAGS_IOPL);
    machine_write_32(m, 0x20010, 0x00f0010f);
    case_expect_fault(EXCEPTION_GP, 0, 0x10);
    /* A gate that leads to a level other than 0 is #GP. */
    enter_virtual_8086(EFLAGS_IOPL);
    machine_gate(m, MACHINE_IDT, 0x30, SELECTOR_CODE_3, MACHINE_HANDLERS + 0x300,
                 GATE_INTERRUPT_32 | GATE_DPL_3, 0);
    machine_write_16(m, 0x20010, 0x30cd);
    case_expect_fault(EXCEPTION_GP, SELECTOR_CODE_3, 0x10);
}

/* --- real mode ----------------------------------------------------------------------------------
 */

static void far_transfers_in_real_mode(void **state)
{
    (void)state;
    machine_real_mode(m);
    MACHINE_CODE_BYTES(m, 0x9a, 0x00, 0x01, 0x00, 0x18, 0xf4); /* call 1800:0100; hlt */
    machine_write_8(m, 0x18100, 0xcb);                         /* retf */
    case_expect_halt();
    assert_int_equal(m->state.segment[CS].selector, 0x1000);
    assert_int_equal(m->state.eip, 6);
    assert_int_equal(m->state.gpr[ESP], 0x8000);
    assert_int_equal(machine_read_16(m, 0x27ffe), 0x1000);
    assert_int_equal(machine_read_16(m, 0x27ffc), 5);
    /* A 32-bit offset beyond the limit: #GP, nothing changed. */
    machine_real_mode(m);
    MACHINE_CODE_BYTES(m, 0x66, 0xea, 0x00, 0x00, 0x01, 0x00, 0x00, 0x18);
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(machine_stack(m, 0, 2), 0);
    assert_int_equal(machine_stack(m, 1, 2), 0x1000);
    /* A CALL has pushed nothing either. */
    machine_real_mode(m);
    MACHINE_CODE_BYTES(m, 0x66, 0x9a, 0x00, 0x00, 0x01, 0x00, 0x00, 0x18);
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(machine_stack(m, 0, 2), 0);
    assert_int_equal(machine_stack(m, 1, 2), 0x1000);
    assert_int_equal(m->state.gpr[ESP], 0x8000 - 6);
    /* IRET with all of FLAGS. */
    machine_real_mode(m);
    MACHINE_CODE_BYTES(m, 0xcf);
    machine_write_16(m, 0x28000, 0x0100);
    machine_write_16(m, 0x28002, 0x1800);
    machine_write_16(m, 0x28004, 0xfed7 & ~EFLAGS_TF);
    machine_write_8(m, 0x18100, 0x90);
    machine_run(m, 1);
    assert_int_equal(m->state.eip, 0x100);
    assert_int_equal(m->state.segment[CS].selector, 0x1800);
    assert_int_equal(m->state.eflags, 0x7ed7 & ~EFLAGS_TF);
    assert_int_equal(m->state.gpr[ESP], 0x8006);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(direct_transfers),
        cmocka_unit_test(changing_the_code_size),
        cmocka_unit_test(a_call_gate_to_the_inner_level),
        cmocka_unit_test(a_16_bit_call_gate),
        cmocka_unit_test(gate_rules),
        cmocka_unit_test(retf_to_the_outer_level),
        cmocka_unit_test(bad_returns),
        cmocka_unit_test(iret_to_the_outer_level),
        cmocka_unit_test(iret_to_virtual_8086_mode),
        cmocka_unit_test(exceptions_of_virtual_8086_mode),
        cmocka_unit_test(sensitive_instructions),
        cmocka_unit_test(far_transfers_in_real_mode),
    };

    return CASE_MAIN(tests);
}
