/* What the programs that run a workload have in common: its memory, its parameters, the clock.
 * Not here: how a peer runs it (blob_host.c, native.c, x86emu.c, unicorn.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdint.h>

/* Guest memory: linear = physical. */
#define MEMORY_SIZE 0x1000000u

/* Where things are in it; see workloads/workload.inc. */
#define ENTRY              0x7e00u
#define PARAMETER_REPEATS  0x7e04u
#define PARAMETER_SEGMENTS 0x7e08u /* A, B, big: three words */
#define PARAMETER_NATIVE   0x7e0eu
#define PARAMETER_EXIT     0x7e10u /* far pointer, 32-bit offset */
#define SEGMENT_A          0x10000u
#define SEGMENT_B          0x20000u
#define CHECKSUM           0x5004u
#define STACK_TOP          0x6000u

/* The command line `PROGRAM IMAGE REPEATS`: memory at `wanted` (NULL: anywhere) with the image and
 * its number of repeats in it. Wrong input ends the program with status 2. */
uint8_t *host_load(int count, char **arguments, void *wanted);

/* The clock: user time of this process. One start, one stop. */
void host_start(void);
void host_stop(void);

/* Prints the outcome: checksum and seconds, and what else the caller appends on the same line. */
void host_report(uint32_t checksum);

uint32_t host_get_32(const uint8_t *memory, uint32_t address);
void host_set_16(uint8_t *memory, uint32_t address, uint16_t value);
void host_set_32(uint8_t *memory, uint32_t address, uint32_t value);

/* Ends the program with status 2. */
_Noreturn void host_fail(const char *what);

#endif
