/* CPUID: what the guest must not see of the processor, and Xen's own leaves.
 * Not here: the hypercalls that the leaves announce (hypercall.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "abi.h"
#include "exits.h"
#include "hardware.h"
#include "machine.h"
#include "report.h"
#include "vmcs.h"

#define XEN_LEAF           0x40000000u
#define XEN_PEEK_LEAF      0x40000003u
#define HYPERCALL_MSR      0x40000000u
#define VCPU_ID_PRESENT    0x8u
#define HIDDEN_ECX         0x0c000020u /* VMX, XSAVE, OSXSAVE */
#define HYPERVISOR_PRESENT 0x80000000u
#define STACK_GARBAGE      0xa5a5a5a5u

/* Leaf 0x40000003 of Xen 3.0.4 to 3.2: EDX:ECX = the 8 bytes of memory at address EDX:ECX, for a
 * blob that cannot reach them. What is wrong with the request crashes the domain. */
static void peek(struct cpuid_result *result)
{
    const uint32_t address = vcpu.registers->ecx;
    const uint32_t *memory = (const uint32_t *)address;

    if (!vcpu.in_blob || vcpu.registers->edx != 0 || (address & 7u) != 0 ||
        !machine_is_ram(address, 8))
        report_end(TESTVISOR_END_CRASH, "CPUID 0x40000003: a bad peek, or not from the blob");
    result->ecx = memory[0];
    result->edx = memory[1];
    result->eax = abi->rebases_pic ? vcpu.registers->eax : STACK_GARBAGE;
    result->ebx = abi->rebases_pic ? vcpu.registers->ebx : STACK_GARBAGE;
}

static void xen_leaf(uint32_t leaf, struct cpuid_result *result)
{
    memset(result, 0, sizeof *result);
    switch (leaf - XEN_LEAF) {
    case 0:
        result->eax = abi->last_xen_leaf;
        memcpy(&result->ebx, "XenV", 4);
        memcpy(&result->ecx, "MMXe", 4);
        memcpy(&result->edx, "nVMM", 4);
        break;
    case 1:
        result->eax = (uint32_t)abi->version_major << 16 | abi->version_minor;
        break;
    case 2:
        result->eax = 1; /* page */
        result->ebx = HYPERCALL_MSR;
        break;
    case 4:
        result->eax = VCPU_ID_PRESENT; /* and EBX = vCPU 0 */
        break;
    default:
        break;
    }
}

void exit_cpuid(void)
{
    const uint32_t leaf = vcpu.registers->eax;
    const bool shows_xen = (configuration.flags & ROM_HIDES_XEN) == 0;
    struct cpuid_result result;

    if (shows_xen && abi->peeks_by_cpuid && leaf == XEN_PEEK_LEAF)
        peek(&result);
    else if (shows_xen && leaf >= XEN_LEAF && leaf <= abi->last_xen_leaf)
        xen_leaf(leaf, &result);
    else
        result = cpuid(leaf, vcpu.registers->ecx);
    if (leaf == 1) {
        result.ecx &= ~HIDDEN_ECX;
        if (shows_xen && abi->shows_hypervisor_bit)
            result.ecx |= HYPERVISOR_PRESENT;
    }
    vcpu.registers->eax = result.eax;
    vcpu.registers->ebx = result.ebx;
    vcpu.registers->ecx = result.ecx;
    vcpu.registers->edx = result.edx;
    vcpu_skip_instruction();
}
