/* Self-test: start state, CPUID, MSRs, hidden instructions, hypercalls, the log.
 * Not here: world switches (test_world_switch.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "../hardware.h"
#include "blob.h"

#define XEN_LEAF      0x40000000u
#define HYPERCALL_MSR 0x40000000u
#define TRACE_SERVICE 0x48564d01u

static uint8_t hypercall_page[4096] __attribute__((aligned(4096)));

void test_start_state(void)
{
    const bool is_3_1 = counters()->abi == TESTVISOR_ABI_3_1;
    uint32_t base;

    check("EAX at start", start_registers[0], (uint32_t)blob_base);
    check("EDX at start", start_registers[1], 0);
    check_true("ESP at start is above 1 MiB", start_registers[2] >= 0x100000u);
    check("CR0 at start", start_registers[3], is_3_1 ? 0x50033u : 0x11u);
    check("CR4 at start", start_registers[4], is_3_1 ? 0x610u : 0);
    check("EFLAGS at start", start_registers[5], RFLAGS_FIXED);
    memcpy(&base, start_gdtr + 2, 4);
    check("GDTR limit at start", start_gdtr[0] | start_gdtr[1] << 8, 0);
    check("GDTR base at start", base, 0);
    memcpy(&base, start_idtr + 2, 4);
    check("IDTR limit at start", start_idtr[0] | start_idtr[1] << 8, 0);
    check("IDTR base at start", base, 0);
    check("statistics magic", counters()->magic, TESTVISOR_STATISTICS_MAGIC);
    check("visible memory", visible_memory() & 0x1fffffu, 0);
    check("BIOS reset vector in shadow RAM", *(volatile uint8_t *)0xffff0, 0xea);
    check("VGA BIOS in shadow RAM", *(volatile uint16_t *)0xc0000, 0xaa55);
    *(volatile uint32_t *)0xc8000 = 0x12345678u;
    check("C8000 is RAM", *(volatile uint32_t *)0xc8000, 0x12345678u);
    check("bss is zero", exception_vector, 0);
}

static void test_cpuid(void)
{
    static const uint32_t versions[] = {[TESTVISOR_ABI_3_2] = 0x30002,
                                        [TESTVISOR_ABI_3_1] = 0x30001,
                                        [TESTVISOR_ABI_HYPERCALL] = 0x40011};
    const bool is_hypercall = counters()->abi == TESTVISOR_ABI_HYPERCALL;
    struct cpuid_result leaf = cpuid(XEN_LEAF, 0);

    check("last Xen leaf", leaf.eax, is_hypercall ? 0x40000005u : 0x40000002u);
    check("signature EBX", leaf.ebx, 0x566e6558u);
    check("signature ECX", leaf.ecx, 0x65584d4du);
    check("signature EDX", leaf.edx, 0x4d4d566eu);
    check("Xen version", cpuid(XEN_LEAF + 1, 0).eax, versions[counters()->abi]);
    leaf = cpuid(XEN_LEAF + 2, 0);
    check("hypercall pages", leaf.eax, 1);
    check("hypercall MSR", leaf.ebx, HYPERCALL_MSR);
    leaf = cpuid(1, 0);
    check("VMX, XSAVE, OSXSAVE hidden", leaf.ecx & 0x0c000020u, 0);
    check("hypervisor bit", leaf.ecx >> 31, is_hypercall);
}

static void test_hidden_instructions(void)
{
    check("VMXOFF raises #UD", probe(probe_vmxoff, 0, 0, 0), 6);
    check("XSETBV raises #UD", probe(probe_xsetbv, 0, 0, 0), 6);
    check("INVD does nothing", probe(probe_invd, 0, 0, 0), NO_EXCEPTION);
    check("RDMSR of IA32_VMX_BASIC raises #GP", probe(probe_rdmsr, 0, MSR_VMX_BASIC, 0), 13);
    check("with error code 0", exception_error, 0);
    check("WRMSR of IA32_FEATURE_CONTROL raises #GP", probe(probe_wrmsr, 5, MSR_FEATURE_CTRL, 0),
          13);
    check("WRMSR of a non-canonical value raises #GP",
          probe(probe_wrmsr, 0, 0xc0000102u, 0x80000000u), 13);
}

static void test_msrs(void)
{
    check("WRMSR SYSENTER_CS", probe(probe_wrmsr, 0x1234, MSR_SYSENTER_CS, 0), NO_EXCEPTION);
    check("RDMSR SYSENTER_CS", probe(probe_rdmsr, 0, MSR_SYSENTER_CS, 0), NO_EXCEPTION);
    check("SYSENTER_CS kept", probe_eax, 0x1234);
    check("WRMSR EFER.LME", probe(probe_wrmsr, EFER_LME, MSR_EFER, 0), NO_EXCEPTION);
    probe(probe_rdmsr, 0, MSR_EFER, 0);
    check("EFER.LME reads back", probe_eax, EFER_LME);
    check("WRMSR EFER with a reserved bit raises #GP", probe(probe_wrmsr, 2, MSR_EFER, 0), 13);
    probe(probe_wrmsr, 0, MSR_EFER, 0);
    probe(probe_rdmsr, 0, MSR_APIC_BASE, 0);
    check("APIC base", probe_eax & 0xfffff000u, 0xfee00000u);
}

static void test_hypercalls(void)
{
    static const char text[] = "trace service: this line\n";
    uint32_t (*const stub)(void) = (uint32_t(*)(void))(hypercall_page + 17 * 32);

    check("an unknown hypercall", hypercall(17, 0, 0, 0, 0), (uint32_t)-38);
    check("an HVM operation that is none", hypercall(34, 77, 0, 0, 0), (uint32_t)-38);
    check("WRMSR of the hypercall page",
          probe(probe_wrmsr, (uint32_t)hypercall_page, HYPERCALL_MSR, 0), NO_EXCEPTION);
    check("a stub of the page", stub(), (uint32_t)-38);
    check("hypercall page outside RAM", probe(probe_wrmsr, 0xa0000, HYPERCALL_MSR, 0), 13);
    check("trace", hypercall(TRACE_SERVICE, (uint32_t)text, sizeof text - 1, 0, 0), 0);
    check("trace too long", hypercall(TRACE_SERVICE, 0, 4097, 0, 0), (uint32_t)-22);
    check("trace outside RAM", hypercall(TRACE_SERVICE, 0xfffff000u, 16, 0, 0), (uint32_t)-22);
}

static void test_single_step(void)
{
    const bool traps = counters()->abi != TESTVISOR_ABI_3_1;

    check("#DB under TF around CPUID", probe(probe_single_step_cpuid, 0, 0, 0), 1);
    say_number("single step: DR6.BS ", dr6_read() >> 14 & 1u);
    if (traps)
        check("DR6.BS after CPUID", dr6_read() & 0x4000u, 0x4000u);
    dr6_write(0xffff0ff0u);
}

void test_services(void)
{
    test_cpuid();
    test_hidden_instructions();
    test_msrs();
    test_hypercalls();
    test_single_step();
    for (const char *c = "guest text\n"; *c != '\0'; c++)
        port_out8(0xe9, (uint8_t)*c);
}
