/* INVOKE and RESTORE: header, contexts, CR3 rules, 8259 bases.
 * Not here: the CR0 write that leads here (control_registers.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "world_switch.h"

#include <stddef.h>
#include <string.h>

#include "abi.h"
#include "entry_failure.h"
#include "handoffs.h"
#include "hardware.h"
#include "machine.h"
#include "pic.h"
#include "report.h"
#include "vcpu.h"
#include "vmcs.h"

/* Xen leaves whatever was on its stack in rm_irqbase and the bytes after it. */
#define STACK_GARBAGE 0xa5

static inline __attribute__((always_inline)) void save_segment(struct world_switch_segment *to,
                                                               unsigned segment)
{
    to->selector = vmcs_read(vmcs_segment(VMCS_GUEST_ES_SELECTOR, segment));
    to->limit = vmcs_read(vmcs_segment(VMCS_GUEST_ES_LIMIT, segment));
    to->base = vmcs_read(vmcs_segment(VMCS_GUEST_ES_BASE, segment));
    to->attributes = vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, segment));
}

static inline __attribute__((always_inline)) void
load_segment(const struct world_switch_segment *from, unsigned segment)
{
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_SELECTOR, segment), from->selector);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_LIMIT, segment), from->limit);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_BASE, segment), from->base);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, segment), from->attributes);
}

void world_switch_save(struct world_switch_context *context, uint32_t eip)
{
    context->eip = eip;
    context->esp = vmcs_read(VMCS_GUEST_RSP);
    context->eflags = vmcs_read(VMCS_GUEST_RFLAGS);
    context->cr0 = vcpu.cr0;
    context->cr3 = vcpu.cr3;
    context->cr4 = vcpu.cr4;
    context->idtr_limit = vmcs_read(VMCS_GUEST_IDTR_LIMIT);
    context->idtr_base = vmcs_read(VMCS_GUEST_IDTR_BASE);
    context->gdtr_limit = vmcs_read(VMCS_GUEST_GDTR_LIMIT);
    context->gdtr_base = vmcs_read(VMCS_GUEST_GDTR_BASE);
    save_segment(&context->cs, SEGMENT_CS);
    save_segment(&context->ds, SEGMENT_DS);
    save_segment(&context->es, SEGMENT_ES);
    save_segment(&context->ss, SEGMENT_SS);
    save_segment(&context->fs, SEGMENT_FS);
    save_segment(&context->gs, SEGMENT_GS);
    save_segment(&context->tr, SEGMENT_TR);
    save_segment(&context->ldtr, SEGMENT_LDTR);
}

void world_switch_load_registers(const struct world_switch_context *context)
{
    vmcs_write(VMCS_GUEST_RIP, context->eip);
    vmcs_write(VMCS_GUEST_RSP, context->esp);
    vmcs_write(VMCS_GUEST_RFLAGS, context->eflags);
    vmcs_write(VMCS_GUEST_IDTR_LIMIT, context->idtr_limit);
    vmcs_write(VMCS_GUEST_IDTR_BASE, context->idtr_base);
    vmcs_write(VMCS_GUEST_GDTR_LIMIT, context->gdtr_limit);
    vmcs_write(VMCS_GUEST_GDTR_BASE, context->gdtr_base);
    load_segment(&context->cs, SEGMENT_CS);
    load_segment(&context->ds, SEGMENT_DS);
    load_segment(&context->es, SEGMENT_ES);
    load_segment(&context->ss, SEGMENT_SS);
    load_segment(&context->fs, SEGMENT_FS);
    load_segment(&context->gs, SEGMENT_GS);
    load_segment(&context->tr, SEGMENT_TR);
    load_segment(&context->ldtr, SEGMENT_LDTR);
}

/* The header, read anew at each switch. A null pointer when the magic is missing and this Xen then
 * goes on as if there were no blob. */
static const struct world_switch_header *header(void)
{
    const struct world_switch_header *found = (const void *)WORLD_SWITCH_BASE;

    if (found->magic == WORLD_SWITCH_MAGIC)
        return found;
    if (abi->needs_magic)
        report_end(TESTVISOR_END_CRASH, "no magic at 0xd0008");
    return NULL;
}

static void *context_at(uint32_t address)
{
    if (!machine_is_ram(address, abi->context_size))
        report_end(TESTVISOR_END_CRASH, "a context pointer does not point to RAM");
    return (void *)address;
}

/* CR3 of a loaded context as Xen 3.1 treats it: ignored without paging; with the CR3 value that Xen
 * already has, the directory must be mounted still, which it is not once PG was cleared. */
static void load_cr3_with_reference(const struct world_switch_context *context)
{
    if ((context->cr0 & (CR0_PE | CR0_PG)) != (CR0_PE | CR0_PG))
        return;
    if (context->cr3 == vcpu.cr3) {
        if (vcpu.mounted_cr3 != vcpu.cr3)
            report_end(TESTVISOR_END_CRASH, "Invalid CR3: no directory is mounted");
        return;
    }
    if (!machine_is_ram(context->cr3 & ~0xfffu, 4096))
        report_end(TESTVISOR_END_CRASH, "Invalid CR3: not RAM");
    vcpu.cr3 = context->cr3;
    vcpu.mounted_cr3 = context->cr3;
}

static void load_control_registers(const struct world_switch_context *context)
{
    if (abi->loads_unpaged_cr3) {
        if ((context->cr0 & CR0_PG) != 0 && !machine_is_ram(context->cr3 & ~0xfffu, 4096))
            report_end(TESTVISOR_END_CRASH, "Invalid CR3: not RAM");
        vcpu.cr3 = context->cr3;
    } else {
        load_cr3_with_reference(context);
    }
    vcpu.cr4 = context->cr4;
    if (abi->reloads_cr0) {
        vcpu.cr0 = context->cr0 | CR0_ET;
        vcpu.effective_cr0 = vcpu.cr0;
    } else {
        vcpu.cr0 = context->cr0;
    }
    vcpu_apply_control_registers();
}

static void load(const struct world_switch_context *context)
{
    world_switch_load_registers(context);
    if (abi->corrects_rflags)
        vmcs_write(VMCS_GUEST_RFLAGS, context->eflags | RFLAGS_FIXED);
    load_control_registers(context);
    entry_failure_check_loaded(context);
}

bool world_switch_invoke(void)
{
    const struct world_switch_header *blob = header();
    struct world_switch_context *saved = handoffs_next();

    if (blob == NULL)
        return false;
    world_switch_save(saved, vmcs_read(VMCS_GUEST_RIP) + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
    if (abi->corrects_rflags)
        saved->eflags &= ~RFLAGS_RF;
    memset(saved->rm_irqbase, STACK_GARBAGE, sizeof saved->rm_irqbase);
    memset(saved->reserved, STACK_GARBAGE, sizeof saved->reserved);
    if (blob->old_context != 0)
        memcpy(context_at(blob->old_context), saved, abi->context_size);
    statistics.nested_into_blob += vcpu.in_blob;
    handoffs_add(INTO_BLOB);
    if (blob->new_context == 0)
        report_end(TESTVISOR_END_CRASH, "INVOKE without a NEW context");
    load(context_at(blob->new_context));
    if (abi->rebases_pic)
        pic_enter_blob();
    vcpu.in_blob = true;
    return true;
}

bool world_switch_restore(void)
{
    const struct world_switch_header *blob = header();
    struct world_switch_context *restored = handoffs_next();

    if (blob == NULL)
        return false;
    if (blob->old_context == 0)
        report_end(TESTVISOR_END_CRASH, "RESTORE without an OLD context");
    memcpy(restored, context_at(blob->old_context), abi->context_size);
    load(restored);
    if (abi->rebases_pic)
        pic_leave_blob(restored->rm_irqbase);
    vcpu.in_blob = false;
    handoffs_add(INTO_GUEST);
    return true;
}
