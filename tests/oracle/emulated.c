/* The interpreter at CPL 3, paged and protected as the host process is: guest linear addresses are
 * host addresses, the tables lie where no guest code can reach.
 * Not here: x87 and SIMD, which the unit tests compare. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "emulated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "processor.h"

/* Supervisor pages, linear = physical; above anything that the process could map there. */
#define SYSTEM          0xff000000u
#define SYSTEM_GDT      (SYSTEM + 0x0000u)
#define SYSTEM_IDT      (SYSTEM + 0x1000u)
#define SYSTEM_TSS      (SYSTEM + 0x2000u)
#define SYSTEM_STACK    (SYSTEM + 0x4000u) /* top */
#define SYSTEM_HANDLERS (SYSTEM + 0x4000u)
#define SYSTEM_PAGING   (SYSTEM + 0x5000u) /* directory, then the tables of arena and system */
#define SYSTEM_LDT      (SYSTEM + 0x8000u)
#define SYSTEM_SIZE     0x10000u

#define SELECTOR_HANDLER_CODE 0x08u
#define SELECTOR_HANDLER_DATA 0x10u
#define GDT_LIMIT             127u        /* as Linux has it */
#define DESCRIPTOR_ACCESSED   0x00000100u /* in the high half */
#define INSTRUCTION_LIMIT     200000u

static uint8_t system_memory[SYSTEM_SIZE] __attribute__((aligned(4096)));
static struct processor processor;
static struct guest_state start_state;
static bool host_read, host_loaded; /* a descriptor of the host's, see emulated.h */

static uint8_t *ram_page(void *context, uint64_t physical)
{
    (void)context;
    /* What happens to the GDT is looked at. */
    if (physical == SYSTEM_GDT)
        return NULL;
    if (physical >= SYSTEM && physical - SYSTEM < SYSTEM_SIZE)
        return system_memory + (physical - SYSTEM);
    if (physical >= ARENA_BASE && physical - ARENA_BASE < ARENA_SIZE &&
        arena_page_kind((uint32_t)physical - ARENA_BASE) != PAGE_HOLE)
        return (uint8_t *)(uintptr_t)physical;
    return NULL;
}

static _Noreturn void unexpected(const char *what, uint64_t value)
{
    fprintf(stderr, "oracle: the interpreter asked for %s %llx\n", what, (unsigned long long)value);
    abort();
}

static bool in_gdt(uint64_t physical)
{
    return physical >= SYSTEM_GDT && physical <= SYSTEM_GDT + GDT_LIMIT;
}

static bool of_the_host(uint64_t physical)
{
    return physical - SYSTEM_GDT >= SELECTOR_HANDLER_DATA + 8;
}

static uint32_t mmio_read(void *context, uint64_t physical, unsigned width)
{
    uint32_t value = 0;

    (void)context;
    if (!in_gdt(physical))
        unexpected("a read of physical address", physical);
    host_read |= of_the_host(physical);
    memcpy(&value, system_memory + (physical - SYSTEM), width);
    return value;
}

/* All that is ever written to a table is the accessed bit. */
static void mmio_write(void *context, uint64_t physical, unsigned width, uint32_t value)
{
    (void)context;
    if (!in_gdt(physical))
        unexpected("a write to physical address", physical);
    host_loaded |= of_the_host(physical);
    memcpy(system_memory + (physical - SYSTEM), &value, width);
}

static uint32_t port_read(void *context, uint16_t port, unsigned width)
{
    (void)context;
    (void)width;
    unexpected("port", port);
}

static void port_write(void *context, uint16_t port, unsigned width, uint32_t value)
{
    (void)context;
    (void)width;
    (void)value;
    unexpected("port", port);
}

static void port_read_string(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count)
{
    (void)context;
    (void)width;
    (void)buffer;
    (void)count;
    unexpected("port", port);
}

static void port_write_string(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count)
{
    (void)context;
    (void)width;
    (void)buffer;
    (void)count;
    unexpected("port", port);
}

static void cpuid(void *context, uint32_t registers[4])
{
    (void)context;
    /* What the interpreter wants to know about itself: everything up to SSE2. */
    if (registers[0] == 1) {
        registers[0] = 0x650;
        registers[1] = 0;
        registers[2] = 0;
        registers[3] = 0x0783fbff;
        return;
    }
    memset(registers, 0, 4 * sizeof(registers[0]));
}

static bool read_msr(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    (void)index;
    (void)value;
    return false;
}

static bool write_msr(void *context, uint32_t index, uint64_t value)
{
    (void)context;
    (void)index;
    (void)value;
    return false;
}

static uint64_t read_tsc(void *context)
{
    (void)context;
    return 0;
}

static bool read_pmc(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    (void)index;
    (void)value;
    return false;
}

static void nothing(void *context)
{
    (void)context;
}

static bool interrupts_close(void *context)
{
    (void)context;
    return false;
}

static uint8_t take_interrupt(void *context)
{
    (void)context;
    unexpected("an interrupt that nobody sent", 0);
}

static void halt(void *context, bool wakeable)
{
    (void)context;
    if (wakeable)
        unexpected("a wakeable halt", 0);
}

/* x87 and SIMD rows are excluded (rows.c); only a derailed case comes here. */
static int run_native(void *context, const uint8_t *code, unsigned length, struct native_call *call)
{
    (void)context;
    (void)code;
    (void)length;
    (void)call;
    return 6; /* #UD */
}

static bool leave(void *context, struct processor *p)
{
    (void)context;
    (void)p;
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
    .close_interrupts = interrupts_close,
    .take_interrupt = take_interrupt,
    .halt = halt,
    .run_native = run_native,
    .leave = leave,
};

static void put_32(uint32_t linear, uint32_t value)
{
    memcpy(system_memory + (linear - SYSTEM), &value, sizeof(value));
}

static uint32_t get_32(uint32_t linear)
{
    uint32_t value;

    memcpy(&value, system_memory + (linear - SYSTEM), sizeof(value));
    return value;
}

static void put_descriptor(uint32_t linear, uint32_t low, uint32_t high)
{
    put_32(linear, low);
    put_32(linear + 4, high);
}

/* The host's GDT as far as user mode sees it: LAR and LSL tell attributes and limit of the segments
 * that CPL 3 may use. Bases are taken as 0; what accesses memory through one is not compared. */
static void build_gdt(void)
{
    put_descriptor(SYSTEM_GDT + SELECTOR_HANDLER_CODE, 0x0000ffff, 0x00cf9b00);
    put_descriptor(SYSTEM_GDT + SELECTOR_HANDLER_DATA, 0x0000ffff, 0x00cf9300);
    for (uint32_t index = 3; index <= GDT_LIMIT / 8; index++) {
        uint32_t selector = index << 3 | 3, attributes = 0, limit = 0;
        bool visible;

        __asm__("lar %3, %1\n\tsetz %0\n\tlsl %3, %2"
                : "=&q"(visible), "=&r"(attributes), "=&r"(limit)
                : "r"(selector)
                : "cc");
        if (!visible)
            continue;
        if (attributes & 0x00800000)
            limit >>= 12;
        put_descriptor(SYSTEM_GDT + index * 8, limit & 0xffff,
                       (attributes & 0x00f0ff00) | (limit & 0x000f0000));
    }
}

/* Interrupt gates with the privileges that Linux gives: INT3 and INTO are open to user code. */
static void build_idt(void)
{
    for (uint32_t vector = 0; vector < 256; vector++) {
        uint32_t handler = SYSTEM_HANDLERS + vector * 4;
        uint32_t dpl = vector == 3 || vector == 4 ? 3u << 13 : 0;

        put_descriptor(SYSTEM_IDT + vector * 8, (handler & 0xffff) | SELECTOR_HANDLER_CODE << 16,
                       (handler & 0xffff0000u) | 0x8e00u | dpl);
        memset(system_memory + (handler - SYSTEM), 0xf4, 4); /* HLT */
    }
}

static void build_paging(void)
{
    uint32_t directory = SYSTEM_PAGING, arena_table = SYSTEM_PAGING + 0x1000,
             system_table = SYSTEM_PAGING + 0x2000;

    put_32(directory + (ARENA_BASE >> 22) * 4, arena_table | 7);
    put_32(directory + (SYSTEM >> 22) * 4, system_table | 3);
    for (uint32_t at = 0; at < ARENA_SIZE; at += ARENA_PAGE) {
        enum arena_page kind = arena_page_kind(at);
        uint32_t entry = arena_table + (((ARENA_BASE + at) >> 12) & 1023) * 4;

        if (kind != PAGE_HOLE)
            put_32(entry, (ARENA_BASE + at) | 5 | (kind == PAGE_WRITABLE ? 2 : 0));
    }
    for (uint32_t at = 0; at < SYSTEM_SIZE; at += ARENA_PAGE)
        put_32(system_table + (((SYSTEM + at) >> 12) & 1023) * 4, (SYSTEM + at) | 3);
}

static uint32_t byte_limit(uint32_t low, uint32_t high)
{
    uint32_t limit = (low & 0xffff) | (high & 0xf0000);

    return high & 0x00800000 ? limit << 12 | 0xfff : limit;
}

/* A descriptor of the LDT (or a flat one of the GDT) into a cache. */
static void load_cache(struct segment_state *cache, uint16_t selector)
{
    uint32_t where = (selector & 4 ? SYSTEM_LDT : SYSTEM_GDT) + (selector & 0xfff8u), low, high;

    cache->selector = selector;
    if (!(selector & 0xfffc)) {
        cache->attributes = ATTRIBUTE_UNUSABLE;
        cache->base = 0;
        cache->limit = 0;
        return;
    }
    low = get_32(where);
    high = get_32(where + 4);
    cache->base = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000u);
    cache->limit = byte_limit(low, high);
    cache->attributes = (high >> 8) & 0xf0ff;
}

void emulated_initialise(void)
{
    struct guest_state *state = &start_state;
    size_t ldt_size;

    build_gdt();
    build_idt();
    build_paging();
    ldt_size = arena_read_ldt(system_memory + (SYSTEM_LDT - SYSTEM), SYSTEM_SIZE - 0x8000);
    if (!ldt_size) {
        fprintf(stderr, "oracle: the LDT cannot be read back\n");
        exit(2);
    }
    put_32(SYSTEM_TSS + 4, SYSTEM_STACK);
    put_32(SYSTEM_TSS + 8, SELECTOR_HANDLER_DATA);
    put_32(SYSTEM_TSS + 0x64, 0x00680000); /* no I/O bitmap */

    memset(state, 0, sizeof(*state));
    state->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
    state->cr3 = SYSTEM_PAGING;
    state->cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT;
    state->dr[6] = DR6_FIXED;
    state->dr[7] = DR7_FIXED;
    state->gdtr = (struct table_register){SYSTEM_GDT, GDT_LIMIT};
    state->idtr = (struct table_register){SYSTEM_IDT, 256 * 8 - 1};
    state->segment[TR] = (struct segment_state){0x40, 0x8b, SYSTEM_TSS, 0x67};
    state->segment[LDTR] = (struct segment_state){0x48, 0x82, SYSTEM_LDT, (uint32_t)ldt_size - 1};
    state->cpl = 3;
    state->a20 = true;
    processor_initialise(&processor, &platform, NULL);
}

static void load(const struct registers *start)
{
    struct guest_state *state = &start_state;

    memcpy(state->gpr, start->gpr, sizeof(state->gpr));
    state->eip = start->eip;
    state->eflags = start->eflags | EFLAGS_IF | EFLAGS_FIXED;
    for (unsigned n = 0; n <= GS; n++)
        load_cache(&state->segment[n], start->selector[n]);
    processor_load(&processor, state);
}

/* Vectors that push an error code, SDM vol. 3, table 6-1. */
static bool has_error_code(uint32_t vector)
{
    return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

void emulated_run(const struct registers *start, struct outcome *outcome)
{
    static struct guest_state end;
    uint64_t retired = processor.retired;
    uint32_t frame;

    memset(outcome, 0, sizeof(*outcome));
    load(start);
    host_read = false;
    outcome->timeout = processor_run(&processor, INSTRUCTION_LIMIT) != PROCESSOR_HALTED;
    outcome->host_descriptor = host_read;
    if (outcome->timeout)
        return;
    processor_save(&processor, &end);
    /* The handler's HLT stands for the instruction that faulted. */
    outcome->instructions = processor.retired - retired;
    outcome->vector = (end.eip - 1 - SYSTEM_HANDLERS) / 4;
    frame = end.gpr[ESP];
    if (has_error_code(outcome->vector)) {
        outcome->error = get_32(frame);
        frame += 4;
    }
    memcpy(outcome->registers.gpr, end.gpr, sizeof(end.gpr));
    for (unsigned n = 0; n <= GS; n++)
        outcome->registers.selector[n] = end.segment[n].selector;
    outcome->registers.eip = get_32(frame);
    outcome->registers.selector[CS] = (uint16_t)get_32(frame + 4);
    outcome->registers.eflags = get_32(frame + 8);
    outcome->registers.gpr[ESP] = get_32(frame + 12);
    outcome->registers.selector[SS] = (uint16_t)get_32(frame + 16);
    outcome->cr2 = outcome->vector == 14 ? end.cr2 : 0;
}

static void set_accessed_bits(bool set)
{
    for (uint32_t at = SELECTOR_HANDLER_DATA + 8 + 4; at < GDT_LIMIT; at += 8) {
        uint32_t high = get_32(SYSTEM_GDT + at);

        if (high)
            put_32(SYSTEM_GDT + at, set ? high | DESCRIPTOR_ACCESSED : high & ~DESCRIPTOR_ACCESSED);
    }
}

bool emulated_loads_host_segment(const struct registers *start)
{
    struct outcome outcome;

    set_accessed_bits(false);
    host_loaded = false;
    emulated_run(start, &outcome);
    set_accessed_bits(true);
    return host_loaded;
}

void emulated_walk(const struct registers *start,
                   void (*visit)(void *context, uint16_t selector, uint32_t eip), void *context)
{
    static struct guest_state now;

    load(start);
    for (unsigned n = 0; n < INSTRUCTION_LIMIT; n++) {
        processor_save(&processor, &now);
        if (now.cpl != 3)
            return;
        visit(context, now.segment[CS].selector, now.eip);
        if (processor_run(&processor, 1) != PROCESSOR_BUDGET)
            return;
    }
}
