/* RDMSR and WRMSR: MSRs that live in the VMCS, EFER, the hypercall page, and the rest passed
 * through. Not here: what the hypercall page's hypercalls do (hypercall.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>

#include "exits.h"
#include "hardware.h"
#include "host.h"
#include "hypercall.h"
#include "machine.h"
#include "vmcs.h"

#define EFER_OF_GUESTS (EFER_SCE | EFER_LME | EFER_NXE)

/* MSRs that VM entry loads from the VMCS and VM exit overwrites. */
struct vmcs_msr {
    uint32_t index;
    uint32_t field;
};

static const struct vmcs_msr vmcs_msrs[] = {
    {MSR_SYSENTER_CS, VMCS_GUEST_SYSENTER_CS},
    {MSR_SYSENTER_ESP, VMCS_GUEST_SYSENTER_ESP},
    {MSR_SYSENTER_EIP, VMCS_GUEST_SYSENTER_EIP},
    {MSR_DEBUGCTL, VMCS_GUEST_DEBUGCTL},
    {MSR_FS_BASE, VMCS_GUEST_ES_BASE + 2 * SEGMENT_FS},
    {MSR_GS_BASE, VMCS_GUEST_ES_BASE + 2 * SEGMENT_GS},
};

static const struct vmcs_msr *in_vmcs(uint32_t index)
{
    for (size_t i = 0; i < sizeof vmcs_msrs / sizeof vmcs_msrs[0]; i++)
        if (vmcs_msrs[i].index == index)
            return &vmcs_msrs[i];
    return NULL;
}

/* CPUID hides VMX, so its MSRs are none. */
static bool is_hidden(uint32_t index)
{
    return index == MSR_FEATURE_CTRL || (index >= MSR_VMX_BASIC && index <= MSR_VMX_LAST);
}

/* LME and LMA exist for the guest alone: the host is 32-bit and paging is always on. Source of the
 * #GP conditions: SDM vol. 3, 4.1.2. */
static bool write_efer(uint64_t value)
{
    const bool changes_lme = ((value ^ vcpu.efer) & EFER_LME) != 0;

    if ((value & ~(uint64_t)EFER_OF_GUESTS) != 0 || (changes_lme && vcpu_is_paged()))
        return false;
    if (!msr_write_checked(MSR_EFER, value & (EFER_SCE | EFER_NXE)))
        return false;
    vcpu.efer = (uint32_t)value;
    return true;
}

static bool read(uint32_t index, uint64_t *value)
{
    const struct vmcs_msr *field = in_vmcs(index);

    if (is_hidden(index))
        return false;
    if (field != NULL)
        *value = vmcs_read(field->field);
    else if (index == MSR_EFER)
        *value = vcpu.efer;
    else
        return msr_read_checked(index, value);
    return true;
}

static bool write(uint32_t index, uint64_t value)
{
    const struct vmcs_msr *field = in_vmcs(index);

    if (is_hidden(index))
        return false;
    if (index == HYPERCALL_MSR && (configuration.flags & ROM_HIDES_XEN) == 0)
        return hypercall_fill_page(value);
    if (index == MSR_EFER)
        return write_efer(value);
    if (field == NULL)
        return msr_write_checked(index, value);
    vmcs_write(field->field, (uint32_t)value);
    return true;
}

void exit_rdmsr(void)
{
    uint64_t value;

    if (!read(vcpu.registers->ecx, &value)) {
        vcpu_inject(EXCEPTION_GP, 0);
        return;
    }
    vcpu.registers->eax = (uint32_t)value;
    vcpu.registers->edx = (uint32_t)(value >> 32);
    vcpu_skip_instruction();
}

void exit_wrmsr(void)
{
    const uint64_t value = (uint64_t)vcpu.registers->edx << 32 | vcpu.registers->eax;

    if (write(vcpu.registers->ecx, value))
        vcpu_skip_instruction();
    else
        vcpu_inject(EXCEPTION_GP, 0);
}
