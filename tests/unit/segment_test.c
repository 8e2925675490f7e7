/* Segment loads: real mode, big real mode, protected mode with every refusal, null, LDT, accessed
 * bits, LTR and LLDT. Not here: what a loaded segment then allows (limit_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"

#define LDT_SELECTOR 0x04u /* TI */

static const struct segment_state *segment(unsigned number)
{
    return &m->state.segment[number];
}

static void expect_segment(unsigned number, uint16_t selector, uint32_t base, uint32_t limit,
                           uint32_t attributes)
{
    assert_int_equal(segment(number)->selector, selector);
    assert_int_equal(segment(number)->base, base);
    assert_int_equal(segment(number)->limit, limit);
    assert_int_equal(segment(number)->attributes, attributes);
}

/* --- real mode ---------------------------------------------------------------------------------
 */

static void real_load_sets_selector_and_base(void **state)
{
    (void)state;
    machine_real_mode(m);
    MACHINE_CODE_BYTES(m, 0xb8, 0x34, 0x12, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, 0xf4);
    case_expect_halt();
    expect_segment(DS, 0x1234, 0x12340, 0xffff, ATTRIBUTES_REAL);
    expect_segment(ES, 0x1234, 0x12340, 0xffff, ATTRIBUTES_REAL);
    expect_segment(FS, 0x1234, 0x12340, 0xffff, ATTRIBUTES_REAL);
    expect_segment(GS, 0x1234, 0x12340, 0xffff, ATTRIBUTES_REAL);
}

/* Limit, G and D/B stay: big real mode. */
static void real_load_keeps_a_large_limit(void **state)
{
    (void)state;
    machine_real_mode(m);
    machine_segment(m, DS, 8, 0, 0xffffffff, ATTRIBUTES_DATA_0);
    machine_load(m);
    /* mov ax, 0x2000; mov ds, ax; mov ebx, 0x123456; mov al, [ebx]; hlt */
    MACHINE_CODE_BYTES(m, 0xb8, 0x00, 0x20, 0x8e, 0xd8, 0x66, 0xbb, 0x56, 0x34, 0x12, 0x00, 0x67,
                       0x8a, 0x03, 0xf4);
    machine_write_8(m, 0x20000 + 0x123456, 0x5a);
    case_expect_halt();
    expect_segment(DS, 0x2000, 0x20000, 0xffffffff, ATTRIBUTES_DATA_0);
    assert_int_equal(m->state.gpr[EAX] & 0xff, 0x5a);
}

/* The flip of CR0.PE leaves every cache as it is. */
static void mode_flips_keep_the_caches(void **state)
{
    struct segment_state before[SEGMENT_REGISTER_COUNT];

    (void)state;
    machine_real_mode(m);
    m->state.gdtr = (struct table_register){MACHINE_GDT, 0x3f};
    machine_segment(m, FS, 0x0666, 0x123450, 0xfffff, 0x8093);
    machine_load(m);
    machine_save(m);
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        before[n] = m->state.segment[n];
    /* mov eax, cr0; or al, 1; mov cr0, eax; and al, 0xfe; mov cr0, eax; hlt */
    MACHINE_CODE_BYTES(m, 0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0, 0x24, 0xfe, 0x0f, 0x22,
                       0xc0, 0xf4);
    case_expect_halt();
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        expect_segment(n, before[n].selector, before[n].base, before[n].limit,
                       before[n].attributes);
}

static void far_jump_in_real_mode_keeps_the_code_limit(void **state)
{
    (void)state;
    machine_real_mode(m);
    machine_segment(m, CS, 0x1000, 0x10000, 0xfffff, 0x8093);
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0xea, 0x10, 0x00, 0x00, 0x18); /* jmp 1800:0010 */
    machine_write_8(m, 0x18010, 0xf4);
    case_expect_halt();
    expect_segment(CS, 0x1800, 0x18000, 0xfffff, 0x8093);
}

/* --- protected mode: what is loaded ------------------------------------------------------------
 */

/* mov ds, ax (8e d8) and friends at MACHINE_CODE, then HLT. */
static void start_load(unsigned cpl, unsigned number, uint16_t selector)
{
    uint8_t code[] = {0x8e, (uint8_t)(0xc0 | number << 3), 0xf4};

    machine_code(m, code, sizeof(code));
    machine_save(m);
    m->state.gpr[EAX] = selector;
    (void)cpl;
    machine_load(m);
}

static void protected_load_unpacks_the_descriptor(void **state)
{
    static const struct {
        uint32_t base, limit, attributes;
    } row[] = {
        {0x12345678, 0x0000ffff, 0x0093}, {0xfedcba98, 0x000fffff, 0x0093},
        {0x00000010, 0x00000000, 0x0091}, {0x80000000, 0xffffffff, 0xc093},
        {0x00100000, 0x12345fff, 0x9093}, {0x00000000, 0x00000fff, 0x8093},
        {0xff000000, 0x00001234, 0x4097}, {0x00abcdef, 0x0000ffff, 0x009b},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_protected(m, 0, 32);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, row[n].base, row[n].limit,
                           row[n].attributes);
        start_load(0, DS, SELECTOR_FREE);
        case_expect_halt();
        expect_segment(DS, SELECTOR_FREE, row[n].base, row[n].limit, row[n].attributes);
    }
}

static void accessed_bit_is_written_once_it_is_clear(void **state)
{
    (void)state;
    for (unsigned set = 0; set < 2; set++) {
        machine_protected(m, 0, 32);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffff, 0x92 | set);
        machine_paging(m);
        /* The table in a read-only page: with WP the write must not happen when the bit is set. */
        machine_write_32(m, machine_page_entry(MACHINE_GDT), MACHINE_GDT | 5);
        m->state.cr0 |= CR0_WP;
        machine_load(m);
        start_load(0, ES, SELECTOR_FREE);
        if (set) {
            case_expect_halt();
            expect_segment(ES, SELECTOR_FREE, 0, 0xffff, 0x93);
        } else {
            case_expect_fault(EXCEPTION_PF, 3, MACHINE_CODE);
            assert_int_equal(m->state.cr2 & ~7u, MACHINE_GDT + SELECTOR_FREE);
        }
    }
    machine_protected(m, 0, 32);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffff, 0x92);
    start_load(0, ES, SELECTOR_FREE);
    case_expect_halt();
    assert_int_equal(machine_read_8(m, MACHINE_GDT + SELECTOR_FREE + 5), 0x93);
}

/* The accessed bit of a user program's load is a supervisor access: SDM vol. 3, 4.6. */
static void descriptor_tables_are_read_as_supervisor(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_paging(m);
    machine_write_32(m, machine_page_entry(MACHINE_GDT), MACHINE_GDT | 3);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffff, 0xf2);
    start_load(3, ES, SELECTOR_FREE | 3);
    machine_run(m, 1);
    expect_segment(ES, SELECTOR_FREE | 3, 0, 0xffff, 0xf3);
}

static void null_selectors_make_data_segments_unusable(void **state)
{
    (void)state;
    for (unsigned rpl = 0; rpl < 4; rpl++) {
        static const unsigned numbers[] = {DS, ES, FS, GS};

        for (unsigned n = 0; n < 4; n++) {
            machine_protected(m, 0, 32);
            start_load(0, numbers[n], (uint16_t)rpl);
            case_expect_halt();
            assert_int_equal(segment(numbers[n])->selector, rpl);
            assert_true(segment(numbers[n])->attributes & ATTRIBUTE_UNUSABLE);
        }
    }
    /* Using it: #GP(0). */
    machine_protected(m, 0, 32);
    MACHINE_CODE_BYTES(m, 0x31, 0xc0, 0x8e, 0xd8, 0xa0, 0x00, 0x00, 0x00, 0x00);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE + 4);
}

static void ldt_selectors_use_the_ldt(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    machine_descriptor(m, MACHINE_LDT, 0x18, 0x4000, 0x7ff, 0x93);
    start_load(0, DS, 0x18 | LDT_SELECTOR);
    case_expect_halt();
    expect_segment(DS, 0x18 | LDT_SELECTOR, 0x4000, 0x7ff, 0x93);
    /* Beyond the LDT's limit, and with no LDT at all. */
    machine_protected(m, 0, 32);
    start_load(0, DS, 0x100 | LDT_SELECTOR);
    case_expect_fault(EXCEPTION_GP, 0x100 | LDT_SELECTOR, MACHINE_CODE);
    machine_protected(m, 0, 32);
    m->state.segment[LDTR].attributes |= ATTRIBUTE_UNUSABLE;
    machine_load(m);
    start_load(0, DS, 0x18 | LDT_SELECTOR);
    case_expect_fault(EXCEPTION_GP, 0x18 | LDT_SELECTOR, MACHINE_CODE);
}

/* --- protected mode: what is refused -----------------------------------------------------------
 */

/* SDM vol. 2, MOV, "Protected Mode Exceptions". The descriptor's DPL is in its attributes. */
static void refusals(void **state)
{
    static const struct {
        unsigned cpl, number, rpl;
        uint32_t attributes;
        int vector; /* -1: loads */
    } row[] = {
        /* data segments */
        {0, DS, 0, 0x93, -1},
        {0, DS, 0, 0x91, -1},           /* read-only data */
        {0, DS, 0, 0x97, -1},           /* expand-down */
        {0, DS, 0, 0x9b, -1},           /* readable code */
        {0, DS, 0, 0x99, EXCEPTION_GP}, /* execute-only */
        {0, DS, 0, 0x9d, EXCEPTION_GP}, /* conforming, execute-only */
        {0, DS, 3, 0x93, EXCEPTION_GP}, /* RPL beyond DPL */
        {0, DS, 3, 0xf3, -1},
        {0, DS, 3, 0x9f, -1},           /* conforming readable code: no privilege rule */
        {0, DS, 3, 0x9b, EXCEPTION_GP}, /* non-conforming: the rule holds */
        {3, DS, 3, 0x93, EXCEPTION_GP},
        {3, DS, 0, 0x93, EXCEPTION_GP}, /* CPL beyond DPL */
        {3, DS, 3, 0xf3, -1},
        {3, DS, 0, 0xf3, -1},
        {3, DS, 3, 0x9f, -1},
        {0, DS, 0, 0x13, EXCEPTION_NP}, /* not present */
        {0, DS, 0, 0x1b, EXCEPTION_NP},
        {0, DS, 3, 0x13, EXCEPTION_GP}, /* privilege before presence */
        {0, DS, 0, 0x82, EXCEPTION_GP}, /* an LDT */
        {0, DS, 0, 0x89, EXCEPTION_GP}, /* a TSS */
        {0, DS, 0, 0x8c, EXCEPTION_GP}, /* a call gate */
        {0, DS, 0, 0x02, EXCEPTION_GP}, /* type before presence */
        /* SS */
        {0, SS, 0, 0x93, -1},
        {0, SS, 0, 0x97, -1},
        {0, SS, 0, 0x91, EXCEPTION_GP}, /* not writable */
        {0, SS, 0, 0x9b, EXCEPTION_GP}, /* code */
        {0, SS, 1, 0x93, EXCEPTION_GP}, /* RPL is not CPL */
        {0, SS, 0, 0xb3, EXCEPTION_GP}, /* DPL is not CPL */
        {0, SS, 3, 0xf3, EXCEPTION_GP},
        {3, SS, 3, 0xf3, -1},
        {3, SS, 3, 0x93, EXCEPTION_GP},
        {3, SS, 0, 0xf3, EXCEPTION_GP},
        {0, SS, 0, 0x13, EXCEPTION_SS}, /* not present */
        {0, SS, 1, 0x13, EXCEPTION_GP},
        {0, SS, 0, 0x82, EXCEPTION_GP},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        uint16_t selector = (uint16_t)(SELECTOR_FREE | row[n].rpl);

        machine_protected(m, row[n].cpl, 32);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffffffff,
                           row[n].attributes | ATTRIBUTE_DB | ATTRIBUTE_G);
        start_load(row[n].cpl, row[n].number, selector);
        if (row[n].vector < 0) {
            machine_run(m, 1);
            if (segment(row[n].number)->selector != selector)
                fail_msg("row %u does not load", n);
            assert_int_equal(m->state.eip, MACHINE_CODE + 2);
            assert_int_equal(segment(row[n].number)->attributes & 0xff, row[n].attributes);
        } else {
            struct segment_state before = m->state.segment[row[n].number];

            case_expect_vector(row[n].vector);
            if (case_frame(0) != SELECTOR_FREE)
                fail_msg("row %u: error code %x", n, case_frame(0));
            assert_int_equal(case_frame(1), MACHINE_CODE);
            /* Without a change of stack the register itself must be untouched. */
            if (row[n].cpl == 0 || row[n].number != SS)
                expect_segment(row[n].number, before.selector, before.base, before.limit,
                               before.attributes);
        }
    }
}

static void selectors_beyond_the_gdt_and_null_stacks(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    start_load(0, DS, 0x200);
    case_expect_fault(EXCEPTION_GP, 0x200, MACHINE_CODE);
    machine_protected(m, 0, 32);
    start_load(0, DS, 0xfffb);
    case_expect_fault(EXCEPTION_GP, 0xfff8, MACHINE_CODE);
    /* A descriptor that the table's limit cuts through. */
    machine_protected(m, 0, 32);
    m->state.gdtr.limit = SELECTOR_FREE + 6;
    machine_load(m);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0, 0xffff, 0x93);
    start_load(0, DS, SELECTOR_FREE);
    case_expect_fault(EXCEPTION_GP, SELECTOR_FREE, MACHINE_CODE);
    for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
        for (uint16_t rpl = 0; rpl < 4; rpl++) {
            machine_protected(m, cpl, 32);
            start_load(cpl, SS, rpl);
            case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
        }
    }
    machine_protected(m, 0, 32);
    start_load(0, CS, SELECTOR_CODE_0);
    case_expect_vector(EXCEPTION_UD);
}

/* LES and friends load the register only when the segment loads. */
static void far_pointer_loads(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    machine_write_32(m, MACHINE_DATA, 0x11223344);
    machine_write_16(m, MACHINE_DATA + 4, SELECTOR_DATA_0_16);
    MACHINE_CODE_BYTES(m, 0xc4, 0x1d, 0x00, 0x00, 0x03, 0x00, 0xf4); /* les ebx, [30000] */
    case_expect_halt();
    assert_int_equal(m->state.gpr[EBX], 0x11223344);
    assert_int_equal(segment(ES)->selector, SELECTOR_DATA_0_16);
    machine_protected(m, 0, 32);
    machine_write_32(m, MACHINE_DATA, 0x11223344);
    machine_write_16(m, MACHINE_DATA + 4, 0x1f8);
    MACHINE_CODE_BYTES(m, 0xc4, 0x1d, 0x00, 0x00, 0x03, 0x00, 0xf4);
    case_expect_fault(EXCEPTION_GP, 0x1f8, MACHINE_CODE);
    assert_int_equal(m->state.gpr[EBX], 0);
}

/* --- LLDT and LTR ------------------------------------------------------------------------------
 */

static void start_system_load(uint8_t modrm, uint16_t selector)
{
    uint8_t code[] = {0x0f, 0x00, modrm, 0xf4};

    machine_code(m, code, sizeof(code));
    machine_save(m);
    m->state.gpr[EAX] = selector;
    machine_load(m);
}

static void lldt_and_ltr(void **state)
{
    static const struct {
        uint8_t modrm; /* d0: LLDT, d8: LTR */
        uint32_t attributes;
        uint16_t selector;
        int vector;
    } row[] = {
        {0xd0, 0x82, SELECTOR_FREE, -1},
        {0xd0, 0x02, SELECTOR_FREE, EXCEPTION_NP},
        {0xd0, 0x89, SELECTOR_FREE, EXCEPTION_GP},
        {0xd0, 0x93, SELECTOR_FREE, EXCEPTION_GP},
        {0xd0, 0x82, SELECTOR_FREE | LDT_SELECTOR, EXCEPTION_GP},
        {0xd8, 0x89, SELECTOR_FREE, -1},
        {0xd8, 0x81, SELECTOR_FREE, -1},
        {0xd8, 0x8b, SELECTOR_FREE, EXCEPTION_GP}, /* busy */
        {0xd8, 0x83, SELECTOR_FREE, EXCEPTION_GP},
        {0xd8, 0x09, SELECTOR_FREE, EXCEPTION_NP},
        {0xd8, 0x82, SELECTOR_FREE, EXCEPTION_GP},
        {0xd8, 0x89, SELECTOR_FREE | LDT_SELECTOR, EXCEPTION_GP},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        unsigned number = row[n].modrm == 0xd0 ? LDTR : TR;

        machine_protected(m, 0, 32);
        machine_descriptor(m, MACHINE_GDT, SELECTOR_FREE, 0x7000, 0x1ff, row[n].attributes);
        start_system_load(row[n].modrm, row[n].selector);
        if (row[n].vector >= 0) {
            case_expect_fault(row[n].vector, row[n].selector & 0xfffcu, MACHINE_CODE);
            continue;
        }
        case_expect_halt();
        /* LTR marks the TSS busy, in memory and in the cache. */
        expect_segment(number, SELECTOR_FREE, 0x7000, 0x1ff,
                       number == TR ? row[n].attributes | 2 : row[n].attributes);
        assert_int_equal(machine_read_8(m, MACHINE_GDT + SELECTOR_FREE + 5),
                         number == TR ? row[n].attributes | 2 : row[n].attributes);
    }
}

static void null_lldt_ltr_and_privilege(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    start_system_load(0xd0, 0);
    case_expect_halt();
    assert_true(segment(LDTR)->attributes & ATTRIBUTE_UNUSABLE);
    machine_protected(m, 0, 32);
    start_system_load(0xd8, 0);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
    for (unsigned which = 0; which < 2; which++) {
        machine_protected(m, 3, 32);
        start_system_load(which ? 0xd8 : 0xd0, SELECTOR_TSS);
        case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
        machine_real_mode(m);
        start_system_load(which ? 0xd8 : 0xd0, SELECTOR_TSS);
        case_expect_vector(EXCEPTION_UD);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_load_sets_selector_and_base),
        cmocka_unit_test(real_load_keeps_a_large_limit),
        cmocka_unit_test(mode_flips_keep_the_caches),
        cmocka_unit_test(far_jump_in_real_mode_keeps_the_code_limit),
        cmocka_unit_test(protected_load_unpacks_the_descriptor),
        cmocka_unit_test(accessed_bit_is_written_once_it_is_clear),
        cmocka_unit_test(descriptor_tables_are_read_as_supervisor),
        cmocka_unit_test(null_selectors_make_data_segments_unusable),
        cmocka_unit_test(ldt_selectors_use_the_ldt),
        cmocka_unit_test(refusals),
        cmocka_unit_test(selectors_beyond_the_gdt_and_null_stacks),
        cmocka_unit_test(far_pointer_loads),
        cmocka_unit_test(lldt_and_ltr),
        cmocka_unit_test(null_lldt_ltr_and_privilege),
    };

    return CASE_MAIN(tests);
}
