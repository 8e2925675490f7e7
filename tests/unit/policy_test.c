/* The blob's policy: which stretches of protected mode stay in the interpreter, and what that costs
 * at most. Not here: guests that do so (tests/guests, tests/boot). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/policy.h"

#define PATIENCE 100u
/* Between two stretches: real mode. */
#define BETWEEN 500u

const uint32_t policy_round_trip = PATIENCE * POLICY_INTERPRETED;

static struct vcpu vcpu;
static struct processor *const p = &vcpu.processor;

/* Everything a stretch of `length` instructions costs, in instructions: those interpreted, and a
 * way out and back in when it left, which is what PATIENCE is about. */
struct cost {
    uint64_t interpreted;
    uint64_t left;
};

/* One stretch that begins in the way `beginning`, asked about again after `ask` instructions each,
 * as when it loads segment registers. */
static struct cost run_asked(uint32_t beginning, uint64_t length, uint64_t ask)
{
    struct cost cost = {0, 0};

    p->mode_switches++;
    p->branch_source[p->branch_index++ % 8] = beginning;
    p->branch_source[p->branch_index++ % 8] = 0x1000;
    p->branch_source[p->branch_index++ % 8] = 0x2000;
    while (cost.interpreted < length && !cost.left) {
        uint64_t step = length - cost.interpreted;

        p->budget = 1024;
        if (policy_leave(&vcpu)) {
            cost.left = 1;
            break;
        }
        if (step > p->budget)
            step = p->budget;
        if (step > ask)
            step = ask;
        cost.interpreted += step;
        p->retired += step;
    }
    p->mode_switches++;
    p->retired += BETWEEN;
    return cost;
}

static struct cost run(uint32_t beginning, uint64_t length)
{
    return run_asked(beginning, length, UINT64_MAX);
}

static uint64_t total(struct cost cost)
{
    return cost.interpreted + cost.left * PATIENCE;
}

/* Beginnings that no test has used yet, so that nothing has been learnt of them; lessons are shared
 * between some, so the tests look for one that still stays. */
static uint32_t fresh(void)
{
    static uint32_t beginning = 0x100000;

    do
        beginning += 0x1234567;
    while (run(beginning, 1).left);
    return beginning;
}

static void test_short_ones_stay(void **state)
{
    uint32_t beginning = fresh();

    (void)state;
    for (unsigned n = 0; n < 1000; n++) {
        struct cost cost = run(beginning, 1 + n % PATIENCE);

        assert_int_equal(cost.left, 0);
    }
}

static void test_a_long_one_leaves_when_its_patience_is_used_up(void **state)
{
    struct cost cost = run(fresh(), 1000000);

    (void)state;
    assert_int_equal(cost.left, 1);
    assert_int_equal(cost.interpreted, PATIENCE);
}

static void test_asking_often_is_no_new_beginning(void **state)
{
    struct cost cost = run_asked(fresh(), 1000000, 7);

    (void)state;
    assert_int_equal(cost.left, 1);
    assert_int_equal(cost.interpreted, PATIENCE);
}

static void test_long_ones_are_tried_less_and_less(void **state)
{
    uint32_t beginning = fresh();
    unsigned tried = 0, last = 0, n;

    (void)state;
    for (n = 0; n < 1000; n++) {
        struct cost cost = run(beginning, 1000000);

        assert_int_equal(cost.left, 1);
        if (cost.interpreted > 0) {
            tried++;
            last = n;
        }
    }
    assert_in_range(tried, 5, 25);
    assert_in_range(n - last, 0, 64);
}

static void test_short_ones_are_found_again(void **state)
{
    uint32_t beginning = fresh();
    unsigned left = 0;

    (void)state;
    for (unsigned n = 0; n < 200; n++)
        run(beginning, 1000000);
    for (unsigned n = 0; n < 200; n++)
        left += (unsigned)run(beginning, 10).left;
    assert_in_range(left, 0, 63);
    assert_int_equal(run(beginning, 10).left, 0);
}

static void test_one_long_one_among_short_ones_does_little_harm(void **state)
{
    uint32_t beginning = fresh();
    unsigned left = 0;

    (void)state;
    for (unsigned n = 0; n < 1000; n++)
        left += (unsigned)run(beginning, n % 10 == 0 ? 1000000 : 20).left;
    assert_in_range(left, 100, 200); /* the long ones, and at most one short one after each */
}

static void test_beginnings_are_told_apart(void **state)
{
    uint32_t busy = fresh(), quick = fresh();
    unsigned left = 0;

    (void)state;
    for (unsigned n = 0; n < 100; n++)
        run(busy, 1000000);
    /* A lesson may be shared by chance; the next one is not. */
    while (run(quick, 10).left)
        quick = fresh();
    for (unsigned n = 0; n < 100; n++) {
        run(busy, 1000000);
        left += (unsigned)run(quick, 10).left;
    }
    assert_int_equal(left, 0);
}

/* Leaving at once costs PATIENCE for each stretch. */
static void test_never_more_than_twice_what_leaving_at_once_costs(void **state)
{
    uint32_t random = 1;

    (void)state;
    for (unsigned n = 0; n < 100000; n++) {
        random = random * 1664525 + 1013904223;
        assert_true(total(run(random >> 20, random >> 8 & 0xff)) <= 2 * PATIENCE);
    }
}

static void test_what_cannot_go_along_stays(void **state)
{
    (void)state;
    vcpu.interrupt_kept = true;
    assert_int_equal(run_asked(fresh() + 1, 1000, 10).interpreted, 1000);
    vcpu.interrupt_kept = false;
    p->events |= EVENT_NMI;
    assert_int_equal(run_asked(fresh() + 1, 1000, 10).interpreted, 1000);
    p->events &= ~EVENT_NMI;
}

static void test_refused_is_asked_again_after_an_instruction(void **state)
{
    (void)state;
    p->mode_switches++;
    p->retired += BETWEEN;
    while (!policy_leave(&vcpu))
        p->retired++;
    policy_refused(&vcpu);
    assert_false(policy_leave(&vcpu));
    p->retired++;
    assert_true(policy_leave(&vcpu));
}

/* Last: there is no way back from it. */
static void test_one_way(void **state)
{
    (void)state;
    policy_one_way();
    p->cr0 = CR0_PE;
    assert_int_equal(run(1, 1000000).interpreted, 1000000);
    p->cr0 = CR0_PE | CR0_PG;
    assert_int_equal(run(1, 1000000).interpreted, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_ones_stay),
        cmocka_unit_test(test_a_long_one_leaves_when_its_patience_is_used_up),
        cmocka_unit_test(test_asking_often_is_no_new_beginning),
        cmocka_unit_test(test_long_ones_are_tried_less_and_less),
        cmocka_unit_test(test_short_ones_are_found_again),
        cmocka_unit_test(test_one_long_one_among_short_ones_does_little_harm),
        cmocka_unit_test(test_beginnings_are_told_apart),
        cmocka_unit_test(test_never_more_than_twice_what_leaving_at_once_costs),
        cmocka_unit_test(test_what_cannot_go_along_stays),
        cmocka_unit_test(test_refused_is_asked_again_after_an_instruction),
        cmocka_unit_test(test_one_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
