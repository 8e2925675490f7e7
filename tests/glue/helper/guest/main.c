/* A guest that does what a blob does, to try the helper in dom0: registers, hands states over that
 * no descriptor gives, comes back, and says what it saw. Ends with HLT. Not here: the instructions
 * around the hand-off (start.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <hvmassist/entry_rules.h>
#include <hvmassist/handoff.h>
#include <hvmassist/image.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/hvm/hvm_info_table.h>

#ifndef ROUNDS
#define ROUNDS 200u
#endif

#define HVM_OP        34u /* __HYPERVISOR_hvm_op */
#define GUEST_REQUEST 24u /* HVMOP_guest_request_vm_event */
#define ATTEMPTS      3000u
#define WORLD16       0x90000u /* where its code is copied to */
#define WORLD16_CS    0x4560u  /* selector */
#define FS_BASE       0x00123456u
#define SS_BASE       0x00081230u
#define TSS_LIMIT     0x67u
#define CR0_ENTRY     0x11u
#define CR0_PAGED     0x80000011u
#define CR4_PSE       0x10u
#define CR4_PAE       0x20u
#define LARGE_PAGE    0x83u
#define AP_PAGE       8u /* of the start-up IPI */
#define LAPIC_ICR_LOW ((volatile uint32_t *)0xfee00300)

void main(void);
int depart(uint32_t eax, uint32_t ebx, uint32_t edx, uint32_t edi);

extern uint8_t image_start[], image_size[], world16[], world16_end[], world32[], gdt[], gdt_end[];
extern uint8_t request_instruction[], ap_trampoline[], ap_trampoline_end[];
extern volatile uint32_t ap_rounds, ap_faults, ap_stop;
void returned(void);
void _start(void);

static struct handoff_block block __attribute__((aligned(2048)));
static struct handoff_registration registrations[1];
static struct hvmassist_origin origin;
static uint32_t tables[4][1024] __attribute__((aligned(4096)));

__attribute__((used)) static const struct hvmassist_image image = {
    .magic = HVMASSIST_IMAGE_MAGIC,
    .version = HVMASSIST_IMAGE_VERSION,
    .base = (uint32_t)image_start,
    .memory_size = (uint32_t)image_size,
    .entry = (uint32_t)_start,
    .origin = (uint32_t)&origin,
    .registrations = (uint32_t)registrations,
    .registration_count = 1,
};

/* --- saying -------------------------------------------------------------------------------------
 */

/* To COM1, and to Xen's log. */
static void put(char c)
{
    __asm__ volatile("outb %0, $0xe9" : : "a"(c));
    __asm__ volatile("outb %0, %1" : : "a"(c), "d"((uint16_t)0x3f8));
}

static void say(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

static void say_number(const char *before, uint32_t value)
{
    say(before);
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 15]);
}

static unsigned faults;

static void expect(const char *what, uint32_t seen, uint32_t wanted)
{
    if (seen == wanted)
        return;
    faults++;
    say("GUEST: wrong: ");
    say(what);
    say_number(" is ", seen);
    say_number(", not ", wanted);
    say("\n");
}

/* --- the machine --------------------------------------------------------------------------------
 */

static uint64_t tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static bool amd(void)
{
    uint32_t eax = 0, ebx, ecx, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
    return ebx == 0x68747541; /* "Auth" */
}

static void yield(void)
{
    uint32_t eax = 29, ebx = 0; /* sched_op, yield */

    if (amd())
        __asm__ volatile("vmmcall" : "+a"(eax) : "b"(ebx), "c"(0) : "memory");
    else
        __asm__ volatile("vmcall" : "+a"(eax) : "b"(ebx), "c"(0) : "memory");
}

static void copy(uint32_t to, const uint8_t *from, const uint8_t *end)
{
    for (volatile uint8_t *p = (uint8_t *)to; from < end;)
        *p++ = *from++;
}

/* --- states -------------------------------------------------------------------------------------
 */

#define SET(s, name, selector, start, size, attributes)                                            \
    do {                                                                                           \
        (s)->name##_sel = (selector);                                                              \
        (s)->name##_base = (start);                                                                \
        (s)->name##_limit = (size);                                                                \
        (s)->name##_arbytes = (attributes);                                                        \
    } while (0)

static void flat(struct hvm_hw_cpu *s, void (*rip)(void))
{
    *s = (struct hvm_hw_cpu){
        .rip = (uint32_t)rip, .rflags = 2, .cr0 = CR0_ENTRY, .dr6 = 0xffff0ff0, .dr7 = 0x400};
    SET(s, cs, 8, 0, 0xffffffffu, 0xc9b);
    SET(s, ds, 16, 0, 0xffffffffu, 0xc93);
    SET(s, es, 16, 0, 0xffffffffu, 0xc93);
    SET(s, fs, 16, 0, 0xffffffffu, 0xc93);
    SET(s, gs, 16, 0, 0xffffffffu, 0xc93);
    SET(s, ss, 16, 0, 0xffffffffu, 0xc93);
    SET(s, tr, 24, 0, TSS_LIMIT, 0x08b);
    SET(s, ldtr, 0, 0, 0, 0);
    s->gdtr_base = (uint32_t)gdt;
    s->gdtr_limit = (uint32_t)(gdt_end - gdt - 1);
    s->idtr_limit = 0;
}

static void odd(struct hvm_hw_cpu *s)
{
    flat(s, NULL);
    SET(s, cs, WORLD16_CS, WORLD16, 0xffff, 0x09b);
    SET(s, ds, 0, 0, 0xffff, 0x093);
    SET(s, es, 0x1234, 0x12340, 0xffffffffu, 0x8f3);
    SET(s, fs, 0x0042, FS_BASE, 0x12345, 0x0d3);
    SET(s, ss, 0x9fc0, SS_BASE, 0xffff, 0x093);
    SET(s, ldtr, 0x18, 0x7000, 0x1f, 0x082);
    s->rsp = 0x8000;
    s->rcx = 0xc0c0c0c0;
    s->rdx = 0xd0d0d0d0;
    s->rbp = 0xb0b0b0b0;
    s->rdi = 0xd1d1d1d1;
    s->cr2 = 0xcafe0000;
    s->dr0 = 0x11111111;
    s->idtr_base = 0x3210;
    s->idtr_limit = 0x3ff;
    s->gdtr_base = 0x4321;
    s->gdtr_limit = 0x77;
}

static uint32_t ask(enum handoff_reason reason)
{
    block.magic = HANDOFF_MAGIC;
    block.version = HANDOFF_VERSION;
    block.vcpu = 0;
    block.reason = reason;
    block.status = HANDOFF_PENDING;
    block.rule = ENTRY_OK;
    if (depart(HVM_OP, GUEST_REQUEST, (uint32_t)&block, HANDOFF_MAGIC) != 0)
        return HANDOFF_ACCEPTED;
    return *(volatile uint32_t *)&block.status;
}

static uint32_t register_way_back(void)
{
    uint32_t status;

    flat(&block.state, returned);
    status = ask(HANDOFF_REGISTER);
    if (status == HANDOFF_ACCEPTED)
        registrations[0] =
            (struct handoff_registration){.block = (uint32_t)&block, .request = block};
    return status;
}

/* Again and again while nobody answers, as the blob does. */
static uint32_t enter(const struct hvm_hw_cpu *state)
{
    uint32_t status;

    do {
        block.state = *state;
        status = ask(HANDOFF_ENTER);
        if (status == HANDOFF_PENDING || status == HANDOFF_NOT_REGISTERED) {
            yield();
            register_way_back();
        }
    } while (status == HANDOFF_PENDING || status == HANDOFF_NOT_REGISTERED);
    return status;
}

/* --- trials -------------------------------------------------------------------------------------
 */

#define SAME(name) expect(#name, (uint32_t)block.state.name, (uint32_t)sent->name)
#define SAME_SEGMENT(name)                                                                         \
    do {                                                                                           \
        SAME(name##_sel);                                                                          \
        SAME(name##_limit);                                                                        \
        SAME(name##_base);                                                                         \
        SAME(name##_arbytes);                                                                      \
    } while (0)

static void expect_same(const struct hvm_hw_cpu *sent)
{
    expect("reason", block.reason, HANDOFF_RETURNED);
    SAME(rcx), SAME(rdx), SAME(rbp), SAME(rdi), SAME(rsp), SAME(cr0), SAME(cr3), SAME(cr4);
    SAME(cr2), SAME(dr0), SAME(gdtr_base), SAME(gdtr_limit), SAME(idtr_base), SAME(idtr_limit);
    SAME_SEGMENT(cs);
    SAME_SEGMENT(ds);
    SAME_SEGMENT(es);
    SAME_SEGMENT(fs);
    SAME_SEGMENT(gs);
    SAME_SEGMENT(ss);
    SAME_SEGMENT(tr);
    SAME_SEGMENT(ldtr);
    expect("rbx", (uint32_t)block.state.rbx, (uint32_t)sent->rbx + 1);
    expect("cr0_written", block.cr0_written & 0x80000001, 0);
}

static void try_odd(unsigned rounds)
{
    static struct hvm_hw_cpu state;
    const uint32_t first = ap_rounds;
    const uint64_t start = tsc();
    uint64_t before = start;

    *(volatile uint32_t *)(0x12340 + 0x110000) = 0xfa12fa12;
    *(volatile uint32_t *)(FS_BASE + 0x10) = 0xf5f5f5f5;
    odd(&state);
    for (unsigned n = 0; n < rounds; n++) {
        uint64_t after;

        state.rbx = n;
        *(volatile uint32_t *)0x508 = 0;
        expect("status", enter(&state), HANDOFF_ACCEPTED);
        expect_same(&state);
        after = tsc();
        expect("TSC runs on", after > before, true);
        before = after;
        expect("through ES", *(volatile uint32_t *)0x500, 0xfa12fa12);
        expect("through FS", *(volatile uint32_t *)0x504, 0xf5f5f5f5);
        expect("by the stack", *(volatile uint32_t *)0x508, 0x57acc0de);
        expect("CS", *(volatile uint16_t *)0x50c, WORLD16_CS);
        if (faults > 20)
            break;
        if (n % 1000 == 999)
            say_number("GUEST: so far ", n + 1), say("\n");
    }
    /* Where time is counted in instructions, one has 16 ticks. */
    say_number("GUEST: odd state, sixteenths of ticks a round ",
               (uint32_t)((before - start) >> 4) / rounds);
    say_number(", rounds ", rounds);
    if (first != 0)
        say_number(", other processor's rounds ", ap_rounds - first);
    say("\n");
}

static void try_paged(uint32_t cr4, uint32_t cr3, const char *name)
{
    static struct hvm_hw_cpu state;

    flat(&state, (void (*)(void))world32);
    state.cr0 = CR0_PAGED;
    state.cr3 = cr3;
    state.cr4 = cr4;
    for (unsigned n = 0; n < 3; n++) {
        state.rbx = 1000 + n;
        expect(name, enter(&state), HANDOFF_ACCEPTED);
        expect_same(&state);
    }
    say("GUEST: ");
    say(name);
    say("\n");
}

static void try_paging(void)
{
    const uint64_t pointers = (uint32_t)tables[1];
    uint64_t *entries = (uint64_t *)tables[2];
    static struct hvm_hw_cpu state;

    for (unsigned n = 0; n < 1024; n++)
        tables[0][n] = n << 22 | LARGE_PAGE;
    try_paged(CR4_PSE, (uint32_t)tables[0], "4 MiB pages");
    for (unsigned n = 0; n < 512; n++)
        entries[n] = (uint64_t)n << 21 | LARGE_PAGE;
    *(uint64_t *)(uint32_t)pointers = (uint32_t)entries | 1;
    /* In an emulated AMD machine, Xen itself cannot read PAE tables to emulate an instruction. */
    if (!amd())
        try_paged(CR4_PAE, (uint32_t)pointers, "PAE");
    /* What the processor would stop at. */
    *(uint64_t *)(uint32_t)pointers |= 6;
    flat(&state, (void (*)(void))world32);
    state.cr0 = CR0_PAGED;
    state.cr3 = (uint32_t)pointers;
    state.cr4 = CR4_PAE;
    expect("status of bad PDPTE", enter(&state), HANDOFF_BAD_STATE);
    expect("rule", block.rule, ENTRY_PDPTE_RESERVED);
}

static void try_refusals(void)
{
    static struct hvm_hw_cpu state;

    odd(&state);
    state.es_sel = 0x1237; /* RPL 3, DPL 0 */
    state.es_arbytes = 0x893;
    expect("status of RPL above DPL", enter(&state), HANDOFF_BAD_STATE);
    expect("rule", block.rule, ENTRY_DATA_DPL);
    odd(&state);
    state.ds_arbytes = 0x092; /* not accessed */
    expect("status of not accessed", enter(&state), HANDOFF_BAD_STATE);
    expect("rule", block.rule, ENTRY_DATA_TYPE);
    odd(&state);
    state.cr0 &= ~1ull;
    expect("status of PE clear", enter(&state), HANDOFF_BAD_STATE);
    expect("rule", block.rule, ENTRY_CR0_PE);
    odd(&state);
    state.cr4 = 0x80000000;
    expect("status of CR4", enter(&state), HANDOFF_BAD_STATE);
    expect("rule", block.rule, ENTRY_CR4_RESERVED);
    odd(&state);
    state.dr6 = 0x100000000ull;
    expect("status of DR6", enter(&state), HANDOFF_BAD_STATE);
    expect("rule", block.rule, ENTRY_DEBUG);
    expect("status of another reason", ask(77), HANDOFF_BAD_REASON);
    /* Nobody answers what is not in memory. */
    depart(HVM_OP, GUEST_REQUEST, 0xf0000000, HANDOFF_MAGIC);
    depart(HVM_OP, GUEST_REQUEST, (uint32_t)&block + 1, HANDOFF_MAGIC);
    say("GUEST: refusals\n");
}

static void start_other_processor(void)
{
    const volatile struct hvm_info_table *info = (struct hvm_info_table *)HVM_INFO_PADDR;

    if (info->nr_vcpus < 2)
        return;
    copy(AP_PAGE << 12, ap_trampoline, ap_trampoline_end);
    *LAPIC_ICR_LOW = 0xc4500;           /* INIT, all but self */
    *LAPIC_ICR_LOW = 0xc4600 | AP_PAGE; /* start-up */
    while (ap_rounds == 0)
        yield();
    say("GUEST: other processor runs\n");
}

void main(void)
{
    uint32_t status = HANDOFF_PENDING;

    if (amd())
        request_instruction[2] = 0xd9; /* VMMCALL */
    say("GUEST: starts\n");
    for (unsigned n = 0; n < ATTEMPTS && status == HANDOFF_PENDING; n++) {
        status = register_way_back();
        if (status == HANDOFF_PENDING)
            yield();
    }
    if (status != HANDOFF_ACCEPTED) {
        say_number("GUEST: not registered, status ", status);
        say("\n");
        return;
    }
    say("GUEST: registered\n");
    copy(WORLD16, world16, world16_end);
    start_other_processor();
    try_odd(ROUNDS);
    try_paging();
    try_refusals();
    expect("other processor's faults", ap_faults, 0);
    ap_stop = 1;
    say(faults == 0 ? "GUEST: OK\n" : "GUEST: NOT OK\n");
}
