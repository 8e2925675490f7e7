/* The table of VM exit handlers, and the handlers of a few lines.
 * Not here: the larger ones (see exits.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "exits.h"

#include <stddef.h>

#include "hardware.h"
#include "machine.h"
#include "report.h"
#include "vmcs.h"

static void exit_triple_fault(void);
static void exit_undefined(void);
static void exit_invd(void);

struct exit_row {
    const char *name;
    void (*handle)(void); /* a null pointer: the testvisor has no answer */
};

static const struct exit_row rows[TESTVISOR_EXIT_REASONS] = {
    [EXIT_EXCEPTION] = {"EXCEPTION", NULL},
    [EXIT_EXTERNAL_INTERRUPT] = {"EXTERNAL_INTERRUPT", exit_external_interrupt},
    [EXIT_TRIPLE_FAULT] = {"TRIPLE_FAULT", exit_triple_fault},
    [EXIT_INIT] = {"INIT", NULL},
    [EXIT_SIPI] = {"SIPI", NULL},
    [EXIT_INTERRUPT_WINDOW] = {"INTERRUPT_WINDOW", exit_interrupt_window},
    [EXIT_TASK_SWITCH] = {"TASK_SWITCH", exit_task_switch},
    [EXIT_CPUID] = {"CPUID", exit_cpuid},
    [EXIT_HLT] = {"HLT", exit_hlt},
    [EXIT_INVD] = {"INVD", exit_invd},
    [EXIT_VMCALL] = {"VMCALL", exit_vmcall},
    [EXIT_VMCLEAR] = {"VMCLEAR", exit_undefined},
    [EXIT_VMLAUNCH] = {"VMLAUNCH", exit_undefined},
    [EXIT_VMPTRLD] = {"VMPTRLD", exit_undefined},
    [EXIT_VMPTRST] = {"VMPTRST", exit_undefined},
    [EXIT_VMREAD] = {"VMREAD", exit_undefined},
    [EXIT_VMRESUME] = {"VMRESUME", exit_undefined},
    [EXIT_VMWRITE] = {"VMWRITE", exit_undefined},
    [EXIT_VMXOFF] = {"VMXOFF", exit_undefined},
    [EXIT_VMXON] = {"VMXON", exit_undefined},
    [EXIT_CR_ACCESS] = {"CR_ACCESS", exit_cr_access},
    [EXIT_IO] = {"IO", exit_io},
    [EXIT_RDMSR] = {"RDMSR", exit_rdmsr},
    [EXIT_WRMSR] = {"WRMSR", exit_wrmsr},
    [EXIT_ENTRY_FAILURE_STATE] = {"ENTRY_FAILURE_STATE", exit_entry_failure},
    [EXIT_ENTRY_FAILURE_MSR] = {"ENTRY_FAILURE_MSR", exit_entry_failure},
    [EXIT_ENTRY_FAILURE_CHECK] = {"ENTRY_FAILURE_CHECK", exit_entry_failure},
    [EXIT_WBINVD] = {"WBINVD", exit_invd},
    [EXIT_XSETBV] = {"XSETBV", exit_undefined},
};

const char *exit_reason_name(uint32_t reason)
{
    return reason < TESTVISOR_EXIT_REASONS && rows[reason].name != NULL ? rows[reason].name
                                                                        : "reserved";
}

static void exit_triple_fault(void)
{
    report_end(TESTVISOR_END_TRIPLE_FAULT, "the guest took a third exception during delivery");
}

/* VMX instructions and XSETBV: CPUID hides both. */
static void exit_undefined(void)
{
    vcpu_inject(EXCEPTION_UD, 0);
}

/* Memory must not be lost, so INVD does not discard anything. */
static void exit_invd(void)
{
    vcpu_skip_instruction();
}

/* With IF=1 time goes on as on the machine until an interrupt comes; with IF=0 nothing but an NMI
 * could end it, and Xen powers the domain off. */
void exit_hlt(void)
{
    if ((vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF) == 0)
        report_end(TESTVISOR_END_HALTED, "HLT with IF=0");
    vcpu_skip_instruction();
    if ((vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_TF) == 0)
        vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_HLT);
}

/* An exit in the middle of event delivery: deliver the event again. A software interrupt needs its
 * instruction's length. Source: SDM vol. 3, 24.9.3. */
static void resume_event(uint32_t event)
{
    const uint32_t type = event & EVENT_TYPE;

    vmcs_write(VMCS_ENTRY_EVENT, event & ~0x1000u);
    if ((event & EVENT_HAS_ERROR) != 0)
        vmcs_write(VMCS_ENTRY_EVENT_ERROR, vmcs_read(VMCS_IDT_VECTORING_ERROR));
    if (type >= EVENT_SOFTWARE_INTERRUPT)
        vmcs_write(VMCS_ENTRY_EVENT_LENGTH, vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
    statistics.events_resumed++;
}

/* An exit saves pending debug exceptions as clear unless MOV SS held them back; Bochs keeps the
 * single step of the instruction that exits. Source: SDM vol. 3, 27.3.4. */
static void drop_bochs_single_step(void)
{
    if (vmcs_read(VMCS_GUEST_PENDING_DEBUG) != 0 &&
        (vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & INTERRUPTIBILITY_MOV_SS) == 0)
        vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
}

static uint64_t entered_at;

static bool runs_blob(void)
{
    return machine_is_blob(vmcs_read(VMCS_GUEST_ES_BASE + 2 * SEGMENT_CS) +
                           vmcs_read(VMCS_GUEST_RIP));
}

/* Whoever exits has run since the last entry. */
static void count_ticks(uint64_t now)
{
    if (entered_at == 0)
        return;
    if (runs_blob())
        statistics.blob_ticks += now - entered_at;
    else
        statistics.guest_ticks += now - entered_at;
}

__attribute__((regparm(1))) void vmx_exit_handler(struct guest_registers *registers)
{
    const uint32_t full_reason = vmcs_read(VMCS_EXIT_REASON);
    const uint32_t reason = full_reason & 0xffffu;
    const uint32_t event = vmcs_read(VMCS_IDT_VECTORING);

    count_ticks(tsc_read());
    vcpu.registers = registers;
    statistics.exit_count++;
    drop_bochs_single_step();
    if (reason < TESTVISOR_EXIT_REASONS)
        statistics.exits[reason]++;
    if (reason >= TESTVISOR_EXIT_REASONS || rows[reason].handle == NULL)
        report_end(TESTVISOR_END_UNSUPPORTED, "a VM exit that has no handler");
    if (statistics.asked_to_end != 0 && !runs_blob())
        report_end(TESTVISOR_END_ASKED, "from outside");
    rows[reason].handle();
    if ((event & EVENT_VALID) != 0 && reason != EXIT_TASK_SWITCH)
        resume_event(event);
    entered_at = tsc_read();
}
