/* Counters are not counted: their value follows from the time since they started.
 * Not here: BCD, and the gates of counters 0 and 1, which nothing of a PC uses. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "interval_timer.h"

#include <string.h>

#define CONTROL_PORT 0x43u
#define LOW_BYTE     1u
#define HIGH_BYTE    2u
#define MOST         0x10000u

void interval_timer_reset(struct interval_timer *timer)
{
    memset(timer, 0, sizeof(*timer));
    for (unsigned n = 0; n < 3; n++)
        timer->counter[n].reload = MOST;
}

static bool periodic(const struct counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

static uint16_t value(const struct counter *c, uint64_t now)
{
    uint64_t passed = now - c->start;

    return (uint16_t)(periodic(c) ? c->reload - passed % c->reload : c->reload - passed);
}

static void control(struct interval_timer *timer, uint8_t value_written, uint64_t now)
{
    struct counter *c;
    unsigned which = value_written >> 6, access = (value_written >> 4) & 3;

    if (which == 3)
        return;
    c = &timer->counter[which];
    c->second = false;
    if (access == 0) {
        c->latch = value(c, now);
        c->latched = true;
        return;
    }
    c->access = (uint8_t)access;
    c->mode = (value_written >> 1) & 7;
    if (c->mode > 5)
        c->mode = (uint8_t)(c->mode - 4);
    c->running = false;
}

void interval_timer_write(struct interval_timer *timer, uint16_t port, uint8_t value_written,
                          uint64_t now)
{
    struct counter *c = &timer->counter[port & 3];

    if (port == CONTROL_PORT) {
        control(timer, value_written, now);
        return;
    }
    if (c->access == (LOW_BYTE | HIGH_BYTE) && !c->second) {
        c->low = value_written;
        c->second = true;
        return;
    }
    c->reload = c->access == LOW_BYTE ? value_written : (uint32_t)value_written << 8;
    if (c->access == (LOW_BYTE | HIGH_BYTE))
        c->reload |= c->low;
    if (c->reload == 0)
        c->reload = MOST;
    c->second = false;
    c->start = now;
    c->expired = 0;
    c->running = true;
}

uint8_t interval_timer_read(struct interval_timer *timer, uint16_t port, uint64_t now)
{
    struct counter *c = &timer->counter[port & 3];
    uint16_t whole;
    bool high;

    if (port == CONTROL_PORT)
        return 0xff;
    whole = c->latched ? c->latch : value(c, now);
    high = c->access == HIGH_BYTE || c->second;
    if (c->access == (LOW_BYTE | HIGH_BYTE))
        c->second = !c->second;
    if (!c->second)
        c->latched = false;
    return (uint8_t)(high ? whole >> 8 : whole);
}

uint64_t interval_timer_next(const struct interval_timer *timer)
{
    const struct counter *c = &timer->counter[0];

    if (!c->running || (c->expired && !periodic(c)))
        return INTERVAL_TIMER_NEVER;
    return c->start + (c->expired + 1) * c->reload;
}

bool interval_timer_expired(struct interval_timer *timer, uint64_t now)
{
    if (interval_timer_next(timer) > now)
        return false;
    timer->counter[0].expired++;
    return true;
}

void interval_timer_gate(struct interval_timer *timer, uint64_t now)
{
    timer->counter[2].start = now;
}

bool interval_timer_output(const struct interval_timer *timer, uint64_t now)
{
    return now - timer->counter[2].start >= timer->counter[2].reload;
}
