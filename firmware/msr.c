/* The interpreted guest's model-specific registers: the processor's own, but for EFER and the
 * segment bases. Not here: the instructions (emulator/execute_system.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "msr.h"

#include "hardware.h"

#define MSR_FS_BASE    0xc0000100u
#define MSR_GS_BASE    0xc0000101u
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

/* The hidden bases of FS and GS are the guest's while it is interpreted, not the processor's. */
static const struct segment *segment_of(const struct vcpu *vcpu, uint32_t index)
{
    return &vcpu->processor.segment[index == MSR_FS_BASE ? FS : GS];
}

bool guest_msr_read(void *context, uint32_t index, uint64_t *value)
{
    if (!msr_read(index, value))
        return false;
    if (index == MSR_FS_BASE || index == MSR_GS_BASE)
        *value = segment_of(context, index)->base;
    return true;
}

bool guest_msr_write(void *context, uint32_t index, uint64_t value)
{
    struct vcpu *vcpu = context;

    /* Only segment loads write a descriptor cache here; legacy code has no use for these. */
    if (index == MSR_FS_BASE || index == MSR_GS_BASE)
        return false;
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
