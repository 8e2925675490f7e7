/* Self-test: the price of a round trip, in Bochs ticks.
 * Not here: correctness. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "blob.h"

#define TRIPS 1000u

static uint32_t ticks(void)
{
    uint32_t low;

    __asm__ volatile("rdtsc" : "=a"(low)::"edx");
    return low;
}

void test_speed(void)
{
    struct world_switch_context c = flat_context(guest_leave);
    const bool by_hypercall = counters()->abi == TESTVISOR_ABI_HYPERCALL;
    uint32_t before;
    uint32_t per_trip;

    if (by_hypercall)
        return;
    old_context = c;
    restore_cr0 = c.cr0;
    before = ticks();
    for (unsigned i = 0; i < TRIPS; i++) {
        old_context.eip = c.eip;
        old_context.cr0 = c.cr0;
        run_by_world_switch();
    }
    per_trip = (ticks() - before) / TRIPS;
    say_number("ticks per INVOKE and RESTORE ", per_trip);
    check_true("a round trip takes less than 1500 ticks", per_trip < 1500);
}
