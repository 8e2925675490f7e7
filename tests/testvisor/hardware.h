/* The machine's own instructions as C functions: ports, MSRs, control registers, CPUID.
 * Not here: VMX instructions (vmcs.h), nor any policy. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_HARDWARE_H
#define TESTVISOR_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of CR0, CR4, RFLAGS and EFER. Source: SDM vol. 3, 2.5, 2.2.1; vol. 1, 3.4.3. */
#define CR0_PE             0x00000001u
#define CR0_MP             0x00000002u
#define CR0_EM             0x00000004u
#define CR0_TS             0x00000008u
#define CR0_ET             0x00000010u
#define CR0_NE             0x00000020u
#define CR0_WP             0x00010000u
#define CR0_AM             0x00040000u
#define CR0_NW             0x20000000u
#define CR0_CD             0x40000000u
#define CR0_PG             0x80000000u
#define CR0_DEFINED        0xe005003fu
#define CR4_VME            0x00000001u
#define CR4_PSE            0x00000010u
#define CR4_PAE            0x00000020u
#define CR4_PGE            0x00000080u
#define CR4_VMXE           0x00002000u
#define RFLAGS_CF          0x00000001u
#define RFLAGS_FIXED       0x00000002u
#define RFLAGS_TF          0x00000100u
#define RFLAGS_IF          0x00000200u
#define RFLAGS_DF          0x00000400u
#define RFLAGS_NT          0x00004000u
#define RFLAGS_RF          0x00010000u
#define RFLAGS_VM          0x00020000u
#define EFER_SCE           0x001u
#define EFER_LME           0x100u
#define EFER_LMA           0x400u
#define EFER_NXE           0x800u
#define MSR_APIC_BASE      0x0000001bu
#define MSR_FEATURE_CTRL   0x0000003au
#define MSR_SYSENTER_CS    0x00000174u
#define MSR_SYSENTER_ESP   0x00000175u
#define MSR_SYSENTER_EIP   0x00000176u
#define MSR_DEBUGCTL       0x000001d9u
#define MSR_VMX_BASIC      0x00000480u
#define MSR_VMX_LAST       0x0000048bu
#define MSR_VMX_CR4_FIXED1 0x00000489u
#define MSR_EFER           0xc0000080u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u

struct cpuid_result {
    uint32_t eax;
    uint32_t ebx;
    uint32_t ecx;
    uint32_t edx;
};

static inline void port_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint8_t port_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t port_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t port_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* For MSRs that exist; a guest's choice goes through msr_read_checked() (host.h). */
static inline uint64_t msr_read(uint32_t index)
{
    uint64_t value;
    __asm__ volatile("rdmsr" : "=A"(value) : "c"(index));
    return value;
}

static inline void msr_write(uint32_t index, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(index), "A"(value));
}

static inline uint64_t tsc_read(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_result result;
    __asm__ volatile("cpuid"
                     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(subleaf));
    return result;
}

#define CONTROL_REGISTER_ACCESS(name)                                                              \
    static inline uint32_t name##_read(void)                                                       \
    {                                                                                              \
        uint32_t value;                                                                            \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value));                                     \
        return value;                                                                              \
    }                                                                                              \
    static inline void name##_write(uint32_t value)                                                \
    {                                                                                              \
        __asm__ volatile("mov %0, %%" #name ::"r"(value) : "memory");                              \
    }

CONTROL_REGISTER_ACCESS(cr0)
CONTROL_REGISTER_ACCESS(cr2)
CONTROL_REGISTER_ACCESS(cr3)
CONTROL_REGISTER_ACCESS(cr4)
CONTROL_REGISTER_ACCESS(dr0)
CONTROL_REGISTER_ACCESS(dr1)
CONTROL_REGISTER_ACCESS(dr2)
CONTROL_REGISTER_ACCESS(dr3)
CONTROL_REGISTER_ACCESS(dr6)
#undef CONTROL_REGISTER_ACCESS

#endif
