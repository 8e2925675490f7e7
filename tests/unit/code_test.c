/* Kept code: that it is used, and that it is never used when memory says something else.
 * Not here: what instructions do; the fuzzer compares whole programs with and without kept code. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "case.h"

#include <string.h>

#include "code.h"
#include "interruptible.h"

#define CODE  MACHINE_REAL_CODE
#define STACK 0x28000u

/* Little, so that the tests come to its end. */
static uint64_t code_memory[(CODE_SIZE_LEAST + CODE_STRETCH_SLOTS * sizeof(struct code_slot)) / 8];

/* Real mode with DS and ES at the code, and code kept. */
static void start(const void *bytes, size_t length)
{
    machine_reset(m);
    machine_real_mode(m);
    processor_keep_code(&m->processor, code_memory, sizeof(code_memory));
    machine_segment(m, DS, CODE >> 4, CODE, 0xffff, ATTRIBUTES_REAL);
    machine_segment(m, ES, CODE >> 4, CODE, 0xffff, ATTRIBUTES_REAL);
    machine_load(m);
    machine_code(m, bytes, length);
}

static const struct code *kept(void)
{
    return m->processor.code;
}

/* mov cx, 200; L: inc ax; dec cx; jnz L; hlt: decoded once or twice, run 200 times. */
static void test_loop_is_decoded_once(void **state)
{
    static const uint8_t bytes[] = {0xb9, 200, 0, 0x40, 0x49, 0x75, 0xfc, 0xf4};

    (void)state;
    start(bytes, sizeof(bytes));
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], 200);
    assert_int_equal(m->processor.retired, 602);
    assert_in_range(kept()->fills, 1, 3);
}

/* The same while an accepted interrupt waits for IF: it costs nothing, and comes behind STI's
 * shadow. mov cx, 200; L: inc ax; dec cx; jnz L; sti; inc bx; inc bx; cli; hlt */
static void test_loop_while_an_interrupt_waits(void **state)
{
    static const uint8_t bytes[] = {0xb9, 200,  0,    0x40, 0x49, 0x75,
                                    0xfc, 0xfb, 0x43, 0x43, 0xfa, 0xf4};

    (void)state;
    start(bytes, sizeof(bytes));
    machine_write_8(m, HANDLER(IRQ), IRET);
    m->accepted = IRQ;
    processor_interrupt_accepted(&m->processor);
    assert_int_equal(machine_run(m, 601), PROCESSOR_BUDGET);
    assert_int_equal(m->state.gpr[EAX], 200);
    assert_in_range(kept()->fills, 1, 3);
    case_expect_halt();
    assert_int_equal(m->state.gpr[EBX], 2);
    assert_int_equal(m->accepted, -1);
    assert_int_equal(machine_read_16(m, STACK - 6), 9); /* behind the first INC BX */
}

/* It is none any more before IF is set. cli; inc ax; sti; nop; nop; cli; hlt */
static void test_waiting_interrupt_is_withdrawn(void **state)
{
    static const uint8_t bytes[] = {0xfa, 0x40, 0xfb, 0x90, 0x90, 0xfa, 0xf4};

    (void)state;
    start(bytes, sizeof(bytes));
    m->accepted = IRQ;
    processor_interrupt_accepted(&m->processor);
    machine_run(m, 2);
    m->accepted = -1;
    processor_interrupt_withdrawn(&m->processor);
    case_expect_halt();
    assert_int_equal(m->violations, 0);
    assert_int_equal(m->processor.interrupts, 0);
}

/* A loop that is longer than one stretch: from each to the next one, too. */
static void test_long_loop(void **state)
{
    uint8_t bytes[64] = {0xb9, 100, 0}; /* mov cx, 100; then inc ax 50 times */

    (void)state;
    memset(bytes + 3, 0x40, 50);
    memcpy(bytes + 53, (const uint8_t[]){0xe2, 0xcc, 0xf4}, 3); /* loop; hlt */
    start(bytes, 56);
    assert_true(machine_run_to_halt(m, 10000));
    assert_int_equal(m->state.gpr[EAX], 5000);
    assert_int_equal(m->state.gpr[ECX], 0);
    assert_int_equal(m->processor.retired, 1 + 100 * 51 + 1);
    assert_in_range(kept()->fills, 3, 12);
}

/* Without room for code everything runs as well. */
static void test_too_little_room(void **state)
{
    static const uint8_t bytes[] = {0xb9, 200, 0, 0x40, 0x49, 0x75, 0xfc, 0xf4};

    (void)state;
    machine_reset(m);
    machine_real_mode(m);
    processor_keep_code(&m->processor, code_memory, CODE_SIZE_LEAST - 1);
    machine_code(m, bytes, sizeof(bytes));
    assert_null(kept());
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], 200);
}

/* Each writes `value` over the immediate of a MOV AL that follows it at once, by another way. */
static const struct {
    const char *what;
    uint8_t code[24];
    uint8_t length;
    uint8_t target; /* offset of the immediate */
} writers[] = {
    {"mov m, imm", {0xc6, 0x06, 6, 0, 0x55, 0xb0, 0}, 7, 6},
    {"mov m, r", {0xb3, 0x55, 0x88, 0x1e, 7, 0, 0xb0, 0}, 8, 7},
    {"add m, r", {0xb3, 0x55, 0x00, 0x1e, 7, 0, 0xb0, 0}, 8, 7},
    {"xchg m, r", {0xb3, 0x55, 0x86, 0x1e, 7, 0, 0xb0, 0}, 8, 7},
    {"a word across its first byte", {0xb8, 0xb0, 0x55, 0xa3, 6, 0, 0xb0, 0}, 8, 7},
    {"stosb", {0xbf, 7, 0, 0xb0, 0x55, 0xaa, 0xb0, 0}, 8, 7},
    {"rep stosb", {0xbf, 11, 0, 0xb9, 1, 0, 0xb0, 0x55, 0xf3, 0xaa, 0xb0, 0}, 12, 11},
    {"rep movsb", {0xbe, 13, 0, 0xbf, 12, 0, 0xb9, 1, 0, 0xf3, 0xa4, 0xb0, 0, 0x55}, 14, 12},
    {"push",
     {0x8c, 0xd8, 0x8e, 0xd0, 0xbc, 15, 0, 0x68, 0xb0, 0x55, 0x90, 0x90, 0x90, 0xb0, 0},
     15,
     14},
    {"a dword that begins in front",
     {0x66, 0xb8, 0x90, 0x90, 0xb0, 0x55, 0x66, 0xa3, 10, 0, 0x90, 0x90, 0xb0, 0},
     14,
     13},
};

/* The very next instruction runs as it has been written, the first time and when it has been kept.
 */
static void test_next_instruction(void **state)
{
    (void)state;
    for (unsigned n = 0; n < sizeof(writers) / sizeof(writers[0]); n++) {
        uint8_t bytes[32];

        memcpy(bytes, writers[n].code, writers[n].length);
        bytes[writers[n].length] = 0xf4;
        for (unsigned round = 0; round < 2; round++) {
            if (round == 0)
                start(bytes, writers[n].length + 1u);
            else { /* the same code again, by now kept, with the byte put back by nobody it knows */
                m->state.eip = 0;
                m->state.gpr[EAX] = 0;
                machine_load(m);
                machine_write_8(m, CODE + writers[n].target, 0);
                m->processor.halted = false;
            }
            case_expect_halt();
            if ((m->state.gpr[EAX] & 0xff) != 0x55)
                fail_msg("%s, round %u: AL %02x", writers[n].what, round, m->state.gpr[EAX] & 0xff);
        }
    }
}

/* A loop that changes an instruction behind it each time round. */
static void test_loop_changes_itself(void **state)
{
    /* mov cx, 100; L: add ax, 0 (its immediate counts up); inc byte [4+1]; loop L; hlt */
    static const uint8_t bytes[] = {0xb9, 100, 0, 0x05, 0, 0, 0xfe, 0x06, 4, 0, 0xe2, 0xf7, 0xf4};

    (void)state;
    start(bytes, sizeof(bytes));
    case_expect_halt();
    assert_int_equal(m->state.gpr[EAX], 99 * 100 / 2);
    assert_true(kept()->writes >= 99);
}

/* Data beside code, within the same granule: nothing is decoded again. */
static void test_data_beside_code(void **state)
{
    /* mov cx, 100; L: inc byte [12]; loop L; hlt; nop; nop; the byte */
    static const uint8_t bytes[] = {0xb9, 100,  0,    0xfe, 0x06, 12, 0,
                                    0xe2, 0xfa, 0xf4, 0x90, 0x90, 0};

    (void)state;
    start(bytes, sizeof(bytes));
    case_expect_halt();
    assert_int_equal(machine_read_8(m, CODE + 12), 100);
    assert_int_equal(kept()->writes, 0);
    assert_in_range(kept()->fills, 1, 3);
}

/* --- the fast ways ------------------------------------------------------------------------------
 */

static unsigned asked; /* ram_page or ram_run */

static uint8_t *counting_page(void *context, uint64_t physical)
{
    asked++;
    return machine_platform.ram_page(context, physical);
}

/* All of RAM. */
static uint8_t *counting_run(void *context, uint32_t physical, uint32_t *first, uint32_t *last)
{
    struct machine *machine = context;

    (void)physical;
    asked++;
    *first = 0;
    *last = MACHINE_RAM_SIZE - 1;
    return machine->ram;
}

static struct platform counting;

static void count_asked(bool with_runs)
{
    counting = machine_platform;
    counting.ram_page = counting_page;
    counting.ram_run = with_runs ? counting_run : NULL;
    m->processor.platform = &counting;
    processor_flush_translations(&m->processor);
    asked = 0;
}

/* A hundred loads, stores, changes, pushes and pops ask for pages no more often than one of each.
 */
static void test_windows_are_used(void **state)
{
    /* mov cx, 100; L: mov ax, [1000]; inc word [1002]; mov [1004], ax; push ax; pop bx; loop L; hlt
     */
    static const uint8_t bytes[] = {0xb9, 100,  0, 0xa1, 0,    0x10, 0xff, 0x06, 2,
                                    0x10, 0xa3, 4, 0x10, 0x50, 0x5b, 0xe2, 0xf2, 0xf4};

    (void)state;
    for (unsigned with_runs = 0; with_runs < 2; with_runs++) {
        start(bytes, sizeof(bytes));
        count_asked(with_runs);
        case_expect_halt();
        assert_int_equal(machine_read_16(m, CODE + 0x1002), 100);
        assert_in_range(asked, 1, 12);
    }
}

/* A window that is opened by its last byte ends three bytes before RAM does: what goes beyond is
 * MMIO's. */
static void test_window_at_the_end_of_ram(void **state)
{
    /* mov al, [fff]; mov ebx, [ffe]; mov [ffd], ebx; hlt */
    static const uint8_t bytes[] = {0xa0, 0xff, 0x0f, 0x66, 0x8b, 0x1e, 0xfe,
                                    0x0f, 0x66, 0x89, 0x1e, 0xfd, 0x0f, 0xf4};

    (void)state;
    for (unsigned with_runs = 0; with_runs < 2; with_runs++) {
        start(bytes, sizeof(bytes));
        machine_segment(m, DS, 0, MACHINE_RAM_SIZE - 0x1000, 0xffff, ATTRIBUTES_REAL);
        machine_load(m);
        machine_write_16(m, MACHINE_RAM_SIZE - 2, 0x2211);
        m->mmio_value = 0x44;
        count_asked(with_runs);
        case_expect_halt();
        assert_int_equal(m->state.gpr[EAX] & 0xff, 0x22);
        assert_int_equal(m->state.gpr[EBX], 0x44442211);
        assert_int_equal(machine_read_8(m, MACHINE_RAM_SIZE - 1), 0x44);
    }
}

/* Far calls, returns, INT, IRET and segments on the stack: the short ways are taken, all but at
 * first, and the same comes out whether INT takes its own or not. */
static void test_far_control_flow(void **state)
{
    /* mov cx, 100; L: call 1000:0020; int 40h; push ds; pop es; loop L; hlt. 20: inc ax; retf. 24:
     * inc bx; iret */
    static const uint8_t bytes[] = {0xb9, 100,  0,    0x9a, 0x20, 0,    0,   0x10,
                                    0xcd, 0x40, 0x1e, 0x07, 0xe2, 0xf5, 0xf4};
    struct guest_state states[2];
    uint64_t transfers[2];

    (void)state;
    for (unsigned with_runs = 0; with_runs < 2; with_runs++) {
        start(bytes, sizeof(bytes));
        machine_write(m, CODE + 0x20, (const uint8_t[]){0x40, 0xcb, 0, 0, 0x43, 0xcf}, 6);
        machine_write_32(m, 0x40 * 4, 0x10000024);
        m->state.gpr[ESP] = 0x7f00; /* away from the end of a page, which ends a window */
        machine_load(m);
        count_asked(with_runs);
        case_expect_halt();
        assert_int_equal(m->state.gpr[EAX], 100);
        assert_int_equal(m->state.gpr[EBX], 100);
        states[with_runs] = m->state;
        transfers[with_runs] = kept()->transfers;
    }
    assert_memory_equal(&states[0], &states[1], sizeof(states[0]));
    /* Without runs, INT has to look for its vector by the long way. */
    assert_in_range(transfers[1], 390, 400);
    assert_in_range(transfers[0], 290, 300);
}

/* Memory written by nobody that the interpreter knows of, between two runs. */
static void test_rewritten_between_runs(void **state)
{
    /* L: mov al, 1; jmp L */
    static const uint8_t bytes[] = {0xb0, 1, 0xeb, 0xfc};

    (void)state;
    start(bytes, sizeof(bytes));
    for (unsigned value = 1; value < 20; value++) {
        machine_write_8(m, CODE + 1, (uint8_t)value);
        assert_int_equal(machine_run(m, 100), PROCESSOR_BUDGET);
        assert_int_equal(m->state.gpr[EAX] & 0xff, value);
    }
}

/* A device that writes memory when a port is read, as a DMA controller may. */
static uint32_t writing_port(void *context, uint16_t port, unsigned width)
{
    struct machine *machine = context;

    (void)port;
    (void)width;
    machine->ram[CODE + 2]++;
    return 0;
}

static void test_rewritten_by_a_device(void **state)
{
    /* L: in al, dx; mov bl, 0; dec cx; jnz L; hlt */
    static const uint8_t bytes[] = {0xec, 0xb3, 0, 0x49, 0x75, 0xfa, 0xf4};
    struct platform platform = machine_platform;

    (void)state;
    start(bytes, sizeof(bytes));
    platform.port_read = writing_port;
    m->processor.platform = &platform;
    m->state.gpr[ECX] = 50;
    machine_load(m);
    case_expect_halt();
    assert_int_equal(m->state.gpr[EBX] & 0xff, 50);
}

/* Stretches of two instructions: inc ax; jmp over one byte. Returns the length of all. */
static unsigned put_stretches(uint8_t *to, unsigned count)
{
    for (unsigned n = 0; n < count; n++, to += 4)
        memcpy(to, (const uint8_t[]){0x40, 0xeb, 0x01, 0x0f}, 4);
    return 4 * count;
}

/* More code than there is room for: kept code is thrown away and everything goes on. */
static void test_more_than_fits(void **state)
{
    static uint8_t bytes[4000];
    unsigned at;

    (void)state;
    at = put_stretches(bytes, 900);
    bytes[at - 4] = 0xf4;
    start(bytes, at);
    assert_true(machine_run_to_halt(m, 10000));
    assert_int_equal(m->state.gpr[EAX], 899);
    assert_true(kept()->fills >= 899);
}

/* With much room there are more entries, and a loop of many stretches is decoded once. */
static void test_much_room(void **state)
{
    static uint64_t much[32768];
    static uint8_t bytes[700] = {0xb9, 10, 0};             /* mov cx, 10; L: the stretches */
    static const uint8_t end[] = {0x49, 0x74, 0x03, 0xe9}; /* dec cx; jz to the HLT; jmp L; hlt */
    unsigned at;

    (void)state;
    at = 3 + put_stretches(bytes + 3, 150);
    memcpy(bytes + at, end, sizeof(end));
    bytes[at + 4] = (uint8_t)(3 - (at + 6));
    bytes[at + 5] = (uint8_t)((3 - (at + 6)) >> 8);
    bytes[at + 6] = 0xf4;
    start(bytes, at + 7);
    processor_keep_code(&m->processor, much, sizeof(much));
    assert_true(kept()->entry_mask >= CODE_ENTRIES_LEAST);
    assert_true(machine_run_to_halt(m, 10000));
    assert_int_equal(m->state.gpr[EAX], 1500);
    assert_in_range(kept()->fills, 150, 160);
}

/* The same bytes decode otherwise in a 32-bit segment, and back. */
static void test_mode_decides(void **state)
{
    /* mov eax, 90909055 in 32 bits; mov ax, 9055; nop; nop in 16 bits */
    static const uint8_t bytes[] = {0xb8, 0x55, 0x90, 0x90, 0x90, 0xf4};

    (void)state;
    machine_reset(m);
    for (unsigned round = 0; round < 4; round++) {
        machine_protected(m, 0, round & 1 ? 16 : 32);
        if (round == 0)
            processor_keep_code(&m->processor, code_memory, sizeof(code_memory));
        machine_load(m);
        machine_code(m, bytes, sizeof(bytes));
        case_expect_halt();
        assert_int_equal(m->state.gpr[EAX], round & 1 ? 0x9055 : 0x90909055);
    }
}

/* A budget ends where it ends, in kept code as well. */
static void test_budget(void **state)
{
    static const uint8_t bytes[] = {0x40, 0x40, 0x40, 0xeb, 0xfb};

    (void)state;
    start(bytes, sizeof(bytes));
    for (unsigned count = 1; count < 120; count++) {
        uint64_t before = m->processor.retired;

        assert_int_equal(machine_run(m, count), PROCESSOR_BUDGET);
        assert_int_equal(m->processor.retired - before, count);
    }
}

/* A fault within kept code: the instruction is named, and what came before it is done. */
static void test_fault_within(void **state)
{
    /* L: inc ax; mov bx, [di]; add di, fff; jmp L: a word at ffff faults */
    static const uint8_t bytes[] = {0x40, 0x8b, 0x1d, 0x81, 0xc7, 0xff, 0x0f, 0xeb, 0xf7};

    (void)state;
    start(bytes, sizeof(bytes));
    m->state.gpr[EDI] = 0x000f;
    machine_load(m);
    case_expect_vector(EXCEPTION_GP);
    assert_int_equal(machine_stack(m, 0, 2), 1);
    assert_int_equal(m->state.gpr[EAX], 17);
    assert_int_equal(m->state.gpr[EDI], 0xffff);
}

/* A handler starts without the shadow of the STI before the INT. */
static void test_interrupt_in_a_shadow(void **state)
{
    static const uint8_t bytes[] = {0xcd, IRQ, 0xfb, 0xcd, IRQ}; /* int; sti; int */

    (void)state;
    start(bytes, sizeof(bytes));
    machine_write_8(m, HANDLER(IRQ), IRET);
    m->state.gpr[ESP] = 0x7f00;
    machine_load(m);
    count_asked(true);
    assert_int_equal(machine_run(m, 4), PROCESSOR_BUDGET);
    assert_int_equal(m->state.eip, HANDLER(IRQ) & 0xfff);
    assert_int_equal(m->state.shadow, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_is_decoded_once),
        cmocka_unit_test(test_loop_while_an_interrupt_waits),
        cmocka_unit_test(test_waiting_interrupt_is_withdrawn),
        cmocka_unit_test(test_long_loop),
        cmocka_unit_test(test_too_little_room),
        cmocka_unit_test(test_next_instruction),
        cmocka_unit_test(test_loop_changes_itself),
        cmocka_unit_test(test_data_beside_code),
        cmocka_unit_test(test_windows_are_used),
        cmocka_unit_test(test_window_at_the_end_of_ram),
        cmocka_unit_test(test_far_control_flow),
        cmocka_unit_test(test_rewritten_between_runs),
        cmocka_unit_test(test_rewritten_by_a_device),
        cmocka_unit_test(test_more_than_fits),
        cmocka_unit_test(test_much_room),
        cmocka_unit_test(test_mode_decides),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_fault_within),
        cmocka_unit_test(test_interrupt_in_a_shadow),
    };

    return CASE_MAIN(tests);
}
