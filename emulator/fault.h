/* Raising exceptions and the events of the instruction boundary: how a handler stops halfway.
 * Not here: delivery through IVT, IDT or task (delivery.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_FAULT_H
#define EMULATOR_FAULT_H

#include "processor.h"

/* Exception vectors, SDM vol. 3, table 6-1. */
enum exception {
    EXCEPTION_DE = 0,
    EXCEPTION_DB = 1,
    EXCEPTION_NMI = 2,
    EXCEPTION_BP = 3,
    EXCEPTION_OF = 4,
    EXCEPTION_BR = 5,
    EXCEPTION_UD = 6,
    EXCEPTION_NM = 7,
    EXCEPTION_DF = 8,
    EXCEPTION_TS = 10,
    EXCEPTION_NP = 11,
    EXCEPTION_SS = 12,
    EXCEPTION_GP = 13,
    EXCEPTION_PF = 14,
    EXCEPTION_MF = 16,
    EXCEPTION_AC = 17,
    EXCEPTION_MC = 18,
    EXCEPTION_XM = 19,
};

/* Abandons the instruction: nothing that it did may be visible but what the SDM says. Registers are
 * not rolled back, so a handler commits registers only after its last access that can fault. EIP
 * is. */
_Noreturn void raise_fault(struct processor *p, enum exception vector);
/* The same with an error code (pushed in protected and virtual-8086 mode only; delivery knows). */
_Noreturn void raise_fault_code(struct processor *p, enum exception vector, uint16_t error);

static inline _Noreturn void raise_gp(struct processor *p)
{
    raise_fault_code(p, EXCEPTION_GP, 0);
}

static inline _Noreturn void raise_ud(struct processor *p)
{
    raise_fault(p, EXCEPTION_UD);
}

/* To be called by an instruction before it commits EFLAGS.IF=0, a shadow, or anything else after
 * which the processor would not take an external interrupt. When one has already been accepted, the
 * instruction is abandoned and starts again after the interrupt. */
void close_interrupts(struct processor *p);

/* A shadow on the next boundary (SHADOW_STI, SHADOW_MOV_SS); close_interrupts comes first. */
void begin_shadow(struct processor *p, uint8_t shadow);

static inline void event_set(struct processor *p, uint32_t events)
{
    __atomic_fetch_or(&p->events, events, __ATOMIC_RELAXED);
}

static inline void event_clear(struct processor *p, uint32_t events)
{
    __atomic_fetch_and(&p->events, ~events, __ATOMIC_RELAXED);
}

/* Writes the bits of `mask` in EFLAGS (status flags included) and raises the events that follow:
 * opening interrupts, single step, mode. Clearing IF calls close_interrupts first, so no register
 * may have been committed yet. */
void eflags_write(struct processor *p, uint32_t value, uint32_t mask);

static inline bool protected_mode(const struct processor *p)
{
    return p->cr0 & CR0_PE;
}

static inline bool virtual_8086_mode(const struct processor *p)
{
    return p->eflags_rest & EFLAGS_VM;
}

/* Real-address or virtual-8086 mode: segments load without descriptors. */
static inline bool real_style(const struct processor *p)
{
    return !protected_mode(p) || virtual_8086_mode(p);
}

static inline unsigned iopl(const struct processor *p)
{
    return (p->eflags_rest & EFLAGS_IOPL) >> 12;
}

#endif
