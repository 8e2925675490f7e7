/* A platform of plain RAM for the interpreter, built as the blob is and linked with its objects.
 * Not here: a C library; what is called with its conventions is in blob_host.c. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "blob.h"

#include <emulator/processor.h>
#include <stddef.h>

#define PAGE_SIZE 4096u
#define VECTOR_UD 6

struct plain {
    uint8_t *memory;
    uint32_t size;
    struct blob_counts *counts;
};

static uint8_t *ram_page(void *context, uint64_t physical)
{
    const struct plain *plain = context;

    return physical <= plain->size - PAGE_SIZE ? plain->memory + (uint32_t)physical : NULL;
}

static uint32_t mmio_read(void *context, uint64_t physical, unsigned width)
{
    (void)context, (void)physical, (void)width;
    return UINT32_MAX;
}

static void mmio_write(void *context, uint64_t physical, unsigned width, uint32_t value)
{
    (void)context, (void)physical, (void)width, (void)value;
}

static uint32_t port_read(void *context, uint16_t port, unsigned width)
{
    struct plain *plain = context;

    (void)port, (void)width;
    plain->counts->port_accesses++;
    return 0;
}

static void port_write(void *context, uint16_t port, unsigned width, uint32_t value)
{
    struct plain *plain = context;

    (void)port, (void)width, (void)value;
    plain->counts->port_accesses++;
}

/* The blob does each of these with one REP of the processor. */
static void port_read_string(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count)
{
    struct plain *plain = context;

    (void)port, (void)buffer;
    plain->counts->string_calls++;
    plain->counts->string_bytes += count * width;
}

static void port_write_string(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count)
{
    struct plain *plain = context;

    (void)port, (void)buffer;
    plain->counts->string_calls++;
    plain->counts->string_bytes += count * width;
}

static void cpuid(void *context, uint32_t registers[4])
{
    (void)context;
    registers[0] = registers[1] = registers[2] = registers[3] = 0;
}

static bool read_msr(void *context, uint32_t index, uint64_t *value)
{
    (void)context, (void)index, (void)value;
    return false;
}

static bool write_msr(void *context, uint32_t index, uint64_t value)
{
    (void)context, (void)index, (void)value;
    return false;
}

static uint64_t read_tsc(void *context)
{
    (void)context;
    return 0;
}

static bool read_pmc(void *context, uint32_t index, uint64_t *value)
{
    (void)context, (void)index, (void)value;
    return false;
}

static void nothing(void *context)
{
    (void)context;
}

static bool close_interrupts(void *context)
{
    (void)context;
    return false;
}

static uint8_t take_interrupt(void *context)
{
    (void)context;
    return 0;
}

static void halt(void *context, bool wakeable)
{
    (void)context, (void)wakeable;
}

static int run_native(void *context, const uint8_t *code, unsigned length, struct native_call *call)
{
    (void)context, (void)code, (void)length, (void)call;
    return VECTOR_UD;
}

static bool leave(void *context, struct processor *processor)
{
    (void)context, (void)processor;
    return false;
}

static const struct platform platform = {
    .ram_page = ram_page,
    .mmio_read = mmio_read,
    .mmio_write = mmio_write,
    .port_read = port_read,
    .port_write = port_write,
    .port_read_string = port_read_string,
    .port_write_string = port_write_string,
    .cpuid = cpuid,
    .read_msr = read_msr,
    .write_msr = write_msr,
    .read_tsc = read_tsc,
    .read_pmc = read_pmc,
    .flush_caches = nothing,
    .open_interrupts = nothing,
    .close_interrupts = close_interrupts,
    .take_interrupt = take_interrupt,
    .halt = halt,
    .run_native = run_native,
    .leave = leave,
};

static struct processor processor;

HOSTED int blob_run(uint8_t *memory, uint32_t size, uint32_t entry, struct blob_counts *counts)
{
    struct plain plain = {.memory = memory, .size = size, .counts = counts};
    struct guest_state state;
    enum exit_reason reason;

    *counts = (struct blob_counts){0};
    processor_initialise(&processor, &platform, &plain);
    processor_save(&processor, &state);
    state.segment[CS].selector = 0;
    state.segment[CS].base = 0;
    state.eip = entry;
    processor_load(&processor, &state);
    reason = processor_run(&processor, 0);
    counts->retired = processor.retired;
    return reason == PROCESSOR_HALTED;
}
