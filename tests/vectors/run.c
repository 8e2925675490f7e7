/* Runs captured vectors in the interpreter and compares registers, memory and every other byte.
 * Not here: reading the files (moo.c), what is excused (differences.c, metadata.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "differences.h"
#include "machine.h"
#include "metadata.h"
#include "moo.h"

/* Failures printed for each opcode. */
#define REPORT_LIMIT 2
#define REAL_LIMIT   0xffffu
#define FLAGS_UNUSED 0xf000u /* of FLAGS, before the 286 */
/* The bits that these processors have, in real mode; others float. */
#define FLAGS_286  0x00000fd7u
#define EFLAGS_386 0x00037fd7u
#define CR0_386    0x8000001fu

struct counts {
    unsigned long passed; /* agrees in every bit */
    unsigned long masked; /* agrees once undefined flags and listed differences are masked */
    unsigned long failed;
};

/* What is not compared in one test. */
struct leniency {
    uint32_t flags;
    uint32_t registers;
    uint8_t vector; /* to be taken in place of the captured 13; 0: the captured one */
    bool whole;
};

struct comparison {
    const struct moo_test *test;
    const struct moo_file *file;
    bool exact; /* so far */
    bool good;  /* so far, within the leniency */
    const struct leniency *leniency;
    bool report;
    const char *opcode;
};

static const uint8_t register_map[][2] = {
    {MOO_EAX, EAX}, {MOO_EBX, EBX}, {MOO_ECX, ECX}, {MOO_EDX, EDX},
    {MOO_ESI, ESI}, {MOO_EDI, EDI}, {MOO_EBP, EBP}, {MOO_ESP, ESP},
};
static const uint8_t segment_map[][2] = {
    {MOO_CS, CS}, {MOO_DS, DS}, {MOO_ES, ES}, {MOO_FS, FS}, {MOO_GS, GS}, {MOO_SS, SS},
};
static const char *const register_name[MOO_REGISTER_COUNT] = {
    "CR0", "CR3", "EAX", "EBX", "ECX", "EDX", "ESI", "EDI",    "EBP", "ESP",
    "CS",  "DS",  "ES",  "FS",  "GS",  "SS",  "EIP", "EFLAGS", "DR6", "DR7"};

/* The 8086, the 8088 and NEC's versions of them: 20 address lines, and FLAGS with 15:12 set. */
static bool is_8086(const struct moo_file *file)
{
    static const char *const names[] = {"8086", "8088", "V20", "V30"};

    for (unsigned n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        if (!strncmp(file->cpu, names[n], strlen(names[n])))
            return true;
    }
    return false;
}

static uint32_t initial_value(const struct moo_test *test, unsigned which)
{
    return test->initial.present & 1u << which ? test->initial.value[which] : 0;
}

static uint32_t final_value(const struct moo_test *test, unsigned which)
{
    return test->final.present & 1u << which ? test->final.value[which]
                                             : initial_value(test, which);
}

/* Opcode of an 8086's instruction, behind the prefixes. */
static uint8_t opcode_8086(const struct moo_test *test)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0xf0, 0xf1, 0xf2, 0xf3};
    uint32_t at = moo_opcode_position(test, prefixes, sizeof(prefixes));

    return at < test->byte_count ? test->bytes[at] : 0;
}

/* Whether it is a 386's PUSHFD. */
static bool pushes_eflags(const struct moo_file *file, const struct moo_test *test)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3};
    uint32_t at = moo_opcode_position(test, prefixes, sizeof(prefixes));

    return file->wide && at < test->byte_count && test->bytes[at] == 0x9c &&
           memchr(test->bytes, 0x66, at) != NULL;
}

/* How far above the final SP there is an image of FLAGS of which not all bits need agree: behind
 * what an exception pushes, and on an 8086, whose 15:12 are not a P6's, after INT and PUSHF. -1: no
 * such image. */
static int image_of_flags(const struct moo_file *file, const struct moo_test *test)
{
    uint8_t opcode = opcode_8086(test);

    if (test->exception)
        return 4;
    if (!is_8086(file))
        return -1;
    if (opcode == 0x9c)
        return 0;
    /* INT3, INT n, INTO, AAM and the divisions: seen by where they ended. */
    if ((opcode >= 0xcc && opcode <= 0xce) || opcode == 0xd4 || (opcode & 0xfe) == 0xf6)
        return test->final.present & 1u << MOO_CS ? 4 : -1;
    return -1;
}

static uint32_t flags_address(const struct moo_test *test, int above)
{
    uint32_t offset = final_value(test, MOO_ESP) + (uint32_t)above;

    return (final_value(test, MOO_SS) << 4) + (offset & 0xffff);
}

static void set_state(struct machine *m, const struct moo_file *file, const struct moo_test *test,
                      const struct leniency *leniency)
{
    struct guest_state *state = &m->state;

    memset(state, 0, sizeof(*state));
    for (unsigned n = 0; n < sizeof(register_map) / sizeof(register_map[0]); n++)
        state->gpr[register_map[n][1]] = initial_value(test, register_map[n][0]);
    for (unsigned n = 0; n < sizeof(segment_map) / sizeof(segment_map[0]); n++) {
        uint16_t selector = (uint16_t)initial_value(test, segment_map[n][0]);

        machine_segment(m, segment_map[n][1], selector, (uint32_t)selector << 4, REAL_LIMIT,
                        ATTRIBUTES_REAL);
    }
    machine_segment(m, LDTR, 0, 0, 0xffff, ATTRIBUTES_LDT);
    machine_segment(m, TR, 0, 0, 0xffff, 0x8b);
    state->eip = initial_value(test, MOO_EIP);
    state->eflags = initial_value(test, MOO_EFLAGS) & (EFLAGS_386 & ~EFLAGS_VM);
    /* FLAGS bits 15:12 do not exist in a 286's real mode, whatever the test has loaded. */
    if (!file->wide)
        state->eflags &= 0xfff;
    state->eflags |= EFLAGS_FIXED;
    /* With the bits that a 386 does not have: SMSW stores them. */
    state->cr0 = CR0_ET | (initial_value(test, MOO_CR0) & ~(CR0_PE | CR0_PG));
    state->dr[6] = DR6_FIXED;
    state->dr[7] = DR7_FIXED;
    state->idtr.limit = 0x3ff;
    state->a20 = !is_8086(file);
    for (uint32_t n = 0; n < test->initial_memory.count; n++)
        machine_write_8(m, test->initial_memory.byte[n].address,
                        test->initial_memory.byte[n].value);
    if (leniency->vector) {
        machine_write_32(m, leniency->vector * 4u, machine_read_32(m, test->vector * 4u));
        machine_write_32(m, test->vector * 4u, 0);
    }
    machine_load(m);
}

static void disagree(struct comparison *c, const char *what, uint32_t address, uint32_t expected,
                     uint32_t got)
{
    bool first = c->good;

    c->good = false;
    c->exact = false;
    if (!c->report || !first)
        return;
    printf("  %s #%u %s [", c->opcode, c->test->index, c->test->name);
    for (uint32_t n = 0; n < c->test->byte_count; n++)
        printf("%s%02x", n ? " " : "", c->test->bytes[n]);
    printf("]: %s", what);
    if (address != UINT32_MAX)
        printf(" %x", address);
    printf(": captured %x, interpreted %x", expected, got);
    if (c->test->exception)
        printf(" (captured exception %u)", c->test->vector);
    printf("\n");
}

/* A value of which `mask` must agree, and all bits for an exact match. */
static void compare(struct comparison *c, const char *what, uint32_t address, uint32_t expected,
                    uint32_t got, uint32_t mask)
{
    if (expected == got)
        return;
    c->exact = false;
    if ((expected ^ got) & mask)
        disagree(c, what, address, expected, got);
}

static void compare_registers(struct comparison *c, const struct machine *m)
{
    const struct moo_test *test = c->test;
    const struct guest_state *state = &m->state;
    uint32_t got[MOO_REGISTER_COUNT] = {0}, compared = 0;

    for (unsigned n = 0; n < sizeof(register_map) / sizeof(register_map[0]); n++)
        got[register_map[n][0]] = state->gpr[register_map[n][1]];
    for (unsigned n = 0; n < sizeof(segment_map) / sizeof(segment_map[0]); n++)
        got[segment_map[n][0]] = state->segment[segment_map[n][1]].selector;
    got[MOO_EIP] = state->eip;
    got[MOO_EFLAGS] = state->eflags;
    got[MOO_CR0] = state->cr0;
    compared = test->initial.present & ~(1u << MOO_CR3 | 1u << MOO_DR6 | 1u << MOO_DR7);
    for (unsigned which = 0; which < MOO_REGISTER_COUNT; which++) {
        uint32_t mask = c->file->wide ? 0xffffffffu : 0xffff;
        uint32_t expected = final_value(test, which), value = got[which] & mask;

        if (!(compared & 1u << which))
            continue;
        if (which == MOO_EFLAGS) {
            /* Bits that the captured processor does not have, or leaves floating. */
            uint32_t exists = c->file->wide ? EFLAGS_386 : FLAGS_286;

            if (!(test->final.present & 1u << which))
                expected &= exists;
            /* A 286's own FLAGS have 15:12 clear; a P6's show when the program sets them. */
            if (!c->file->wide)
                exists |= 0xf000;
            expected = (expected & exists) | EFLAGS_FIXED;
            value = (value & exists) | EFLAGS_FIXED;
            mask &= ~c->leniency->flags;
        }
        if (which == MOO_CR0)
            mask &= CR0_386;
        if (c->leniency->registers & 1u << which)
            mask = 0;
        if (c->file->mask.present & 1u << which)
            mask &= c->file->mask.value[which];
        if (test->mask.present & 1u << which)
            mask &= test->mask.value[which];
        compare(c, register_name[which], UINT32_MAX, expected, value, mask);
    }
}

static bool listed(const struct moo_memory *memory, uint32_t address)
{
    for (uint32_t n = 0; n < memory->count; n++) {
        if (memory->byte[n].address == address)
            return true;
    }
    return false;
}

/* Compares all listed bytes and clears them; what is then left in the touched pages was written
 * without being listed. Leaves RAM zeroed. */
static void compare_memory(struct comparison *c, struct machine *m)
{
    const struct moo_test *test = c->test;
    int image = image_of_flags(c->file, test);

    if (c->leniency->vector) {
        machine_write_32(m, test->vector * 4u, machine_read_32(m, c->leniency->vector * 4u));
        machine_write_32(m, c->leniency->vector * 4u, 0);
    }
    for (uint32_t n = 0; n < test->final_memory.count; n++) {
        const struct moo_byte *byte = &test->final_memory.byte[n];
        uint32_t mask = 0xff, at = byte->address - flags_address(test, image);

        if (image >= 0 && at < 2)
            mask &= ~(c->leniency->flags >> (at * 8));
        at = byte->address - flags_address(test, 0);
        if (at < 4 && pushes_eflags(c->file, test))
            mask &= EFLAGS_386 >> (at * 8);
        compare(c, "memory", byte->address, byte->value, machine_read_8(m, byte->address), mask);
    }
    for (uint32_t n = 0; n < test->initial_memory.count; n++) {
        const struct moo_byte *byte = &test->initial_memory.byte[n];

        if (!listed(&test->final_memory, byte->address))
            compare(c, "memory", byte->address, byte->value, machine_read_8(m, byte->address),
                    0xff);
    }
    for (uint32_t n = 0; n < test->final_memory.count; n++)
        machine_write_8(m, test->final_memory.byte[n].address, 0);
    for (uint32_t n = 0; n < test->initial_memory.count; n++)
        machine_write_8(m, test->initial_memory.byte[n].address, 0);
    for (unsigned n = 0; n < m->touched_count; n++) {
        uint32_t start = m->touched[n] * MACHINE_PAGE_SIZE;

        for (uint32_t at = start; at < start + MACHINE_PAGE_SIZE; at++) {
            if (m->ram[at]) {
                disagree(c, "a byte that the test does not list was written", at, 0, m->ram[at]);
                m->ram[at] = 0;
            }
        }
    }
    machine_forget_pages(m);
}

/* What a mask in the file says of EFLAGS goes for the copy that an exception pushes as well. */
static uint32_t masked_flags(const struct moo_registers *mask)
{
    return mask->present & 1u << MOO_EFLAGS ? ~mask->value[MOO_EFLAGS] & 0xffffu : 0;
}

static struct leniency leniency_of(const struct moo_file *file, const char *opcode,
                                   const struct moo_test *test, const struct metadata *metadata)
{
    struct leniency leniency = {.flags = (uint16_t)~metadata_flags_mask(metadata, opcode)};

    leniency.flags |= masked_flags(&file->mask) | masked_flags(&test->mask);
    if (is_8086(file))
        leniency.flags |= FLAGS_UNUSED;
    for (unsigned n = 0; n < difference_count; n++) {
        if (difference_applies(&differences[n], file->cpu, opcode, test)) {
            leniency.flags |= differences[n].flags;
            leniency.registers |= differences[n].registers;
            leniency.whole |= differences[n].whole;
            if (differences[n].vector)
                leniency.vector = differences[n].vector;
        }
    }
    return leniency;
}

/* The suites of the 8086 have no HLT behind the instruction. */
static void run_one(struct machine *m, uint64_t budget)
{
    do
        machine_run(m, 1);
    while (m->processor.repeating && --budget != 0);
}

/* One test in one memory mode. */
static struct comparison run_test(struct machine *m, const struct moo_file *file,
                                  const char *opcode, const struct moo_test *test,
                                  const struct leniency *leniency, bool report)
{
    struct comparison c = {.test = test,
                           .file = file,
                           .exact = true,
                           .good = true,
                           .leniency = leniency,
                           .report = report && !leniency->whole,
                           .opcode = opcode};
    /* One instruction and the HLT, but a string of them may take one step each. */
    uint64_t budget = 4 + (initial_value(test, MOO_ECX) & 0xffff);

    set_state(m, file, test, leniency);
    m->halts = 0;
    if (is_8086(file))
        run_one(m, budget);
    else
        machine_run(m, budget);
    if (!m->halts && !is_8086(file))
        disagree(&c, "did not come to the HLT; EIP", UINT32_MAX, final_value(test, MOO_EIP),
                 m->state.eip);
    compare_registers(&c, m);
    compare_memory(&c, m);
    if (leniency->whole)
        c.good = true;
    return c;
}

static bool addresses_fit(const struct moo_memory *memory)
{
    for (uint32_t n = 0; n < memory->count; n++) {
        if (memory->byte[n].address >= MACHINE_RAM_SIZE)
            return false;
    }
    return true;
}

static void run_file(struct machine *m, const struct moo_file *file, const char *opcode,
                     const struct metadata *metadata, struct counts *total)
{
    struct counts counts = {0, 0, 0};
    unsigned reported = 0;

    for (uint32_t n = 0; n < file->count; n++) {
        const struct moo_test *test = &file->test[n];
        struct leniency leniency = leniency_of(file, opcode, test, metadata);
        bool exact = true, good = true;

        if (!addresses_fit(&test->initial_memory) || !addresses_fit(&test->final_memory)) {
            printf("  %s #%u: an address beyond 16 MiB\n", opcode, test->index);
            counts.failed++;
            continue;
        }
        /* RAM behind host pointers, then RAM behind callbacks. */
        for (int mode = 0; mode < 2; mode++) {
            struct comparison c;

            m->all_mmio = mode;
            c = run_test(m, file, opcode, test, &leniency, reported < REPORT_LIMIT && good);
            exact &= c.exact;
            good &= c.good;
        }
        if (!good && reported < REPORT_LIMIT)
            reported++;
        exact &= !leniency.vector;
        counts.passed += exact;
        counts.masked += good && !exact;
        counts.failed += !good;
    }
    printf("%-6s %-5s %7lu passed %7lu masked %7lu failed\n", opcode, file->cpu, counts.passed,
           counts.masked, counts.failed);
    total->passed += counts.passed;
    total->masked += counts.masked;
    total->failed += counts.failed;
}

static int is_vector_file(const struct dirent *entry)
{
    const char *name = strstr(entry->d_name, ".MOO");

    return name && name != entry->d_name && (!strcmp(name, ".MOO") || !strcmp(name, ".MOO.gz"));
}

/* False when the folder cannot be used at all. */
static bool run_folder(struct machine *m, const char *folder, struct counts *total)
{
    struct metadata metadata;
    struct dirent **names;
    const char *error;
    char path[4096], reason[128];
    int count = scandir(folder, &names, is_vector_file, alphasort);

    if (count <= 0) {
        fprintf(stderr, "%s: %s\n", folder, count ? "cannot be read" : "holds no .MOO files");
        return false;
    }
    snprintf(path, sizeof(path), "%s/metadata.json", folder);
    if (!metadata_read(path, &metadata, &error)) {
        fprintf(stderr, "%s: %s\n", path, error);
        return false;
    }
    for (int n = 0; n < count; n++) {
        struct moo_file file;

        snprintf(path, sizeof(path), "%s/%s", folder, names[n]->d_name);
        if (moo_read(path, &file, reason, sizeof(reason))) {
            *strstr(names[n]->d_name, ".MOO") = 0;
            run_file(m, &file, names[n]->d_name, &metadata, total);
            moo_release(&file);
        } else {
            printf("  %s: %s\n", path, reason);
            total->failed++;
        }
        free(names[n]);
    }
    free(names);
    return true;
}

static void print_differences(void)
{
    printf("differences in what is captured, where the interpreter follows the P6:\n");
    for (unsigned n = 0; n < difference_count; n++)
        printf("  %s %-4s %s (%s)\n", differences[n].cpu,
               *differences[n].opcode ? differences[n].opcode : "all", differences[n].reason,
               differences[n].reference);
}

int main(int count, char **arguments)
{
    struct machine *m = machine_create();
    struct counts total = {0, 0, 0};
    unsigned skipped = 0;
    bool usable = true, optional = false;

    for (int n = 1; n < count; n++) {
        struct stat status;

        if (!strcmp(arguments[n], "--optional")) {
            optional = true;
        } else if (optional && stat(arguments[n], &status)) {
            printf("%s: not there, skipped\n", arguments[n]);
            skipped++;
        } else {
            usable &= run_folder(m, arguments[n], &total);
        }
    }
    if (count < 2) {
        fprintf(stderr, "usage: %s [--optional] folder...\n", arguments[0]);
        machine_destroy(m);
        return 2;
    }
    if (total.masked)
        print_differences();
    printf("%lu exact, %lu with undefined flags or listed differences masked\n", total.passed,
           total.masked);
    printf("%lu passed, %lu failed, %u skipped\n", total.passed + total.masked, total.failed,
           skipped);
    machine_destroy(m);
    return !usable ? 2 : total.failed != 0;
}
