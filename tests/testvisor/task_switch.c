/* The task-switch exit: the whole switch in software, for CALL, JMP, IRET and task gates, between
 * 32- and 16-bit TSSs. Not here: descriptor checks (task_segments.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>
#include <string.h>

#include "abi.h"
#include "exits.h"
#include "guest_memory.h"
#include "hardware.h"
#include "machine.h"
#include "report.h"
#include "task_segments.h"
#include "vmcs.h"

/* Exit qualification. Source: SDM vol. 3, table 27-2. */
#define QUALIFICATION_SELECTOR(q) ((q)&0xffffu)
#define QUALIFICATION_SOURCE(q)   ((q) >> 30)

enum task_switch_source {
    BY_CALL,
    BY_IRET,
    BY_JMP,
    BY_GATE,
};

#define TYPE_BUSY         0x2u
#define TYPE_TSS16        0x1u
#define TYPE_TSS32        0x9u
#define TYPE_WITHOUT_BUSY 0x1du /* S and type, but for the busy bit */
#define PRESENT           0x80u
#define LIMIT_TSS16       0x2bu
#define LIMIT_TSS32       0x67u
#define DR7_LOCAL         0x155u /* L0 to L3 and LE are cleared by a task switch */
#define DR6_BT            0x8000u
#define RFLAGS_OF_TSS     0x003f7fd5u
#define ERROR_EXT         0x1u

/* The two layouts of memory. Source: SDM vol. 3, figures 7-2 and 7-10. */
struct tss32 {
    uint32_t link;
    uint32_t stacks[6];
    uint32_t cr3;
    uint32_t eip;
    uint32_t eflags;
    uint32_t gpr[8];
    uint32_t segments[6]; /* ES CS SS DS FS GS, as in the VMCS */
    uint32_t ldt;
    uint16_t trap;
    uint16_t io_map;
};

struct tss16 {
    uint16_t link;
    uint16_t stacks[6];
    uint16_t ip;
    uint16_t flags;
    uint16_t gpr[8];
    uint16_t segments[4];
    uint16_t ldt;
};

_Static_assert(sizeof(struct tss32) == LIMIT_TSS32 + 1, "104 bytes");
_Static_assert(sizeof(struct tss16) == LIMIT_TSS16 + 1, "44 bytes");

static bool is_32_bit(uint32_t attributes)
{
    return (attributes & 0x8u) != 0;
}

/* Whether an instruction, rather than the machine, caused the switch: EIP is saved behind it. */
static bool by_instruction(enum task_switch_source source, uint32_t event)
{
    return source != BY_GATE || (event & EVENT_TYPE) >= EVENT_SOFTWARE_INTERRUPT;
}

static bool is_fault(uint32_t event)
{
    const uint32_t vector = event & 0xffu;

    return (event & EVENT_TYPE) == EVENT_HARDWARE_EXCEPTION && vector != EXCEPTION_DB &&
           vector != 8 && vector != 18;
}

static uint32_t saved_eflags(enum task_switch_source source, uint32_t event)
{
    const uint32_t eflags = vmcs_read(VMCS_GUEST_RFLAGS);

    if (source == BY_IRET)
        return eflags & ~RFLAGS_NT;
    return source == BY_GATE && is_fault(event) ? eflags | RFLAGS_RF : eflags;
}

/* Stores the running task into its TSS. Only the dynamic fields are written. */
static bool save_task(uint32_t eip, uint32_t eflags, struct guest_fault *fault)
{
    const uint32_t base = vmcs_read(vmcs_segment(VMCS_GUEST_ES_BASE, SEGMENT_TR));
    const bool wide = is_32_bit(vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, SEGMENT_TR)));
    struct tss32 tss32;
    struct tss16 tss16;

    if (wide ? !guest_read(base, &tss32, sizeof tss32, false, fault)
             : !guest_read(base, &tss16, sizeof tss16, false, fault))
        return false;
    for (unsigned i = 0; i < 8; i++) {
        tss32.gpr[i] = vcpu_gpr(i);
        tss16.gpr[i] = (uint16_t)vcpu_gpr(i);
    }
    for (unsigned i = 0; i < 6; i++) {
        const uint32_t selector = vmcs_read(vmcs_segment(VMCS_GUEST_ES_SELECTOR, i));

        tss32.segments[i] = (tss32.segments[i] & 0xffff0000u) | selector;
        if (i < 4)
            tss16.segments[i] = (uint16_t)selector;
    }
    tss32.eip = eip;
    tss32.eflags = eflags;
    tss16.ip = (uint16_t)eip;
    tss16.flags = (uint16_t)eflags;
    return wide ? guest_write(base + offsetof(struct tss32, eip), &tss32.eip,
                              offsetof(struct tss32, ldt) - offsetof(struct tss32, eip), false,
                              fault)
                : guest_write(base + offsetof(struct tss16, ip), &tss16.ip,
                              offsetof(struct tss16, ldt) - offsetof(struct tss16, ip), false,
                              fault);
}

/* Reads a TSS of either size in the terms of the larger one. */
static bool read_tss(uint32_t base, bool wide, struct tss32 *task, struct guest_fault *fault)
{
    struct tss16 narrow;

    if (wide)
        return guest_read(base, task, sizeof *task, false, fault);
    if (!guest_read(base, &narrow, sizeof narrow, false, fault))
        return false;
    memset(task, 0, sizeof *task);
    task->cr3 = vcpu.cr3;
    task->eip = narrow.ip;
    task->eflags = narrow.flags;
    for (unsigned i = 0; i < 8; i++)
        task->gpr[i] = 0xffff0000u | narrow.gpr[i];
    for (unsigned i = 0; i < 4; i++)
        task->segments[i] = narrow.segments[i];
    task->ldt = narrow.ldt;
    return true;
}

/* The new TSS's descriptor, as far as the processor has not checked it before the exit. */
static bool find_tss(uint32_t selector, enum task_switch_source source,
                     struct descriptor *descriptor, struct guest_fault *fault)
{
    const uint8_t vector = source == BY_IRET ? EXCEPTION_TS : EXCEPTION_GP;
    const uint32_t busy = source == BY_IRET ? TYPE_BUSY : 0;
    uint32_t attributes;

    *fault = (struct guest_fault){vector, selector & 0xfffcu, 0};
    if ((selector & 4u) != 0 || !descriptor_read(selector, vector, descriptor, fault))
        return false;
    attributes = descriptor_attributes(descriptor);
    if (((attributes & TYPE_WITHOUT_BUSY) != TYPE_TSS16 &&
         (attributes & TYPE_WITHOUT_BUSY) != TYPE_TSS32) ||
        (attributes & TYPE_BUSY) != busy)
        return false;
    fault->vector = EXCEPTION_NP;
    if ((attributes & PRESENT) == 0)
        return false;
    fault->vector = EXCEPTION_TS;
    return descriptor_limit(descriptor) >= (is_32_bit(attributes) ? LIMIT_TSS32 : LIMIT_TSS16);
}

/* Busy bits and back link. */
static bool link_tasks(enum task_switch_source source, const struct descriptor *new_tss,
                       struct guest_fault *fault)
{
    const uint32_t old_selector = vmcs_read(vmcs_segment(VMCS_GUEST_ES_SELECTOR, SEGMENT_TR));
    const uint16_t link = (uint16_t)old_selector;
    const uint8_t busy = (uint8_t)(descriptor_attributes(new_tss) | TYPE_BUSY);
    struct descriptor old_tss;

    if (source == BY_JMP || source == BY_IRET) {
        if (!descriptor_read(old_selector, EXCEPTION_TS, &old_tss, fault) ||
            !descriptor_write_type(&old_tss,
                                   (uint8_t)(descriptor_attributes(&old_tss) & ~TYPE_BUSY), fault))
            return false;
    } else if (!guest_write(descriptor_base(new_tss), &link, sizeof link, false, fault)) {
        return false;
    }
    return source == BY_IRET || descriptor_write_type(new_tss, busy, fault);
}

static void load_cr3(uint32_t value)
{
    if (!vcpu_is_paged())
        return;
    if (!machine_is_ram(value & ~0xfffu, 4096) || !guest_pdptes_are_valid(value, vcpu.cr4))
        report_end(TESTVISOR_END_UNSUPPORTED, "a task switch to a CR3 that cannot be loaded");
    vcpu.cr3 = value;
}

/* Everything that cannot fail: TR, CR0.TS, CR3, EIP, EFLAGS, GPRs, selectors. */
static void load_task(uint32_t selector, const struct descriptor *tss, const struct tss32 *task,
                      uint32_t eflags)
{
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_SELECTOR, SEGMENT_TR), selector);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_BASE, SEGMENT_TR), descriptor_base(tss));
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_LIMIT, SEGMENT_TR), descriptor_limit(tss));
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, SEGMENT_TR),
               descriptor_attributes(tss) | TYPE_BUSY);
    vcpu.cr0 |= CR0_TS;
    vcpu.effective_cr0 |= CR0_TS;
    load_cr3(task->cr3);
    vcpu_apply_control_registers();
    vmcs_write(VMCS_GUEST_RIP, task->eip);
    vmcs_write(VMCS_GUEST_RFLAGS, eflags);
    vmcs_write(VMCS_GUEST_DR7, vmcs_read(VMCS_GUEST_DR7) & ~DR7_LOCAL);
    vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
    vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
    for (unsigned i = 0; i < 8; i++)
        vcpu_set_gpr(i, task->gpr[i]);
}

/* LDTR and the six. A CS that cannot be loaded leaves no state that VT-x could enter. */
static bool load_segments(const struct tss32 *task, uint32_t eflags, struct guest_fault *fault)
{
    static const uint8_t data_segments[] = {SEGMENT_ES, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS};
    const uint32_t cs = task->segments[SEGMENT_CS] & 0xffffu;
    const bool ldtr_loaded = segment_load_ldtr(task->ldt & 0xffffu, fault);

    if ((eflags & RFLAGS_VM) != 0) {
        for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++)
            segment_load_vm86(i, task->segments[i] & 0xffffu);
        return ldtr_loaded;
    }
    for (unsigned i = SEGMENT_ES; i <= SEGMENT_GS; i++)
        if (i != SEGMENT_CS)
            segment_invalidate(i, i == SEGMENT_SS ? cs & 3u : task->segments[i] & 0xffffu, cs & 3u);
    if (!ldtr_loaded || !segment_load_cs(cs, fault))
        report_end(TESTVISOR_END_UNSUPPORTED, "a task switch to a task without a CS");
    if (!segment_load_ss(task->segments[SEGMENT_SS] & 0xffffu, cs & 3u, fault))
        return false;
    for (unsigned i = 0; i < sizeof data_segments; i++)
        if (!segment_load_data(data_segments[i], task->segments[data_segments[i]] & 0xffffu,
                               cs & 3u, fault))
            return false;
    return true;
}

/* The error code of the exception that came through the task gate, on the new task's stack. */
static bool push_error_code(bool wide, struct guest_fault *fault)
{
    const uint32_t error = vmcs_read(VMCS_IDT_VECTORING_ERROR);
    const uint32_t size = wide ? 4 : 2;
    const bool big =
        (vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, SEGMENT_SS)) & ATTRIBUTES_DB) != 0;
    const uint32_t esp = vmcs_read(VMCS_GUEST_RSP);
    const uint32_t moved = big ? esp - size : (esp & 0xffff0000u) | ((esp - size) & 0xffffu);
    uint32_t linear;

    if (!guest_linear(SEGMENT_SS, big ? moved : moved & 0xffffu, size, GUEST_WRITE, &linear,
                      fault) ||
        !guest_write(linear, &error, size, vcpu_cpl() == 3, fault))
        return false;
    vmcs_write(VMCS_GUEST_RSP, moved);
    return true;
}

/* An exception of the switch itself. EXT says that no instruction of the guest asked for it. */
static void inject(struct guest_fault *fault, bool external)
{
    if (external && fault->vector != EXCEPTION_PF)
        fault->error |= ERROR_EXT;
    guest_inject_fault(fault);
}

void exit_task_switch(void)
{
    const uint32_t qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
    const uint32_t selector = QUALIFICATION_SELECTOR(qualification);
    const enum task_switch_source source = QUALIFICATION_SOURCE(qualification);
    const uint32_t event = vmcs_read(VMCS_IDT_VECTORING);
    const bool requested = by_instruction(source, event);
    const uint32_t eip =
        vmcs_read(VMCS_GUEST_RIP) + (requested ? vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH) : 0);
    struct descriptor tss;
    struct tss32 task;
    struct guest_fault fault;
    uint32_t eflags;
    bool wide;

    if (!abi->emulates_task_switches)
        report_end(TESTVISOR_END_CRASH, "task switch, which this Xen does not emulate");
    if (!find_tss(selector, source, &tss, &fault)) {
        inject(&fault, !requested);
        return;
    }
    wide = is_32_bit(descriptor_attributes(&tss));
    if (!save_task(eip, saved_eflags(source, event), &fault) || !link_tasks(source, &tss, &fault) ||
        !read_tss(descriptor_base(&tss), wide, &task, &fault)) {
        inject(&fault, !requested);
        return;
    }
    eflags = (task.eflags & RFLAGS_OF_TSS) | RFLAGS_FIXED;
    if (source == BY_CALL || source == BY_GATE)
        eflags |= RFLAGS_NT;
    load_task(selector, &tss, &task, eflags);
    if (!load_segments(&task, eflags, &fault) ||
        ((event & EVENT_VALID) != 0 && (event & EVENT_HAS_ERROR) != 0 &&
         !push_error_code(wide, &fault))) {
        inject(&fault, !requested);
        return;
    }
    if (wide && (task.trap & 1u) != 0) {
        dr6_write(dr6_read() | DR6_BT);
        vcpu_inject(EXCEPTION_DB, 0);
    }
}
