/* The helper's parts that need no Xen: requests, contexts, clocks, images, limits, records.
 * Not here: the rules of VM entry (state_test.c), nor how the parts work together
 * (scenario_test.c, survival_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_guest.h"
#include "fake_xen.h"

#include "clock.h"
#include "context.h"
#include "image.h"
#include "processor.h"
#include "record.h"
#include "request.h"
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DOMAIN 3u

static struct fake_xen xen;
static char folder[] = "/tmp/helper-test-XXXXXX";

/* --- requests -----------------------------------------------------------------------------------
 */

static void test_request(void **state)
{
    const struct handoff_block good = {
        .magic = HANDOFF_MAGIC, .version = HANDOFF_VERSION, .vcpu = 2, .reason = HANDOFF_ENTER};
    struct handoff_block block = good;

    (void)state;
    assert_int_equal(request_check(&block, 2, true), HANDOFF_ACCEPTED);
    assert_int_equal(request_check(&block, 2, false), HANDOFF_NOT_REGISTERED);
    assert_int_equal(request_check(&block, 0, true), HANDOFF_BAD_VCPU);
    block.reason = HANDOFF_REGISTER;
    assert_int_equal(request_check(&block, 2, false), HANDOFF_ACCEPTED);
    block.reason = HANDOFF_RETURNED;
    assert_int_equal(request_check(&block, 2, true), HANDOFF_BAD_REASON);
    block.reason = 0;
    assert_int_equal(request_check(&block, 2, true), HANDOFF_BAD_REASON);
    block = good;
    block.version = HANDOFF_VERSION + 1;
    assert_int_equal(request_check(&block, 2, true), HANDOFF_BAD_VERSION);
    block.magic ^= 1;
    assert_int_equal(request_check(&block, 2, true), HANDOFF_BAD_MAGIC);
}

static void test_request_address(void **state)
{
    (void)state;
    assert_true(request_address_fits(0x1000));
    assert_true(request_address_fits(0x1000 + 4096 - 1064));
    assert_false(request_address_fits(0x1000 + 4096 - 1056));
    assert_false(request_address_fits(0x1004));
    assert_false(request_address_fits(0));
    assert_false(request_address_fits(0x100001000));
    assert_true(request_address_fits(0xfffff000));
}

static void test_ring(void **state)
{
    static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
    const vm_event_request_t event = {.vcpu_id = 5, .reason = 8, .flags = 3};
    vm_event_response_t answer = ring_plain_answer(&event);
    vm_event_request_t taken;
    struct ring ring;

    (void)state;
    ring_start(&ring, page);
    assert_false(ring_take(&ring, &taken));
    ring_answer(&ring, &answer);
    assert_false(ring_take(&ring, &taken));
    assert_int_equal(answer.vcpu_id, 5);
    assert_int_equal(answer.reason, 8);
    assert_int_equal(answer.flags, VM_EVENT_FLAG_VCPU_PAUSED);
    assert_int_equal(answer.version, VM_EVENT_INTERFACE_VERSION);
}

/* --- contexts -----------------------------------------------------------------------------------
 */

/* Every byte of the structure: a hand-off loads it, or leaves it alone. */
static void test_merge(void **state)
{
    struct hvm_hw_cpu live, wanted;
    uint64_t a, b;

    (void)state;
    memset(&live, 0x11, sizeof live);
    memset(&wanted, 0x22, sizeof wanted);
    assert_non_null(context_difference(&live, &wanted, &a, &b));
    context_merge(&live, &wanted);
    assert_null(context_difference(&live, &wanted, &a, &b));
    assert_int_equal(live.rax, 0x2222222222222222);
    assert_int_equal(live.ldtr_arbytes, 0x22222222);
    assert_int_equal(live.gdtr_limit, 0x22222222);
    assert_int_equal(live.msr_efer, 0x2222222222222222);
    assert_int_equal(live.tsc, 0x1111111111111111);
    assert_int_equal(live.sysenter_cs, 0x1111111111111111);
    assert_int_equal(live.msr_star, 0x1111111111111111);
    assert_int_equal(live.shadow_gs, 0x1111111111111111);
    assert_int_equal(live.flags, 0x11111111);
    for (unsigned n = 0; n < sizeof live.fpu_regs; n++)
        assert_int_equal(live.fpu_regs[n], 0x11);
    wanted.fs_base ^= 1ull << 63;
    assert_string_equal(context_difference(&live, &wanted, &a, &b), "fs_base");
    assert_int_equal(a ^ b, 1ull << 63);
}

static void test_segments(void **state)
{
    const struct hvm_hw_cpu c = {.tr_sel = 1,
                                 .tr_limit = 2,
                                 .tr_base = 3,
                                 .tr_arbytes = 4,
                                 .gs_sel = 5,
                                 .gs_base = 1ull << 40};
    const struct context_segment tr = context_segment(&c, CONTEXT_TR);

    (void)state;
    assert_int_equal(tr.selector, 1);
    assert_int_equal(tr.limit, 2);
    assert_int_equal(tr.base, 3);
    assert_int_equal(tr.attributes, 4);
    assert_int_equal(context_segment(&c, CONTEXT_GS).selector, 5);
    assert_int_equal(context_segment(&c, CONTEXT_GS).base, 1ull << 40);
    assert_int_equal(context_segment(&c, CONTEXT_CS).selector, 0);
}

static void test_image_of_records(void **state)
{
    const struct hvm_save_header header = {.magic = HVM_FILE_MAGIC, .gtsc_khz = 7};
    static struct hvm_hw_cpu cpu;
    struct context_image image = {.bytes = NULL};
    uint32_t offset = 0, size;
    uint16_t instance;
    const void *record;

    (void)state;
    context_image_start(&image, &header);
    for (uint16_t n = 0; n < 20; n++) {
        cpu.rax = n;
        context_image_add(&image, HVM_SAVE_CODE(CPU), n, &cpu, sizeof cpu);
    }
    assert_true(context_image_end(&image));
    assert_int_equal(image.size, 8 + 24 + 20 * (8 + 1032) + 8);
    for (uint16_t n = 0; n < 20; n++) {
        record =
            context_find(image.bytes, image.size, &offset, HVM_SAVE_CODE(CPU), &instance, &size);
        assert_non_null(record);
        assert_int_equal(instance, n);
        assert_int_equal(size, sizeof cpu);
        assert_int_equal(((const struct hvm_hw_cpu *)record)->rax, n);
    }
    assert_null(
        context_find(image.bytes, image.size, &offset, HVM_SAVE_CODE(CPU), &instance, &size));
    offset = 0;
    assert_null(context_find(image.bytes, image.size, &offset, CPU_XSAVE_CODE, &instance, &size));
    /* Cut anywhere: what is not whole is not there. */
    for (uint32_t cut = 0; cut < 8 + 24 + 8 + 1032; cut++) {
        offset = 0;
        assert_null(context_find(image.bytes, cut, &offset, HVM_SAVE_CODE(CPU), &instance, &size));
    }
    context_image_free(&image);
}

/* --- clocks -------------------------------------------------------------------------------------
 */

static void test_clock(void **state)
{
    const struct clock_rate same = {1000, 1000}, half = {1000, 2000};
    struct clock c = {.known = false};

    (void)state;
    assert_false(clock_holds(&c, 0));
    clock_seen(&c, &same, 5000, 100, 120);
    assert_true(clock_holds(&c, 5000));
    assert_false(clock_holds(&c, 5001));
    assert_int_equal(clock_at(&c, &same, 1100), 6000);
    assert_int_equal(clock_at(&c, &half, 1100), 5500);
    clock_loaded(&c, 6000, 1100, 1130);
    assert_true(clock_holds(&c, 6000));
    /* A full context that says the same, measured inexactly: the moment stays. */
    clock_seen(&c, &same, 6975, 2100, 2140);
    assert_int_equal(clock_at(&c, &same, 3100), 8000);
    /* Another one: somebody has set it. */
    clock_seen(&c, &same, 100, 4000, 4010);
    assert_int_equal(clock_at(&c, &same, 4100), 200);
}

static void test_clock_wraps(void **state)
{
    const struct clock_rate same = {1000, 1000};
    struct clock c = {.known = false};

    (void)state;
    clock_seen(&c, &same, UINT64_MAX - 9, 50, 60);
    assert_int_equal(clock_at(&c, &same, 70), 10);
    clock_loaded(&c, 10, 70, 75);
    clock_seen(&c, &same, 30, 90, 95);
    assert_int_equal(clock_at(&c, &same, 100), 40);
}

/* --- images -------------------------------------------------------------------------------------
 */

static const struct hvmassist_image sound = {
    .magic = HVMASSIST_IMAGE_MAGIC,
    .version = HVMASSIST_IMAGE_VERSION,
    .base = 0xfe700000,
    .memory_size = 0x20000,
    .entry = 0xfe700100,
    .origin = 0xfe700200,
    .registrations = 0xfe710000,
    .registration_count = 1,
};

static void test_image_sound(void **state)
{
    struct hvmassist_image i = sound;

    (void)state;
    assert_true(image_is_sound(&i));
#define WRONG(field, value)                                                                        \
    i = sound;                                                                                     \
    i.field = value;                                                                               \
    assert_false(image_is_sound(&i))
    WRONG(magic, 0);
    WRONG(version, HVMASSIST_IMAGE_VERSION + 1);
    WRONG(base, 0xfe700004);
    WRONG(base, 0xfffff000);
    WRONG(memory_size, 0x100001);
    WRONG(memory_size, 0);
    WRONG(entry, 0xfe6fffff);
    WRONG(entry, 0xfe720000);
    WRONG(origin, 0xfe71fff0);
    WRONG(registrations, 0xfe71fffc);
    WRONG(registrations, 0xfe710002);
    WRONG(registration_count, 0x10000000);
#undef WRONG
}

static void test_image_found(void **state)
{
    static const uint64_t places[] = {
        IMAGE_LOADED_START,
        IMAGE_LOADED_START + 0x1ff0,
        IMAGE_LOADED_END - sizeof sound,
        IMAGE_HOME_START + 0x44,
        IMAGE_HOME_END - sizeof sound,
        IMAGE_LOADED_START + 64 * PAGE_SIZE - 16, /* across what is mapped at once */
    };
    struct hvmassist_image found;

    (void)state;
    for (unsigned n = 0; n < sizeof places / sizeof places[0]; n++) {
        struct fake_domain *d = fake_create(&xen, DOMAIN, 1);

        fake_memory(d, IMAGE_LOADED_START + 0x10000);
        assert_false(image_find(&xen.xen, DOMAIN, &found));
        fake_write(d, places[n], &sound, sizeof sound);
        assert_true(image_find(&xen.xen, DOMAIN, &found));
        assert_memory_equal(&found, &sound, sizeof sound);
        assert_int_equal(d->mappings, 0);
        /* Not aligned; unsound. */
        fake_write(d, places[n], "\0\0\0\0", 4);
        assert_false(image_find(&xen.xen, DOMAIN, &found));
    }
    fake_reset(&xen);
}

/* --- limits -------------------------------------------------------------------------------------
 */

static void test_limits(void **state)
{
    struct state_limits l;

    (void)state;
    fake_create(&xen, DOMAIN, 1);
    xen.cpuid_1_edx = 0;
    assert_int_equal(processor_limits(&xen.xen, DOMAIN, &l), 0);
    assert_int_equal(l.cr4, 1u << 8);
    assert_int_equal(l.efer, 0xd01);
    assert_int_equal(l.physical_address_bits, 36);
    xen.cpuid_1_edx = 1u << 1 | 1u << 6 | 1u << 25;
    xen.cpuid_1_ecx = 1u << 26;
    assert_int_equal(processor_limits(&xen.xen, DOMAIN, &l), 0);
    assert_int_equal(l.cr4, 0x3 | 1u << 5 | 1u << 8 | 1u << 10 | 1u << 18);
    assert_int_equal(processor_limits(&xen.xen, DOMAIN + 1, &l), -ESRCH);
    fake_reset(&xen);
}

/* --- records ------------------------------------------------------------------------------------
 */

static void count(uint32_t domain, void *argument)
{
    *(uint32_t *)argument += domain;
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_record(void **state)
{
    const struct xen_domain domain = {.domain = DOMAIN, .identity = {1, 2, 3}};
    struct xen_domain other = domain;
    struct record *record = record_open(folder, &domain), copy;
    uint32_t sum = 0;

    (void)state;
    assert_non_null(record);
    assert_int_equal(record->into_guest, 0);
    record->into_guest = 7;
    record_text(record->refusal, "vCPU %u: %s", 0, "a\nb");
    memset(record->name, 'x', sizeof record->name);
    record_close(record);
    assert_int_equal(record_read(folder, DOMAIN, &copy), 0);
    assert_int_equal(copy.into_guest, 7);
    assert_string_equal(copy.refusal, "vCPU 0: a?b");
    assert_int_equal(strlen(copy.name), sizeof copy.name - 1);
    /* The same domain goes on, another one begins anew. */
    record = record_open(folder, &domain);
    assert_int_equal(record->into_guest, 7);
    record_close(record);
    other.identity[15] = 1;
    record = record_open(folder, &other);
    assert_int_equal(record->into_guest, 0);
    record_close(record);
    /* What is not a record. */
    write_file("domain-9", "short");
    write_file("domain-010", "");
    write_file("domain-", "");
    write_file("else", "");
    assert_int_equal(record_read(folder, 9, &copy), -EINVAL);
    assert_int_equal(record_read(folder, 10, &copy), -ENOENT);
    assert_int_equal(record_each(folder, count, &sum), 2);
    assert_int_equal(sum, DOMAIN + 9);
    assert_int_equal(record_each("/nowhere", count, &sum), -ENOENT);
    record_remove(folder, DOMAIN);
    record_remove(folder, 9);
    assert_int_equal(record_read(folder, DOMAIN, &copy), -ENOENT);
}

static void test_lock(void **state)
{
    int lock;

    (void)state;
    assert_false(record_locked(folder));
    lock = record_lock(folder);
    assert_true(lock >= 0);
    assert_true(record_locked(folder));
    assert_int_equal(record_lock(folder), -EBUSY);
    close(lock);
    assert_false(record_locked(folder));
    assert_int_equal(record_lock("/nowhere"), -ENOENT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),     cmocka_unit_test(test_request_address),
        cmocka_unit_test(test_ring),        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_segments),    cmocka_unit_test(test_image_of_records),
        cmocka_unit_test(test_clock),       cmocka_unit_test(test_clock_wraps),
        cmocka_unit_test(test_image_sound), cmocka_unit_test(test_image_found),
        cmocka_unit_test(test_limits),      cmocka_unit_test(test_record),
        cmocka_unit_test(test_lock),
    };
    char command[64];
    int failures;

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    fake_reset(&xen);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0 || failures;
}
