/* VMXON, the VMCS controls and host area, and the guest's start state.
 * Not here: what happens at exits. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "vmx.h"

#include "abi.h"
#include "exits.h"
#include "hardware.h"
#include "host.h"
#include "layout.h"
#include "log.h"
#include "report.h"
#include "vmcs.h"
#include "world_switch.h"

#define CPUID_ECX_VMX      0x20u
#define FEATURE_LOCK       0x1u
#define FEATURE_VMX        0x4u
#define PIN_CONTROLS       0x00000016u /* the bits that must be 1, as in the three below */
#define PROCESSOR_CONTROLS (0x0401e172u | PROCESSOR_HLT_EXITING | PROCESSOR_IO_BITMAPS)
#define EXIT_CONTROLS      0x00036dffu
#define ENTRY_CONTROLS     0x000011ffu
#define DR7_START          0x400u
#define START_ESP          0x0011fff0u /* hvmloader's stack: above 1 MiB */

extern uint8_t vmx_exit[];
extern uint8_t host_stack_top[];

static uint8_t vmxon_region[4096] __attribute__((aligned(4096)));
static uint8_t vmcs_region[4096] __attribute__((aligned(4096)));

enum vmx_instruction {
    INSTRUCTION_VMXON,
    INSTRUCTION_VMCLEAR,
    INSTRUCTION_VMPTRLD,
};

static void execute(enum vmx_instruction instruction, void *region)
{
    const uint64_t address = (uint32_t)region;
    uint8_t failed = 0;

    switch (instruction) {
    case INSTRUCTION_VMXON:
        __asm__ volatile("vmxon %1; setbe %0" : "=qm"(failed) : "m"(address) : "cc", "memory");
        break;
    case INSTRUCTION_VMCLEAR:
        __asm__ volatile("vmclear %1; setbe %0" : "=qm"(failed) : "m"(address) : "cc", "memory");
        break;
    case INSTRUCTION_VMPTRLD:
        __asm__ volatile("vmptrld %1; setbe %0" : "=qm"(failed) : "m"(address) : "cc", "memory");
        break;
    }
    if (failed != 0)
        report_end(TESTVISOR_END_HOST_FAULT, "VMXON, VMCLEAR or VMPTRLD failed");
}

/* After a CPU reset the MSR is still locked, and a write would fault. */
static void enable_in_feature_control(void)
{
    const uint64_t control = msr_read(MSR_FEATURE_CTRL);

    if ((control & FEATURE_LOCK) == 0)
        msr_write(MSR_FEATURE_CTRL, control | FEATURE_LOCK | FEATURE_VMX);
    else if ((control & FEATURE_VMX) == 0)
        report_end(TESTVISOR_END_HOST_FAULT, "VMX is locked out in IA32_FEATURE_CONTROL");
}

static void write_controls(void)
{
    static const uint32_t zero_fields[] = {
        VMCS_EXCEPTION_BITMAP,     VMCS_PAGE_FAULT_MASK,      VMCS_PAGE_FAULT_MATCH,
        VMCS_CR3_TARGET_COUNT,     VMCS_EXIT_MSR_STORE_COUNT, VMCS_EXIT_MSR_LOAD_COUNT,
        VMCS_ENTRY_MSR_LOAD_COUNT, VMCS_ENTRY_EVENT,
    };

    vmcs_write(VMCS_PIN_CONTROLS, PIN_CONTROLS);
    vmcs_write(VMCS_PROCESSOR_CONTROLS, PROCESSOR_CONTROLS);
    vmcs_write(VMCS_EXIT_CONTROLS, EXIT_CONTROLS);
    vmcs_write(VMCS_ENTRY_CONTROLS, ENTRY_CONTROLS);
    for (unsigned i = 0; i < sizeof zero_fields / sizeof zero_fields[0]; i++)
        vmcs_write(zero_fields[i], 0);
    vmcs_write(VMCS_CR0_MASK, 0xffffffffu);
    vmcs_write(VMCS_CR4_MASK, 0xffffffffu);
}

static void write_host_area(void)
{
    const struct host_tables *tables = host_tables();

    vmcs_write(VMCS_HOST_CR0, cr0_read());
    vmcs_write(VMCS_HOST_CR3, cr3_read());
    vmcs_write(VMCS_HOST_CR4, cr4_read());
    for (uint32_t field = VMCS_HOST_ES_SELECTOR; field < VMCS_HOST_TR_SELECTOR; field += 2)
        vmcs_write(field, HOST_DATA_SELECTOR);
    vmcs_write(VMCS_HOST_CS_SELECTOR, HOST_CODE_SELECTOR);
    vmcs_write(VMCS_HOST_TR_SELECTOR, HOST_TASK_SELECTOR);
    vmcs_write(VMCS_HOST_FS_BASE, 0);
    vmcs_write(VMCS_HOST_GS_BASE, 0);
    vmcs_write(VMCS_HOST_TR_BASE, tables->tss);
    vmcs_write(VMCS_HOST_GDTR_BASE, tables->gdt);
    vmcs_write(VMCS_HOST_IDTR_BASE, tables->idt);
    vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
    vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
    vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
    vmcs_write(VMCS_HOST_RSP, (uint32_t)host_stack_top);
    vmcs_write(VMCS_HOST_RIP, (uint32_t)vmx_exit);
}

void vmx_init(void)
{
    const uint32_t revision = (uint32_t)msr_read(MSR_VMX_BASIC);

    if ((cpuid(1, 0).ecx & CPUID_ECX_VMX) == 0)
        report_end(TESTVISOR_END_HOST_FAULT, "the processor has no VMX: wrong Bochs CPU model");
    enable_in_feature_control();
    *(uint32_t *)vmxon_region = revision;
    *(uint32_t *)vmcs_region = revision;
    execute(INSTRUCTION_VMXON, vmxon_region);
    execute(INSTRUCTION_VMCLEAR, vmcs_region);
    execute(INSTRUCTION_VMPTRLD, vmcs_region);
    write_controls();
    write_host_area();
}

void vmx_set_start_state(uint32_t entry)
{
    static const struct world_switch_segment code = {0, 0xffffffffu, 0, 0xc09b};
    static const struct world_switch_segment data = {0, 0xffffffffu, 0, 0xc093};
    const struct world_switch_context start = {
        .eip = entry,
        .esp = START_ESP,
        .eflags = RFLAGS_FIXED,
        .cs = code,
        .ds = data,
        .es = data,
        .ss = data,
        .fs = data,
        .gs = data,
        .tr = {0, 0xff, 0, 0x8b},
        .ldtr = {0, 0, 0, 0x82},
    };

    world_switch_load_registers(&start);
    vcpu.cr0 = abi->start_cr0;
    vcpu.effective_cr0 = abi->start_cr0;
    vcpu.cr4 = abi->start_cr4;
    vcpu.mounted_cr3 = NOTHING_MOUNTED;
    vcpu_apply_control_registers();
    vmcs_write64(VMCS_GUEST_LINK_POINTER, ~0ull);
    vmcs_write64(VMCS_GUEST_DEBUGCTL, 0);
    vmcs_write(VMCS_GUEST_DR7, DR7_START);
    vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
    vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
    vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
    vmcs_write(VMCS_GUEST_SYSENTER_CS, 0);
    vmcs_write(VMCS_GUEST_SYSENTER_ESP, 0);
    vmcs_write(VMCS_GUEST_SYSENTER_EIP, 0);
}

void vmx_instruction_failed(uint32_t eflags)
{
    log_text("testvisor: VMLAUNCH or VMRESUME failed, EFLAGS %08x, VM-instruction error %u\n",
             eflags, vmcs_read(VMCS_INSTRUCTION_ERROR));
    report_end(TESTVISOR_END_HOST_FAULT, "VMLAUNCH or VMRESUME failed");
}
