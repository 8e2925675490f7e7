/* The report at the end of a run: reason, guest state, last hand-offs, counts.
 * Not here: the broken rule of a failed VM entry (entry_failure.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "report.h"

#include <stdbool.h>

#include <hvmassist/statistics.h>

#include "abi.h"
#include "entry_check.h"
#include "exits.h"
#include "handoffs.h"
#include "hardware.h"
#include "log.h"
#include "machine.h"
#include "trace_ring.h"
#include "vcpu.h"
#include "vmcs.h"
#include "world_switch.h"

__attribute__((section(".statistics"))) struct testvisor_statistics statistics = {0};

struct end_row {
    const char *name;
    bool with_state; /* the guest did not end of its own will */
};

static const struct end_row ends[] = {
    [TESTVISOR_RUNNING] = {"running", true},
    [TESTVISOR_END_SHUTDOWN] = {"shutdown", false},
    [TESTVISOR_END_HALTED] = {"halted", true},
    [TESTVISOR_END_TRIPLE_FAULT] = {"triple_fault", true},
    [TESTVISOR_END_CRASH] = {"domain_crash", true},
    [TESTVISOR_END_ENTRY_FAILED] = {"entry_failed", true},
    [TESTVISOR_END_UNSUPPORTED] = {"unsupported", true},
    [TESTVISOR_END_HOST_FAULT] = {"host_fault", true},
    [TESTVISOR_END_ASKED] = {"asked", true},
};

static void log_guest_state(void)
{
    struct world_switch_context context = {0};

    world_switch_save(&context, vmcs_read(VMCS_GUEST_RIP));
    handoffs_log_context("guest", &context);
    if (vcpu.registers != 0)
        log_text("guest GPR eax=%08x ebx=%08x ecx=%08x edx=%08x esi=%08x edi=%08x ebp=%08x\n",
                 vcpu.registers->eax, vcpu.registers->ebx, vcpu.registers->ecx, vcpu.registers->edx,
                 vcpu.registers->esi, vcpu.registers->edi, vcpu.registers->ebp);
    log_text("guest other efer=%08x dr7=%08x cr2=%08x interruptibility=%x activity=%x "
             "pending_debug=%x in_blob=%u\n",
             vcpu.efer, vmcs_read(VMCS_GUEST_DR7), cr2_read(),
             vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), vmcs_read(VMCS_GUEST_ACTIVITY),
             vmcs_read(VMCS_GUEST_PENDING_DEBUG), vcpu.in_blob ? 1u : 0u);
    log_text("exit reason=%x (%s) qualification=%x idt_vectoring=%x event=%x length=%u\n",
             vmcs_read(VMCS_EXIT_REASON), exit_reason_name(vmcs_read(VMCS_EXIT_REASON) & 0xffffu),
             vmcs_read(VMCS_EXIT_QUALIFICATION), vmcs_read(VMCS_IDT_VECTORING),
             vmcs_read(VMCS_ENTRY_EVENT), vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH));
}

static void log_blob_statistics(void)
{
    const uint32_t address = statistics.blob_statistics;
    const struct hvmassist_statistics *blob = (const void *)address;

    if (!machine_is_ram(address, sizeof *blob) || address == 0 ||
        blob->magic != HVMASSIST_STATISTICS_MAGIC)
        return;
    log_text("count blob interpreted_instructions %llu\n", blob->interpreted_instructions);
    log_text("count blob handoffs %llu\n", blob->handoffs);
    log_text("count blob returns %llu\n", blob->returns);
    log_text("count blob interrupts %llu\n", blob->interrupts);
    log_text("count blob faults %llu\n", blob->faults);
    if (blob->refused_rule != ENTRY_OK)
        log_text("blob not enterable: %s, before the instruction at %08x\n",
                 entry_rule_text(blob->refused_rule), blob->refused_address);
}

static void log_counts(void)
{
    log_text("count %s %u\n", abi->into_blob, statistics.into_blob);
    log_text("count %s %u\n", abi->into_guest, statistics.into_guest);
    log_text("count nested_into_blob %u\n", statistics.nested_into_blob);
    log_text("count registered %u\n", statistics.registered);
    log_text("count refused %u\n", statistics.refused);
    log_text("count interrupts %u\n", statistics.interrupts);
    log_text("count held_interrupts %u\n", statistics.held_interrupts);
    log_text("count events_resumed %u\n", statistics.events_resumed);
    log_text("count resets %u\n", statistics.resets);
    log_text("count guest_ticks %llu\n", statistics.guest_ticks);
    log_text("count blob_ticks %llu\n", statistics.blob_ticks);
    log_text("count exits %u\n", statistics.exit_count);
    for (uint32_t reason = 0; reason < TESTVISOR_EXIT_REASONS; reason++)
        if (statistics.exits[reason] != 0)
            log_text("count exit %s %u\n", exit_reason_name(reason), statistics.exits[reason]);
    log_blob_statistics();
}

void report_log(enum testvisor_end reason, const char *detail)
{
    statistics.end_reason = reason;
    log_text("testvisor: end=%s: %s\n", ends[reason].name, detail);
    if (abi == 0)
        return;
    if (ends[reason].with_state) {
        log_guest_state();
        handoffs_log_last();
        trace_ring_log();
    }
    log_counts();
}

void report_end(enum testvisor_end reason, const char *detail)
{
    static bool reporting;

    if (reporting)
        log_text("testvisor: end=%s: %s, while reporting another end\n", ends[reason].name, detail);
    else {
        reporting = true;
        report_log(reason, detail);
    }
    machine_power_off();
}

void vmcs_write_failed(uint32_t field, uint32_t value)
{
    log_text("testvisor: VMWRITE of %08x to field %04x failed\n", value, field);
    report_end(TESTVISOR_END_HOST_FAULT, "VMWRITE failed");
}
