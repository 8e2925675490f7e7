/* A small machine around one interpreter for host-side tests: flat RAM, a recording MMIO window,
 * scripted ports and interrupts, helpers that build tables. Not here: any expectation. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_MACHINE_H
#define TESTS_UNIT_MACHINE_H

#include <stddef.h>

#include "processor.h"

#define MACHINE_RAM_SIZE   0x01000000u /* RAM from physical 0 */
#define MACHINE_PAGE_SIZE  4096u
#define MACHINE_PAGE_COUNT (MACHINE_RAM_SIZE / MACHINE_PAGE_SIZE)
/* Everything outside RAM is MMIO: reads take the scripted value, accesses are recorded. */
#define MACHINE_MMIO 0xe0000000u

#define MACHINE_LOG_SIZE 4096u

/* Where machine_protected puts its tables (linear and physical). */
#define MACHINE_GDT      0x00010000u
#define MACHINE_IDT      0x00011000u
#define MACHINE_LDT      0x00012000u
#define MACHINE_TSS      0x00013000u
#define MACHINE_CODE     0x00020000u
#define MACHINE_DATA     0x00030000u
#define MACHINE_STACK    0x00048000u /* top of the ring 3 stack, growing down */
#define MACHINE_STACK_0  0x00050000u /* top of the ring 0 stack that the TSS names */
#define MACHINE_HANDLERS 0x00060000u /* 256 handlers, one HLT each, 16 bytes apart */
#define MACHINE_TABLES   0x00100000u /* page directory and tables */

/* Selectors of machine_protected's GDT, RPL 0. The rest of the table (to index 63) is free. */
#define SELECTOR_CODE_0    0x08u
#define SELECTOR_DATA_0    0x10u
#define SELECTOR_CODE_3    0x18u /* use with RPL 3 */
#define SELECTOR_DATA_3    0x20u
#define SELECTOR_CODE_0_16 0x28u
#define SELECTOR_DATA_0_16 0x30u
#define SELECTOR_CODE_3_16 0x38u
#define SELECTOR_DATA_3_16 0x40u
#define SELECTOR_TSS       0x48u
#define SELECTOR_LDT       0x50u
#define SELECTOR_FREE      0x80u /* first one that machine_protected leaves empty */

enum access_kind {
    ACCESS_MMIO_READ,
    ACCESS_MMIO_WRITE,
    ACCESS_PORT_READ,
    ACCESS_PORT_WRITE,
    ACCESS_INTERRUPT_TAKEN,
    ACCESS_HALT,
};

struct access_record {
    enum access_kind kind;
    uint64_t address; /* physical address, or port, or vector */
    unsigned width;
    uint32_t value;
};

struct machine {
    struct processor processor;
    struct guest_state state; /* scratch of machine_load and machine_save */
    uint8_t *ram;             /* MACHINE_RAM_SIZE bytes, page aligned */
    bool all_mmio;            /* RAM, too, goes through mmio_read and mmio_write */
    bool ram_write_log;       /* with all_mmio: log writes to RAM as well */
    uint32_t mmio_value;      /* what reads of the MMIO window give, low bits first */
    uint32_t port_value;      /* what port reads give */

    struct access_record log[MACHINE_LOG_SIZE];
    unsigned log_count; /* counts on when the log is full */

    /* Pages that ram_page gave out or writes touched since machine_forget_pages. */
    uint32_t touched[MACHINE_PAGE_COUNT];
    unsigned touched_count;
    uint8_t touched_flag[MACHINE_PAGE_COUNT];

    /* Interrupts. `request` >= 0 is a line that is up with that vector; it is accepted at once
     * while open, at the retirement of instruction number `request_at` (0: at once). */
    int request;
    uint64_t request_at;
    bool open;
    int accepted;        /* vector accepted and not taken, or -1 */
    unsigned violations; /* taken without acceptance, halted wrongly, and the like */
    bool leave;          /* platform.leave's answer */
    unsigned leave_asked;
    unsigned native_calls;
    int native_vector; /* what run_native answers when no host unit is attached */
    int (*native)(void *context, const uint8_t *code, unsigned length, struct native_call *call);
    unsigned halts;
    bool halt_wakeable;
    uint64_t retired_traced; /* trace calls */

    /* MSRs that exist, for read_msr and write_msr. */
    struct {
        uint32_t index;
        uint64_t value;
    } msr[16];
    unsigned msr_count;
    unsigned address_bits; /* of CPUID leaf 80000008h; 0: no extended leaves */
};

/* A machine with zeroed RAM and the processor at reset; NULL never (aborts). Owned by the caller,
 * released by machine_destroy. */
struct machine *machine_create(void);
void machine_destroy(struct machine *m);
/* RAM zeroed where touched, log, script and processor as after machine_create. */
void machine_reset(struct machine *m);

/* From now to the next reset the processor has `bits` address lines; else 36, and no leaf says so.
 */
void machine_address_bits(struct machine *m, unsigned bits);

/* The processor's state into m->state, and back. machine_load's caller edits m->state between. */
struct guest_state *machine_save(struct machine *m);
void machine_load(struct machine *m);

/* At most `count` instructions. */
enum exit_reason machine_run(struct machine *m, uint64_t count);
/* Until the processor halts with interrupts off; false when it did not within `count`. */
bool machine_run_to_halt(struct machine *m, uint64_t count);

/* Guest physical memory; addresses must lie in RAM. */
void machine_write(struct machine *m, uint32_t physical, const void *bytes, size_t length);
void machine_write_8(struct machine *m, uint32_t physical, uint8_t value);
void machine_write_16(struct machine *m, uint32_t physical, uint16_t value);
void machine_write_32(struct machine *m, uint32_t physical, uint32_t value);
uint8_t machine_read_8(const struct machine *m, uint32_t physical);
uint16_t machine_read_16(const struct machine *m, uint32_t physical);
uint32_t machine_read_32(const struct machine *m, uint32_t physical);

/* Real mode at 1000:0000 (linear MACHINE_REAL_CODE), SS:SP = 2000:8000, DS = ES = 3000, FS = GS =
 * 4000, IVT entries v -> 5000:(v * 16), each a HLT. IF=0. */
#define MACHINE_REAL_CODE 0x00010000u
void machine_real_mode(struct machine *m);

/* Flat protected mode without paging: tables as listed above, IDT full of 32-bit interrupt gates of
 * DPL 3 to the handlers, running at MACHINE_CODE with `cpl` 0 or 3 and `bits` 16 or 32. IF=0. */
void machine_protected(struct machine *m, unsigned cpl, unsigned bits);

/* Identity-maps the first 16 MiB with 4 KiB pages (present, writable, user) and turns paging on in
 * the saved state. */
void machine_paging(struct machine *m);
/* Physical address of the page-table entry of a linear address below 16 MiB. */
uint32_t machine_page_entry(uint32_t linear);

/* Code at the current CS:EIP of m->state. */
void machine_code(struct machine *m, const void *bytes, size_t length);
#define MACHINE_CODE_BYTES(m, ...)                                                                 \
    do {                                                                                           \
        static const uint8_t machine_code_bytes[] = {__VA_ARGS__};                                 \
        machine_code(m, machine_code_bytes, sizeof(machine_code_bytes));                           \
    } while (0)

/* A segment or system descriptor; attributes in the VMCS layout, limit as a byte limit (its low 12
 * bits are lost when ATTRIBUTE_G is set). */
void machine_descriptor(struct machine *m, uint32_t table, uint16_t selector, uint32_t base,
                        uint32_t limit, uint32_t attributes);
uint64_t machine_descriptor_read(const struct machine *m, uint32_t table, uint16_t selector);
/* A gate: `attributes` are type, DPL and P. */
void machine_gate(struct machine *m, uint32_t table, unsigned index, uint16_t selector,
                  uint32_t offset, uint32_t attributes, unsigned parameters);

/* A segment of m->state, at one go. */
void machine_segment(struct machine *m, unsigned segment, uint16_t selector, uint32_t base,
                     uint32_t limit, uint32_t attributes);

/* The vector whose handler the processor halted in, or -1; both modes. */
int machine_vector(const struct machine *m);
/* A word of the current stack, `index` words of `width` bytes above SS:ESP. */
uint32_t machine_stack(const struct machine *m, unsigned index, unsigned width);

/* Empties the list of touched pages; RAM is left as it is. */
void machine_forget_pages(struct machine *m);

/* Raises the interrupt line. */
void machine_request(struct machine *m, uint8_t vector, uint64_t at_instruction);

/* The platform, for tests that build their own context around it; the context is the machine. */
extern const struct platform machine_platform;

/* Attributes used all over. */
#define ATTRIBUTES_CODE_0 0xc09bu /* present accessed readable code, DPL 0, D, G */
#define ATTRIBUTES_DATA_0 0xc093u
#define ATTRIBUTES_CODE_3 0xc0fbu
#define ATTRIBUTES_DATA_3 0xc0f3u
#define ATTRIBUTES_REAL   0x0093u
#define ATTRIBUTES_TSS    0x0089u
#define ATTRIBUTES_LDT    0x0082u
#define GATE_INTERRUPT_16 0x86u
#define GATE_TRAP_16      0x87u
#define GATE_INTERRUPT_32 0x8eu
#define GATE_TRAP_32      0x8fu
#define GATE_TASK         0x85u
#define GATE_CALL_16      0x84u
#define GATE_CALL_32      0x8cu
#define GATE_DPL_3        0x60u

#endif
