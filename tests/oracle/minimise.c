/* Leaves out instructions, memory and register values for as long as both sides still disagree.
 * Not here: printing the result. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "minimise.h"

#include <string.h>

#include "child.h"

/* What must stay as it is: the kind of difference, or that the process dies, which then only a
 * child may try. */
struct failure {
    bool deadly;
    enum difference_kind kind;
};

static struct failure failure;

static void compare(void *argument)
{
    struct comparison comparison;

    compare_case(argument, &comparison);
}

static bool still_fails(const struct oracle_case *test)
{
    struct oracle_case copy = *test;
    struct comparison comparison;

    if (failure.deadly)
        return !child_run(compare, &copy);
    return compare_case(test, &comparison) == DISAGREE && comparison.kind == failure.kind;
}

/* `smaller` replaces *test when it fails as well. */
static bool keep(struct oracle_case *test, const struct oracle_case *smaller)
{
    if (!still_fails(smaller))
        return false;
    *test = *smaller;
    return true;
}

static void drop_instruction(struct oracle_case *test, uint32_t which)
{
    uint32_t start = test->boundary[which], end = test->boundary[which + 1];
    /* What it defined may now be undefined in all that follows. */
    uint32_t defined = test->undefined_flags[which] & ~test->undefined_flags[which + 1];

    memmove(test->code + start, test->code + end, test->code_length - end);
    test->code_length -= end - start;
    for (uint32_t n = which; n < test->instruction_count; n++) {
        test->boundary[n] = (uint8_t)(test->boundary[n + 1] - (end - start));
        test->undefined_flags[n] = test->undefined_flags[n + 1] | defined;
        if (n + 1 < test->instruction_count)
            test->row[n] = test->row[n + 1];
    }
    test->instruction_count--;
}

static bool fewer_instructions(struct oracle_case *test)
{
    bool any = false;

    for (uint32_t which = test->instruction_count; which-- > 0 && test->instruction_count > 1;) {
        struct oracle_case smaller = *test;

        drop_instruction(&smaller, which);
        any |= keep(test, &smaller);
    }
    return any;
}

static bool fewer_patches(struct oracle_case *test)
{
    bool any = false;

    for (uint32_t which = test->patch_count; which-- > 0;) {
        struct oracle_case smaller = *test;

        smaller.patch_count--;
        memmove(&smaller.patch[which], &smaller.patch[which + 1],
                (smaller.patch_count - which) * sizeof(smaller.patch[0]));
        any |= keep(test, &smaller);
    }
    return any;
}

static bool plainer_registers(struct oracle_case *test)
{
    struct oracle_case smaller = *test;
    bool any = false;

    smaller.start.eflags = EFLAGS_FIXED | EFLAGS_IF;
    if (smaller.start.eflags != test->start.eflags)
        any |= keep(test, &smaller);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++) {
        if (!test->start.gpr[n])
            continue;
        smaller = *test;
        smaller.start.gpr[n] = 0;
        if (keep(test, &smaller)) {
            any = true;
            continue;
        }
        if (test->start.gpr[n] >> 16) {
            smaller = *test;
            smaller.start.gpr[n] &= 0xffff;
            any |= keep(test, &smaller);
        }
    }
    for (unsigned n = 0; n <= GS; n++) {
        if (n == CS || n == SS || !test->start.selector[n])
            continue;
        smaller = *test;
        smaller.start.selector[n] = 0;
        any |= keep(test, &smaller);
    }
    return any;
}

static void make_small(struct oracle_case *test)
{
    bool any = true;

    for (unsigned round = 0; any && round < 8; round++) {
        any = fewer_instructions(test);
        any |= fewer_patches(test);
        any |= plainer_registers(test);
    }
}

void minimise(struct oracle_case *test, struct comparison *comparison)
{
    failure = (struct failure){.kind = comparison->kind};
    make_small(test);
    compare_case(test, comparison);
}

void minimise_deadly(struct oracle_case *test)
{
    failure = (struct failure){.deadly = true};
    make_small(test);
}
