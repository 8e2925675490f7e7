/* The counts of a build with FIRMWARE_PROFILE. Not here: counting. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_PROFILE_H
#define FIRMWARE_PROFILE_H

#include <stdint.h>

#define PROFILE_OPCODES 512u /* one byte, then those behind 0F */
#define PROFILE_CAUSES  16u

/* Found by the name of its symbol. Times are TSC ticks; `start` and `end` are the TSC at
 * the first and the last instruction. Causes are used from the first on: the opcode after which the
 * guest was given to the hardware, how often, and the time until the next interpreted instruction;
 * a count of 0: free. */
struct profile {
    uint64_t start;
    uint64_t end;
    uint64_t time[PROFILE_OPCODES];
    uint64_t cause_time[PROFILE_CAUSES];
    uint32_t count[PROFILE_OPCODES];
    uint32_t cause_opcode[PROFILE_CAUSES];
    uint32_t cause_count[PROFILE_CAUSES];
};

extern struct profile profile;

#endif
