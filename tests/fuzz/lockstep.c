/* The exact machine goes first, instruction by instruction; the fast one follows in longer strides
 * and must arrive at the same state, memory and journal. Not here: checks of one machine alone. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "lockstep.h"

#include <stdio.h>
#include <string.h>

#include "finding.h"
#include "hooks.h"
#include "standing.h"
#include "scenario.h"

#define INSTRUCTION_LIMIT 120u
#define CHUNK_COUNT       7u /* bits of chunk that are the number of instructions less 1 */
#define CHUNK_FACTOR      8u
#define UNIT_WRITTEN      288u /* bytes of the image that FXSAVE writes outside 64-bit mode */

/* --- comparison --------------------------------------------------------------------------------
 */

/* Without the pointers, which are compared as the interpreter keeps them. */
static bool units_differ(const struct subject *a, const struct subject *b)
{
    uint8_t units[2][UNIT_IMAGE];

    subject_unit_get(a, units[0]);
    subject_unit_get(b, units[1]);
    return memcmp(units[0], units[1], UNIT_POINTERS) != 0 ||
           memcmp(units[0] + UNIT_POINTERS_END, units[1] + UNIT_POINTERS_END,
                  UNIT_WRITTEN - UNIT_POINTERS_END) != 0;
}

static const char *difference(const struct subject *a, const struct subject *b)
{
    const struct processor *p = &a->processor, *q = &b->processor;
    struct guest_state x, y;

    memset(&x, 0, sizeof x);
    memset(&y, 0, sizeof y);
    processor_save(p, &x);
    processor_save(q, &y);
    if (memcmp(x.gpr, y.gpr, sizeof x.gpr) != 0)
        return "general registers";
    if (x.eip != y.eip || x.eflags != y.eflags)
        return "EIP or EFLAGS";
    if (memcmp(x.segment, y.segment, sizeof x.segment) != 0)
        return "segment registers";
    if (memcmp(&x, &y, sizeof x) != 0)
        return "control or debug registers, shadow, A20";
    if (memcmp(p->pdpte, q->pdpte, sizeof p->pdpte) != 0)
        return "PDPTEs";
    if (p->retired != q->retired || p->interrupts != q->interrupts || p->faults != q->faults)
        return "counts";
    if (p->nmi_blocked != q->nmi_blocked || p->halted != q->halted)
        return "NMI blocking or HLT";
    if (p->fpu_used != q->fpu_used || p->fpu_instruction_offset != q->fpu_instruction_offset ||
        p->fpu_operand_offset != q->fpu_operand_offset ||
        p->fpu_instruction_selector != q->fpu_instruction_selector ||
        p->fpu_operand_selector != q->fpu_operand_selector || p->fpu_opcode != q->fpu_opcode)
        return "x87 pointers";
    if (a->journal->count != b->journal_position)
        return "the journal";
    if (units_differ(a, b))
        return "x87 or SIMD state";
    return NULL;
}

/* Address of the first byte of RAM that differs, or RAM_SIZE. */
static uint32_t memory_difference(const struct subject *a, const struct subject *b)
{
    for (uint32_t page = 0; page < RAM_PAGES; page++) {
        uint32_t at = page * PAGE_SIZE;

        if ((!a->touched[page] && !b->touched[page]) ||
            memcmp(a->ram + at, b->ram + at, PAGE_SIZE) == 0)
            continue;
        while (a->ram[at] == b->ram[at])
            at++;
        return at;
    }
    return RAM_SIZE;
}

/* The fast machine becomes what the exact one is. */
static void follow(struct subject *fast, const struct subject *exact)
{
    fast->processor = exact->processor;
    fast->processor.context = fast;
    processor_flush_translations(&fast->processor);
    for (uint32_t page = 0; page < RAM_PAGES; page++)
        if (exact->touched[page] || fast->touched[page]) {
            memcpy(fast->ram + page * PAGE_SIZE, exact->ram + page * PAGE_SIZE, PAGE_SIZE);
            fast->touched[page] = 1;
        }
    memcpy(fast->msr, exact->msr, sizeof fast->msr);
    subject_unit_copy(fast, exact);
    fast->code_linear = exact->code_linear;
    fast->begun = exact->begun;
    fast->interrupts_open = exact->interrupts_open;
    fast->interrupt_done = exact->interrupt_done;
    fast->accepted = exact->accepted;
    fast->diverged = false;
}

/* --- strides -----------------------------------------------------------------------------------
 */

static void stride_begins(struct subject *exact, struct subject *fast)
{
    exact->journal->count = 0;
    exact->journal->full = false;
    fast->journal_position = 0;
    exact->page_table_written = exact->alone = false;
    fast->begun = exact->begun;
    if (subject_interrupts_at_boundaries(exact)) {
        subject_look_at_interrupts(exact);
        subject_look_at_interrupts(fast);
    }
}

/* One instruction and what it brings. */
static enum exit_reason step_exact(struct subject *s)
{
    enum exit_reason reason;

    hooks_run_begins(s);
    reason = processor_run(&s->processor, 1);
    hooks_run_ended(s);
    /* After a shutdown there is no next instruction to be ready for. */
    if (reason != PROCESSOR_TRIPLE_FAULT)
        check_standing(s);
    return reason;
}

static _Noreturn void report_journal(const struct journal *journal, const struct subject *fast)
{
    unsigned position = fast->journal_position;
    const struct journal_entry *e = &journal->entry[position != 0 ? position - 1 : 0];

    fprintf(stderr, "journal entry %u of %u: kind %d address %llx width %u value %llx\n", position,
            journal->count, e->kind, (unsigned long long)e->address, e->width,
            (unsigned long long)e->value);
    finding(fast, "here kind %d address %llx width %u value %llx", fast->other.kind,
            (unsigned long long)fast->other.address, fast->other.width,
            (unsigned long long)fast->other.value);
}

/* What the exact machine did, the fast one does at one go. */
static void step_fast(struct subject *exact, struct subject *fast, unsigned budget,
                      enum exit_reason expected)
{
    enum exit_reason reason = processor_run(&fast->processor, budget);
    const char *what = difference(exact, fast);
    uint32_t at = memory_difference(exact, fast);
    /* Stale translations are the program's own doing; an interrupt that came within a REP
     * instruction cannot be repeated. */
    bool comparable = !exact->page_table_written && !exact->alone;
    bool same = !fast->diverged && what == NULL && at == RAM_SIZE && reason == expected;

    if (!same && comparable) {
        fprintf(stderr, "\nexact machine: exit reason %d; fast machine: %d\n", expected, reason);
        if (fast->diverged)
            report_journal(exact->journal, fast);
        if (what != NULL)
            finding(fast, "%s differ from the exact machine's, which has retired %llu", what,
                    (unsigned long long)exact->processor.retired);
        finding(fast, "memory at %08x differs: %02x, exact machine %02x", at,
                at < RAM_SIZE ? fast->ram[at] : 0, at < RAM_SIZE ? exact->ram[at] : 0);
    }
    /* The interrupt may also have come with the last element, and be still to deliver. */
    if (!same || exact->alone)
        follow(fast, exact);
    else if (!comparable)
        processor_flush_translations(&fast->processor);
    check_translations(fast);
    if (expected != PROCESSOR_TRIPLE_FAULT)
        check_standing(fast);
}

/* Returns false when the input ends. */
static bool stride(struct subject *exact, struct subject *fast, unsigned limit)
{
    unsigned done = 0;
    enum exit_reason reason;
    bool was_due;

    stride_begins(exact, fast);
    was_due = subject_interrupt_due(exact);
    /* The fast machine does not see the script go on within its run. */
    do {
        reason = step_exact(exact);
        done += reason == PROCESSOR_BUDGET;
    } while (reason == PROCESSOR_BUDGET && done < limit && !exact->too_long &&
             !exact->journal->full && subject_interrupt_due(exact) == was_due);
    if (exact->too_long || exact->journal->full)
        return false;
    step_fast(exact, fast, done + (reason != PROCESSOR_BUDGET), reason);
    /* IA-32e mode is not the interpreter's to run. */
    if (exact->processor.efer & EFER_LMA)
        return false;
    return reason == PROCESSOR_BUDGET || reason == PROCESSOR_STOPPED;
}

/* CHUNK_REWRITTEN, after stride `number`. Not in page tables, of which translations are kept. */
static void rewrite(struct subject *exact, struct subject *fast, const struct scenario *scenario,
                    unsigned number)
{
    unsigned length = scenario->code_length;
    uint32_t at;
    uint8_t value;

    if (!(scenario->chunk & CHUNK_REWRITTEN) || length == 0)
        return;
    at = exact->code_linear + number * 7 % length;
    value = scenario->code[(number * 13 + 5) % length];
    if (at >= RAM_SIZE || exact->page_table_page[at / PAGE_SIZE])
        return;
    subject_poke(exact, at, 1, value);
    subject_poke(fast, at, 1, value);
}

void lockstep_run(const uint8_t *bytes, size_t length)
{
    static struct journal journal;
    static struct scenario scenario;
    static struct subject *exact, *fast;
    unsigned length_of_stride;

    if (exact == NULL) {
        exact = subject_create(true, &journal);
        fast = subject_create(false, &journal);
    }
    scenario_parse(&scenario, bytes, length);
    length_of_stride = 1 + (scenario.chunk & CHUNK_COUNT);
    if (scenario.chunk & CHUNK_LONG)
        length_of_stride *= CHUNK_FACTOR;
    subject_reset(exact, &scenario);
    subject_reset(fast, &scenario);
    subject_unit_reset(exact);
    scenario_load(exact, &scenario);
    follow(fast, exact);
    /* A stride may begin no instruction: a fault in delivery, a halt. */
    for (unsigned n = 0; n < INSTRUCTION_LIMIT && exact->begun < INSTRUCTION_LIMIT; n++) {
        if (!stride(exact, fast, length_of_stride))
            break;
        rewrite(exact, fast, &scenario, n);
    }
}
