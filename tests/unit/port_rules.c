/* Port instructions: who may, in which order things happen, what REP does with faults and events.
 * Not here: string instructions on memory (string_rules.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "system_machine.h"

#define IN_AL_DX   0xec
#define IN_AX_DX   0x66, 0xed
#define IN_EAX_DX  0xed
#define OUT_DX_EAX 0xef
#define REP        0xf3
#define INSB       0x6c
#define INSD       0x6d
#define OUTSB      0x6e
#define OUTSD      0x6f
#define BITMAP     0x68u

/* A TSS with a bitmap that ends in the byte of all ones behind `last_byte`. */
static void bitmap(uint32_t attributes, unsigned last_byte)
{
    machine_write_16(machine, MACHINE_TSS + 0x66, BITMAP);
    machine_write_8(machine, MACHINE_TSS + BITMAP + last_byte + 1, 0xff);
    machine_segment(machine, TR, SELECTOR_TSS, MACHINE_TSS, BITMAP + last_byte + 1, attributes);
}

static void deny(unsigned port)
{
    uint32_t where = MACHINE_TSS + BITMAP + port / 8;

    machine_write_8(machine, where, (uint8_t)(machine_read_8(machine, where) | 1u << port % 8));
}

static int in_ring_3(unsigned port, const uint8_t *code, size_t length)
{
    machine->state.gpr[EDX] = port;
    return run_code(code, length);
}

#define IN_RING_3(port, ...)                                                                       \
    in_ring_3(port, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* One run: ring 3, IOPL 0, 32-bit TSS, ports 8 to 15 of a bitmap of 16 with port 9 denied. */
static int with_bitmap(unsigned port, const uint8_t *code, size_t length)
{
    machine_protected(machine, 3, 32);
    bitmap(0x8b, 1);
    deny(9);
    machine->log_count = 0;
    return in_ring_3(port, code, length);
}

#define WITH_BITMAP(port, ...)                                                                     \
    with_bitmap(port, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void permission_bitmap(void **state)
{
    (void)state;
    assert_int_equal(WITH_BITMAP(8, IN_AL_DX), ENDED);
    assert_int_equal(machine->log_count, 1 + 1); /* and the halt */
    assert_int_equal(WITH_BITMAP(9, IN_AL_DX), 13);
    assert_int_equal(machine->log_count, 0 + 1);
    assert_int_equal(WITH_BITMAP(8, IN_AX_DX), 13); /* 8 and 9 */
    assert_int_equal(WITH_BITMAP(10, IN_AX_DX), ENDED);
    assert_int_equal(WITH_BITMAP(12, IN_EAX_DX), ENDED);
    assert_int_equal(WITH_BITMAP(6, IN_EAX_DX), 13);  /* 6 to 9, across bytes */
    assert_int_equal(WITH_BITMAP(14, IN_EAX_DX), 13); /* into the byte of ones */
    assert_int_equal(WITH_BITMAP(15, IN_AL_DX), ENDED);
    assert_int_equal(WITH_BITMAP(16, IN_AL_DX), 13); /* the second byte is beyond the limit */
    assert_int_equal(WITH_BITMAP(0xffff, IN_AL_DX), 13);
    assert_int_equal(WITH_BITMAP(9, OUT_DX_EAX), 13);
    assert_int_equal(machine->log_count, 0 + 1);
}

static void permission_elsewhere(void **state)
{
    (void)state;
    /* IOPL 3 needs no bitmap, nor does ring 0. */
    machine_protected(machine, 3, 32);
    machine->state.eflags |= EFLAGS_IOPL;
    assert_int_equal(IN_RING_3(9, IN_AL_DX), ENDED);
    machine_protected(machine, 0, 32);
    assert_int_equal(IN_RING_3(9, IN_AL_DX), ENDED);
    /* Virtual-8086 mode always asks the bitmap. */
    machine_virtual_8086(machine, 3);
    bitmap(0x8b, 1);
    deny(9);
    assert_int_equal(IN_RING_3(9, IN_AL_DX), 13);
    machine_virtual_8086(machine, 0);
    bitmap(0x8b, 1);
    deny(9);
    assert_int_equal(IN_RING_3(8, IN_AL_DX), ENDED);
    machine_real_mode(machine);
    assert_int_equal(IN_RING_3(9, IN_AL_DX), ENDED);
    /* Two bytes are read even when the port's bits are in the first, here the last of the TSS. */
    machine_protected(machine, 3, 32);
    machine_write_16(machine, MACHINE_TSS + 0x66, BITMAP);
    machine_segment(machine, TR, SELECTOR_TSS, MACHINE_TSS, BITMAP + 1, 0x8b);
    assert_int_equal(IN_RING_3(7, IN_AL_DX), ENDED);
    machine_protected(machine, 3, 32);
    machine_write_16(machine, MACHINE_TSS + 0x66, BITMAP);
    machine_segment(machine, TR, SELECTOR_TSS, MACHINE_TSS, BITMAP + 1, 0x8b);
    assert_int_equal(IN_RING_3(8, IN_AL_DX), 13);
    /* A 32-bit TSS too small for the pointer to its bitmap; a bitmap beyond the limit. */
    machine_protected(machine, 3, 32);
    machine_segment(machine, TR, SELECTOR_TSS, MACHINE_TSS, 0x65, 0x8b);
    assert_int_equal(IN_RING_3(8, IN_AL_DX), 13);
    machine_protected(machine, 3, 32);
    assert_int_equal(IN_RING_3(8, IN_AL_DX), 13);
}

/* The destination of INS is checked before the port gives its value away. */
static void input_is_not_lost(void **state)
{
    (void)state;
    for (unsigned repeated = 0; repeated < 2; repeated++) {
        machine_protected(machine, 0, 32);
        machine_segment(machine, ES, SELECTOR_DATA_0, MACHINE_DATA, 0xfff, 0x4093);
        machine->state.gpr[EDI] = 0xffe;
        machine->state.gpr[ECX] = 2;
        assert_int_equal(repeated ? RUN(REP, INSD) : RUN(INSD, INSD), 13);
        assert_int_equal(machine->log_count, 0 + 1); /* the halt */
        assert_int_equal(machine->state.gpr[EDI], 0xffe);
        assert_int_equal(machine->state.gpr[ECX], 2);
    }
    /* A page fault half-way through the second element. */
    machine_protected(machine, 0, 32);
    machine_paging(machine);
    machine_write_32(machine, machine_page_entry(MACHINE_DATA + 0x1000), 0);
    machine->port_value = 0x44332211;
    machine->state.gpr[EDI] = MACHINE_DATA + 0xffa;
    machine->state.gpr[ECX] = 5;
    assert_int_equal(RUN(REP, INSD), 14);
    assert_int_equal(machine->state.cr2, MACHINE_DATA + 0x1000);
    assert_int_equal(machine->log_count, 1 + 1);
    assert_int_equal(machine->state.gpr[EDI], MACHINE_DATA + 0xffe);
    assert_int_equal(machine->state.gpr[ECX], 4);
    assert_int_equal(machine_read_32(machine, MACHINE_DATA + 0xffa), 0x44332211);
    assert_int_equal(machine_read_16(machine, MACHINE_DATA + 0xffe), 0);
}

/* Runs of elements, both ways, over pages, and to and from what is not RAM. */
static void blocks(void **state)
{
    (void)state;
    for (unsigned down = 0; down < 2; down++) {
        machine_protected(machine, 0, 32);
        machine->port_value = 0x5a;
        machine->state.gpr[EDX] = 0x1f0;
        machine->state.gpr[ECX] = 3000;
        machine->state.gpr[EDI] = MACHINE_DATA + (down ? 3099 : 100);
        machine->state.eflags |= down ? EFLAGS_DF : 0;
        assert_int_equal(RUN(REP, INSB), ENDED);
        assert_int_equal(machine->log_count, 3000 + 1);
        assert_int_equal(machine->state.gpr[EDI], MACHINE_DATA + (down ? 99 : 3100));
        assert_int_equal(machine->state.gpr[ECX], 0);
        for (unsigned n = 0; n < 3200; n++)
            assert_int_equal(machine_read_8(machine, MACHINE_DATA + n),
                             n >= 100 && n < 3100 ? 0x5a : 0);

        machine_protected(machine, 0, 32);
        for (unsigned n = 0; n < 0x2000; n += 4)
            machine_write_32(machine, MACHINE_DATA + n, n);
        machine->state.gpr[EDX] = 0x1f0;
        machine->state.gpr[ECX] = 0x600;
        machine->state.gpr[ESI] = MACHINE_DATA + (down ? 0x17fc : 0);
        machine->state.eflags |= down ? EFLAGS_DF : 0;
        assert_int_equal(RUN(REP, OUTSD), ENDED);
        assert_int_equal(machine->log_count, 0x600 + 1);
        for (unsigned n = 0; n < 0x600; n++) {
            assert_int_equal(machine->log[n].kind, ACCESS_PORT_WRITE);
            assert_int_equal(machine->log[n].width, 4);
            assert_int_equal(machine->log[n].value, (down ? 0x5ff - n : n) * 4);
        }
        assert_int_equal(machine->state.gpr[ESI], MACHINE_DATA + (down ? 0 - 4u : 0x1800));
    }
    /* MMIO to port. */
    machine_protected(machine, 0, 32);
    machine->mmio_value = 0xabcdef01;
    machine->state.gpr[ECX] = 3;
    machine->state.gpr[ESI] = MACHINE_MMIO;
    assert_int_equal(RUN(REP, OUTSB), ENDED);
    assert_int_equal(machine->log_count, 6 + 1);
    assert_int_equal(machine->log[0].kind, ACCESS_MMIO_READ);
    assert_int_equal(machine->log[1].kind, ACCESS_PORT_WRITE);
    assert_int_equal(machine->log[1].value, 0x01);
    assert_int_equal(machine->log[4].address, MACHINE_MMIO + 2);
}

/* A count of 0 moves nothing, but whether the port is allowed is asked all the same. */
static void count_of_zero(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine->state.gpr[EDI] = 0x7fffffff;
    assert_int_equal(RUN(REP, INSB), ENDED);
    assert_int_equal(machine->log_count, 0 + 1);
    machine_protected(machine, 3, 32);
    assert_int_equal(RUN(REP, INSB), 13);
    machine_protected(machine, 3, 32);
    assert_int_equal(RUN(REP, OUTSB), 13);
}

/* DR7.RW = 10 with CR4.DE: a trap behind the instruction, or behind an iteration of REP. */
static void io_breakpoints(void **state)
{
    static const struct {
        uint32_t cr4, dr7, port;
        bool hit;
    } cases[] = {
        {CR4_DE, 0x00020001, 0x60, true},  {CR4_DE, 0x00020002, 0x60, true},
        {CR4_DE, 0x00020001, 0x61, false}, {CR4_DE, 0x00060001, 0x61, true},
        {CR4_DE, 0x000e0001, 0x63, true},  {CR4_DE, 0x000e0001, 0x64, false},
        {0, 0x00020001, 0x60, false},      {CR4_DE, 0x00020000, 0x60, false},
        {CR4_DE, 0x00010001, 0x60, false},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        machine_protected(machine, 0, 32);
        machine->state.cr4 = cases[n].cr4;
        machine->state.dr[0] = 0x60;
        machine->state.dr[7] = DR7_FIXED | cases[n].dr7;
        machine->state.gpr[EDX] = cases[n].port;
        assert_int_equal(RUN(IN_AL_DX), cases[n].hit ? 1 : ENDED);
        assert_int_equal(machine->log[0].kind, ACCESS_PORT_READ);
        if (cases[n].hit) {
            assert_int_equal(machine->state.dr[6] & 15, 1);
            assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE + 1);
        }
    }
    machine_protected(machine, 0, 32);
    machine->state.cr4 = CR4_DE;
    machine->state.dr[0] = 0x60;
    machine->state.dr[7] = DR7_FIXED | 0x00020001;
    machine->state.gpr[EDX] = 0x60;
    machine->state.gpr[ECX] = 3;
    machine->state.gpr[EDI] = MACHINE_DATA;
    assert_int_equal(RUN(REP, INSB), 1);
    assert_int_equal(machine->state.gpr[ECX], 2);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(permission_bitmap, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(permission_elsewhere, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(input_is_not_lost, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(blocks, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(count_of_zero, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(io_breakpoints, machine_set_up, machine_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
