/* The virtual processor's control registers in the VMCS, its GPRs, and exceptions for it.
 * Not here: external interrupts (interrupts.c), nor what a CR write means (control_registers.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "vcpu.h"

#include "abi.h"
#include "hardware.h"
#include "host.h"
#include "vmcs.h"

#define VECTORS_WITH_ERROR 0x00027d00u /* 8, 10 to 14, 17 */
#define GPR_ESP            4u
#define DR6_BS             0x4000u

struct vcpu vcpu;

bool vcpu_is_paged(void)
{
    return (vcpu.cr0 & CR0_PG) != 0 && (abi->pages_by_pg_alone || (vcpu.cr0 & CR0_PE) != 0);
}

/* Xen forces CR0.WP as well, for its shadow page tables; here the guest runs on its own ones, and
 * WP is the guest's. Without paging the guest runs on the 1:1 directory of the host. */
void vcpu_apply_control_registers(void)
{
    const bool paged = vcpu_is_paged();
    const uint32_t table = vcpu.mounted_cr3 != NOTHING_MOUNTED ? vcpu.mounted_cr3 : vcpu.cr3;

    vmcs_write(VMCS_GUEST_CR0, vcpu.effective_cr0 | CR0_PE | CR0_NE | CR0_PG);
    vmcs_write(VMCS_CR0_SHADOW, vcpu.cr0);
    vmcs_write(VMCS_GUEST_CR3, paged ? table : host_tables()->page_directory);
    vmcs_write(VMCS_GUEST_CR4, (paged ? vcpu.cr4 : (vcpu.cr4 & ~CR4_PAE) | CR4_PSE) | CR4_VMXE);
    vmcs_write(VMCS_CR4_SHADOW, vcpu.cr4);
}

/* PUSHAL stores EAX last, that is at the highest index. */
static uint32_t *gpr(unsigned number)
{
    return (uint32_t *)vcpu.registers + (7 - number);
}

uint32_t vcpu_gpr(unsigned number)
{
    return number == GPR_ESP ? vmcs_read(VMCS_GUEST_RSP) : *gpr(number);
}

void vcpu_set_gpr(unsigned number, uint32_t value)
{
    if (number == GPR_ESP)
        vmcs_write(VMCS_GUEST_RSP, value);
    else
        *gpr(number) = value;
}

void vcpu_skip_instruction(void)
{
    const uint32_t blocking = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY);

    vmcs_write(VMCS_GUEST_RIP, vmcs_read(VMCS_GUEST_RIP) + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
    if ((blocking & (INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS)) != 0)
        vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
                   blocking & ~(INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS));
    vcpu_single_step();
}

void vcpu_single_step(void)
{
    if (abi->traps_after_emulation && (vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_TF) != 0) {
        dr6_write(dr6_read() | DR6_BS);
        vcpu_inject(EXCEPTION_DB, 0);
    }
}

void vcpu_inject(unsigned vector, uint32_t error)
{
    const bool has_error = (VECTORS_WITH_ERROR >> vector & 1u) != 0;

    vmcs_write(VMCS_ENTRY_EVENT,
               EVENT_VALID | EVENT_HARDWARE_EXCEPTION | (has_error ? EVENT_HAS_ERROR : 0) | vector);
    vmcs_write(VMCS_ENTRY_EVENT_ERROR, has_error ? error : 0);
}

unsigned vcpu_cpl(void)
{
    return vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, SEGMENT_SS)) >> 5 & 3u;
}
