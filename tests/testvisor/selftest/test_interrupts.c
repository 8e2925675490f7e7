/* Self-test: the timer's interrupts in both worlds, 8259 bases across world switches, nothing
 * acknowledged early, HLT. Not here: 8259 ports without interrupts. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "../hardware.h"
#include "blob.h"

#define MASTER 0x20
#define SLAVE  0xa0

static void program_8259(uint8_t master_base, uint8_t slave_base)
{
    port_out8(MASTER, 0x11);
    port_out8(SLAVE, 0x11);
    port_out8(MASTER + 1, master_base);
    port_out8(SLAVE + 1, slave_base);
    port_out8(MASTER + 1, 4);
    port_out8(SLAVE + 1, 2);
    port_out8(MASTER + 1, 1);
    port_out8(SLAVE + 1, 1);
    port_out8(MASTER + 1, 0xfe);
    port_out8(SLAVE + 1, 0xff);
}

static void start_timer(void)
{
    port_out8(0x43, 0x34);
    port_out8(0x40, 0x00);
    port_out8(0x40, 0x10);
}

static void stop_timer(void)
{
    port_out8(MASTER + 1, 0xff);
}

/* Waits for an interrupt with HLT; `vector` must be the one that comes. */
static void expect_vector(const char *name, unsigned vector)
{
    const uint32_t before = interrupt_count[vector];

    for (unsigned i = 0; i < 3 && interrupt_count[vector] == before; i++)
        __asm__ volatile("sti; hlt; cli" ::: "memory");
    check_true(name, interrupt_count[vector] > before);
}

static void guest_expects_48(void)
{
    expect_vector("timer in the guest", 0x48);
}

static void guest_expects_60(void)
{
    expect_vector("timer in the guest at rm_irqbase", 0x60);
}

static void guest_programs_48(void)
{
    program_8259(0x48, 0x50);
    expect_vector("timer in the guest at its own base", 0x48);
}

static void guest_programs_by_word(void)
{
    port_out16(MASTER, 0x5811);
    port_out8(MASTER + 1, 4);
    port_out8(MASTER + 1, 1);
    port_out8(MASTER + 1, 0xfe);
    expect_vector("base by a word OUT", 0x58);
}

/* REP OUTSB of ICW2, ICW3 and ICW4. */
static void guest_programs_by_string(void)
{
    static const uint8_t words[] = {0x68, 4, 1, 0xfe};

    port_out8(MASTER, 0x11);
    probe(probe_rep_outsb, (uint32_t)words, sizeof words, MASTER + 1);
    expect_vector("base by REP OUTSB", 0x68);
}

/* Longer than a timer period, without an instruction that exits. */
static void wait_without_exits(void)
{
    uint32_t start;
    uint32_t now;

    __asm__ volatile("rdtsc" : "=a"(start)::"edx");
    do
        __asm__ volatile("rdtsc" : "=a"(now)::"edx");
    while (now - start < 400000);
}

/* With IF=0 a pending interrupt stays in the IRR, and a guest that masks it never gets it. */
static void guest_polls_with_interrupts_off(void)
{
    uint32_t held = 0;

    program_8259(0x48, 0x50);
    __asm__ volatile("sti; hlt; cli" ::: "memory");
    held = interrupt_count[0x48];
    __asm__ volatile("cli");
    wait_without_exits();
    port_out8(MASTER, 0x0a);
    check("IF=0: requested", port_in8(MASTER) & 1u, 1);
    port_out8(MASTER, 0x0b);
    check("IF=0: in service", port_in8(MASTER) & 1u, 0);
    stop_timer();
    __asm__ volatile("sti; nop; nop; cli" ::: "memory");
    check("masked before STI: not delivered", interrupt_count[0x48], held);
    port_out8(MASTER + 1, 0xfe);
    expect_vector("unmasked: delivered", 0x48);
    stop_timer();
}

static void test_rebasing(void)
{
    program_8259(0x60, 0x70);
    expect_vector("blob's own base", 0x60);
    in_guest(guest_programs_48);
    expect_vector("INVOKE sets 20h", 0x20);
    in_guest(guest_expects_48);
    program_8259(0x60, 0x70);
    {
        struct world_switch_context c = flat_context(guest_call);

        guest_function = guest_expects_60;
        c.rm_irqbase[0] = 0x60 | 5;
        c.rm_irqbase[1] = 0x70;
        run_guest(&c);
    }
}

void test_interrupts(void)
{
    start_timer();
    if (counters()->abi == TESTVISOR_ABI_3_2) {
        test_rebasing();
    } else {
        program_8259(0x60, 0x70);
        expect_vector("timer in the blob", 0x60);
        in_guest(guest_programs_48);
        expect_vector("the base stays", 0x48);
    }
    if (counters()->abi == TESTVISOR_ABI_3_2) {
        in_guest(guest_programs_by_word);
        in_guest(guest_programs_by_string);
    }
    in_guest(guest_polls_with_interrupts_off);
    if (counters()->abi == TESTVISOR_ABI_3_2)
        check_true("an interrupt was held until IF=1", counters()->held_interrupts > 0);
    stop_timer();
}
