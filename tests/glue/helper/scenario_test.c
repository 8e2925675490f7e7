/* The helper against a made-up Xen: domains that come, hand over, reboot, die; rings of others;
 * failures; a helper that dies at any moment, and a domain that does. Not here: its pure parts
 * (parts_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_guest.h"
#include "fake_xen.h"

#include "log.h"
#include "record.h"
#include "watcher.h"

#include <hvmassist/entry_rules.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DOMAIN 3u

static struct fake_xen xen;
static struct watcher *watcher;
static char folder[] = "/tmp/helper-test-XXXXXX";
static char log_text[65536];

static void keep_line(const char *line)
{
    const size_t used = strlen(log_text);

    snprintf(log_text + used, sizeof log_text - used, "%s\n", line);
}

static bool logged(const char *text)
{
    return strstr(log_text, text) != NULL;
}

static void start_helper(void)
{
    watcher = watcher_new(&xen.xen, folder, false);
    assert_non_null(watcher);
    watcher_update(watcher);
    watcher_tick(watcher);
}

static void stop_helper(void)
{
    watcher_free(watcher);
    watcher = NULL;
    fake_helper_died(&xen);
}

static int set_up(void **state)
{
    (void)state;
    fake_reset(&xen);
    log_text[0] = '\0';
    log_set_sink(keep_line);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (watcher != NULL)
        stop_helper();
    for (uint32_t n = 0; n < FAKE_DOMAINS; n++)
        record_remove(folder, n);
    fake_reset(&xen);
    return 0;
}

static struct fake_domain *bundled(uint32_t domain, uint32_t vcpus)
{
    struct fake_domain *d = fake_create(&xen, domain, vcpus);

    fake_guest_load(d, true);
    return d;
}

/* The helper answers whatever there is. */
static void answer(void)
{
    uint32_t port;

    while ((port = fake_take_port(&xen)) != 0)
        watcher_event(watcher, port);
}

static void play(struct fake_guest *g, unsigned rounds)
{
    for (unsigned n = 0; n < 100 * rounds + 100 && g->rounds < rounds && g->wrong == NULL; n++) {
        fake_guest_run(g, 1);
        answer();
    }
    if (g->wrong != NULL)
        fail_msg("%s", g->wrong);
    assert_true(g->rounds >= rounds);
}

static struct record read_record(uint32_t domain)
{
    struct record record;

    assert_int_equal(record_read(folder, domain, &record), 0);
    return record;
}

/* --- the ordinary life --------------------------------------------------------------------------
 */

static void test_round_trips(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    const uint64_t offset = d->vcpus[0].tsc_offset;
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 50);
    assert_int_equal(read_record(DOMAIN).into_guest, 50);
    assert_int_equal(read_record(DOMAIN).into_blob, 50);
    assert_string_equal(read_record(DOMAIN).name, "guest");
    assert_int_equal(read_record(DOMAIN).transport, RECORD_HYPERCALL);
    /* A call takes 5,000 ticks, a hundred loads happened; the counter is off by a few calls only.
     */
    assert_true(llabs((int64_t)(d->vcpus[0].tsc_offset - offset)) < 30000);
}

static void test_name_changes(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);

    (void)state;
    strcpy(d->name, "guest--incoming");
    start_helper();
    assert_string_equal(read_record(DOMAIN).name, "guest--incoming");
    strcpy(d->name, "guest");
    watcher_update(watcher);
    assert_string_equal(read_record(DOMAIN).name, "guest");
    d->name[0] = '\0';
    watcher_update(watcher);
    assert_string_equal(read_record(DOMAIN).name, "guest");
}

static void test_domain_that_comes_later(void **state)
{
    struct fake_domain *d;
    struct fake_guest g;

    (void)state;
    start_helper();
    d = fake_create(&xen, DOMAIN, 1);
    watcher_update(watcher);
    assert_true(watcher_tick(watcher) >= 0);
    assert_false(d->has_ring);
    /* Its builder puts the blob there, before it lets the domain go. */
    fake_guest_load(d, true);
    xen.host_ms += 150;
    watcher_tick(watcher);
    assert_true(d->has_ring);
    fake_guest_start(&g, d, 0);
    play(&g, 3);
    assert_int_equal(watcher_tick(watcher), -1);
}

static void test_domain_without_blob(void **state)
{
    struct fake_domain *d = fake_create(&xen, DOMAIN, 1);

    (void)state;
    d->info.paused = false;
    fake_memory(d, 0x100000);
    start_helper();
    for (unsigned n = 0; n < 100 && watcher_tick(watcher) >= 0; n++)
        xen.host_ms += 100;
    assert_int_equal(watcher_tick(watcher), -1);
    assert_false(d->has_ring);
    assert_int_equal(d->mappings, 0);
}

static void test_paravirtual_domain_is_left_alone(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);

    (void)state;
    d->info.hvm = false;
    start_helper();
    assert_int_equal(watcher_tick(watcher), -1);
    assert_false(d->has_ring);
}

static void test_reboot(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    struct fake_guest g;
    struct record unused;

    (void)state;
    start_helper();
    for (uint32_t number = DOMAIN; number < DOMAIN + 3; number++) {
        fake_guest_start(&g, d, 0);
        play(&g, 2);
        fake_destroy(&xen, d);
        d = bundled(number + 1, 1);
        watcher_update(watcher);
        watcher_tick(watcher);
        assert_true(record_read(folder, number, &unused) < 0);
    }
    assert_int_equal(xen.domains[DOMAIN].mappings, 0);
}

/* A number that is used again before the helper looked. */
static void test_same_number_another_domain(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 2);
    d = bundled(DOMAIN, 1);
    d->info.identity[5] = 99;
    watcher_update(watcher);
    watcher_tick(watcher);
    fake_guest_start(&g, d, 0);
    play(&g, 2);
    assert_int_equal(read_record(DOMAIN).into_blob, 2);
}

static void test_many_domains(void **state)
{
    static struct fake_guest guests[FAKE_DOMAINS];

    (void)state;
    for (uint32_t n = 0; n < FAKE_DOMAINS; n++)
        fake_guest_start(&guests[n], bundled(n, 1), 0);
    start_helper();
    for (unsigned step = 0; step < 40; step++) {
        for (unsigned n = 0; n < FAKE_DOMAINS; n++)
            fake_guest_run(&guests[n], 1);
        answer();
    }
    for (unsigned n = 0; n < FAKE_DOMAINS; n++) {
        assert_null(guests[n].wrong);
        assert_true(guests[n].rounds >= 3);
    }
}

static void test_several_vcpus(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 3);
    struct hvm_hw_cpu other;
    struct fake_guest g[2];
    uint64_t a, b;

    (void)state;
    for (unsigned n = 1; n < 3; n++)
        d->vcpus[n] = d->vcpus[0];
    d->vcpus[2].cpu.rip = 0x777777;
    d->vcpus[2].cpu.rax = 0x88888888;
    d->vcpus[2].tsc_offset += 1000;
    other = d->vcpus[2].cpu;
    start_helper();
    fake_guest_start(&g[0], d, 0);
    fake_guest_start(&g[1], d, 1);
    for (unsigned n = 0; n < 200; n++) {
        fake_guest_run(&g[0], 1);
        fake_guest_run(&g[1], 1);
        /* Now and then both have an event in the ring. */
        if (n % 3 != 0)
            answer();
    }
    for (unsigned n = 0; n < 2; n++) {
        if (g[n].wrong != NULL)
            fail_msg("%s", g[n].wrong);
        assert_true(g[n].rounds > 20);
    }
    assert_true(d->vcpus[2].online);
    other.tsc = d->vcpus[2].cpu.tsc;
    assert_memory_equal(&d->vcpus[2].cpu, &other, sizeof other);
    a = d->vcpus[2].tsc_offset - 1000;
    b = d->vcpus[0].tsc_offset;
    assert_int_equal(a, b);
    assert_int_equal(d->pauses, 0);
}

/* A vCPU that is offline stays so; one that Xen starts in real mode is let go on. */
static void test_application_processor(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 2);
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 3);
    assert_false(d->vcpus[1].online);
    d->vcpus[1] = d->vcpus[0];
    d->vcpus[1].waits = 0;
    d->vcpus[1].cpu.cr0 = 0x10;
    d->vcpus[1].cpu.rip = 0x8000;
    assert_true(fake_mov_cr0(d, 1, 0x11));
    answer();
    assert_int_equal(d->vcpus[1].waits, 0);
    assert_int_equal(d->vcpus[1].cpu.cr0, 0x11);
    assert_true(fake_mov_cr0(d, 1, 0x10));
    answer();
    assert_int_equal(d->vcpus[1].cpu.cr0, 0x10);
    assert_int_equal(read_record(DOMAIN).passed, 2);
    play(&g, 6);
}

/* The guest sets its counter: that stays; somebody reads a full context: that changes nothing. */
static void test_counter_set_by_guest(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    static uint8_t buffer[65536];
    struct fake_guest g;
    uint64_t offset;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 2);
    d->vcpus[0].tsc_offset += 1ull << 33;
    offset = d->vcpus[0].tsc_offset;
    play(&g, 4);
    assert_true(llabs((int64_t)(d->vcpus[0].tsc_offset - offset)) < 30000);
    offset = d->vcpus[0].tsc_offset;
    for (unsigned n = 0; n < 20; n++) {
        xen.host_tsc += 1000000;
        xen.xen.calls->context_all(&xen.xen, DOMAIN, buffer, sizeof buffer);
        play(&g, g.rounds + 1);
    }
    assert_true(llabs((int64_t)(d->vcpus[0].tsc_offset - offset)) < 30000);
}

/* --- what may go wrong --------------------------------------------------------------------------
 */

static void test_ring_of_somebody_else(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    struct fake_guest g;

    (void)state;
    d->has_ring = true;
    start_helper();
    for (unsigned n = 0; n < 5; n++) {
        xen.host_ms += 2000;
        assert_true(watcher_tick(watcher) > 0);
    }
    assert_true(d->has_ring);
    assert_false(d->reports_requests);
    assert_non_null(strstr(read_record(DOMAIN).trouble, "in use by another program"));
    assert_true(logged("in use by another program"));
    /* Once, not at every attempt. */
    assert_null(strstr(strstr(log_text, "another program") + 1, "another program"));
    /* The other one goes. */
    d->has_ring = false;
    xen.host_ms += 2000;
    watcher_tick(watcher);
    assert_string_equal(read_record(DOMAIN).trouble, "");
    fake_guest_start(&g, d, 0);
    play(&g, 2);
}

static void test_failed_load(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 2);
    struct fake_guest g;

    (void)state;
    d->vcpus[1] = d->vcpus[0];
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 2);
    while (g.rounds == 2 && fake_guest_run(&g, 1))
        ;
    /* The request waits. */
    d->fail_loads = 1;
    answer();
    assert_true(d->vcpus[0].online);
    assert_true(d->vcpus[1].online);
    fake_guest_run(&g, 1);
    assert_string_equal(g.wrong, "a good request was refused");
    assert_int_equal(read_record(DOMAIN).refused, 1);
    assert_non_null(strstr(read_record(DOMAIN).refusal, "Xen did not take"));
}

static void test_block_out_of_memory(void **state)
{
    static const uint64_t places[] = {0,          4,          0xf00,       0xffc,
                                      0x20000000, 0xfffff800, 0x100000800, ~0ull};
    struct fake_domain *d = bundled(DOMAIN, 1);
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    fake_guest_run(&g, 1);
    fake_memory(d, 0);
    for (unsigned n = 0; n < sizeof places / sizeof places[0]; n++) {
        d->vcpus[0].cpu.rdx = places[n];
        assert_true(fake_guest_request(d, 0));
        answer();
        assert_int_equal(d->vcpus[0].waits, 0);
    }
    assert_int_equal(d->loads, 0);
    assert_int_equal(read_record(DOMAIN).refused, sizeof places / sizeof places[0]);
    /* Not for the helper: not even counted. */
    d->vcpus[0].cpu.rdi = 0;
    assert_true(fake_guest_request(d, 0));
    answer();
    assert_int_equal(d->vcpus[0].waits, 0);
    assert_int_equal(read_record(DOMAIN).refused, sizeof places / sizeof places[0]);
}

static void test_refused_state(void **state)
{
    struct fake_domain *d = bundled(DOMAIN, 1);
    struct handoff_block block;
    struct fake_guest g;

    (void)state;
    start_helper();
    fake_guest_start(&g, d, 0);
    play(&g, 1);
    fake_guest_run(&g, 0);
    fake_read(d, g.block, &block, sizeof block);
    block.reason = HANDOFF_ENTER;
    block.status = HANDOFF_PENDING;
    block.state.ds_arbytes = 0x092;
    fake_write(d, g.block, &block, sizeof block);
    d->loads = 0;
    fake_guest_request(d, 0);
    answer();
    fake_read(d, g.block, &block, sizeof block);
    assert_int_equal(block.status, HANDOFF_BAD_STATE);
    assert_int_equal(block.rule, ENTRY_DATA_TYPE);
    assert_int_equal(d->loads, 0);
    assert_non_null(strstr(read_record(DOMAIN).refusal, "DS, ES, FS or GS"));
}

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
#define WITH_XEN(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        WITH_XEN(test_round_trips),
        WITH_XEN(test_name_changes),
        WITH_XEN(test_domain_that_comes_later),
        WITH_XEN(test_domain_without_blob),
        WITH_XEN(test_paravirtual_domain_is_left_alone),
        WITH_XEN(test_reboot),
        WITH_XEN(test_same_number_another_domain),
        WITH_XEN(test_many_domains),
        WITH_XEN(test_several_vcpus),
        WITH_XEN(test_application_processor),
        WITH_XEN(test_counter_set_by_guest),
        WITH_XEN(test_ring_of_somebody_else),
        WITH_XEN(test_failed_load),
        WITH_XEN(test_block_out_of_memory),
        WITH_XEN(test_refused_state),
        WITH_XEN(test_restart),
        WITH_XEN(test_lost_writes),
        WITH_XEN(test_restored),
        WITH_XEN(test_death_of_helper_at_any_call),
        WITH_XEN(test_death_of_helper_with_two_vcpus),
        WITH_XEN(test_death_of_domain_at_any_call),
    };
    int failures;

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failures;
}
