/* The comparison: registers, defined flags, memory, vector, error code.
 * Not here: either side. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "compare.h"

#include <string.h>

#include "arena.h"
#include "emulated.h"
#include "silicon.h"

/* Error-code bit 4 of a page fault: instruction fetch. The host has execute-disable on and reports
 * it; the P6 has not. SDM vol. 3, 4.7. */
#define PAGE_FAULT_FETCH 0x10u
#define FETCH_OF_DATA    (PAGE_FAULT_FETCH | 1u) /* the page is present */
/* Retries before a disagreement counts. */
#define CONFIRMATIONS 2u

static bool strict_flags;

void compare_strictly(bool strict)
{
    strict_flags = strict;
}

static void prepare(const struct oracle_case *test)
{
    static uint64_t filled = UINT64_MAX;

    if (filled != test->memory_seed) {
        arena_fill(test->memory_seed);
        filled = test->memory_seed;
    }
    arena_unpatch();
    for (uint32_t n = 0; n < test->patch_count; n++)
        arena_patch(test->patch[n].offset, test->patch[n].bytes, test->patch[n].length);
    arena_code(test->code_offset, test->code, test->code_length);
}

/* Flags that may differ where the case ended. */
static uint32_t undefined_flags(const struct oracle_case *test, const struct outcome *end)
{
    const struct arena_segment *code = arena_find(end->registers.selector[CS]);
    uint32_t all = 0, at;

    if (strict_flags)
        return 0;
    if (code) {
        at = code->base + end->registers.eip - ARENA_BASE - test->code_offset;
        for (uint32_t n = 0; n <= test->instruction_count; n++) {
            if (test->boundary[n] == at)
                return test->undefined_flags[n];
        }
    }
    for (uint32_t n = 0; n <= test->instruction_count; n++)
        all |= test->undefined_flags[n];
    return all;
}

static bool differ(struct comparison *c, enum difference_kind kind, const char *what,
                   uint32_t expected, uint32_t got)
{
    if (expected == got)
        return false;
    c->kind = kind;
    c->what = what;
    c->address = 0;
    c->expected = expected;
    c->got = got;
    return true;
}

static bool registers_differ(struct comparison *c)
{
    static const char *const gpr[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
    static const char *const segment[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    const struct registers *n = &c->native.registers, *e = &c->emulated.registers;
    uint32_t native_error = c->native.error;

    if (c->native.vector == 14)
        native_error &= ~PAGE_FAULT_FETCH;
    if (differ(c, DIFFERENT_FAULT, "vector", c->native.vector, c->emulated.vector) ||
        differ(c, DIFFERENT_FAULT, "error code", native_error, c->emulated.error) ||
        differ(c, DIFFERENT_FAULT, "CR2", c->native.cr2, c->emulated.cr2) ||
        differ(c, DIFFERENT_FAULT, "EIP", n->eip, e->eip) ||
        differ(c, DIFFERENT_FLAGS, "EFLAGS", n->eflags & c->flags_compared,
               e->eflags & c->flags_compared))
        return true;
    for (unsigned r = 0; r < GENERAL_REGISTER_COUNT; r++) {
        if (differ(c, DIFFERENT_REGISTER, gpr[r], n->gpr[r], e->gpr[r]))
            return true;
    }
    for (unsigned r = 0; r <= GS; r++) {
        if (differ(c, DIFFERENT_REGISTER, segment[r], n->selector[r], e->selector[r]))
            return true;
    }
    return false;
}

static bool memory_differs(struct comparison *c, const uint8_t *image)
{
    long at = arena_compare(image);

    if (at < 0)
        return false;
    c->kind = DIFFERENT_MEMORY;
    c->what = "memory";
    c->address = ARENA_BASE + (uint32_t)at;
    c->expected = arena_byte((uint32_t)at);
    c->got = arena_image_byte(image, (uint32_t)at);
    return true;
}

static bool same_outcome(const struct outcome *a, const struct outcome *b)
{
    return !memcmp(a, b, sizeof(*a));
}

struct walk {
    const struct oracle_case *test;
    bool derailed;
};

/* Instructions must begin at a boundary or in the HLTs around the code. */
static void visit(void *context, uint16_t selector, uint32_t eip)
{
    struct walk *walk = context;
    const struct arena_segment *code = arena_find(selector);
    uint32_t at;

    if (!code)
        return;
    at = code->base + eip - ARENA_BASE - walk->test->code_offset;
    if (at >= walk->test->code_length)
        return;
    for (uint32_t n = 0; n < walk->test->instruction_count; n++) {
        if (walk->test->boundary[n] == at)
            return;
    }
    walk->derailed = true;
}

static bool derailed(const struct oracle_case *test)
{
    struct walk walk = {test, false};

    arena_restore();
    emulated_walk(&test->start, visit, &walk);
    return walk.derailed;
}

/* The interpreter goes first: what would get at the host's own segments, and through them at this
 * program, never comes to the processor. */
static enum verdict compare_once(const struct oracle_case *test, struct comparison *c)
{
    static uint8_t image[ARENA_IMAGE_SIZE];

    arena_restore();
    emulated_run(&test->start, &c->emulated);
    arena_save(image);
    arena_restore();
    if (c->emulated.host_descriptor) {
        if (emulated_loads_host_segment(&test->start))
            return LEFT_CODE;
        arena_restore();
    }
    silicon_run(&test->start, &c->native);
    if (c->native.timeout)
        return TIMED_OUT;
    if (!(c->native.registers.selector[CS] & 4) ||
        (c->native.vector == 14 && (c->native.error & FETCH_OF_DATA) == FETCH_OF_DATA))
        return LEFT_CODE;
    if (c->emulated.timeout) {
        c->kind = ENDLESS;
        c->what = "the interpreter did not come to an end";
        return DISAGREE;
    }
    c->flags_compared = ~undefined_flags(test, &c->native);
    return registers_differ(c) || memory_differs(c, image) ? DISAGREE : AGREE;
}

enum verdict compare_case(const struct oracle_case *test, struct comparison *c)
{
    struct outcome first;

    memset(c, 0, sizeof(*c));
    prepare(test);
    c->verdict = compare_once(test, c);
    first = c->native;
    for (unsigned n = 0; c->verdict == DISAGREE && n < CONFIRMATIONS; n++) {
        c->verdict = compare_once(test, c);
        if (c->verdict == DISAGREE && !same_outcome(&first, &c->native))
            c->verdict = UNSTABLE;
    }
    if (c->verdict == DISAGREE && test->instruction_count && derailed(test))
        c->verdict = DERAILED;
    return c->verdict;
}

static void print_outcome(FILE *output, const char *side, const struct outcome *outcome)
{
    const struct registers *r = &outcome->registers;

    fprintf(output,
            "  %s vector %u error %04x cr2 %08x cs:eip %04x:%08x eflags %08x\n"
            "    eax %08x ecx %08x edx %08x ebx %08x esp %08x ebp %08x esi %08x edi %08x\n"
            "    es %04x ss %04x ds %04x fs %04x gs %04x\n",
            side, outcome->vector, outcome->error, outcome->cr2, r->selector[CS], r->eip, r->eflags,
            r->gpr[EAX], r->gpr[ECX], r->gpr[EDX], r->gpr[EBX], r->gpr[ESP], r->gpr[EBP],
            r->gpr[ESI], r->gpr[EDI], r->selector[ES], r->selector[SS], r->selector[DS],
            r->selector[FS], r->selector[GS]);
}

void comparison_print(FILE *output, const struct comparison *c)
{
    fprintf(output, "  %s", c->what);
    if (c->address)
        fprintf(output, " at %08x", c->address);
    fprintf(output, ": processor %x, interpreter %x\n", c->expected, c->got);
    print_outcome(output, "processor  ", &c->native);
    print_outcome(output, "interpreter", &c->emulated);
}
