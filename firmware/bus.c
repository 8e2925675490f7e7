/* The blob's side of the interpreter's contract with the world: RAM, MMIO, ports, MSRs, interrupts.
 * Not here: the RAM map (memory_map.c), what ports tell (pic.c, a20.c), traps (traps.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "bus.h"

#include "a20.h"
#include "hardware.h"
#include "memory_map.h"
#include "msr.h"
#include "pic.h"
#include "policy.h"
#include "trace.h"
#include "traps.h"
#include "vcpu.h"
#include "xen.h"

#include <stddef.h>

#define ABOVE_4GIB(address) ((address) >> 32 != 0)

/* --- memory -------------------------------------------------------------------------------------
 */

static uint8_t *ram_page(void *context, uint64_t physical)
{
    (void)context;
    return memory_is_ram(physical) ? (uint8_t *)(uintptr_t)physical : NULL;
}

static uint8_t *ram_run(void *context, uint32_t physical, uint32_t *first, uint32_t *last)
{
    (void)context;
    memory_ram_run(physical, first, last);
    return (uint8_t *)(uintptr_t)*first;
}

/* Where nothing answers: beyond what 32-bit pages reach, and the blob, which is not there. */
static bool nothing_at(uint64_t physical)
{
    return ABOVE_4GIB(physical) || memory_is_own(physical);
}

/* MOV with the address in a register and nothing else: the one form that every Xen 3.x decodes. */
static uint32_t mmio_read(void *context, uint64_t physical, unsigned width)
{
    uint32_t value = 0;

    (void)context;
    if (nothing_at(physical))
        return 0xffffffffu >> (32 - 8 * width);
    if (width == 1)
        __asm__ volatile("movb (%1), %b0" : "+a"(value) : "d"((uint32_t)physical) : "memory");
    else if (width == 2)
        __asm__ volatile("movw (%1), %w0" : "+a"(value) : "d"((uint32_t)physical) : "memory");
    else
        __asm__ volatile("movl (%1), %0" : "+a"(value) : "d"((uint32_t)physical) : "memory");
    return value;
}

static void mmio_write(void *context, uint64_t physical, unsigned width, uint32_t value)
{
    (void)context;
    if (nothing_at(physical))
        return;
    if (width == 1)
        __asm__ volatile("movb %b0, (%1)" : : "a"(value), "d"((uint32_t)physical) : "memory");
    else if (width == 2)
        __asm__ volatile("movw %w0, (%1)" : : "a"(value), "d"((uint32_t)physical) : "memory");
    else
        __asm__ volatile("movl %0, (%1)" : : "a"(value), "d"((uint32_t)physical) : "memory");
}

/* --- ports --------------------------------------------------------------------------------------
 */

/* What a write tells, byte by byte, as the bus splits it for 8-bit devices. The platform gets the
 * access itself, whole. */
static void note_port_write(struct vcpu *vcpu, uint16_t port, unsigned width, uint32_t value)
{
    for (unsigned n = 0; n < width; n++, port++, value >>= 8) {
        const enum pic_change change = pic_written(port, (uint8_t)value);

        if (change == PIC_WITHDRAWN)
            vcpu_drop_interrupt(vcpu);
        else if (change == PIC_RAISED && !vcpu->interrupt_kept)
            vcpu_keep_interrupt(vcpu, pic_early_vector());
        if (a20_written(port, (uint8_t)value))
            processor_set_a20(&vcpu->processor, a20_enabled());
    }
}

static uint32_t port_read(void *context, uint16_t port, unsigned width)
{
    uint32_t value;

    (void)context;
    if (width == 1)
        return pic_read(port, port_in8(port));
    value = width == 2 ? port_in16(port) : port_in32(port);
    return (value & ~0xffu) | pic_read(port, (uint8_t)value);
}

static void port_write(void *context, uint16_t port, unsigned width, uint32_t value)
{
    if (width == 1)
        port_out8(port, (uint8_t)value);
    else if (width == 2)
        port_out16(port, (uint16_t)value);
    else
        port_out32(port, value);
    note_port_write(context, port, width, value);
}

static void port_read_string(void *context, uint16_t port, unsigned width, void *buffer,
                             uint32_t count)
{
    (void)context;
    if (width == 1)
        __asm__ volatile("rep insb" : "+D"(buffer), "+c"(count) : "d"(port) : "memory");
    else if (width == 2)
        __asm__ volatile("rep insw" : "+D"(buffer), "+c"(count) : "d"(port) : "memory");
    else
        __asm__ volatile("rep insl" : "+D"(buffer), "+c"(count) : "d"(port) : "memory");
}

static void port_write_string(void *context, uint16_t port, unsigned width, const void *buffer,
                              uint32_t count)
{
    const uint8_t *noted = buffer;
    uint32_t left = count;

    if (width == 1)
        __asm__ volatile("rep outsb" : "+S"(buffer), "+c"(left) : "d"(port) : "memory");
    else if (width == 2)
        __asm__ volatile("rep outsw" : "+S"(buffer), "+c"(left) : "d"(port) : "memory");
    else
        __asm__ volatile("rep outsl" : "+S"(buffer), "+c"(left) : "d"(port) : "memory");
    for (; count > 0; count--, noted += width) {
        uint32_t value = 0;

        __builtin_memcpy(&value, noted, width);
        note_port_write(context, port, width, value);
    }
}

/* --- processor features -------------------------------------------------------------------------
 */

static void identify(void *context, uint32_t registers[4])
{
    (void)context;
    cpuid(registers);
}

static uint64_t read_tsc(void *context)
{
    (void)context;
    return tsc_read();
}

static bool read_pmc(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    return counter_read(index, value);
}

/* As Xen answers, which would see the blob's mode and not the guest's: nothing outside CPL 0 of
 * protected mode, and where pointers mean nothing to it. The guest's pointers are linear addresses,
 * so they are right while it has paging off. */
static bool call_hypervisor(void *context, struct processor *p, bool vmmcall)
{
    (void)context;
    if (xen.base == 0 || vmmcall != xen_has_vmmcall())
        return false;
    if (!(p->cr0 & CR0_PE) || (p->eflags_rest & EFLAGS_VM) || p->cpl != 0)
        p->gpr[EAX] = -(uint32_t)XEN_EPERM;
    else if (p->cr0 & CR0_PG)
        p->gpr[EAX] = -(uint32_t)XEN_ENOSYS;
    else
        xen_hypercall_registers(p->gpr);
    return true;
}

static void flush_caches(void *context)
{
    (void)context;
    __asm__ volatile("wbinvd" : : : "memory");
}

static int run_native(void *context, const uint8_t *code, unsigned length, struct native_call *call)
{
    return traps_run_native(context, code, length, call);
}

/* --- interrupts ---------------------------------------------------------------------------------
 */

static void open_interrupts(void *context)
{
    (void)context;
    /* The NOP is STI's shadow: what is pending has been kept when this returns. */
    __asm__ volatile("sti; nop" : : : "memory");
}

static bool close_interrupts(void *context)
{
    const struct vcpu *vcpu = context;

    __asm__ volatile("cli" : : : "memory");
    return vcpu->interrupt_kept;
}

static uint8_t take_interrupt(void *context)
{
    struct vcpu *vcpu = context;

    vcpu->interrupt_kept = false;
    if (pic_requests_again()) {
        /* It comes at once, or something of a higher priority does. */
        open_interrupts(context);
        close_interrupts(context);
        vcpu_drop_interrupt(vcpu);
    } else {
        pic_taken();
    }
    return vcpu->vector;
}

/* Returns with IF as it was, or 0 when an interrupt has been kept. */
static void halt(void *context, bool wakeable)
{
    struct vcpu *vcpu = context;

    if (!wakeable) {
        __asm__ volatile("cli; hlt" : : : "memory");
        return;
    }
    for (;;) {
        __asm__ volatile("cli" : : : "memory");
        if (vcpu->interrupt_kept)
            return;
        if (vcpu->processor.events & EVENT_NMI)
            break;
        /* Nothing can come between the two. */
        __asm__ volatile("sti; hlt" : : : "memory");
    }
    if (vcpu->processor.interrupts_open)
        open_interrupts(context);
}

/* --- leaving ------------------------------------------------------------------------------------
 */

static bool leave(void *context, struct processor *processor)
{
    struct vcpu *vcpu = context;

    (void)processor;
    if (vcpu->interrupt_kept && pic_requests_again())
        vcpu_drop_interrupt(vcpu);
    return policy_leave(vcpu);
}

const struct platform platform = {
    .ram_page = ram_page,
    .ram_run = ram_run,
    .mmio_read = mmio_read,
    .mmio_write = mmio_write,
    .port_read = port_read,
    .port_write = port_write,
    .port_read_string = port_read_string,
    .port_write_string = port_write_string,
    .cpuid = identify,
    .read_msr = guest_msr_read,
    .write_msr = guest_msr_write,
    .read_tsc = read_tsc,
    .read_pmc = read_pmc,
    .hypercall = call_hypervisor,
    .flush_caches = flush_caches,
    .open_interrupts = open_interrupts,
    .close_interrupts = close_interrupts,
    .take_interrupt = take_interrupt,
    .halt = halt,
    .run_native = run_native,
    .leave = leave,
#ifdef EMULATOR_TRACE
    .trace = trace_instruction,
#endif
};
