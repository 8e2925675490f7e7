/* The interpreted guest's model-specific registers: the processor's own, but for EFER.
 * Not here: the instructions and the segment bases (emulator/execute_system.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "msr.h"

#include "hardware.h"

#define EXTENDED_FIRST 0x80000000u
#define EXTENDED_FLAGS 0x80000001u
#define EXTENDED_LM    (1u << 29) /* in EDX */
#define EFER_LONG      ((uint64_t)(EFER_LME | EFER_LMA))

uint64_t efer_read(void)
{
    uint64_t value;

    return msr_read(MSR_EFER, &value) ? value : 0;
}

void efer_write(uint64_t value)
{
    msr_write(MSR_EFER, value);
}

static bool processor_has_long_mode(void)
{
    uint32_t registers[4] = {EXTENDED_FIRST, 0, 0, 0};

    cpuid(registers);
    if (registers[0] < EXTENDED_FLAGS)
        return false;
    registers[0] = EXTENDED_FLAGS;
    registers[2] = 0;
    cpuid(registers);
    return registers[3] & EXTENDED_LM;
}

bool guest_msr_read(void *context, uint32_t index, uint64_t *value)
{
    (void)context;
    return msr_read(index, value);
}

bool guest_msr_write(void *context, uint32_t index, uint64_t value)
{
    struct vcpu *vcpu = context;

    if (index != MSR_EFER)
        return msr_write(index, value);
    if ((value & EFER_LME) && !processor_has_long_mode())
        return false;
    value = (value & ~EFER_LONG) | (vcpu->native_efer & EFER_LONG);
    if (!msr_write(MSR_EFER, value))
        return false;
    vcpu->native_efer = value;
    return true;
}
