/* Builds with FIRMWARE_PROFILE: counts what is interpreted, and the time of it, by opcode.
 * Not here: reading the counts (tests/bench/boot.py, out of the machine's memory). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifdef FIRMWARE_PROFILE
#include "hardware.h"
#include "profile.h"
#include "statistics.h"
#include "trace.h"

struct profile profile;

static bool is_prefix(uint8_t byte)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                                       0x66, 0x67, 0xf0, 0xf2, 0xf3};

    for (unsigned n = 0; n < sizeof prefixes; n++)
        if (byte == prefixes[n])
            return true;
    return false;
}

/* 0-ff, or 100-1ff for those behind 0F. */
static unsigned opcode_of(const uint8_t *bytes, unsigned length)
{
    unsigned n = 0;

    while (n + 1 < length && is_prefix(bytes[n]))
        n++;
    return bytes[n] == 0x0f && n + 1 < length ? 0x100u + bytes[n + 1] : bytes[n];
}

static void add_handoff(unsigned opcode, uint64_t time)
{
    for (unsigned n = 0; n < PROFILE_CAUSES; n++) {
        if (profile.cause_count[n] == 0)
            profile.cause_opcode[n] = opcode;
        if (profile.cause_opcode[n] == opcode) {
            profile.cause_count[n]++;
            profile.cause_time[n] += time;
            return;
        }
    }
}

/* Called before each instruction: what has passed belongs to the one before, or, when the guest has
 * been given to the hardware since, to that hand-off. */
void trace_instruction(void *context, struct processor *p, const uint8_t *bytes, unsigned length)
{
    static unsigned last;
    static uint64_t last_handoffs;
    const uint64_t time = tsc_read() - profile.end;

    (void)context, (void)p;
    if (profile.end == 0)
        profile.start = time;
    else if (statistics.handoffs != last_handoffs)
        add_handoff(last, time);
    else {
        profile.count[last]++;
        profile.time[last] += time;
    }
    last = opcode_of(bytes, length);
    last_handoffs = statistics.handoffs;
    profile.end = tsc_read();
}
#endif
