/* The interpreted guest's model-specific registers: the processor's own, but for EFER.
 * Not here: the instructions (emulator/execute_system.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_MSR_H
#define FIRMWARE_MSR_H

#include "vcpu.h"

#define MSR_EFER 0xc0000080u

/* The processor's EFER; 0 when it has none. */
uint64_t efer_read(void);
/* A value that it takes, or nothing happens. */
void efer_write(uint64_t value);

/* The platform's two doors; `context` is a struct vcpu. False: no such MSR, or not with this value.
 * Of EFER, the guest's LME and LMA are kept by the interpreter alone: the processor would act on
 * them when the blob itself turns paging on. vcpu->native_efer is what the processor has. */
bool guest_msr_read(void *context, uint32_t index, uint64_t *value);
bool guest_msr_write(void *context, uint32_t index, uint64_t value);

#endif
