/* Is there a Xen below, which one, and its hypercall.
 * Not here: what is said to it (hypercall.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "xen.h"

#include "hardware.h"

#define FIRST_BASE 0x40000000u
#define BASE_STEP  0x100u /* further up when viridian leaves come first */
#define LAST_BASE  0x40000100u

#define SCHED_OP       29u /* __HYPERVISOR_sched_op */
#define SCHED_OP_YIELD 0u  /* SCHEDOP_yield */

struct xen xen;

/* hypercall_registers.S. */
void vmcall_registers(uint32_t *gpr);
void vmmcall_registers(uint32_t *gpr);

static bool vendor_is_amd;

/* EBX, ECX, EDX of a leaf. */
static bool signature_is(const uint32_t registers[4], const char *text)
{
    return __builtin_memcmp(&registers[1], text, 12) == 0;
}

void xen_start(void)
{
    uint32_t registers[4] = {0, 0, 0, 0};

    cpuid(registers);
    /* EBX EDX ECX spell the vendor's name. */
    vendor_is_amd = signature_is(registers, "AuthcAMDenti");
    for (uint32_t base = FIRST_BASE; base <= LAST_BASE; base += BASE_STEP) {
        registers[0] = base;
        registers[2] = 0;
        cpuid(registers);
        if (!signature_is(registers, "XenVMMXenVMM"))
            continue;
        registers[0] = base + 1;
        registers[2] = 0;
        cpuid(registers);
        xen.base = base;
        xen.major = (uint16_t)(registers[0] >> 16);
        xen.minor = (uint16_t)registers[0];
        return;
    }
}

bool xen_at_least(unsigned major, unsigned minor)
{
    return xen.major > major || (xen.major == major && xen.minor >= minor);
}

uint32_t xen_hypercall(uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx, uint32_t edi)
{
    if (vendor_is_amd)
        __asm__ volatile(".byte 0x0f, 0x01, 0xd9" /* VMMCALL */
                         : "+a"(eax)
                         : "b"(ebx), "c"(ecx), "d"(edx), "D"(edi)
                         : "memory");
    else
        __asm__ volatile(".byte 0x0f, 0x01, 0xc1" /* VMCALL */
                         : "+a"(eax)
                         : "b"(ebx), "c"(ecx), "d"(edx), "D"(edi)
                         : "memory");
    return eax;
}

bool xen_has_vmmcall(void)
{
    return vendor_is_amd;
}

void xen_hypercall_registers(uint32_t *gpr)
{
    if (vendor_is_amd)
        vmmcall_registers(gpr);
    else
        vmcall_registers(gpr);
}

void xen_yield(void)
{
    xen_hypercall(SCHED_OP, SCHED_OP_YIELD, 0, 0, 0);
}
