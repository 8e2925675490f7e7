/* A guest that puts any bytes anywhere: into its request block, its registers, its registrations,
 * its image. Whatever it does, its domain is not killed by a state, nothing but its request block
 * is written to, its vCPUs are online and go on, and nothing is left mapped. Not here: guests that
 * mean well. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_guest.h"
#include "fake_xen.h"

#include "image.h"
#include "log.h"
#include "record.h"
#include "watcher.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DOMAIN 3u
#define VCPUS  2u
/* FUZZ_SEED and FUZZ_COUNT in the environment choose others. */
#define DEFAULT_COUNT 60000ul

static struct fake_xen xen;
static struct watcher *watcher;
static char folder[] = "/tmp/helper-test-XXXXXX";
static uint64_t seed = 88172645463325252ull;
static unsigned long count = DEFAULT_COUNT;

static uint64_t random_number(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void silence(const char *line)
{
    (void)line;
}

static void disturb(void *bytes, size_t size)
{
    for (uint64_t n = random_number() % 4; n > 0; n--) {
        uint8_t *at = (uint8_t *)bytes + random_number() % size;

        switch (random_number() % 3) {
        case 0:
            *at = (uint8_t)(*at ^ 1u << random_number() % 8);
            break;
        case 1:
            *at = (uint8_t)random_number();
            break;
        default:
            *at = random_number() % 2 ? 0xff : 0;
        }
    }
}

/* A request that is right, or nearly, or not at all. */
static void fill_block(struct handoff_block *block, uint32_t vcpu)
{
    static const uint32_t reasons[] = {HANDOFF_REGISTER, HANDOFF_ENTER, HANDOFF_ENTER,
                                       HANDOFF_RETURNED};

    memset(block, 0, sizeof *block);
    *block = (struct handoff_block){
        .magic = HANDOFF_MAGIC,
        .version = HANDOFF_VERSION,
        .vcpu = vcpu,
        .reason = reasons[random_number() % 4],
        .status = HANDOFF_PENDING,
    };
    if (random_number() % 2)
        fake_guest_entry(&block->state);
    else
        fake_guest_state(&block->state, (unsigned)random_number() % 100);
    if (random_number() % 4 == 0)
        disturb(block, 32);
    if (random_number() % 2)
        disturb(&block->state, sizeof block->state);
    if (random_number() % 2)
        disturb((uint8_t *)&block->state + 512, sizeof block->state - 512);
    if (random_number() % 64 == 0)
        for (unsigned n = 0; n < sizeof *block; n++)
            ((uint8_t *)block)[n] = (uint8_t)random_number();
}

static uint64_t some_address(uint64_t good)
{
    switch (random_number() % 16) {
    case 0:
        return random_number();
    case 1:
        return good + random_number() % 8192;
    case 2:
        return (uint32_t)random_number();
    default:
        return good;
    }
}

static void answer(void)
{
    uint32_t port;

    while ((port = fake_take_port(&xen)) != 0)
        watcher_event(watcher, port);
}

/* Everything in guest memory but one block. */
static uint64_t sum_without(const struct fake_domain *d, uint64_t block)
{
    uint64_t sum = 0;

    for (unsigned p = 0; p < FAKE_PAGES; p++) {
        if (d->pages[p].bytes == NULL)
            continue;
        for (unsigned n = 0; n < PAGE_SIZE; n++) {
            const uint64_t address = (d->pages[p].frame << PAGE_SHIFT) + n;

            if (address - block >= sizeof(struct handoff_block))
                sum = sum * 31 + d->pages[p].bytes[n];
        }
    }
    return sum;
}

static struct fake_domain *start(void)
{
    struct fake_domain *d;

    fake_reset(&xen);
    d = fake_create(&xen, DOMAIN, VCPUS);
    fake_guest_load(d, true);
    d->vcpus[1] = d->vcpus[0];
    for (uint32_t n = 0; n < VCPUS; n++)
        fake_memory(d, GUEST_BLOCKS + n * PAGE_SIZE);
    watcher = watcher_new(&xen.xen, folder, false);
    watcher_update(watcher);
    watcher_tick(watcher);
    assert_true(d->has_ring);
    return d;
}

static void end(void)
{
    watcher_free(watcher);
    watcher = NULL;
    record_remove(folder, DOMAIN);
    fake_reset(&xen);
}

static void expect_alive(const struct fake_domain *d)
{
    assert_false(d->killed);
    assert_int_equal(d->pauses, 0);
    for (uint32_t n = 0; n < VCPUS; n++) {
        assert_true(d->vcpus[n].online);
        assert_int_equal(d->vcpus[n].waits, 0);
    }
    assert_true(d->mappings <= VCPUS);
}

static void test_requests(void **state)
{
    struct fake_domain *d = start();
    unsigned long loads = 0, refusals = 0;
    struct record record;

    (void)state;
    for (unsigned long n = 0; n < count; n++) {
        const uint32_t vcpu = (uint32_t)random_number() % VCPUS;
        const uint64_t good = GUEST_BLOCKS + vcpu * PAGE_SIZE + 0x400;
        struct hvm_hw_cpu *c = &d->vcpus[vcpu].cpu;
        struct handoff_block block;
        uint64_t address = some_address(good), sum = 0;
        const bool look = n % 64 == 0;

        fill_block(&block, vcpu);
        fake_write(d, good, &block, sizeof block);
        c->rdx = address;
        c->rdi = random_number() % 16 ? HANDOFF_MAGIC : random_number();
        if (look)
            sum = sum_without(d, address);
        loads -= d->loads;
        fake_guest_request(d, vcpu);
        answer();
        loads += d->loads;
        expect_alive(d);
        if (look)
            assert_int_equal(sum, sum_without(d, address));
        /* Then it may write to CR0 whatever the state is that it has now. */
        if (random_number() % 2) {
            fake_mov_cr0(d, vcpu, random_number() % 2 ? c->cr0 & ~1ull : c->cr0 | 1);
            answer();
            expect_alive(d);
        }
        /* Real mode is not for hand-offs; from there it would start again. */
        c->cr0 |= 1;
    }
    assert_int_equal(record_read(folder, DOMAIN, &record), 0);
    refusals = record.refused;
    /* It did come through to every part. */
    assert_true(loads > count / 50);
    assert_true(refusals > count / 50);
    assert_true(record.into_blob > count / 500);
    end();
}

static void test_events(void **state)
{
    struct fake_domain *d = start();

    (void)state;
    for (unsigned long n = 0; n < count / 10; n++) {
        vm_event_request_t *place;

        /* Even if Xen said something unheard of. */
        fake_guest_request(d, 0);
        place =
            (vm_event_request_t *)(void *)RING_GET_REQUEST(&d->front, d->front.req_prod_pvt - 1);
        disturb(place, 64);
        disturb(place, sizeof *place);
        answer();
        d->vcpus[0].waits = 0;
        d->vcpus[1].waits = 0;
        assert_false(d->killed);
        d->vcpus[0].cpu.cr0 |= 1;
    }
    end();
}

/* Registrations that lie, and a helper that comes later and reads them. */
static void test_registrations(void **state)
{
    unsigned long entered = 0;

    (void)state;
    for (unsigned long n = 0; n < count / 60; n++) {
        struct fake_domain *d = start();

        watcher_free(watcher);
        fake_helper_died(&xen);
        for (uint32_t v = 0; v < VCPUS; v++) {
            struct handoff_registration kept = {.block =
                                                    (uint32_t)some_address(GUEST_BLOCKS + 0x400)};

            fill_block(&kept.request, v);
            fake_write(d, GUEST_REGISTRATIONS + v * sizeof kept, &kept, sizeof kept);
            d->vcpus[v].cpu.rip = GUEST_CODE + random_number() % 0x40;
            d->vcpus[v].cpu.rax = random_number() % 2 ? 0x10 : 0;
            d->vcpus[v].waits = (unsigned)random_number() % 2;
            disturb(&d->vcpus[v].cpu.rax, 16 * sizeof d->vcpus[v].cpu.rax);
        }
        watcher = watcher_new(&xen.xen, folder, false);
        watcher_update(watcher);
        watcher_tick(watcher);
        for (uint32_t v = 0; v < VCPUS; v++) {
            assert_int_equal(d->vcpus[v].waits, 0);
            fake_mov_cr0(d, v, 0x10);
            answer();
            assert_int_equal(d->vcpus[v].waits, 0);
        }
        entered += d->loads;
        assert_false(d->killed);
        assert_int_equal(d->pauses, 0);
        end();
    }
    assert_true(entered > count / 600);
}

static void test_images(void **state)
{
    struct hvmassist_image found;

    (void)state;
    fake_reset(&xen);
    for (unsigned long n = 0; n < count / 60; n++) {
        struct fake_domain *d = fake_create(&xen, DOMAIN, 1);

        fake_guest_load(d, true);
        disturb(fake_memory(d, GUEST_IMAGE + 0x40), sizeof found);
        if (image_find(&xen.xen, DOMAIN, &found))
            assert_true(image_is_sound(&found));
        assert_int_equal(d->mappings, 0);
    }
    fake_reset(&xen);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_registrations),
        cmocka_unit_test(test_images),
    };
    const char *text;
    int failures;

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    if ((text = getenv("FUZZ_SEED")) != NULL)
        seed = strtoull(text, NULL, 0) | 1;
    if ((text = getenv("FUZZ_COUNT")) != NULL)
        count = strtoul(text, NULL, 0);
    log_set_sink(silence);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failures;
}
