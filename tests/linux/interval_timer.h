/* The 8254 of a PC: counter 0 requests interrupts, counter 2 is looked at through port 61.
 * Not here: where time comes from (board.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LINUX_INTERVAL_TIMER_H
#define TESTS_LINUX_INTERVAL_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define INTERVAL_TIMER_HZ    1193182u
#define INTERVAL_TIMER_NEVER UINT64_MAX

/* Times are ticks of INTERVAL_TIMER_HZ since power-on, and never go back. */
struct interval_timer {
    struct counter {
        uint32_t reload; /* 1 to 65536 */
        uint8_t mode;    /* 0 to 5 */
        uint8_t access;  /* 1 low byte, 2 high byte, 3 both */
        bool second;     /* the next byte is the high one of two */
        uint8_t low;     /* the first one that was written */
        bool latched;
        uint16_t latch;
        uint64_t start;
        bool running;
        uint64_t expired; /* how often, since start */
    } counter[3];
};

/* No counter runs. */
void interval_timer_reset(struct interval_timer *timer);

/* Ports 40 to 43. */
void interval_timer_write(struct interval_timer *timer, uint16_t port, uint8_t value, uint64_t now);
uint8_t interval_timer_read(struct interval_timer *timer, uint16_t port, uint64_t now);

/* When counter 0 next requests an interrupt; INTERVAL_TIMER_NEVER. */
uint64_t interval_timer_next(const struct interval_timer *timer);
/* True when that time has come; each time is told once. */
bool interval_timer_expired(struct interval_timer *timer, uint64_t now);

/* Counter 2's gate goes up. */
void interval_timer_gate(struct interval_timer *timer, uint64_t now);
/* Counter 2's output in mode 0. */
bool interval_timer_output(const struct interval_timer *timer, uint64_t now);

#endif
