/* The one contract between the interpreter and the world: memory pages, MMIO, ports, MSRs,
 * interrupts, native execution. Not here: any implementation (the blob's is firmware/bus.c, tests
 * have their own). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_PLATFORM_H
#define EMULATOR_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

struct processor;

/* Operands of code run on the host's own unit (x87, MMX, SSE). The code finds `operand` in EAX/RAX,
 * `value` in ECX and the status flags in EFLAGS (FCMOVcc reads them); it may change ECX, the status
 * flags, and the FPU. After an exception *this is not changed. */
struct native_call {
    void *operand;   /* memory operand, 16-byte aligned, as long as the code needs; or NULL */
    uint32_t value;  /* in and out */
    uint32_t eflags; /* in and out: status flags */
};

/* Every function gets the `context` given to processor_initialise. `width` is 1, 2 or 4 bytes. */
struct platform {
    /* Host address of the 4 KiB of guest RAM at `physical` (4 KiB aligned), or NULL when there is
     * no plain RAM there; then mmio_read/mmio_write are used. The address stays valid until
     * processor_flush_translations is called. */
    uint8_t *(*ram_page)(void *context, uint64_t physical);
    /* The run of plain RAM that `physical`, in RAM, lies in: *first to *last, to be reached
     * linearly at the returned host address of *first. It may be cut short. May be NULL: then pages
     * are asked for one by one. Used without paging, below 4 GiB. */
    uint8_t *(*ram_run)(void *context, uint32_t physical, uint32_t *first, uint32_t *last);
    /* Access that stays within one naturally aligned 4-byte word or is split by the caller into
     * such. */
    uint32_t (*mmio_read)(void *context, uint64_t physical, unsigned width);
    void (*mmio_write)(void *context, uint64_t physical, unsigned width, uint32_t value);

    uint32_t (*port_read)(void *context, uint16_t port, unsigned width);
    void (*port_write)(void *context, uint16_t port, unsigned width, uint32_t value);
    /* `count` elements between a port and `buffer` (host memory, ascending). */
    void (*port_read_string)(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count);
    void (*port_write_string)(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count);

    /* In: leaf and subleaf in registers[0] and [2]. Out: EAX, EBX, ECX, EDX. */
    void (*cpuid)(void *context, uint32_t registers[4]);
    /* False: the platform has no such MSR or refuses the value; the guest gets #GP(0). */
    bool (*read_msr)(void *context, uint32_t index, uint64_t *value);
    bool (*write_msr)(void *context, uint32_t index, uint64_t value);
    uint64_t (*read_tsc)(void *context);
    bool (*read_pmc)(void *context, uint32_t index, uint64_t *value);
    /* VMCALL, or VMMCALL when `vmmcall`: does what the hypervisor below does for this state, and
     * changes the GPRs as it does. False: #UD, as without a hypervisor; NULL says so always. */
    bool (*hypercall)(void *context, struct processor *processor, bool vmmcall);
    /* WBINVD/INVD. */
    void (*flush_caches)(void *context);

    /* External interrupts. The interpreter opens them while EFLAGS.IF=1 and no shadow is pending,
     * and closes them *before* an instruction that ends this commits. While open, the platform may
     * accept one at any moment: it keeps the vector, accepts no further one, and calls
     * processor_interrupt_accepted; one that is pending already it accepts before open returns.
     * close returns true when one has been accepted and not taken. */
    void (*open_interrupts)(void *context);
    bool (*close_interrupts)(void *context);
    /* The vector accepted (0..255), which is then the interpreter's to deliver. */
    uint8_t (*take_interrupt)(void *context);
    /* HLT retired. `wakeable`: EFLAGS.IF is 1; returns once an interrupt has been accepted (or an
     * NMI has been signalled). Not wakeable: the platform ends the guest, as Xen does; if it
     * returns, the interpreter leaves with PROCESSOR_HALTED. */
    void (*halt)(void *context, bool wakeable);

    /* Runs `length` <= 15 bytes of code on the host's unit. Returns -1, or the vector of the
     * exception that it raised (then the unit is as the exception found it). The FPU belongs to the
     * guest; for exceptions to be seen, the host has CR0.NE, CR4.OSFXSR and CR4.OSXMMEXCPT set and
     * CR0.EM and CR0.TS clear while the code runs. */
    int (*run_native)(void *context, const uint8_t *code, unsigned length,
                      struct native_call *call);

    /* The state is enterable with CR0.PE=1: true to leave the interpreter now (the transport's
     * policy). */
    bool (*leave)(void *context, struct processor *processor);
    /* Called before each instruction in builds with EMULATOR_TRACE; else never. */
    void (*trace)(void *context, struct processor *processor, const uint8_t *bytes,
                  unsigned length);
};

#endif
