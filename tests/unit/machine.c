/* The test machine: memory, devices and the interrupt script behind the interpreter's platform.
 * Not here: tables and code that a test builds (machine_tables.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port_strings.h"

static _Noreturn void machine_panic(const char *what)
{
    fprintf(stderr, "test machine: %s\n", what);
    abort();
}

static void record(struct machine *m, enum access_kind kind, uint64_t address, unsigned width,
                   uint32_t value)
{
    if (m->log_count < MACHINE_LOG_SIZE)
        m->log[m->log_count] = (struct access_record){kind, address, width, value};
    m->log_count++;
}

static void touch(struct machine *m, uint32_t page)
{
    if (!m->touched_flag[page]) {
        m->touched_flag[page] = 1;
        m->touched[m->touched_count++] = page;
    }
}

/* The line is looked at wherever a real one could go up: any call from the interpreter. */
static void accept_if_open(struct machine *m)
{
    if (!m->open || m->accepted >= 0 || m->request < 0 || m->retired_traced < m->request_at)
        return;
    m->accepted = m->request;
    m->request = -1;
    processor_interrupt_accepted(&m->processor);
}

static uint8_t *ram_page(void *context, uint64_t physical)
{
    struct machine *m = context;

    accept_if_open(m);
    if (physical % MACHINE_PAGE_SIZE)
        machine_panic("ram_page of an address that is not page aligned");
    if (m->all_mmio || physical >= MACHINE_RAM_SIZE)
        return NULL;
    touch(m, (uint32_t)(physical / MACHINE_PAGE_SIZE));
    return m->ram + physical;
}

static void check_mmio(uint64_t physical, unsigned width)
{
    if (width != 1 && width != 2 && width != 4)
        machine_panic("MMIO access of a width other than 1, 2 and 4");
    if ((physical & 3) + width > 4)
        machine_panic("MMIO access beyond an aligned 4-byte word");
}

static uint32_t mmio_read(void *context, uint64_t physical, unsigned width)
{
    struct machine *m = context;
    uint32_t value = 0;

    accept_if_open(m);
    check_mmio(physical, width);
    if (physical < MACHINE_RAM_SIZE) {
        memcpy(&value, m->ram + physical, width);
        return value;
    }
    value = m->mmio_value & (width == 4 ? 0xffffffffu : (1u << (width * 8)) - 1);
    record(m, ACCESS_MMIO_READ, physical, width, value);
    return value;
}

static void mmio_write(void *context, uint64_t physical, unsigned width, uint32_t value)
{
    struct machine *m = context;

    accept_if_open(m);
    check_mmio(physical, width);
    if (physical < MACHINE_RAM_SIZE) {
        touch(m, (uint32_t)(physical / MACHINE_PAGE_SIZE));
        memcpy(m->ram + physical, &value, width);
        if (!m->ram_write_log)
            return;
    }
    record(m, ACCESS_MMIO_WRITE, physical, width, value);
}

static uint32_t port_read(void *context, uint16_t port, unsigned width)
{
    struct machine *m = context;
    uint32_t value = m->port_value & (width == 4 ? 0xffffffffu : (1u << (width * 8)) - 1);

    accept_if_open(m);
    record(m, ACCESS_PORT_READ, port, width, value);
    return value;
}

static void port_write(void *context, uint16_t port, unsigned width, uint32_t value)
{
    struct machine *m = context;

    accept_if_open(m);
    record(m, ACCESS_PORT_WRITE, port, width, value);
}

static void port_read_string(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count)
{
    port_strings_read(&machine_platform, context, port, width, buffer, count);
}

static void port_write_string(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count)
{
    port_strings_write(&machine_platform, context, port, width, buffer, count);
}

/* A Pentium II of no vendor: FPU PSE TSC MSR PAE MCE CX8 SEP PGE CMOV MMX FXSR SSE SSE2. */
static void cpuid(void *context, uint32_t registers[4])
{
    const struct machine *m = context;
    uint32_t leaf = registers[0];

    registers[0] = registers[1] = registers[2] = registers[3] = 0;
    if (leaf == 0) {
        registers[0] = 1;
        registers[1] = 0x74736574; /* "test" */
    } else if (leaf == 1) {
        registers[0] = 0x00000650;
        registers[3] = 0x0780a9fb | 0x00000004;
    } else if (leaf == 0x80000000u && m->address_bits != 0) {
        registers[0] = 0x80000008u;
    } else if (leaf == 0x80000008u && m->address_bits != 0) {
        registers[0] = 0x3000u | m->address_bits; /* and 48 linear ones */
    }
}

static bool read_msr(void *context, uint32_t index, uint64_t *value)
{
    struct machine *m = context;

    for (unsigned n = 0; n < m->msr_count; n++) {
        if (m->msr[n].index == index) {
            *value = m->msr[n].value;
            return true;
        }
    }
    return false;
}

static bool write_msr(void *context, uint32_t index, uint64_t value)
{
    struct machine *m = context;

    for (unsigned n = 0; n < m->msr_count; n++) {
        if (m->msr[n].index == index) {
            m->msr[n].value = value;
            return true;
        }
    }
    return false;
}

static uint64_t read_tsc(void *context)
{
    (void)context;
    return 0x0123456789abcdefull;
}

static bool read_pmc(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    *value = 0x1122334455ull;
    return index < 2;
}

static void flush_caches(void *context)
{
    (void)context;
}

static void open_interrupts(void *context)
{
    struct machine *m = context;

    m->open = true;
    accept_if_open(m);
}

static bool close_interrupts(void *context)
{
    struct machine *m = context;

    accept_if_open(m);
    m->open = false;
    return m->accepted >= 0;
}

static uint8_t take_interrupt(void *context)
{
    struct machine *m = context;
    int vector = m->accepted;

    if (vector < 0) {
        m->violations++;
        return 0;
    }
    m->accepted = -1;
    record(m, ACCESS_INTERRUPT_TAKEN, (uint64_t)vector, 1, m->processor.eip);
    return (uint8_t)vector;
}

static void halt(void *context, bool wakeable)
{
    struct machine *m = context;

    m->halts++;
    m->halt_wakeable = wakeable;
    record(m, ACCESS_HALT, 0, 0, wakeable);
    if (!wakeable)
        return;
    if (m->request < 0 && m->accepted < 0) {
        /* Nothing will ever come. */
        processor_stop(&m->processor);
        return;
    }
    m->request_at = 0;
    if (!m->open)
        m->violations++;
    accept_if_open(m);
}

static int run_native(void *context, const uint8_t *code, unsigned length, struct native_call *call)
{
    struct machine *m = context;

    m->native_calls++;
    if (m->native)
        return m->native(context, code, length, call);
    return m->native_vector;
}

static bool leave(void *context, struct processor *processor)
{
    struct machine *m = context;

    m->leave_asked++;
    if (m->stay != 0)
        processor_stay(processor, m->stay);
    return m->leave;
}

static void trace(void *context, struct processor *processor, const uint8_t *bytes, unsigned length)
{
    struct machine *m = context;

    (void)processor;
    (void)bytes;
    (void)length;
    m->retired_traced++;
    accept_if_open(m);
}

const struct platform machine_platform = {
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
    .flush_caches = flush_caches,
    .open_interrupts = open_interrupts,
    .close_interrupts = close_interrupts,
    .take_interrupt = take_interrupt,
    .halt = halt,
    .run_native = run_native,
    .leave = leave,
    .trace = trace,
};

void machine_forget_pages(struct machine *m)
{
    for (unsigned n = 0; n < m->touched_count; n++)
        m->touched_flag[m->touched[n]] = 0;
    m->touched_count = 0;
}

static void script_defaults(struct machine *m)
{
    m->mmio_value = 0xffffffffu;
    m->port_value = 0xffffffffu;
    m->request = -1;
    m->accepted = -1;
    m->native_vector = -1;
    m->msr[0].index = 0xc0000080u; /* EFER */
    m->msr[1].index = 0x174;       /* SYSENTER_CS, ESP, EIP */
    m->msr[2].index = 0x175;
    m->msr[3].index = 0x176;
    m->msr_count = 4;
}

struct machine *machine_create(void)
{
    struct machine *m = calloc(1, sizeof(*m));

    if (!m)
        machine_panic("out of memory");
    m->ram = aligned_alloc(MACHINE_PAGE_SIZE, MACHINE_RAM_SIZE);
    if (!m->ram)
        machine_panic("out of memory");
    memset(m->ram, 0, MACHINE_RAM_SIZE);
    script_defaults(m);
    processor_initialise(&m->processor, &machine_platform, m);
    return m;
}

void machine_destroy(struct machine *m)
{
    free(m->ram);
    free(m);
}

void machine_reset(struct machine *m)
{
    uint8_t *ram = m->ram;

    for (unsigned n = 0; n < m->touched_count; n++)
        memset(ram + m->touched[n] * MACHINE_PAGE_SIZE, 0, MACHINE_PAGE_SIZE);
    memset(m, 0, sizeof(*m));
    m->ram = ram;
    script_defaults(m);
    processor_initialise(&m->processor, &machine_platform, m);
}

void machine_address_bits(struct machine *m, unsigned bits)
{
    machine_save(m);
    m->address_bits = bits;
    processor_initialise(&m->processor, &machine_platform, m);
    machine_load(m);
}

struct guest_state *machine_save(struct machine *m)
{
    processor_save(&m->processor, &m->state);
    return &m->state;
}

void machine_load(struct machine *m)
{
    processor_load(&m->processor, &m->state);
}

enum exit_reason machine_run(struct machine *m, uint64_t count)
{
    enum exit_reason reason = processor_run(&m->processor, count);

    machine_save(m);
    return reason;
}

bool machine_run_to_halt(struct machine *m, uint64_t count)
{
    return machine_run(m, count) == PROCESSOR_HALTED;
}

static void check_ram(uint32_t physical, size_t length)
{
    if (physical >= MACHINE_RAM_SIZE || length > MACHINE_RAM_SIZE - physical)
        machine_panic("test data outside RAM");
}

void machine_write(struct machine *m, uint32_t physical, const void *bytes, size_t length)
{
    check_ram(physical, length);
    for (size_t page = physical / MACHINE_PAGE_SIZE;
         length && page <= (physical + length - 1) / MACHINE_PAGE_SIZE; page++)
        touch(m, (uint32_t)page);
    memcpy(m->ram + physical, bytes, length);
}

void machine_write_8(struct machine *m, uint32_t physical, uint8_t value)
{
    machine_write(m, physical, &value, sizeof(value));
}

void machine_write_16(struct machine *m, uint32_t physical, uint16_t value)
{
    machine_write(m, physical, &value, sizeof(value));
}

void machine_write_32(struct machine *m, uint32_t physical, uint32_t value)
{
    machine_write(m, physical, &value, sizeof(value));
}

uint8_t machine_read_8(const struct machine *m, uint32_t physical)
{
    check_ram(physical, 1);
    return m->ram[physical];
}

uint16_t machine_read_16(const struct machine *m, uint32_t physical)
{
    uint16_t value;

    check_ram(physical, sizeof(value));
    memcpy(&value, m->ram + physical, sizeof(value));
    return value;
}

uint32_t machine_read_32(const struct machine *m, uint32_t physical)
{
    uint32_t value;

    check_ram(physical, sizeof(value));
    memcpy(&value, m->ram + physical, sizeof(value));
    return value;
}

void machine_request(struct machine *m, uint8_t vector, uint64_t at_instruction)
{
    m->request = vector;
    m->request_at = at_instruction;
}
