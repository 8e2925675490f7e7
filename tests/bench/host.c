/* Loading an image, and the clock. Not here: running it. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

static double started, elapsed;

void host_fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

uint8_t *host_load(int count, char **arguments, void *wanted)
{
    uint8_t *memory = mmap(
        wanted, MEMORY_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | (wanted ? MAP_FIXED_NOREPLACE : 0), -1, 0);
    unsigned long repeats;
    char *end;
    FILE *file;

    if (memory == MAP_FAILED)
        host_fail("no memory for the guest");
    if (count != 3)
        host_fail("usage: PROGRAM IMAGE REPEATS");
    repeats = strtoul(arguments[2], &end, 10);
    if (*end || end == arguments[2] || !repeats || repeats > UINT32_MAX)
        host_fail("REPEATS is a number from 1 on");
    file = fopen(arguments[1], "rb");
    if (!file || !fread(memory + ENTRY, 1, STACK_TOP, file))
        host_fail("the image cannot be read");
    fclose(file);
    host_set_32(memory, PARAMETER_REPEATS, (uint32_t)repeats);
    return memory;
}

static double user_seconds(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage))
        host_fail("no clock");
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

void host_start(void)
{
    started = user_seconds();
}

void host_stop(void)
{
    elapsed = user_seconds() - started;
}

void host_report(uint32_t checksum)
{
    printf("checksum=%08x seconds=%.6f", checksum, elapsed);
}

uint32_t host_get_32(const uint8_t *memory, uint32_t address)
{
    uint32_t value;

    memcpy(&value, memory + address, sizeof(value));
    return value;
}

void host_set_16(uint8_t *memory, uint32_t address, uint16_t value)
{
    memcpy(memory + address, &value, sizeof(value));
}

void host_set_32(uint8_t *memory, uint32_t address, uint32_t value)
{
    memcpy(memory + address, &value, sizeof(value));
}
