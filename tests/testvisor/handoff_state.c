/* Conversions between struct hvm_hw_cpu, whose attributes are Xen's compact form, and the VMCS.
 * Not here: the request block around it (handoff.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "handoff_state.h"

#include <stddef.h>
#include <string.h>

#include "hardware.h"
#include "host.h"
#include "machine.h"
#include "report.h"
#include "vcpu.h"
#include "vmcs.h"
#include "world_switch.h"

#define CR4_OF_GUESTS         0x000007ffu
#define EFER_OF_GUESTS        (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define PHYSICAL_ADDRESS_LEAF 0x80000008u
#define COMPACT_PRESENT       0x80u

/* Where struct hvm_hw_cpu keeps one segment register; its four arrays have the same order. */
#define CPU_SEGMENT_ORDER(ENTRY)                                                                   \
    ENTRY(SEGMENT_ES, es)                                                                          \
    ENTRY(SEGMENT_CS, cs)                                                                          \
    ENTRY(SEGMENT_SS, ss)                                                                          \
    ENTRY(SEGMENT_DS, ds)                                                                          \
    ENTRY(SEGMENT_FS, fs)                                                                          \
    ENTRY(SEGMENT_GS, gs)                                                                          \
    ENTRY(SEGMENT_LDTR, ldtr)                                                                      \
    ENTRY(SEGMENT_TR, tr)

struct cpu_segment {
    size_t selector;
    size_t limit;
    size_t base;
    size_t attributes;
    size_t context; /* in struct world_switch_context */
};

#define CPU_SEGMENT_ROW(index, name)                                                               \
    [index] = {offsetof(struct hvm_hw_cpu, name##_sel), offsetof(struct hvm_hw_cpu, name##_limit), \
               offsetof(struct hvm_hw_cpu, name##_base),                                           \
               offsetof(struct hvm_hw_cpu, name##_arbytes),                                        \
               offsetof(struct world_switch_context, name)},

static const struct cpu_segment cpu_segments[SEGMENT_COUNT] = {CPU_SEGMENT_ORDER(CPU_SEGMENT_ROW)};

_Static_assert((unsigned)SEGMENT_ES == ENTRY_SEGMENT_ES && (unsigned)SEGMENT_TR == ENTRY_SEGMENT_TR,
               "the checker's order is the VMCS order");

static uint32_t get32(const struct hvm_hw_cpu *cpu, size_t offset)
{
    uint32_t value;

    memcpy(&value, (const uint8_t *)cpu + offset, sizeof value);
    return value;
}

static uint64_t get64(const struct hvm_hw_cpu *cpu, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)cpu + offset, sizeof value);
    return value;
}

static void put32(struct hvm_hw_cpu *cpu, size_t offset, uint32_t value)
{
    memcpy((uint8_t *)cpu + offset, &value, sizeof value);
}

static void put64(struct hvm_hw_cpu *cpu, size_t offset, uint64_t value)
{
    memcpy((uint8_t *)cpu + offset, &value, sizeof value);
}

/* Bits above 11 have no place in the compact form; they are kept where the check finds them
 * reserved. */
static uint32_t from_compact(uint32_t compact)
{
    const uint32_t stray = (compact & 0xfffff000u) << 5;

    return (compact & 0xffu) | (compact & 0xf00u) << 4 | stray |
           ((compact & COMPACT_PRESENT) == 0 ? ATTRIBUTES_UNUSABLE : 0);
}

static uint32_t to_compact(uint32_t attributes)
{
    if ((attributes & ATTRIBUTES_UNUSABLE) != 0)
        return 0;
    return (attributes & 0xffu) | (attributes >> 4 & 0xf00u);
}

struct entry_processor handoff_processor(void)
{
    return (struct entry_processor){
        .cr4_supported = CR4_OF_GUESTS,
        .efer_supported = EFER_OF_GUESTS,
        .physical_address_bits = cpuid(PHYSICAL_ADDRESS_LEAF, 0).eax & 0xffu,
    };
}

void handoff_state_to_check(const struct hvm_hw_cpu *cpu, struct entry_state *state)
{
    const uint32_t pdptes = (uint32_t)cpu->cr3 & ~0x1fu;

    memset(state, 0, sizeof *state);
    state->cr0 = cpu->cr0;
    state->cr3 = cpu->cr3;
    state->cr4 = cpu->cr4;
    state->efer = cpu->msr_efer;
    state->dr6 = cpu->dr6;
    state->dr7 = cpu->dr7;
    state->rip = cpu->rip;
    state->rflags = cpu->rflags;
    state->gdtr_limit = cpu->gdtr_limit;
    state->idtr_limit = cpu->idtr_limit;
    if (machine_is_ram(pdptes, sizeof state->pdptes)) {
        memcpy(state->pdptes, (const void *)pdptes, sizeof state->pdptes);
        state->pdptes_known = true;
    }
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        state->segments[i].selector = get32(cpu, cpu_segments[i].selector);
        state->segments[i].limit = get32(cpu, cpu_segments[i].limit);
        state->segments[i].base = get64(cpu, cpu_segments[i].base);
        state->segments[i].attributes = from_compact(get32(cpu, cpu_segments[i].attributes));
    }
}

void handoff_state_to_context(const struct hvm_hw_cpu *cpu, struct world_switch_context *context)
{
    memset(context, 0, sizeof *context);
    context->eip = (uint32_t)cpu->rip;
    context->esp = (uint32_t)cpu->rsp;
    context->eflags = (uint32_t)cpu->rflags;
    context->cr0 = (uint32_t)cpu->cr0;
    context->cr3 = (uint32_t)cpu->cr3;
    context->cr4 = (uint32_t)cpu->cr4;
    context->idtr_limit = cpu->idtr_limit;
    context->idtr_base = (uint32_t)cpu->idtr_base;
    context->gdtr_limit = cpu->gdtr_limit;
    context->gdtr_base = (uint32_t)cpu->gdtr_base;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        const struct world_switch_segment segment = {
            .selector = get32(cpu, cpu_segments[i].selector),
            .limit = get32(cpu, cpu_segments[i].limit),
            .base = (uint32_t)get64(cpu, cpu_segments[i].base),
            .attributes = from_compact(get32(cpu, cpu_segments[i].attributes)),
        };
        memcpy((uint8_t *)context + cpu_segments[i].context, &segment, sizeof segment);
    }
}

static void load_gprs(const struct hvm_hw_cpu *cpu)
{
    vcpu.registers->eax = (uint32_t)cpu->rax;
    vcpu.registers->ebx = (uint32_t)cpu->rbx;
    vcpu.registers->ecx = (uint32_t)cpu->rcx;
    vcpu.registers->edx = (uint32_t)cpu->rdx;
    vcpu.registers->esi = (uint32_t)cpu->rsi;
    vcpu.registers->edi = (uint32_t)cpu->rdi;
    vcpu.registers->ebp = (uint32_t)cpu->rbp;
}

static void load_debug_registers(const struct hvm_hw_cpu *cpu)
{
    dr0_write((uint32_t)cpu->dr0);
    dr1_write((uint32_t)cpu->dr1);
    dr2_write((uint32_t)cpu->dr2);
    dr3_write((uint32_t)cpu->dr3);
    dr6_write((uint32_t)cpu->dr6);
    vmcs_write(VMCS_GUEST_DR7, (uint32_t)cpu->dr7);
}

void handoff_state_load(const struct hvm_hw_cpu *cpu)
{
    struct world_switch_context context;

    if ((cpu->msr_efer & EFER_LMA) != 0)
        report_end(TESTVISOR_END_UNSUPPORTED, "64-bit guest not supported by this testvisor");
    handoff_state_to_context(cpu, &context);
    world_switch_load_registers(&context);
    load_gprs(cpu);
    load_debug_registers(cpu);
    cr2_write((uint32_t)cpu->cr2);
    vcpu.cr0 = context.cr0 | CR0_ET;
    vcpu.effective_cr0 = vcpu.cr0;
    vcpu.cr3 = context.cr3;
    vcpu.cr4 = context.cr4;
    vcpu.efer = (uint32_t)cpu->msr_efer;
    msr_write(MSR_EFER, vcpu.efer & (EFER_SCE | EFER_NXE));
    vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
    vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
    vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
    vcpu_apply_control_registers();
}

static void save_event(struct hvm_hw_cpu *cpu)
{
    const uint32_t event = vmcs_read(VMCS_ENTRY_EVENT);

    if ((event & EVENT_VALID) == 0)
        return;
    cpu->pending_event = event;
    cpu->error_code = (event & EVENT_HAS_ERROR) != 0 ? vmcs_read(VMCS_ENTRY_EVENT_ERROR) : 0;
}

void handoff_state_save(struct hvm_hw_cpu *cpu)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->rax = vcpu.registers->eax;
    cpu->rbx = vcpu.registers->ebx;
    cpu->rcx = vcpu.registers->ecx;
    cpu->rdx = vcpu.registers->edx;
    cpu->rsi = vcpu.registers->esi;
    cpu->rdi = vcpu.registers->edi;
    cpu->rbp = vcpu.registers->ebp;
    cpu->rsp = vmcs_read(VMCS_GUEST_RSP);
    cpu->rip = vmcs_read(VMCS_GUEST_RIP);
    cpu->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
    cpu->cr0 = vcpu.cr0;
    cpu->cr2 = cr2_read();
    cpu->cr3 = vcpu.cr3;
    cpu->cr4 = vcpu.cr4;
    cpu->msr_efer = vcpu.efer;
    cpu->dr0 = dr0_read();
    cpu->dr1 = dr1_read();
    cpu->dr2 = dr2_read();
    cpu->dr3 = dr3_read();
    cpu->dr6 = dr6_read();
    cpu->dr7 = vmcs_read(VMCS_GUEST_DR7);
    cpu->gdtr_base = vmcs_read(VMCS_GUEST_GDTR_BASE);
    cpu->gdtr_limit = vmcs_read(VMCS_GUEST_GDTR_LIMIT);
    cpu->idtr_base = vmcs_read(VMCS_GUEST_IDTR_BASE);
    cpu->idtr_limit = vmcs_read(VMCS_GUEST_IDTR_LIMIT);
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        put32(cpu, cpu_segments[i].selector, vmcs_read(vmcs_segment(VMCS_GUEST_ES_SELECTOR, i)));
        put32(cpu, cpu_segments[i].limit, vmcs_read(vmcs_segment(VMCS_GUEST_ES_LIMIT, i)));
        put64(cpu, cpu_segments[i].base, vmcs_read(vmcs_segment(VMCS_GUEST_ES_BASE, i)));
        put32(cpu, cpu_segments[i].attributes,
              to_compact(vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, i))));
    }
    save_event(cpu);
}
