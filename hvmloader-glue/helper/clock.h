/* A vCPU's time stamp counter across context loads. Loading a CPU record sets the counter, but
 * reading one record gives an old value of it; so the value to load is counted on from a moment
 * when it was known, along the host's counter. Pure. Not here: reading or loading anything. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_CLOCK_H
#define HELPER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* How fast both counters run. */
struct clock_rate {
    uint64_t guest_khz, host_khz;
};

struct clock {
    bool known;
    uint64_t guest, host; /* the guest's counter at a moment of the host's */
    uint64_t loaded;      /* what the guest's was set to last; the stale value that Xen gives */
    uint64_t lag;         /* host ticks by which the load was late at most */
};

/* The guest's counter when the host's is `host`; the clock is known, `host` not before its moment.
 */
uint64_t clock_at(const struct clock *clock, const struct clock_rate *rate, uint64_t host);

/* Is the value to load still to be counted from the known moment? `stale` is what a single record
 * had. False: the guest, or somebody else, has set the counter, or a full context was read; ask
 * Xen for a full one and give it to clock_seen. */
bool clock_holds(const struct clock *clock, uint64_t stale);

/* The guest's counter had this value between two moments of the host's. The known moment stays when
 * it says the same, so that errors of measurement do not add up. */
void clock_seen(struct clock *clock, const struct clock_rate *rate, uint64_t guest,
                uint64_t host_before, uint64_t host_after);

/* The guest's counter was set to `guest`, counted for `host_before`, before `host_after`. */
void clock_loaded(struct clock *clock, uint64_t guest, uint64_t host_before, uint64_t host_after);

#endif
