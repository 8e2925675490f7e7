/* String instructions on memory: long runs against an element-by-element model, wrap-around, faults
 * and events half-way. Not here: ports (port_rules.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system_machine.h"

#define STI  0xfb
#define REPE 0xf3
#define WORK 0x00200000u /* where the strings are */
#define SIZE 0x00020000u

static uint8_t model[SIZE];
static uint32_t random_state = 1;

static uint32_t random_value(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

struct string_registers {
    uint32_t count, source, destination, accumulator;
};

static uint32_t element(uint32_t offset, unsigned width)
{
    uint32_t value = 0;

    memcpy(&value, model + offset, width);
    return value;
}

/* One REP instruction on the model; `opcode` of the byte form. */
static void model_run(struct string_registers *r, uint8_t opcode, uint8_t prefix, unsigned width,
                      bool down, uint32_t mask)
{
    uint32_t step = down ? 0u - width : width, a = r->accumulator, b;

    if (width < 4)
        a &= (1u << width * 8) - 1;
    while (r->count & mask) {
        bool source = opcode == 0xa4 || opcode == 0xa6 || opcode == 0xac, stop = false;
        bool destination = opcode != 0xac;

        if (opcode == 0xa4) {
            a = element(r->source & mask, width);
        } else if (opcode == 0xac) {
            memcpy(&r->accumulator, model + (r->source & mask), width);
        } else if (opcode != 0xaa) {
            b = element(r->destination & mask, width);
            if (opcode == 0xa6)
                a = element(r->source & mask, width);
            stop = (a == b) != (prefix == REPE);
        }
        if (opcode == 0xa4 || opcode == 0xaa)
            memcpy(model + (r->destination & mask), &a, width);
        if (source)
            r->source = (r->source & ~mask) | ((r->source + step) & mask);
        if (destination)
            r->destination = (r->destination & ~mask) | ((r->destination + step) & mask);
        r->count = (r->count & ~mask) | ((r->count - 1) & mask);
        if (stop)
            break;
    }
}

static uint32_t pick_offset(bool wide, unsigned width)
{
    /* The model has no second 64 KiB to run into: an element must not cross the wrap. */
    uint32_t offset = random_value() % (wide ? SIZE / 2 : 0x10000);

    return wide ? offset + SIZE / 4 : offset & ~(width - 1);
}

static void against_the_model(void **state)
{
    static const uint8_t opcodes[] = {0xa4, 0xa6, 0xaa, 0xac, 0xae};
    static uint8_t memory[SIZE];

    (void)state;
    for (unsigned n = 0; n < 3000; n++) {
        uint8_t opcode = opcodes[random_value() % 5], prefix = 0xf2 + random_value() % 2;
        unsigned width = 1u << random_value() % 3;
        bool wide = random_value() % 2, down = random_value() % 2;
        uint32_t mask = wide ? 0xffffffff : 0xffff;
        struct string_registers r = {.accumulator = random_value() * 0x01010101u};
        uint8_t code[4];
        unsigned length = 0;

        machine_protected(machine, 0, 32);
        /* Few values, so that comparisons get somewhere. */
        for (unsigned at = 0; at < SIZE; at++)
            model[at] = (uint8_t)(random_value() % 64 ? 0x11 : random_value());
        if (random_value() % 2)
            r.accumulator = 0x11111111;
        r.source = pick_offset(wide, width);
        r.destination = pick_offset(wide, width);
        if (random_value() % 2)
            r.destination = (r.source + random_value() % 32 - 16) & ~(wide ? 0 : width - 1) & mask;
        r.count = random_value() % (random_value() % 2 ? 40 : 0x4000 / width);
        machine_write(machine, WORK, model, SIZE);
        machine_segment(machine, DS, SELECTOR_DATA_0, WORK, SIZE - 1, 0x4093);
        machine_segment(machine, ES, SELECTOR_DATA_0, WORK, SIZE - 1, 0x4093);
        machine->state.gpr[EAX] = r.accumulator;
        machine->state.gpr[ECX] = r.count;
        machine->state.gpr[ESI] = r.source;
        machine->state.gpr[EDI] = r.destination;
        machine->state.eflags |= down ? EFLAGS_DF : 0;
        code[length++] = prefix;
        if (width == 2)
            code[length++] = 0x66;
        if (!wide)
            code[length++] = 0x67;
        code[length++] = (uint8_t)(opcode | (width > 1));
        assert_int_equal(run_code(code, length), ENDED);
        model_run(&r, opcode, prefix, width, down, mask);
        assert_int_equal(machine->state.gpr[EAX], r.accumulator);
        assert_int_equal(machine->state.gpr[ECX], r.count);
        assert_int_equal(machine->state.gpr[ESI], r.source);
        assert_int_equal(machine->state.gpr[EDI], r.destination);
        memcpy(memory, machine->ram + WORK, SIZE);
        assert_memory_equal(memory, model, SIZE);
    }
}

/* A page fault half-way: what was done stays done, the rest is still to do, and the flags of a
 * comparison are those from before. */
static void page_fault(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine_paging(machine);
    machine_write_32(machine, machine_page_entry(WORK + 0x3000), 0);
    machine->state.gpr[EAX] = 0x12345678;
    machine->state.gpr[ECX] = 0x1000;
    machine->state.gpr[EDI] = WORK + 2;
    assert_int_equal(RUN(REPE, 0xab), 14);
    assert_int_equal(machine->state.cr2, WORK + 0x3000);
    assert_int_equal(machine->state.gpr[EDI], WORK + 0x2ffe);
    assert_int_equal(machine->state.gpr[ECX], 0x1000 - 0xbff);
    assert_int_equal(machine_read_32(machine, WORK + 0x2ffa), 0x12345678);
    assert_int_equal(machine_read_16(machine, WORK + 0x2ffe), 0);
    assert_int_equal(machine_stack(machine, 1, 4), MACHINE_CODE);

    machine_protected(machine, 0, 32);
    machine_paging(machine);
    machine_write_32(machine, machine_page_entry(WORK + 0x3000), 0);
    machine->state.eflags |= EFLAGS_CF | EFLAGS_OF;
    machine->state.gpr[ECX] = 0x10000;
    machine->state.gpr[EDI] = WORK;
    assert_int_equal(RUN(REPE, 0xae), 14); /* zeroes all the way */
    assert_int_equal(machine->state.gpr[ECX], 0xd000);
    assert_int_equal(pushed_eflags(true) & EFLAGS_STATUS, EFLAGS_CF | EFLAGS_OF);
}

/* Pages that are neighbours in linear memory only: an element across the border goes to both. */
static void scattered_pages(void **state)
{
    (void)state;
    for (unsigned down = 0; down < 2; down++) {
        machine_protected(machine, 0, 32);
        machine_paging(machine);
        machine_write_32(machine, machine_page_entry(WORK + 0x2000), (WORK + 0x8000) | 7);
        machine->state.gpr[EAX] = 0x44332211;
        machine->state.gpr[ECX] = 4;
        machine->state.gpr[EDI] = WORK + (down ? 0x1ffe : 0x1ff2);
        machine->state.eflags |= down ? EFLAGS_DF : 0;
        assert_int_equal(RUN(0x90, 0x88, 0x07, 0x88, 0x87, 0x02, 0, 0, 0, 0x88, 0x87, 0xf4, 0xff,
                             0xff, 0xff, REPE, 0xab),
                         ENDED); /* the stores put the pages into the translation cache */
        assert_int_equal(machine_read_16(machine, WORK + 0x1ffe), 0x2211);
        assert_int_equal(machine_read_16(machine, WORK + 0x8000), 0x4433);
        assert_int_equal(machine_read_16(machine, WORK + 0x2000), 0);
        assert_int_equal(machine_read_32(machine, WORK + 0x1ffa), 0x44332211);
    }
}

/* Interrupts and single steps come between the iterations. */
static void events(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine->state.gpr[ECX] = 100;
    machine->state.gpr[EDI] = WORK;
    machine_request(machine, 0x40, 0);
    /* The shadow of STI covers the first iteration. */
    assert_int_equal(RUN(STI, REPE, 0xaa), 0x40);
    assert_int_equal(machine->state.gpr[ECX], 99);
    assert_int_equal(machine->state.gpr[EDI], WORK + 1);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE + 1);
    assert_int_equal(machine->violations, 0);

    for (uint32_t count = 0; count < 3; count++) {
        machine_protected(machine, 0, 32);
        machine->state.gpr[ECX] = count;
        machine->state.gpr[ESI] = WORK;
        machine->state.gpr[EDI] = WORK + 64;
        machine->state.eflags |= EFLAGS_TF;
        assert_int_equal(RUN(REPE, 0xa5), 1);
        assert_int_equal(machine->state.gpr[ECX], count ? count - 1 : 0);
        assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE + (count > 1 ? 0 : 2));
    }
}

/* Offsets wrap at 64 KiB even where the segment goes on, an element does not. */
static void wrap_in_big_real_mode(void **state)
{
    (void)state;
    machine_real_mode(machine);
    machine_segment(machine, ES, 0x3000, WORK, 0xffffffff, 0x8093);
    machine->state.gpr[EAX] = 0x4433;
    machine->state.gpr[ECX] = 3;
    machine->state.gpr[EDI] = 0xfffd;
    assert_int_equal(RUN(REPE, 0xab), ENDED);
    assert_int_equal(machine->state.gpr[EDI], 3);
    assert_int_equal(machine_read_16(machine, WORK + 0xfffd), 0x4433);
    assert_int_equal(machine_read_16(machine, WORK + 0xffff), 0x4433);
    assert_int_equal(machine_read_8(machine, WORK), 0);
    assert_int_equal(machine_read_16(machine, WORK + 1), 0x4433);
    /* A run of bytes that would go on beyond the wrap in the same page. */
    machine_real_mode(machine);
    machine_segment(machine, ES, 0x3000, WORK + 0x800, 0xffffffff, 0x8093);
    machine->state.gpr[EAX] = 0x44;
    machine->state.gpr[ECX] = 0x40;
    machine->state.gpr[EDI] = 0xfff0;
    assert_int_equal(RUN(REPE, 0xaa), ENDED);
    assert_int_equal(machine_read_8(machine, WORK + 0x107ff), 0x44);
    assert_int_equal(machine_read_8(machine, WORK + 0x10800), 0);
    assert_int_equal(machine_read_8(machine, WORK + 0x82f), 0x44);
    assert_int_equal(machine_read_8(machine, WORK + 0x830), 0);
    /* With limit ffff an element across it faults, after what comes before it. */
    machine_real_mode(machine);
    machine->state.gpr[ECX] = 3;
    machine->state.gpr[EDI] = 0xfffd;
    assert_int_equal(RUN(REPE, 0xab), 13);
    assert_int_equal(machine->state.gpr[EDI], 0xffff);
    assert_int_equal(machine->state.gpr[ECX], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(against_the_model, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(page_fault, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(scattered_pages, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(events, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(wrap_in_big_real_mode, machine_set_up, machine_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
