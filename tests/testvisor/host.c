/* The host's tables, its exceptions and its interrupts.
 * Not here: VM exits, which are no exceptions (exits.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "host.h"

#include "hardware.h"
#include "layout.h"
#include "log.h"
#include "report.h"

#define GDT_ENTRIES        4
#define IDT_ENTRIES        256
#define EXCEPTIONS         32
#define STUB_SIZE          16
#define TSS_SIZE           104
#define PDE_4MIB_1TO1      0xe7u /* present, writable, user, accessed, dirty, 4 MiB */
#define INTERRUPT_GATE     0x8e00u
#define GENERAL_PROTECTION 13

/* What start.S pushes. */
struct host_frame {
    uint32_t gpr[8];
    uint32_t vector;
    uint32_t error;
    uint32_t eip;
    uint32_t cs;
    uint32_t eflags;
};

struct table_register {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

extern uint8_t host_exception_stubs[];
extern uint8_t host_interrupt_stubs[];
extern uint8_t msr_read_instruction[];
extern uint8_t msr_write_instruction[];
extern uint8_t msr_fault[];
extern volatile uint32_t host_taken_vector;

static uint32_t page_directory[1024] __attribute__((aligned(4096)));
static uint64_t gdt[GDT_ENTRIES] __attribute__((aligned(16)));
static uint64_t idt[IDT_ENTRIES] __attribute__((aligned(16)));
static uint8_t tss[TSS_SIZE] __attribute__((aligned(128)));
static struct host_tables tables;

static uint64_t gate(const uint8_t *stubs, unsigned index)
{
    const uint32_t offset = (uint32_t)(stubs + STUB_SIZE * index);

    return (uint64_t)((offset & 0xffff0000u) | INTERRUPT_GATE) << 32 |
           (uint32_t)HOST_CODE_SELECTOR << 16 | (offset & 0xffffu);
}

void host_init(void)
{
    struct table_register gdtr = {sizeof gdt - 1, (uint32_t)gdt};
    struct table_register idtr = {sizeof idt - 1, (uint32_t)idt};

    tables =
        (struct host_tables){(uint32_t)gdt, (uint32_t)idt, (uint32_t)tss, (uint32_t)page_directory};
    for (uint32_t i = 0; i < 1024; i++)
        page_directory[i] = i << 22 | PDE_4MIB_1TO1;
    gdt[HOST_CODE_SELECTOR / 8] = 0x00cf9b000000ffffull;
    gdt[HOST_DATA_SELECTOR / 8] = 0x00cf93000000ffffull;
    gdt[HOST_TASK_SELECTOR / 8] = 0x0000890000000000ull | (TSS_SIZE - 1) |
                                  (uint64_t)(tables.tss & 0xffffffu) << 16 |
                                  (uint64_t)(tables.tss >> 24) << 56;
    for (unsigned i = 0; i < EXCEPTIONS; i++)
        idt[i] = gate(host_exception_stubs, i);
    for (unsigned i = EXCEPTIONS; i < IDT_ENTRIES; i++)
        idt[i] = gate(host_interrupt_stubs, i - EXCEPTIONS);
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "ltr %w2\n\t"
                     "ljmp %3, $1f\n"
                     "1:" ::"m"(gdtr),
                     "m"(idtr), "r"(HOST_TASK_SELECTOR), "i"(HOST_CODE_SELECTOR)
                     : "memory");
    cr3_write(tables.page_directory);
    cr4_write(cr4_read() | CR4_PSE | CR4_VMXE);
    cr0_write(CR0_PE | CR0_ET | CR0_NE | CR0_PG);
}

const struct host_tables *host_tables(void)
{
    return &tables;
}

int host_take_interrupt(void)
{
    host_taken_vector = 0;
    __asm__ volatile("sti; nop; nop; cli" ::: "memory");
    return host_taken_vector == 0 ? -1 : (int)host_taken_vector;
}

/* Called by start.S for every exception of the host. Only #GP of a guest's MSR access is expected.
 */
void host_exception(struct host_frame *frame);

void host_exception(struct host_frame *frame)
{
    if (frame->vector == GENERAL_PROTECTION && (frame->eip == (uint32_t)msr_read_instruction ||
                                                frame->eip == (uint32_t)msr_write_instruction)) {
        frame->eip = (uint32_t)msr_fault;
        return;
    }
    log_text("testvisor: host exception %u, error code %04x, EIP %08x, CS %04x, CR2 %08x\n",
             frame->vector, frame->error, frame->eip, frame->cs, cr2_read());
    report_end(TESTVISOR_END_HOST_FAULT, "an exception in the testvisor itself");
}
