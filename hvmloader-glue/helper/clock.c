/* Counting a time stamp counter on. Not here: where its values come from (switch.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "clock.h"

static uint64_t guest_ticks(const struct clock_rate *rate, uint64_t host_ticks)
{
    if (rate->guest_khz == rate->host_khz || rate->guest_khz == 0 || rate->host_khz == 0)
        return host_ticks;
    return (uint64_t)((unsigned __int128)host_ticks * rate->guest_khz / rate->host_khz);
}

uint64_t clock_at(const struct clock *clock, const struct clock_rate *rate, uint64_t host)
{
    return clock->guest + guest_ticks(rate, host - clock->host);
}

bool clock_holds(const struct clock *clock, uint64_t stale)
{
    return clock->known && stale == clock->loaded;
}

void clock_seen(struct clock *clock, const struct clock_rate *rate, uint64_t guest,
                uint64_t host_before, uint64_t host_after)
{
    /* Everything as a difference from the first moment possible: counters wrap. */
    if (clock->known) {
        const uint64_t earliest = clock_at(clock, rate, host_before - clock->lag);
        const uint64_t latest = clock_at(clock, rate, host_after);

        clock->loaded = guest;
        if (guest - earliest <= latest - earliest)
            return;
    }
    *clock = (struct clock){.known = true, .guest = guest, .host = host_before, .loaded = guest};
}

void clock_loaded(struct clock *clock, uint64_t guest, uint64_t host_before, uint64_t host_after)
{
    clock->loaded = guest;
    clock->lag = host_after - host_before;
}
