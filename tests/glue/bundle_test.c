/* The bundler on stand-ins for hvmloaders of both kinds: what it makes is loaded as Xen's builder
 * would, and run in the interpreter. Not here: the command line (bundle_command.sh). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compose.h"
#include "machine.h"
#include "write_file.h"

#include <hvmassist/world_switch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STANDINS     "build/tests/glue/standin/"
#define FILE_LIMIT   0x1000000u
#define INSTRUCTIONS 20000000u /* several per byte of the blob, and no end */
#define WAIT         1500u

/* Where a blob of the high layout belongs, and the memory there. */
#define HIGH_BASE 0xfe700000u
#define HIGH_SIZE 0x100000u
#define HIGH_PAGE 4096u

/* struct hvm_info_table, as far as the stub uses it. */
#define INFO              0x9f800u
#define INFO_LENGTH       (INFO + 8)
#define INFO_CHECKSUM     (INFO + 12)
#define INFO_LOW_PAGE_END (INFO + 20)
#define INFO_SIZE         32u
#define RAM_PAGES         (MACHINE_RAM_SIZE / HIGH_PAGE)

#define POPULATE_PHYSMAP 6u
#define ADD_TO_PHYSMAP   7u

static struct machine *m;

/* What the machine plays beside itself: a Xen. */
static struct {
    bool present;
    bool amd;
    unsigned allowance; /* pages */
    bool moves;         /* XENMEM_add_to_physmap works */
    unsigned populated, moved;
    uint8_t memory[HIGH_SIZE] __attribute__((aligned(4096)));
    bool there[HIGH_SIZE / HIGH_PAGE];
} xen;

/* --- the machine under Xen ----------------------------------------------------------------------
 */

static uint8_t *ram_page(void *context, uint64_t physical)
{
    const uint64_t offset = physical - HIGH_BASE;

    if (offset < HIGH_SIZE)
        return xen.there[offset / HIGH_PAGE] ? xen.memory + offset : NULL;
    return machine_platform.ram_page(context, physical);
}

static void cpuid(void *context, uint32_t registers[4])
{
    const char *name = xen.amd ? "AuthcAMDenti" : "GenuntelineI";

    (void)context;
    if (registers[0] == 0x40000100 && xen.present)
        name = "XenVMMXenVMM";
    else if (registers[0] >= 0x40000000)
        name = "Microsoft Hv";
    memcpy(registers + 1, name, 12);
    registers[0] = 1;
}

static bool give(uint32_t frame)
{
    const uint32_t page = frame - HIGH_BASE / HIGH_PAGE;

    assert_true(page < HIGH_SIZE / HIGH_PAGE);
    assert_false(xen.there[page]);
    xen.there[page] = true;
    return true;
}

static uint32_t memory_op(uint32_t operation, uint32_t argument)
{
    if (operation == POPULATE_PHYSMAP) {
        assert_int_equal(machine_read_32(m, argument + 4), 1);
        if (xen.populated == xen.allowance)
            return 0;
        xen.populated++;
        return give(machine_read_32(m, machine_read_32(m, argument)));
    }
    assert_int_equal(operation, ADD_TO_PHYSMAP);
    if (!xen.moves)
        return (uint32_t)-12;
    /* The last page that hvm_info counts, and each only once. */
    assert_int_equal(machine_read_32(m, argument + 8), RAM_PAGES - 1 - xen.moved);
    xen.moved++;
    give(machine_read_32(m, argument + 12));
    return 0;
}

static bool hypercall(void *context, struct processor *p, bool vmmcall)
{
    (void)context;
    if (!xen.present || vmmcall != xen.amd)
        return false;
    assert_int_equal(p->gpr[EAX], 12);
    p->gpr[EAX] = memory_op(p->gpr[EBX], p->gpr[ECX]);
    return true;
}

/* --- files --------------------------------------------------------------------------------------
 */

/* A stand-in, whole, recognised. */
struct loader {
    uint8_t *bytes;
    struct elf_file file;
    struct hvmloader found;
};

static void open_bytes(struct loader *l, uint8_t *bytes, size_t size)
{
    l->bytes = bytes;
    assert_true(elf_file_open(&l->file, bytes, size));
    if (!hvmloader_recognise(&l->file, &l->found))
        fail_msg("%s", l->file.reason);
}

static struct loader open_standin(const char *name)
{
    struct loader l;
    char path[128];
    size_t size;
    uint8_t *bytes;

    snprintf(path, sizeof path, STANDINS "%s.elf", name);
    bytes = read_file(path, FILE_LIMIT, &size);
    assert_non_null(bytes);
    open_bytes(&l, bytes, size);
    assert_null(l.found.ours);
    return l;
}

static struct loader bundled(const struct loader *from, const struct payload *payload)
{
    struct loader l, copy = *from;
    uint32_t size;
    uint8_t *bytes = compose(&copy.file, &copy.found, payload, WAIT, &size);

    if (bytes == NULL)
        fail_msg("%s", copy.file.reason);
    open_bytes(&l, bytes, size);
    assert_non_null(l.found.ours);
    assert_int_equal(l.found.kind, from->found.kind);
    return l;
}

/* --- running ------------------------------------------------------------------------------------
 */

static void flat(unsigned segment, uint16_t selector, uint32_t attributes)
{
    machine_segment(m, segment, selector, 0, 0xffffffff, attributes);
}

/* As the builder starts a domain: flat segments without a GDT, no stack, EBX for hvmloader. */
static void start(const struct loader *l)
{
    struct guest_state *s;
    static struct platform platform;

    machine_reset(m);
    platform = machine_platform;
    platform.ram_page = ram_page;
    platform.cpuid = cpuid;
    platform.hypercall = hypercall;
    m->processor.platform = &platform;
    for (unsigned n = 0; n < l->file.segment_count; n++) {
        const Elf32_Phdr *segment = &l->file.segments[n];

        if (segment->p_type == PT_LOAD)
            machine_write(m, segment->p_paddr, l->file.bytes + segment->p_offset,
                          segment->p_filesz);
    }
    machine_write(m, INFO, "HVM INFO", 8);
    machine_write_32(m, INFO_LENGTH, INFO_SIZE);
    machine_write_32(m, INFO_LOW_PAGE_END, RAM_PAGES);
    s = machine_save(m);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        s->gpr[n] = 0;
    s->gpr[EBX] = 0x12345678;
    s->cr0 = CR0_PE | CR0_ET;
    s->eip = l->file.header.e_entry;
    s->gdtr.limit = s->idtr.limit = 0;
    flat(CS, 0, 0xc09b);
    for (unsigned n = ES; n <= GS; n++) {
        if (n != CS)
            flat(n, 0, 0xc093);
    }
    machine_load(m);
}

/* Until EIP, with this CS selector, or a HLT. False: neither. */
static bool run_to(uint16_t selector, uint32_t eip)
{
    for (unsigned n = 0; n < INSTRUCTIONS; n++) {
        if (m->processor.segment[CS].selector == selector && m->processor.eip == eip)
            return true;
        if (machine_run(m, 1) == PROCESSOR_HALTED)
            return false;
    }
    return false;
}

/* Port 0xE9, as far as the log goes. */
static bool said(const char *text)
{
    char all[MACHINE_LOG_SIZE + 1];
    size_t used = 0;

    for (unsigned n = 0; n < m->log_count && n < MACHINE_LOG_SIZE; n++) {
        if (m->log[n].kind == ACCESS_PORT_WRITE && m->log[n].address == 0xe9)
            all[used++] = (char)m->log[n].value;
    }
    all[used] = '\0';
    return strstr(all, text) != NULL;
}

/* --- Xen 3 --------------------------------------------------------------------------------------
 */

/* Whatever the compiler made of the copying, and whatever the sizes: the blob is there, entered. */
static void xen3_run(const char *name, uint32_t blob_size)
{
    struct loader plain = open_standin(name), made;
    struct payload payload = payload_of(BUNDLE_XEN3);
    const struct payload own = payload;
    uint8_t *blob = malloc(blob_size);

    assert_non_null(blob);
    for (uint32_t n = 0; n < blob_size; n++)
        blob[n] = n < own.blob_size ? own.blob[n] : (uint8_t)n;
    payload.blob = blob;
    payload.blob_size = blob_size;
    made = bundled(&plain, &payload);
    assert_int_equal(made.found.kind, BUNDLE_XEN3);
    assert_int_equal(made.file.header.e_entry, plain.file.header.e_entry);
    start(&made);
    /* First what hvmloader has put there and entered, then the blob. */
    assert_true(run_to(0, WORLD_SWITCH_BASE));
    assert_true(said("Go"));
    machine_run(m, 1);
    assert_true(run_to(0, WORLD_SWITCH_BASE));
    assert_int_equal(m->processor.gpr[EDX], 0);
    for (uint32_t n = 0; n < blob_size; n++)
        assert_int_equal(machine_read_8(m, WORLD_SWITCH_BASE + n), blob[n]);
    free(blob);
    free(made.bytes);
    free(plain.bytes);
}

static void xen3_every_shape(void **state)
{
    static const char *const names[] = {"xen3-O0",     "xen3-O2",     "xen3-Os",
                                        "xen3-O0-own", "xen3-O2-own", "xen3-Os-own"};

    (void)state;
    for (unsigned n = 0; n < sizeof names / sizeof names[0]; n++)
        xen3_run(names[n], payload_of(BUNDLE_XEN3).blob_size);
}

/* The stand-in's vmxassist has 9220 bytes. */
static void xen3_every_size(void **state)
{
    static const uint32_t sizes[] = {64, 9216, 9220, 9224, 62 * 1024, 96 * 1024};

    (void)state;
    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++)
        xen3_run("xen3-O2", sizes[n]);
}

/* The stand-in itself runs its own vmxassist: so the tests above could fail. */
static void xen3_unbundled(void **state)
{
    struct loader plain = open_standin("xen3-O2");

    (void)state;
    start(&plain);
    assert_true(run_to(0, WORLD_SWITCH_BASE));
    assert_false(run_to(0, WORLD_SWITCH_BASE + 0x10000));
    assert_int_equal(m->processor.gpr[EAX], 0x0badb10b);
    free(plain.bytes);
}

/* --- Xen 4 --------------------------------------------------------------------------------------
 */

static const struct hvmassist_image *image_of(const struct payload *payload)
{
    for (uint32_t n = 0; n + sizeof(struct hvmassist_image) <= payload->blob_size; n += 4) {
        const struct hvmassist_image *image = (const void *)(payload->blob + n);

        if (image->magic == HVMASSIST_IMAGE_MAGIC && image->base == HIGH_BASE)
            return image;
    }
    fail_msg("the blob does not describe itself");
    return NULL;
}

static void expect_blob(const struct payload *payload, const struct hvmassist_image *image)
{
    const uint32_t origin = image->origin - HIGH_BASE;

    for (uint32_t n = 0; n < image->memory_size; n++) {
        if (n - origin >= sizeof(struct hvmassist_origin))
            assert_int_equal(xen.memory[n], n < payload->blob_size ? payload->blob[n] : 0);
    }
}

static void expect_origin(const struct hvmassist_image *image, const struct loader *plain)
{
    struct hvmassist_origin origin;

    memcpy(&origin, xen.memory + (image->origin - HIGH_BASE), sizeof origin);
    assert_int_equal(origin.address, 0);
    assert_memory_equal(origin.bytes, elf_file_at(&plain->file, plain->found.place, 8), 8);
    assert_int_equal(origin.code_selector, 8);
    assert_int_equal(origin.wait_milliseconds, WAIT);
}

/* The stub has worked, hvmloader has run as if nothing were, and gone to the blob in the end. */
static void xen4_run(unsigned allowance)
{
    const struct payload payload = payload_of(BUNDLE_XEN4);
    const struct hvmassist_image *image = image_of(&payload);
    const unsigned pages = (image->memory_size + HIGH_PAGE - 1) / HIGH_PAGE;
    struct loader plain = open_standin("xen4"), made = bundled(&plain, &payload);
    uint8_t sum = 0;

    xen.allowance = allowance;
    xen.populated = xen.moved = 0;
    memset(xen.there, 0, sizeof xen.there);
    memset(xen.memory, 0xa5, sizeof xen.memory);
    start(&made);
    assert_true(run_to(0, plain.file.header.e_entry));
    assert_int_equal(m->processor.gpr[EBX], 0x12345678);
    assert_true(said("hvmassist: loaded"));
    expect_blob(&payload, image);
    expect_origin(image, &plain);
    assert_int_equal(xen.populated + xen.moved, pages);
    assert_int_equal(machine_read_32(m, INFO_LOW_PAGE_END), RAM_PAGES - xen.moved);
    for (uint32_t n = 0; n < INFO_SIZE && xen.moved > 0; n++)
        sum = (uint8_t)(sum + machine_read_8(m, INFO + n));
    assert_int_equal(sum, 0);
    assert_true(run_to(0x18, image->entry));
    assert_true(said("HVM Loader"));
    assert_int_equal(m->processor.segment[SS].selector, 0x10);
    free(made.bytes);
    free(plain.bytes);
}

static void xen4_vendors(void **state)
{
    (void)state;
    xen.present = xen.moves = true;
    for (unsigned amd = 0; amd < 2; amd++) {
        xen.amd = amd;
        xen4_run(1000);
        assert_int_equal(xen.moved, 0);
    }
}

/* All, some and none of the memory comes from RAM. */
static void xen4_no_allowance(void **state)
{
    (void)state;
    xen.present = xen.moves = true;
    for (unsigned allowance = 0; allowance < 20; allowance += 7) {
        xen4_run(allowance);
        assert_int_equal(xen.populated, allowance);
    }
}

/* Without Xen, or without memory: hvmloader starts the BIOS itself, in real mode. */
static void xen4_gives_up(void **state)
{
    const struct payload payload = payload_of(BUNDLE_XEN4);
    struct loader plain = open_standin("xen4"), made = bundled(&plain, &payload);

    (void)state;
    for (unsigned present = 0; present < 2; present++) {
        xen.present = present;
        xen.moves = false;
        xen.allowance = xen.populated = 0;
        memset(xen.there, 0, sizeof xen.there);
        start(&made);
        assert_true(run_to(0xf000, 0xfff0));
        assert_true(said(present ? "Xen gives no memory; the guest starts without it"
                                 : "there is no Xen here; the guest starts without it"));
        assert_false(m->processor.cr0 & CR0_PE);
    }
    free(made.bytes);
    free(plain.bytes);
}

/* --- refusals -----------------------------------------------------------------------------------
 */

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, 2);
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, 4);
}

static void make_64_bit(uint8_t *bytes)
{
    bytes[EI_CLASS] = ELFCLASS64;
}

static void make_big_endian(uint8_t *bytes)
{
    bytes[EI_DATA] = ELFDATA2MSB;
}

static void make_object(uint8_t *bytes)
{
    put16(bytes + offsetof(Elf32_Ehdr, e_type), ET_REL);
}

static void spoil_magic(uint8_t *bytes)
{
    bytes[0] = 0;
}

static void spoil_headers(uint8_t *bytes)
{
    put32(bytes + offsetof(Elf32_Ehdr, e_phoff), 0xfffffff0);
}

static void spoil_count(uint8_t *bytes)
{
    put16(bytes + offsetof(Elf32_Ehdr, e_phnum), 0xfff0);
}

static void spoil_size(uint8_t *bytes)
{
    put32(bytes + sizeof(Elf32_Ehdr) + offsetof(Elf32_Phdr, p_filesz), 0x7fffffff);
}

static void spoil_address(uint8_t *bytes)
{
    put32(bytes + sizeof(Elf32_Ehdr) + offsetof(Elf32_Phdr, p_paddr), 0xffffffff);
}

static void spoil_entry(uint8_t *bytes)
{
    put32(bytes + offsetof(Elf32_Ehdr, e_entry), 0x50);
}

/* Changes one thing in the xen4 stand-in; the reason must say what. */
static void refuses_spoilt_files(void **state)
{
    static const struct {
        void (*spoil)(uint8_t *bytes);
        const char *reason;
    } rows[] = {
        {make_64_bit, "64-bit"},
        {make_big_endian, "little-endian"},
        {make_object, "not an x86 executable"},
        {spoil_magic, "not an ELF file"},
        {spoil_headers, "program headers are beyond"},
        {spoil_count, "too many program headers"},
        {spoil_size, "larger in the file than in memory"},
        {spoil_address, "beyond 4 GiB"},
        {spoil_entry, "entry point"},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof rows / sizeof rows[0]; n++) {
        struct loader plain = open_standin("xen4");
        struct elf_file file;

        rows[n].spoil(plain.bytes);
        assert_false(elf_file_open(&file, plain.bytes, plain.file.size));
        if (strstr(file.reason, rows[n].reason) == NULL)
            fail_msg("row %u: %s", n, file.reason);
        free(plain.bytes);
    }
}

static void refuses_every_truncation(void **state)
{
    struct loader plain = open_standin("xen4");
    const Elf32_Phdr *segment = &plain.file.segments[0];

    (void)state;
    for (uint32_t size = 0; size < segment->p_offset + segment->p_filesz; size += 13) {
        uint8_t *part = malloc(size + 1);
        struct elf_file file;

        assert_non_null(part);
        memcpy(part, plain.bytes, size);
        assert_false(elf_file_open(&file, part, size));
        assert_true(file.reason[0] != '\0');
        free(part);
    }
    free(plain.bytes);
}

static void refuses_a_second_time(void **state)
{
    static const char *const names[] = {"xen3-O2", "xen4"};

    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        struct loader plain = open_standin(names[n]);
        const struct payload payload = payload_of(plain.found.kind);
        struct loader made = bundled(&plain, &payload);
        uint32_t size;

        assert_null(compose(&made.file, &made.found, &payload, 0, &size));
        assert_string_equal(made.file.reason, "already bundled");
        free(made.bytes);
        free(plain.bytes);
    }
}

/* One byte of the blob changed in the finished file. */
static void notices_damage(void **state)
{
    struct loader plain = open_standin("xen4");
    const struct payload payload = payload_of(BUNDLE_XEN4);
    struct loader made = bundled(&plain, &payload);

    (void)state;
    made.bytes[made.file.size - 5] ^= 4;
    assert_true(elf_file_open(&made.file, made.bytes, made.file.size));
    assert_false(hvmloader_recognise(&made.file, &made.found));
    assert_non_null(strstr(made.file.reason, "checksum"));
    free(made.bytes);
    free(plain.bytes);
}

static int create(void **state)
{
    (void)state;
    m = machine_create();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    machine_destroy(m);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(xen3_unbundled),        cmocka_unit_test(xen3_every_shape),
        cmocka_unit_test(xen3_every_size),       cmocka_unit_test(xen4_vendors),
        cmocka_unit_test(xen4_no_allowance),     cmocka_unit_test(xen4_gives_up),
        cmocka_unit_test(refuses_spoilt_files),  cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(refuses_a_second_time), cmocka_unit_test(notices_damage),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
