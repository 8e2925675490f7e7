/* A helper that is started again, or dies at any call, and a domain that does.
 * Not here: the ordinary life of both (scenario_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "scenario.h"

#include "record.h"
#include "watcher.h"

/* --- helpers that come and go -------------------------------------------------------------------
 */

static void test_restart(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 3);
    for (unsigned n = 0; n < 8; n++) {
        stop_helper();
        /* So far as it comes without one. */
        while (fake_guest_run(&g, 1))
            ;
        assert_null(g.wrong);
        start_helper();
        /* From here on another instruction waits each time. */
        for (unsigned steps = 0; steps < n; steps++) {
            fake_guest_run(&g, 1);
            answer();
        }
    }
    play(&g, 20);
    assert_int_equal(read_record(DOMAIN).takeovers, 8);
    assert_int_equal(read_record(DOMAIN).into_blob, g.rounds);
}

/* A vCPU that waits behind some bytes, its event lost: is it put back before an instruction? */
struct lost {
    const char *name;
    uint8_t bytes[4]; /* right before RIP */
    uint64_t cr0, rax, r8;
    bool code_64;
    unsigned back;
};

static const struct lost losts[] = {
    {"MOV CR0, EAX clears PE", {0, 0x0f, 0x22, 0xc0}, 0x11, 0x10, 0, false, 3},
    {"MOV CR0, EAX has happened", {0, 0x0f, 0x22, 0xc0}, 0x10, 0x10, 0, false, 0},
    {"MOV CR0, EAX leaves PE", {0, 0x0f, 0x22, 0xc0}, 0x11, 0x31, 0, false, 0},
    {"MOV CR0, EAX sets PE", {0, 0x0f, 0x22, 0xc0}, 0x10, 0x11, 0, false, 3},
    {"MOV CR0, ECX", {0, 0x0f, 0x22, 0xc1}, 0x11, 0x11, 0, false, 3},
    {"MOV CR0 in memory form", {0, 0x0f, 0x22, 0x00}, 0x11, 0x10, 0, false, 3},
    {"MOV CR3, EAX", {0, 0x0f, 0x22, 0xd8}, 0x11, 0x10, 0, false, 0},
    {"MOV EAX, CR0", {0, 0x0f, 0x20, 0xc0}, 0x11, 0x10, 0, false, 0},
    {"INC EAX and MOV CR0, EAX", {0x40, 0x0f, 0x22, 0xc0}, 0x11, 0x10, 0, false, 3},
    {"MOV CR0, R8", {0x41, 0x0f, 0x22, 0xc0}, 0x80000011, 0x80000011, 0x10, true, 4},
    {"MOV CR0, R8 has not been", {0x41, 0x0f, 0x22, 0xc0}, 0x80000011, 0x10, 0x80000011, true, 0},
    {"LMSW AX sets PE", {0, 0x0f, 0x01, 0xf0}, 0x10, 0x11, 0, false, 3},
    {"LMSW AX cannot clear PE", {0, 0x0f, 0x01, 0xf0}, 0x11, 0x10, 0, false, 0},
    {"SMSW AX", {0, 0x0f, 0x01, 0xe0}, 0x10, 0x11, 0, false, 0},
    {"VMMCALL", {0, 0x0f, 0x01, 0xd9}, 0x11, 0, 0, false, 0},
};

static void test_lost_writes(void **state)
{
    (void)state;
    for (unsigned n = 0; n < sizeof losts / sizeof losts[0]; n++) {
        const struct lost *l = &losts[n];
        struct fake_domain *d = bundled(DOMAIN, 1);
        struct hvm_hw_cpu *c = &d->vcpus[0].cpu;
        const uint64_t offset = 0x2002; /* the bytes cross a page */
        void *unused = NULL;

        start_helper();
        stop_helper();
        fake_write(d, 0x10000 + offset - 4, l->bytes, sizeof l->bytes);
        c->cs_base = l->code_64 ? 0 : 0x10000;
        c->rip = l->code_64 ? 0x10000 + offset : offset;
        c->cr0 = l->cr0;
        c->rax = l->rax;
        c->r8 = l->r8;
        if (l->code_64)
            c->msr_efer = 0x500, c->cs_arbytes = 0xa9b, c->cr4 = 0x20;
        d->vcpus[0].waits = 1;
        start_helper();
        if (d->vcpus[0].waits != 0)
            fail_msg("%s: still waits", l->name);
        if (c->rip != (l->code_64 ? 0x10000 : 0) + offset - l->back)
            fail_msg("%s: RIP is %llx", l->name, (unsigned long long)c->rip);
        tear_down(&unused);
        set_up(&unused);
    }
}

/* The guest keeps its registration: a restored one, in a new domain without a record, is served. */
static void test_restored(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1), *restored = &xen.domains[DOMAIN + 1];
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 3);
    /* Saved while the guest runs, at its write. */
    while (d->vcpus[0].cpu.rip != GUEST_CODE + 0x20) {
        fake_guest_run(&g, 1);
        answer();
    }
    *restored = *d;
    restored->info.domain = DOMAIN + 1;
    restored->has_ring = restored->reports_requests = restored->reports_cr0 = false;
    restored->ring = NULL;
    restored->port = 0;
    restored->mappings = 0;
    for (unsigned n = 0; n < FAKE_PAGES; n++)
        d->pages[n].bytes = NULL;
    fake_destroy(&xen, d);
    watcher_update(watcher);
    watcher_tick(watcher);
    assert_true(restored->reports_cr0);
    g.domain = restored;
    play(&g, 10);
}

/* A helper that has died frees nothing. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* A guest on all vCPUs, and a helper that dies at its `crash`-th call. True: it lived on. */
static bool play_with_crash(uint64_t crash, uint32_t vcpus)
{
    struct fake_domain *d = bundled(DOMAIN, vcpus);
    struct fake_guest g[2];

    for (uint32_t n = 0; n < vcpus; n++) {
        d->vcpus[n] = d->vcpus[0];
        fake_guest_start(&g[n], d, n);
    }
    xen.crash_at = xen.calls + crash;
    if (setjmp(xen.crashed) == 0) {
        start_helper();
        for (unsigned n = 0; n < 40; n++) {
            for (uint32_t v = 0; v < vcpus; v++)
                fake_guest_run(&g[v], 1);
            answer();
        }
        xen.crash_at = 0;
        return true;
    }
    /* The process is gone; what it had allocated would be too. */
    watcher = NULL;
    xen.crash_at = 0;
    fake_helper_died(&xen);
    if (d->pauses == 0)
        for (uint32_t v = 0; v < vcpus; v++)
            fake_guest_run(&g[v], 7);
    start_helper();
    xen.host_ms += 5000;
    watcher_tick(watcher);
    for (unsigned n = 0; n < 200; n++) {
        for (uint32_t v = 0; v < vcpus; v++)
            fake_guest_run(&g[v], 1);
        answer();
    }
    for (uint32_t v = 0; v < vcpus; v++) {
        if (g[v].wrong != NULL)
            fail_msg("dead at call %llu: vCPU %u: %s", (unsigned long long)crash, v, g[v].wrong);
        if (g[v].rounds < 20)
            fail_msg("dead at call %llu: vCPU %u stands still", (unsigned long long)crash, v);
    }
    assert_int_equal(d->pauses, 0);
    return false;
}

static void crash_everywhere(uint32_t vcpus)
{
    bool lived = false;
    uint64_t call;

    for (call = 1; !lived; call++) {
        void *unused = NULL;

        lived = play_with_crash(call, vcpus);
        tear_down(&unused);
        set_up(&unused);
        assert_true(call < 5000);
    }
    assert_true(call > 100);
}

static void test_death_of_helper_at_any_call(void **state)
{
    (void)state;
    crash_everywhere(1);
}

static void test_death_of_helper_with_two_vcpus(void **state)
{
    (void)state;
    crash_everywhere(2);
}

static void test_death_of_domain_at_any_call(void **state)
{
    bool lived = false;

    (void)state;
    for (uint64_t call = 1; !lived; call++) {
        struct fake_domain *d = bundled(DOMAIN, 2);
        struct fake_guest g;
        void *unused = NULL;

        d->vcpus[1] = d->vcpus[0];
        xen.death_at = xen.calls + call;
        fake_guest_start(&g, d, 0);
        start_helper();
        for (unsigned n = 0; n < 40 && d->exists; n++) {
            fake_guest_run(&g, 1);
            answer();
        }
        lived = d->exists;
        watcher_update(watcher);
        watcher_tick(watcher);
        if (!lived) {
            assert_int_equal(d->mappings, 0);
            assert_int_equal(d->port, 0);
        }
        tear_down(&unused);
        set_up(&unused);
        assert_true(call < 5000);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_XEN(test_restart),
        WITH_XEN(test_lost_writes),
        WITH_XEN(test_restored),
        WITH_XEN(test_death_of_helper_at_any_call),
        WITH_XEN(test_death_of_helper_with_two_vcpus),
        WITH_XEN(test_death_of_domain_at_any_call),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
