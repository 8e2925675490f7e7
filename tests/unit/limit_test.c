/* What a loaded segment allows: limits, expand-down, types, wrap-around, fetches, stacks; MMIO
 * widths and A20. Not here: loading segments (segment_test.c), pages (paging_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"

#define ANY 0xffffffffu

/* mov al/ax/eax, [ebx] or the store, through `segment`, at CPL 0. */
static void start_access(unsigned segment, unsigned width, bool write, uint32_t offset)
{
    static const uint8_t prefix[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    uint8_t code[5] = {prefix[segment], (uint8_t)(width == 2 ? 0x66 : 0x90),
                       (uint8_t)((write ? 0x88 : 0x8a) + (width > 1)), 0x03, 0xf4};

    /* The operand-size prefix may come after the segment's; a NOP may not. */
    if (width != 2) {
        code[0] = 0x90;
        code[1] = prefix[segment];
    }
    machine_code(m, code, sizeof(code));
    machine_save(m);
    m->state.gpr[EBX] = offset;
    m->state.gpr[EAX] = 0xa1b2c3d4;
    machine_load(m);
}

struct limit_row {
    uint32_t base, limit, attributes;
    uint32_t offset;
    unsigned width;
    bool write, allowed;
};

/* SDM vol. 3, 5.3: every byte of the access must be within. */
static const struct limit_row limits[] = {
    /* up to a limit */
    {MACHINE_DATA, 0x0fff, 0x93, 0x0fff, 1, false, true},
    {MACHINE_DATA, 0x0fff, 0x93, 0x1000, 1, false, false},
    {MACHINE_DATA, 0x0fff, 0x93, 0x0ffe, 2, false, true},
    {MACHINE_DATA, 0x0fff, 0x93, 0x0fff, 2, false, false},
    {MACHINE_DATA, 0x0fff, 0x93, 0x0ffc, 4, true, true},
    {MACHINE_DATA, 0x0fff, 0x93, 0x0ffd, 4, true, false},
    {MACHINE_DATA, 0x0fff, 0x93, 0x0ffe, 4, true, false},
    {MACHINE_DATA, 0x0000, 0x93, 0x0000, 1, true, true},
    {MACHINE_DATA, 0x0000, 0x93, 0x0000, 2, true, false},
    {MACHINE_DATA, 0x0002, 0x93, 0x0000, 4, true, false},
    {MACHINE_DATA, 0xffff, 0x93, 0xffff, 1, true, true},
    {MACHINE_DATA, 0xffff, 0x93, 0xffff, 2, true, false},
    {MACHINE_DATA, 0xffff, 0x93, 0x10000, 1, true, false},
    {MACHINE_DATA, 0xffff, 0x93, 0xffffffff, 1, true, false},
    {0, 0xffffffff, 0xc093, MACHINE_DATA, 4, true, true},
    {0x10000000, 0xffffffff, 0xc093, 0xf0000000 + MACHINE_DATA, 4, true, true}, /* base wraps */
    /* expand-down: above the limit */
    {MACHINE_DATA, 0x0fff, 0x97, 0x0fff, 1, false, false},
    {MACHINE_DATA, 0x0fff, 0x97, 0x1000, 1, false, true},
    {MACHINE_DATA, 0x0fff, 0x97, 0x0fff, 2, false, false},
    {MACHINE_DATA, 0x0fff, 0x97, 0xffff, 1, false, true},
    {MACHINE_DATA, 0x0fff, 0x97, 0xfffe, 2, true, true},
    {MACHINE_DATA, 0x0fff, 0x97, 0xffff, 2, true, false},
    {MACHINE_DATA, 0x0fff, 0x97, 0x10000, 1, true, false},
    {MACHINE_DATA, 0xffff, 0x97, 0x0000, 1, true, false}, /* nothing is left */
    {MACHINE_DATA, 0xffff, 0x97, 0xffff, 1, true, false},
    {MACHINE_DATA, 0x0000, 0x97, 0x0000, 1, true, false},
    {MACHINE_DATA, 0x0000, 0x97, 0x0001, 1, true, true},
    /* expand-down with B: up to ffffffff */
    {MACHINE_DATA + 0x10000, 0xfffeffff, 0xc097, 0xffff0000, 4, true, true},
    {MACHINE_DATA + 0x10000, 0xfffeffff, 0xc097, 0xfffeffff, 1, true, false},
    {MACHINE_DATA + 0x10000, 0xfffeffff, 0xc097, 0xffffffff, 1, true, true},
    {MACHINE_DATA, 0x0fff, 0x4097, 0x10000, 1, true, true},
    {MACHINE_DATA, 0xffffffff, 0xc097, 0xffffffff, 1, true, false},
    /* types */
    {MACHINE_DATA, 0xffff, 0x91, 0, 4, false, true},
    {MACHINE_DATA, 0xffff, 0x91, 0, 4, true, false},
    {MACHINE_DATA, 0xffff, 0x95, 0x10, 4, true, false},
    {MACHINE_DATA, 0xffff, 0x9b, 0, 4, false, true},
    {MACHINE_DATA, 0xffff, 0x9b, 0, 4, true, false},
    {MACHINE_DATA, 0xffff, 0x99, 0, 4, false, false},
    {MACHINE_DATA, 0xffff, 0x9f, 0, 4, false, true},
    {MACHINE_DATA, 0xffff, 0x9d, 0, 4, false, false},
    {MACHINE_DATA, 0xffff, 0x93 | ATTRIBUTE_UNUSABLE, 0, 1, false, false},
};

static void data_limits(void **state)
{
    static const unsigned segments[] = {ES, DS, FS, GS};

    (void)state;
    for (unsigned n = 0; n < sizeof(limits) / sizeof(limits[0]); n++) {
        const struct limit_row *row = &limits[n];

        for (unsigned s = 0; s < 4; s++) {
            machine_protected(m, 0, 32);
            machine_segment(m, segments[s], 8, row->base, row->limit, row->attributes);
            machine_load(m);
            start_access(segments[s], row->width, row->write, row->offset);
            machine_run(m, CASE_BUDGET);
            if ((machine_vector(m) < 0) != row->allowed)
                fail_msg("row %u: vector %d", n, machine_vector(m));
            if (!row->allowed) {
                assert_int_equal(machine_vector(m), EXCEPTION_GP);
                assert_int_equal(case_frame(0), 0);
            } else if (row->write) {
                uint32_t linear = row->base + row->offset;

                assert_memory_equal(m->ram + linear, &m->state.gpr[EAX], row->width);
            }
        }
    }
}

/* Through SS it is #SS(0); the handler needs a stack, so this comes from CPL 3. */
static void stack_limits(void **state)
{
    (void)state;
    for (unsigned n = 0; n < sizeof(limits) / sizeof(limits[0]); n++) {
        const struct limit_row *row = &limits[n];

        if (!(row->attributes & ATTRIBUTE_WRITABLE) || (row->attributes & ATTRIBUTE_CODE))
            continue;
        machine_protected(m, 3, 32);
        machine_segment(m, SS, 0x23, row->base, row->limit, row->attributes | ATTRIBUTE_DPL);
        machine_load(m);
        start_access(SS, row->width, row->write, row->offset);
        machine_run(m, CASE_BUDGET);
        /* The HLT at CPL 3 is #GP. */
        if (machine_vector(m) != (row->allowed ? EXCEPTION_GP : EXCEPTION_SS))
            fail_msg("row %u: vector %d", n, machine_vector(m));
        assert_int_equal(case_frame(0), 0);
    }
}

/* Real mode: limits hold, types of writes do not. */
static void real_mode_limits(void **state)
{
    static const struct {
        uint8_t code[6];
        int vector;
    } row[] = {
        {{0xa1, 0xfe, 0xff, 0xf4}, -1},                 /* mov ax, [fffe] */
        {{0xa1, 0xff, 0xff, 0xf4}, EXCEPTION_GP},       /* mov ax, [ffff] */
        {{0xa0, 0xff, 0xff, 0xf4}, -1},                 /* mov al, [ffff] */
        {{0x36, 0xa1, 0xff, 0xff, 0xf4}, EXCEPTION_SS}, /* through SS */
        {{0x2e, 0xa3, 0x00, 0x80, 0xf4}, -1},           /* a write through CS */
        {{0x66, 0xa1, 0xfd, 0xff, 0xf4}, EXCEPTION_GP}, /* mov eax, [fffd] */
        {{0x67, 0x8a, 0x03, 0xf4}, EXCEPTION_GP},       /* mov al, [ebx], ebx = 10000 */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_real_mode(m);
        m->state.gpr[EBX] = 0x10000;
        machine_load(m);
        machine_code(m, row[n].code, sizeof(row[n].code));
        machine_run(m, CASE_BUDGET);
        if (machine_vector(m) != row[n].vector)
            fail_msg("row %u: vector %d", n, machine_vector(m));
        /* No error code: the return address is on top. */
        if (row[n].vector >= 0)
            assert_int_equal(machine_stack(m, 0, 2), 0);
    }
}

/* Code runs up to the limit and not beyond; EIP is never truncated. */
static void fetches_stop_at_the_code_limit(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    m->state.segment[CS].limit = MACHINE_CODE + 1;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x90, 0x90, 0x90);
    /* The gate's handler has a segment of its own. */
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE + 2);

    /* An instruction that the limit cuts through faults at its start. */
    machine_protected(m, 0, 32);
    m->state.segment[CS].limit = MACHINE_CODE + 4;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x90, 0xb8, 0x01, 0x02, 0x03, 0x04);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE + 1);
    assert_int_equal(m->state.gpr[EAX], 0);

    /* Real mode: IP ffff + 1 is 10000, beyond the limit. */
    machine_real_mode(m);
    m->state.eip = 0xffff;
    machine_load(m);
    machine_write_8(m, 0x1ffff, 0x90);
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(machine_stack(m, 0, 2), 0); /* 10000 pushed as 16 bits */

    /* Big real mode for code: beyond 64 KiB it just goes on. */
    machine_real_mode(m);
    machine_segment(m, CS, 0x1000, 0x10000, 0xfffff, 0x8093);
    m->state.eip = 0xffff;
    machine_load(m);
    machine_write_16(m, 0x1ffff, 0xf490);
    case_expect_halt();
    assert_int_equal(m->state.eip, 0x10001);
}

static void near_branches_beyond_the_limit_commit_nothing(void **state)
{
    static const uint8_t code[][6] = {
        {0xe9, 0x00, 0x00, 0x10, 0x00},       /* jmp */
        {0xe8, 0x00, 0x00, 0x10, 0x00},       /* call */
        {0xff, 0xe0},                         /* jmp eax */
        {0xff, 0xd0},                         /* call eax */
        {0xc3},                               /* ret */
        {0x0f, 0x84, 0x00, 0x00, 0x10, 0x00}, /* je, ZF set */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(code) / sizeof(code[0]); n++) {
        machine_protected(m, 0, 32);
        m->state.segment[CS].limit = MACHINE_CODE + 0xfff;
        m->state.gpr[EAX] = 0x100000;
        m->state.eflags |= EFLAGS_ZF;
        machine_load(m);
        machine_write_32(m, MACHINE_STACK, 0x100000);
        machine_code(m, code[n], sizeof(code[n]));
        case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE);
        /* The frame lies right below the old top: nothing was pushed or popped. */
        assert_int_equal(m->state.gpr[ESP], MACHINE_STACK - 16);
    }
}

/* --- stacks ------------------------------------------------------------------------------------
 */

static void a_16_bit_stack_wraps_and_keeps_the_upper_half(void **state)
{
    (void)state;
    machine_real_mode(m);
    m->state.gpr[ESP] = 0xabcd0002;
    m->state.gpr[EAX] = 0x1234;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x50, 0x50, 0xf4); /* push ax twice: SP 0, then fffe */
    case_expect_halt();
    assert_int_equal(m->state.gpr[ESP], 0xabcdfffe);
    assert_int_equal(machine_read_16(m, 0x20000), 0x1234);
    assert_int_equal(machine_read_16(m, 0x2fffe), 0x1234);

    machine_real_mode(m);
    m->state.gpr[ESP] = 0xabcdfffe;
    machine_load(m);
    machine_write_16(m, 0x2fffe, 0x5678);
    MACHINE_CODE_BYTES(m, 0x58, 0xf4); /* pop ax: SP 0 */
    case_expect_halt();
    assert_int_equal(m->state.gpr[ESP], 0xabcd0000);
    assert_int_equal(m->state.gpr[EAX], 0x5678);
}

/* The same of everything that pushes or pops more than one element. */
static void frames_wrap_on_a_16_bit_stack(void **state)
{
    static const struct {
        const char *what;
        uint8_t code[8];
        uint32_t before, after; /* ESP */
    } row[] = {
        {"int", {0xcd, 0x21}, 0xabcd0004, 0xabcdfffe},
        {"call far", {0x9a, 0x00, 0x02, 0x00, 0x50}, 0xabcd0002, 0xabcdfffe},
        {"pusha", {0x60, 0xf4}, 0xabcd0006, 0xabcdfff6},
        {"popa", {0x61, 0xf4}, 0xabcdfff8, 0xabcd0008},
        {"enter", {0xc8, 0x04, 0x00, 0x01, 0xf4}, 0xabcd0002, 0xabcdfffa},
        {"retf", {0xcb}, 0xabcdfffe, 0xabcd0002},
        {"iret", {0xcf}, 0xabcdfffe, 0xabcd0004},
        {"call near", {0xe8, 0xfd, 0x0f}, 0xabcd0000, 0xabcdfffe}, /* to 1000 */
        {"ret", {0xc3}, 0xabcdfffe, 0xabcd0000},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_real_mode(m);
        m->state.gpr[ESP] = row[n].before;
        machine_load(m);
        machine_code(m, row[n].code, sizeof(row[n].code));
        machine_write_16(m, 0x11000, 0xf490);
        /* What is popped leads to 1000:1000. */
        machine_write_16(m, 0x2fffe, 0x1000);
        machine_write_16(m, 0x20000, 0x1000);
        machine_write_16(m, 0x20002, EFLAGS_FIXED);
        machine_run(m, 1);
        if (m->state.gpr[ESP] != row[n].after)
            fail_msg("%s: ESP %x", row[n].what, m->state.gpr[ESP]);
    }
}

/* A push that would start below offset 0 and end above it: #SS, nothing moved. */
static void a_push_across_offset_0_faults(void **state)
{
    (void)state;
    machine_real_mode(m);
    m->state.gpr[ESP] = 1;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x50);
    /* And the frame of #SS does not fit either: a triple fault in the end. */
    assert_int_equal(machine_run(m, CASE_BUDGET), PROCESSOR_TRIPLE_FAULT);
    assert_int_equal(m->state.gpr[ESP], 1);
    assert_int_equal(m->state.eip, 0);
}

static void a_32_bit_stack_in_real_mode_uses_esp(void **state)
{
    (void)state;
    machine_real_mode(m);
    machine_segment(m, SS, 0x2000, 0x20000, 0xffffffff, ATTRIBUTES_DATA_0);
    m->state.gpr[ESP] = 0x30000;
    m->state.gpr[EAX] = 0x9abc;
    machine_load(m);
    MACHINE_CODE_BYTES(m, 0x50, 0xf4);
    case_expect_halt();
    assert_int_equal(m->state.gpr[ESP], 0x2fffe);
    assert_int_equal(machine_read_16(m, 0x4fffe), 0x9abc);
}

/* --- where memory is not RAM -------------------------------------------------------------------
 */

static void mmio_accesses_keep_their_width(void **state)
{
    static const struct {
        unsigned width;
        uint32_t offset;
        unsigned records, first_width;
    } row[] = {
        {1, 0, 1, 1}, {1, 3, 1, 1}, {2, 0, 1, 2}, {2, 2, 1, 2}, {2, 1, 1, 2},
        {4, 0, 1, 4}, {2, 3, 2, 1}, {4, 1, 4, 1}, {4, 3, 4, 1},
    };

    (void)state;
    for (unsigned write = 0; write < 2; write++) {
        for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
            uint32_t bytes = 0;

            machine_protected(m, 0, 32);
            start_access(DS, row[n].width, write, MACHINE_MMIO + row[n].offset);
            case_expect_halt();
            assert_int_equal(m->log[0].width, row[n].first_width);
            assert_int_equal(m->log[0].address, MACHINE_MMIO + row[n].offset);
            /* Each byte once, in order, whatever the pieces. */
            for (unsigned r = 0; r < m->log_count; r++) {
                if (m->log[r].kind == ACCESS_HALT)
                    continue;
                assert_int_equal(m->log[r].kind, write ? ACCESS_MMIO_WRITE : ACCESS_MMIO_READ);
                assert_int_equal(m->log[r].address, MACHINE_MMIO + row[n].offset + bytes);
                if (write)
                    assert_int_equal(
                        m->log[r].value,
                        (0xa1b2c3d4u >> (bytes * 8)) &
                            (m->log[r].width == 4 ? ANY : (1u << m->log[r].width * 8) - 1));
                bytes += m->log[r].width;
            }
            assert_int_equal(bytes, row[n].width);
        }
    }
}

/* A20 off: bit 20 of every physical address is 0. */
static void a20_masks_bit_20(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    m->state.a20 = false;
    machine_load(m);
    start_access(DS, 4, true, 0x00300000 + MACHINE_DATA);
    case_expect_halt();
    assert_int_equal(machine_read_32(m, 0x00200000 + MACHINE_DATA), 0xa1b2c3d4);
    assert_int_equal(machine_read_32(m, 0x00300000 + MACHINE_DATA), 0);
    /* And from the next access on, both ways. */
    machine_real_mode(m);
    machine_segment(m, DS, 0xffff, 0xffff0, 0xffff, ATTRIBUTES_REAL);
    machine_load(m);
    processor_set_a20(&m->processor, false);
    assert_false(processor_a20(&m->processor));
    machine_write_8(m, 0x00000010, 0x11);
    machine_write_8(m, 0x00100010, 0x22);
    MACHINE_CODE_BYTES(m, 0xa0, 0x20, 0x00, 0xa0, 0x20, 0x00, 0xf4); /* mov al, [0020] twice */
    machine_run(m, 1);
    assert_int_equal(m->state.gpr[EAX] & 0xff, 0x11);
    processor_set_a20(&m->processor, true);
    machine_run(m, 1);
    assert_int_equal(m->state.gpr[EAX] & 0xff, 0x22);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_limits),
        cmocka_unit_test(stack_limits),
        cmocka_unit_test(real_mode_limits),
        cmocka_unit_test(fetches_stop_at_the_code_limit),
        cmocka_unit_test(near_branches_beyond_the_limit_commit_nothing),
        cmocka_unit_test(a_16_bit_stack_wraps_and_keeps_the_upper_half),
        cmocka_unit_test(frames_wrap_on_a_16_bit_stack),
        cmocka_unit_test(a_push_across_offset_0_faults),
        cmocka_unit_test(a_32_bit_stack_in_real_mode_uses_esp),
        cmocka_unit_test(mmio_accesses_keep_their_width),
        cmocka_unit_test(a20_masks_bit_20),
    };

    return CASE_MAIN(tests);
}
