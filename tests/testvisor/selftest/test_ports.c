/* Self-test: 8259 ports in every access size, A20 by port 92h and the 8042, string I/O.
 * Not here: interrupts that arrive (test_interrupts.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "../hardware.h"
#include "blob.h"

#define ODD_MIB  0x00300000u
#define EVEN_MIB 0x00200000u

static void wait_8042_ready(void)
{
    while ((port_in8(0x64) & 2u) != 0)
        ;
}

static void command_8042(uint8_t command)
{
    wait_8042_ready();
    port_out8(0x64, command);
}

static uint8_t output_port_8042(void)
{
    while ((port_in8(0x64) & 1u) != 0)
        (void)port_in8(0x60);
    command_8042(0xd0);
    while ((port_in8(0x64) & 1u) == 0)
        ;
    return port_in8(0x60);
}

static void check_memory_is_not_masked(const char *name)
{
    *(volatile uint32_t *)EVEN_MIB = 0x22222222u;
    *(volatile uint32_t *)ODD_MIB = 0x33333333u;
    check(name, *(volatile uint32_t *)EVEN_MIB, 0x22222222u);
}

static void test_a20(void)
{
    check("port 92h shows A20 on", port_in8(0x92) & 2u, 2);
    port_out8(0x92, 0);
    check("port 92h shows A20 off", port_in8(0x92) & 2u, 0);
    check("the 8042 shows A20 off", output_port_8042() & 2u, 0);
    check_memory_is_not_masked("A20 off by port 92h masks nothing");
    command_8042(0xdf);
    check("8042 command DFh shows in port 92h", port_in8(0x92) & 2u, 2);
    command_8042(0xdd);
    check("8042 command DDh shows in port 92h", port_in8(0x92) & 2u, 0);
    check_memory_is_not_masked("A20 off by the 8042 masks nothing");
    command_8042(0xd1);
    wait_8042_ready();
    port_out8(0x60, 0xdf);
    check("8042 output port write shows in port 92h", port_in8(0x92) & 2u, 2);
    check("and in the 8042", output_port_8042() & 3u, 3);
    command_8042(0xd1);
    wait_8042_ready();
    port_out8(0x60, 0xdd);
    check_memory_is_not_masked("A20 off by the output port masks nothing");
    port_out8(0x92, 2);
}

static void test_string_io(void)
{
    static uint8_t text[] = "guest string\n";
    static uint8_t bytes[4];

    check("REP OUTSB", probe(probe_rep_outsb, (uint32_t)text, sizeof text - 1, 0xe9), NO_EXCEPTION);
    check("its count", probe_eax, 0);
    check("REP INSB", probe(probe_rep_insb, (uint32_t)bytes, 3, 0x92), NO_EXCEPTION);
    check("its bytes", bytes[0] & bytes[1] & bytes[2] & 2u, 2);
    check("and no more", bytes[3], 0);
}

static void test_wide_access(void)
{
    check("word IN of ports 92h and 93h", port_in16(0x92) & 2u, 2);
    port_out32(0xcf8, 0x80000000u);
    check("dword at CF8h passes whole", port_in32(0xcf8), 0x80000000u);
    check("the host bridge answers", port_in32(0xcfc), 0x12378086u);
}

void test_ports(void)
{
    test_a20();
    test_string_io();
    test_wide_access();
}
