/* The helper against a made-up Xen: domains that come, hand over, reboot; rings of others;
 * failures. Not here: a helper or a domain that ends (survival_test.c), its pure parts
 * (parts_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "scenario.h"

#include "record.h"
#include "watcher.h"

#include <hvmassist/entry_rules.h>

#include <stdlib.h>
#include <string.h>

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

int main(void)
{
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
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
