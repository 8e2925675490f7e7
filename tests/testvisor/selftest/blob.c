/* The self-test blob's own ground: console, checks, tables, and the way into the guest world by
 * either transport. Not here: the tests. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "blob.h"

#include <string.h>

#include <hvmassist/statistics.h>

#include "../hardware.h"

#define CONSOLE_MARK 0x48564d00u
#define CONSOLE_PORT 0xe9
#define NW_MARK      0x20000000u /* no guest can have NW without CD */
#define CMOS_BLOCKS  0x34        /* 64 KiB units above 16 MiB */

struct table_register {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

struct world_switch_context new_context;
struct world_switch_context old_context;
struct handoff_block handoff_block __attribute__((aligned(2048)));
struct handoff_block register_block __attribute__((aligned(2048)));
struct hvmassist_statistics blob_statistics = {
    .magic = HVMASSIST_STATISTICS_MAGIC,
    .version = 1,
    .interpreted_instructions = 12345678901234ull,
    .faults = 5,
};
uint64_t blob_gdt[16] __attribute__((aligned(16)));
uint32_t main_tss[26];
volatile uint32_t exception_vector;
volatile uint32_t exception_error;
volatile uint32_t exception_address;
volatile uint32_t interrupt_count[256];
volatile uint32_t task_runs;
volatile uint32_t task_eflags;
volatile uint32_t task_tr;
volatile uint32_t task_error;

extern volatile uint32_t probe_esp;

static uint64_t idt[256] __attribute__((aligned(16)));
static unsigned check_count;

static void put(char c)
{
    __asm__ volatile("outb %%al, %1" ::"a"(CONSOLE_MARK | (uint8_t)c), "N"(CONSOLE_PORT));
}

void say(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

static void say_hex(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 0xfu]);
}

void say_number(const char *text, uint32_t number)
{
    char digits[10];
    unsigned count = 0;

    say(text);
    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0)
        put(digits[--count]);
    put('\n');
}

void check(const char *name, uint32_t got, uint32_t want)
{
    check_count++;
    say(got == want ? "ok " : "not ok ");
    say(name);
    if (got != want) {
        say(": got ");
        say_hex(got);
        say(", want ");
        say_hex(want);
    }
    put('\n');
}

void check_true(const char *name, bool condition)
{
    check(name, condition, true);
}

unsigned checks_done(void)
{
    return check_count;
}

void shut_down(void)
{
    for (const char *c = "Shutdown"; *c != '\0'; c++)
        port_out8(0x8900, (uint8_t)*c);
    for (;;)
        __asm__ volatile("cli; hlt");
}

uint32_t visible_memory(void)
{
    uint32_t blocks;

    port_out8(0x70, CMOS_BLOCKS);
    blocks = port_in8(0x71);
    port_out8(0x70, CMOS_BLOCKS + 1);
    blocks |= (uint32_t)port_in8(0x71) << 8;
    return 0x1000000u + blocks * 0x10000u;
}

const volatile struct testvisor_statistics *counters(void)
{
    return (const void *)(visible_memory() + TESTVISOR_STATISTICS_OFFSET);
}

uint64_t gate_of(unsigned vector)
{
    return idt[vector];
}

void set_gate(unsigned vector, uint64_t gate)
{
    idt[vector] = gate;
}

void tables_init(void)
{
    const struct table_register gdtr = {sizeof blob_gdt - 1, (uint32_t)blob_gdt};
    const struct table_register idtr = {sizeof idt - 1, (uint32_t)idt};
    const uint32_t tss = (uint32_t)main_tss;

    blob_gdt[SELECTOR_CODE / 8] = 0x00cf9b000000ffffull;
    blob_gdt[SELECTOR_DATA / 8] = 0x00cf93000000ffffull;
    blob_gdt[SELECTOR_TASK / 8] =
        0x0000890000000067ull | (uint64_t)(tss & 0xffffffu) << 16 | (uint64_t)(tss >> 24) << 56;
    for (unsigned i = 0; i < 256; i++) {
        const uint32_t offset = (uint32_t)(idt_stubs + 16 * i);

        idt[i] = (uint64_t)((offset & 0xffff0000u) | 0x8e00u) << 32 | SELECTOR_CODE << 16 |
                 (offset & 0xffffu);
    }
    load_tables(&gdtr, &idtr);
}

struct world_switch_context flat_context(const void *eip)
{
    const struct world_switch_segment data = {SELECTOR_DATA, 0xffffffffu, 0, 0xc093};

    return (struct world_switch_context){
        .eip = (uint32_t)eip,
        .esp = (uint32_t)guest_stack_top,
        .eflags = RFLAGS_FIXED,
        .cr0 = CR0_PE | CR0_ET,
        .idtr_limit = sizeof idt - 1,
        .idtr_base = (uint32_t)idt,
        .gdtr_limit = sizeof blob_gdt - 1,
        .gdtr_base = (uint32_t)blob_gdt,
        .cs = {SELECTOR_CODE, 0xffffffffu, 0, 0xc09b},
        .ds = data,
        .es = data,
        .ss = data,
        .fs = data,
        .gs = data,
        .tr = {SELECTOR_TASK, 0x67, (uint32_t)main_tss, 0x8b},
        .ldtr = {0, 0, 0, 0x10000},
    };
}

static bool by_hypercall(void)
{
    return counters()->abi == TESTVISOR_ABI_HYPERCALL;
}

static uint32_t compact(uint32_t attributes)
{
    return (attributes & 0x10000u) != 0 ? 0 : (attributes & 0xffu) | (attributes >> 4 & 0xf00u);
}

static uint32_t expanded(uint32_t attributes)
{
    return (attributes & 0x80u) == 0 ? 0x10000u : (attributes & 0xffu) | (attributes & 0xf00u) << 4;
}

#define FOR_EACH_SEGMENT(DO) DO(cs) DO(ds) DO(es) DO(ss) DO(fs) DO(gs) DO(tr) DO(ldtr)

void state_from_context(struct hvm_hw_cpu *cpu, const struct world_switch_context *context)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->rip = context->eip;
    cpu->rsp = context->esp;
    cpu->rflags = context->eflags;
    cpu->cr0 = context->cr0;
    cpu->cr3 = context->cr3;
    cpu->cr4 = context->cr4;
    cpu->dr6 = 0xffff0ff0u;
    cpu->dr7 = 0x400;
    cpu->idtr_limit = context->idtr_limit;
    cpu->idtr_base = context->idtr_base;
    cpu->gdtr_limit = context->gdtr_limit;
    cpu->gdtr_base = context->gdtr_base;
#define TO_CPU(name)                                                                               \
    cpu->name##_sel = context->name.selector;                                                      \
    cpu->name##_limit = context->name.limit;                                                       \
    cpu->name##_base = context->name.base;                                                         \
    cpu->name##_arbytes = compact(context->name.attributes);
    FOR_EACH_SEGMENT(TO_CPU)
#undef TO_CPU
}

static void context_from_block(struct world_switch_context *context,
                               const struct handoff_block *block)
{
    const struct hvm_hw_cpu *cpu = &block->state;

    context->eip = (uint32_t)cpu->rip;
    context->esp = (uint32_t)cpu->rsp;
    context->eflags = (uint32_t)cpu->rflags;
    context->cr0 = block->cr0_written;
    context->cr3 = (uint32_t)cpu->cr3;
    context->cr4 = (uint32_t)cpu->cr4;
    context->idtr_limit = cpu->idtr_limit;
    context->idtr_base = (uint32_t)cpu->idtr_base;
    context->gdtr_limit = cpu->gdtr_limit;
    context->gdtr_base = (uint32_t)cpu->gdtr_base;
#define TO_CONTEXT(name)                                                                           \
    context->name.selector = cpu->name##_sel;                                                      \
    context->name.limit = cpu->name##_limit;                                                       \
    context->name.base = (uint32_t)cpu->name##_base;                                               \
    context->name.attributes = expanded(cpu->name##_arbytes);
    FOR_EACH_SEGMENT(TO_CONTEXT)
#undef TO_CONTEXT
}

static void prepare_block(struct handoff_block *block, enum handoff_reason reason)
{
    block->magic = HANDOFF_MAGIC;
    block->version = HANDOFF_VERSION;
    block->vcpu = 0;
    block->reason = reason;
    block->status = HANDOFF_PENDING;
    block->rule = 0;
}

void enter_blob_world(void)
{
    const struct world_switch_context entered = flat_context(blob_returned);

    new_context = entered;
    new_context.esp = (uint32_t)blob_stack_top;
    new_context.cr0 = CR0_PE | CR0_ET | NW_MARK;
    if (!by_hypercall()) {
        invoke_self();
        return;
    }
    prepare_block(&register_block, HANDOFF_REGISTER);
    state_from_context(&register_block.state, &entered);
    register_block.state.rsp = (uint32_t)blob_stack_top;
    run_by_hypercall(&register_block);
    check("REGISTER accepted", register_block.status, HANDOFF_ACCEPTED);
}

bool run_guest(struct world_switch_context *context)
{
    if (!by_hypercall()) {
        old_context = *context;
        restore_cr0 = context->cr0 | CR0_PE;
        run_by_world_switch();
        *context = old_context;
        return true;
    }
    prepare_block(&handoff_block, HANDOFF_ENTER);
    state_from_context(&handoff_block.state, context);
    if (!run_by_hypercall(&handoff_block))
        return false;
    context_from_block(context, &register_block);
    return register_block.reason == HANDOFF_RETURNED;
}

void in_guest(void (*function)(void))
{
    struct world_switch_context context = flat_context(guest_call);

    guest_function = function;
    run_guest(&context);
}

/* Called by blob.S; `frame` is PUSHAL, vector, error code, EIP. */
void blob_exception(const uint32_t *frame);

void blob_exception(const uint32_t *frame)
{
    exception_vector = frame[8];
    exception_error = frame[9];
    exception_address = cr2_read();
    if (probe_esp != 0)
        return;
    say_number("not ok: unexpected exception ", exception_vector);
    say("at EIP ");
    say_hex(frame[10]);
    say(" error code ");
    say_hex(frame[9]);
    say("\n");
    shut_down();
}

/* Called by blob.S for vectors from 32. */
void blob_interrupt(uint32_t vector);

void blob_interrupt(uint32_t vector)
{
    interrupt_count[vector]++;
    port_out8(0x20, 0x20);
}

/* Called by blob.S once the start registers are noted. */
__attribute__((noreturn)) void blob_main(void);

void blob_main(void)
{
    const uint32_t scenario = *(volatile uint32_t *)SCENARIO_ADDRESS;

    tables_init();
    if (scenario != 0)
        run_scenario(scenario);
    if (counters()->resets != 0)
        check("RAM is zero after a reset", *(volatile uint32_t *)RESET_MARK_ADDRESS, 0);
    test_start_state();
    enter_blob_world();
    test_services();
    test_world_switch();
    test_control_registers();
    test_handoff();
    test_interrupts();
    test_ports();
    test_task_switch();
    test_speed();
    say_number("checks ", checks_done());
    say("self-test done\n");
    shut_down();
}
