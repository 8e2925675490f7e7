/* The platform of both machines: RAM, an empty bus, ports, MSRs, the interrupt script, the journal.
 * Not here: native code (native.c), checks beyond the platform's own contract. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "loads.h"
#include "port_strings.h"
#include "standing.h"
#include "scenario.h"

/* Odd numbers from here to there: a device that writes a byte of the code, as DMA would. */
#define PORT_DMA      0x41u
#define PORT_DMA_LAST 0x5fu
#define PORT_A20      0x92u
#define A20_BIT       2u

#define MSR_EFER         0xc0000080u
#define MSR_SYSENTER_CS  0x174u
#define MSR_SYSENTER_EIP 0x176u

/* --- memory ------------------------------------------------------------------------------------
 */

uint64_t subject_a20(const struct subject *s, uint64_t physical)
{
    return processor_a20(&s->processor) ? physical : physical & ~0x100000ull;
}

/* What is read where nobody answers: not constant, so that a wrong address shows. */
static uint8_t empty_bus(uint64_t physical)
{
    return (uint8_t)(physical ^ physical >> 7 ^ physical >> 19 ^ 0x5a);
}

uint32_t subject_peek(const struct subject *s, uint64_t physical, unsigned width)
{
    uint32_t value = 0;

    for (unsigned n = 0; n < width; n++) {
        uint64_t at = physical + n;

        value |= (uint32_t)(at < RAM_SIZE ? s->ram[at] : empty_bus(at)) << (8 * n);
    }
    return value;
}

void subject_poke(struct subject *s, uint64_t physical, unsigned width, uint32_t value)
{
    for (unsigned n = 0; n < width; n++) {
        uint64_t at = physical + n;

        if (at >= RAM_SIZE)
            continue;
        s->touched[at / PAGE_SIZE] = 1;
        s->ram[at] = (uint8_t)(value >> (8 * n));
    }
}

/* RAM pages that the fast machine has to reach access by access. */
static bool withheld(const struct subject *s, uint64_t page)
{
    uint8_t pattern = s->scenario->mmio_pages;

    return pattern != 0 && ((page * 7 + pattern) & 7) < (pattern & 3);
}

static uint8_t *ram_page(void *context, uint64_t physical)
{
    struct subject *s = context;

    if (physical % PAGE_SIZE)
        finding(s, "ram_page of %llx, which is not page aligned", (unsigned long long)physical);
    if (s->exact || physical >= RAM_SIZE || withheld(s, physical / PAGE_SIZE))
        return NULL;
    s->touched[physical / PAGE_SIZE] = 1;
    return s->ram + physical;
}

/* Runs are cut at multiples of this, so that few pages have to be looked at afterwards; now and
 * then a run is as long as a real machine's, with the vector table and everything else in it. */
#define RUN_PAGES      8u
#define LONG_RUN_PAGES 160u

static bool in_same_run(const struct subject *s, uint32_t page, uint32_t other)
{
    uint32_t length = (s->scenario->interrupt_vector & 0x1f) == 1 ? LONG_RUN_PAGES : RUN_PAGES;

    return page / length == other / length && page < RAM_PAGES && !withheld(s, page);
}

static uint8_t *ram_run(void *context, uint32_t physical, uint32_t *first, uint32_t *last)
{
    struct subject *s = context;
    uint32_t page = physical / PAGE_SIZE, from = page, to = page;

    if (s->exact || !in_same_run(s, page, page))
        finding(s, "ram_run of %x, where there is none", physical);
    while (in_same_run(s, from - 1, page))
        from--;
    while (in_same_run(s, to + 1, page))
        to++;
    for (uint32_t n = from; n <= to; n++)
        s->touched[n] = 1;
    *first = from * PAGE_SIZE;
    *last = to * PAGE_SIZE + PAGE_SIZE - 1;
    return s->ram + *first;
}

static void check_mmio(const struct subject *s, uint64_t physical, unsigned width)
{
    if ((width != 1 && width != 2 && width != 4) || (physical & 3) + width > 4)
        finding(s, "MMIO access of %u bytes at %llx", width, (unsigned long long)physical);
    if (physical & ~subject_a20(s, ~0ull))
        finding(s, "MMIO access at %llx with A20 off", (unsigned long long)physical);
}

static uint32_t offset_in_page(uint64_t physical, uint64_t from)
{
    return (uint32_t)(physical - from) & (PAGE_SIZE - 1);
}

/* Which of the last translations an access is by: of one that lies across two pages both are
 * translated first, and then bytes of the first page come before those of the second, whose
 * translation begins at its start. */
static unsigned translation_of_access(const struct subject *s, uint64_t physical)
{
    uint64_t last = subject_a20(s, s->translated[0].physical);
    uint64_t before = subject_a20(s, s->translated[1].physical);
    bool of_last = physical / PAGE_SIZE == last / PAGE_SIZE;
    bool at_end = offset_in_page(physical, last) >= PAGE_SIZE - 4;

    if (s->translated[0].linear % PAGE_SIZE != 0 ||
        s->translated[0].linear - s->translated[1].linear >= 4)
        return 0;
    return physical / PAGE_SIZE == before / PAGE_SIZE && (!of_last || at_end) ? 1 : 0;
}

/* Everything the exact machine does to memory passes here. */
static void record_access(struct subject *s, uint64_t physical, unsigned width, bool write,
                          uint32_t after)
{
    unsigned by = translation_of_access(s, physical);
    struct access *a = &s->access[s->access_count];

    if (s->access_count == ACCESS_LIMIT) {
        s->too_long = true;
        processor_stop(&s->processor);
    }
    if (++s->access_count > sizeof s->access / sizeof s->access[0])
        finding(s, "%u accesses by one instruction, and it goes on after a stop", s->access_count);
    *a = (struct access){
        .linear = s->translated[by].linear + offset_in_page(physical, s->translated[by].physical),
        .physical = physical,
        .before = subject_peek(s, physical, width),
        .after = after,
        .width = (uint8_t)width,
        .privilege = (uint8_t)(s->translated[by].access & (ACCESS_USER | ACCESS_FETCH)),
        .write = write,
        .walk = s->in_walk || s->in_pdptes,
    };
    if (s->in_walk && physical < RAM_SIZE)
        s->page_table_page[physical / PAGE_SIZE] = 1;
    else if (write && physical < RAM_SIZE && s->page_table_page[physical / PAGE_SIZE])
        s->page_table_written = true;
    /* Only here can an interrupt come within a REP instruction. */
    if ((s->scenario->options & OPTION_STRING) && s->interrupts_open && s->accepted < 0 &&
        s->decoded && s->instruction.repeat && s->access_count == s->scenario->interrupt_at) {
        s->accepted = s->scenario->interrupt_vector;
        s->interrupt_done = true;
        s->alone = true;
        processor_interrupt_accepted(&s->processor);
    }
}

static uint32_t mmio_read(void *context, uint64_t physical, unsigned width)
{
    struct subject *s = context;
    uint32_t value = subject_peek(s, physical, width);

    check_mmio(s, physical, width);
    if (s->exact)
        record_access(s, physical, width, false, value);
    if (physical >= RAM_SIZE && !s->in_walk)
        journal_step(s, JOURNAL_MMIO_READ, physical, width, value);
    return value;
}

static void mmio_write(void *context, uint64_t physical, unsigned width, uint32_t value)
{
    struct subject *s = context;

    check_mmio(s, physical, width);
    if (width < 4 && value >> (8 * width))
        finding(s, "MMIO write of %x with %u bytes", value, width);
    if (s->exact)
        record_access(s, physical, width, true, value);
    if (physical >= RAM_SIZE && !s->in_walk)
        journal_step(s, JOURNAL_MMIO_WRITE, physical, width, value);
    subject_poke(s, physical, width, value);
}

/* --- journal -----------------------------------------------------------------------------------
 */

struct journal_entry *journal_step(struct subject *s, enum journal_kind kind, uint64_t address,
                                   unsigned width, uint64_t value)
{
    static struct journal_entry nothing;
    struct journal *journal = s->journal;
    struct journal_entry *e;

    if (s->exact) {
        if (journal->count == JOURNAL_ENTRIES) {
            journal->full = true;
            processor_stop(&s->processor);
            return &nothing;
        }
        e = &journal->entry[journal->count++];
        *e = (struct journal_entry){
            .kind = kind, .address = address, .width = width, .value = value};
        return e;
    }
    if (s->journal_position < journal->count) {
        e = &journal->entry[s->journal_position++];
        if (e->kind == kind && e->address == address && e->width == width && e->value == value)
            return e;
    }
    nothing =
        (struct journal_entry){.kind = kind, .address = address, .width = width, .value = value};
    if (!s->diverged)
        s->other = nothing;
    s->diverged = true;
    processor_stop(&s->processor);
    return &nothing;
}

/* --- ports and registers -----------------------------------------------------------------------
 */

/* What the exact machine is told, which differs from time to time, the other one is told. */
static uint64_t answer(struct subject *s, enum journal_kind kind, uint64_t address, unsigned width,
                       uint64_t value)
{
    struct journal_entry *e = journal_step(s, kind, address, width, 0);

    if (s->exact)
        e->answer = value;
    return e->answer;
}

static uint32_t port_read(void *context, uint16_t port, unsigned width)
{
    struct subject *s = context;
    uint32_t value = (port * 0x01000193u) ^ (s->begun * 0x9e3779b1u);

    if (width < 4)
        value &= (1u << (8 * width)) - 1;
    check_port_allowed(s, port, width);
    return (uint32_t)answer(s, JOURNAL_PORT_READ, port, width, value);
}

/* The device writes where no page table is, of which translations would be kept. What the exact
 * machine's has done, the other one's does. */
static void write_code(struct subject *s, struct journal_entry *e, unsigned offset, uint8_t value)
{
    uint32_t at = s->code_linear + offset;

    if (s->exact)
        e->answer = at < RAM_SIZE && !s->page_table_page[at / PAGE_SIZE];
    if (e->answer)
        subject_poke(s, at, 1, value);
}

static void port_write(void *context, uint16_t port, unsigned width, uint32_t value)
{
    struct subject *s = context;
    struct journal_entry *e;

    if (width < 4 && value >> (8 * width))
        finding(s, "port write of %x with %u bytes", value, width);
    check_port_allowed(s, port, width);
    e = journal_step(s, JOURNAL_PORT_WRITE, port, width, value);
    if ((port & 1) && port >= PORT_DMA && port <= PORT_DMA_LAST)
        write_code(s, e, (port - PORT_DMA) / 2u, (uint8_t)value);
    /* A block of elements is read before the first of them is written. */
    if (port == PORT_A20 && s->exact && s->decoded && s->instruction.repeat)
        s->alone = true;
    if (port == PORT_A20)
        processor_set_a20(&s->processor, value & A20_BIT);
}

static const struct platform platform;

static void port_read_string(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count)
{
    port_strings_read(&platform, context, port, width, buffer, count);
}

static void port_write_string(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count)
{
    port_strings_write(&platform, context, port, width, buffer, count);
}

/* A processor without a vendor that has everything up to SSE2. */
static void cpuid(void *context, uint32_t registers[4])
{
    uint32_t leaf = registers[0];

    (void)context;
    registers[0] = leaf == 0 ? 1 : 0x650;
    registers[1] = leaf;
    registers[2] = 0;
    registers[3] = leaf == 1 ? 0x0783fbff : 0;
}

static int msr_number(uint32_t index)
{
    if (index == MSR_EFER)
        return 0;
    return index >= MSR_SYSENTER_CS && index <= MSR_SYSENTER_EIP
               ? (int)(index - MSR_SYSENTER_CS) + 1
               : -1;
}

static bool read_msr(void *context, uint32_t index, uint64_t *value)
{
    struct subject *s = context;
    int number = msr_number(index);

    *value = number < 0 ? 0 : s->msr[number];
    journal_step(s, JOURNAL_MSR_READ, index, 8, *value);
    return number >= 0;
}

static bool write_msr(void *context, uint32_t index, uint64_t value)
{
    struct subject *s = context;
    int number = msr_number(index);
    struct journal_entry *e = journal_step(s, JOURNAL_MSR_WRITE, index, 8, value);

    if (number < 0)
        return false;
    /* As a hypervisor writes its hypercall page. */
    if (s->scenario->chunk & CHUNK_REWRITTEN)
        write_code(s, e, value & 0x1fu, (uint8_t)(value >> 8));
    s->msr[number] = value;
    return true;
}

static uint64_t read_tsc(void *context)
{
    struct subject *s = context;

    return answer(s, JOURNAL_TSC, 0, 8, 0x0123456789abcdefull + s->begun);
}

static bool read_pmc(void *context, uint32_t index, uint64_t *value)
{
    struct subject *s = context;

    *value = answer(s, JOURNAL_PMC, index, 8, 0x1122334455ull + s->begun);
    return index < 2;
}

static void flush_caches(void *context)
{
    journal_step(context, JOURNAL_CACHES, 0, 0, 0);
}

/* --- interrupts --------------------------------------------------------------------------------
 */

bool subject_interrupts_at_boundaries(const struct subject *s)
{
    return s->scenario->interrupt_at & 1;
}

bool subject_interrupt_due(const struct subject *s)
{
    return s->begun > s->scenario->interrupt_at && !s->interrupt_done;
}

bool subject_look_at_interrupts(struct subject *s)
{
    bool nmi = s->scenario->options & OPTION_NMI;

    if (!subject_interrupt_due(s) || (!nmi && (!s->interrupts_open || s->accepted >= 0)))
        return false;
    s->interrupt_done = true;
    if (nmi) {
        processor_signal_nmi(&s->processor);
    } else {
        s->accepted = s->scenario->interrupt_vector;
        processor_interrupt_accepted(&s->processor);
    }
    return true;
}

static void interrupts_open(void *context)
{
    struct subject *s = context;
    const struct processor *p = &s->processor;

    if (s->interrupts_open)
        finding(s, "interrupts are opened twice");
    if (!(p->eflags_rest & EFLAGS_IF) || p->shadow)
        finding(s, "interrupts are opened with IF=%d, shadow %u", !!(p->eflags_rest & EFLAGS_IF),
                p->shadow);
    s->interrupts_open = true;
    if (subject_interrupts_at_boundaries(s))
        subject_look_at_interrupts(s);
}

static bool interrupts_close(void *context)
{
    struct subject *s = context;

    s->interrupts_open = false;
    if (s->accepted >= 0 && s->exact)
        check_nothing_committed(s);
    return s->accepted >= 0;
}

static uint8_t take_interrupt(void *context)
{
    struct subject *s = context;
    uint8_t vector = (uint8_t)s->accepted;

    if (s->accepted < 0)
        finding(s, "an interrupt is taken that was not accepted");
    journal_step(s, JOURNAL_INTERRUPT, vector, 1, s->processor.eip);
    s->accepted = -1;
    return vector;
}

static void halt(void *context, bool wakeable)
{
    struct subject *s = context;

    if (wakeable != !!(s->processor.eflags_rest & EFLAGS_IF))
        finding(s, "halt with the wrong wakeable");
    if (!wakeable || s->accepted >= 0)
        return;
    /* Halting opens interrupts by itself. */
    if (s->interrupt_done) {
        processor_stop(&s->processor);
        return;
    }
    s->interrupt_done = true;
    s->accepted = s->scenario->interrupt_vector;
    processor_interrupt_accepted(&s->processor);
}

static bool leave(void *context, struct processor *processor)
{
    struct subject *s = context;

    check_leaving(s, processor);
    return s->scenario->options & OPTION_LEAVE;
}

static const struct platform platform = {
    .ram_page = ram_page,
    .ram_run = ram_run,
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
    .open_interrupts = interrupts_open,
    .close_interrupts = interrupts_close,
    .take_interrupt = take_interrupt,
    .halt = halt,
    .run_native = subject_run_native,
    .leave = leave,
};

/* So little that it fills up now and then. */
#define CODE_MEMORY 0x4000

/* --- the machine -------------------------------------------------------------------------------
 */

struct subject *subject_create(bool exact, struct journal *journal)
{
    struct subject *s = calloc(1, sizeof *s);

    if (s == NULL || (s->ram = aligned_alloc(PAGE_SIZE, RAM_SIZE)) == NULL)
        abort();
    memset(s->ram, 0, RAM_SIZE);
    if (!exact && (s->code_memory = aligned_alloc(PAGE_SIZE, CODE_MEMORY)) == NULL)
        abort();
    s->exact = exact;
    s->journal = journal;
    return s;
}

void subject_reset(struct subject *s, const struct scenario *scenario)
{
    uint8_t *ram = s->ram;
    void *code_memory = s->code_memory;
    struct journal *journal = s->journal;
    bool exact = s->exact;

    for (unsigned page = 0; page < RAM_PAGES; page++)
        if (s->touched[page])
            memset(ram + page * PAGE_SIZE, 0, PAGE_SIZE);
    /* The records behind the last member written need not be cleared. */
    memset(s, 0, offsetof(struct subject, access));
    memset((uint8_t *)s + offsetof(struct subject, access_count), 0,
           sizeof *s - offsetof(struct subject, access_count));
    s->ram = ram;
    s->journal = journal;
    s->exact = exact;
    s->scenario = scenario;
    s->accepted = -1;
    s->code_memory = code_memory;
    processor_initialise(&s->processor, &platform, s);
}

void subject_keep_code(struct subject *s)
{
    processor_keep_code(&s->processor, s->code_memory, CODE_MEMORY);
}
