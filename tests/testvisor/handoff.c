/* The hypercall hand-off: validation of a request, loading a state, returning to the blob.
 * Not here: the entry rules (entry_check.c), nor the conversion of states (handoff_state.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "handoff.h"

#include <stddef.h>
#include <string.h>

#include <hvmassist/handoff.h>

#include "entry_check.h"
#include "handoff_state.h"
#include "handoffs.h"
#include "hardware.h"
#include "log.h"
#include "machine.h"
#include "report.h"
#include "vcpu.h"
#include "vmcs.h"
#include "world_switch.h"

#define PAGE_SIZE 4096u

static uint32_t registered_address; /* 0: nothing registered */
static struct handoff_block registered;

/* Everything that a block may not be before its state is looked at. */
static enum handoff_status check_header(const struct handoff_block *block)
{
    if (block->magic != HANDOFF_MAGIC)
        return HANDOFF_BAD_MAGIC;
    if (block->version != HANDOFF_VERSION)
        return HANDOFF_BAD_VERSION;
    if (block->vcpu != 0)
        return HANDOFF_BAD_VCPU;
    if (block->reason != HANDOFF_REGISTER && block->reason != HANDOFF_ENTER)
        return HANDOFF_BAD_REASON;
    if (block->reason == HANDOFF_ENTER && registered_address == 0)
        return HANDOFF_NOT_REGISTERED;
    return HANDOFF_ACCEPTED;
}

/* The rule that the state breaks, pending_event included: it must be 0. */
static enum hvmassist_entry_rule check_state(const struct hvm_hw_cpu *cpu)
{
    const struct entry_processor processor = handoff_processor();
    struct entry_state state;

    if (cpu->pending_event != 0)
        return ENTRY_EVENT;
    handoff_state_to_check(cpu, &state);
    return entry_check(&state, &processor, NULL);
}

static void enter(const struct hvm_hw_cpu *cpu, enum handoff_direction direction)
{
    struct world_switch_context *record;

    if (direction == INTO_GUEST) {
        record = handoffs_next();
        handoff_state_to_context(cpu, record);
        handoffs_add(INTO_GUEST);
    }
    handoff_state_load(cpu);
    vcpu.in_blob = direction == INTO_BLOB;
}

bool handoff_request(uint32_t address)
{
    struct handoff_block *guest_block = (struct handoff_block *)address;
    struct handoff_block block;
    enum handoff_status status;
    enum hvmassist_entry_rule rule = ENTRY_OK;

    if ((address & 7u) != 0 || (address & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof block ||
        !machine_is_ram(address, sizeof block)) {
        log_text("testvisor: hand-off block at %08x is not 8-byte aligned RAM within a page\n",
                 address);
        statistics.refused++;
        return false;
    }
    memcpy(&block, guest_block, sizeof block);
    status = check_header(&block);
    if (status == HANDOFF_ACCEPTED) {
        rule = check_state(&block.state);
        if (rule != ENTRY_OK)
            status = HANDOFF_BAD_STATE;
    }
    guest_block->status = status;
    guest_block->rule = rule;
    if (status != HANDOFF_ACCEPTED) {
        log_text("testvisor: hand-off refused, status %u, rule %u (%s)\n", (uint32_t)status,
                 (uint32_t)rule, entry_rule_text(rule));
        statistics.refused++;
        return false;
    }
    if (block.reason == HANDOFF_REGISTER) {
        registered = block;
        registered_address = address;
        statistics.registered++;
        return false;
    }
    enter(&block.state, INTO_GUEST);
    return true;
}

void handoff_into_blob(uint32_t value)
{
    struct handoff_block *guest_block = (struct handoff_block *)registered_address;
    struct hvm_hw_cpu saved;

    if (registered_address == 0)
        report_end(TESTVISOR_END_CRASH, "CR0.PE cleared before HANDOFF_REGISTER");
    vcpu_skip_instruction();
    handoff_state_save(&saved);
    /* What the skipped instruction left to be delivered is part of the state, not of the blob's. */
    vmcs_write(VMCS_ENTRY_EVENT, 0);
    world_switch_save(handoffs_next(), (uint32_t)saved.rip);
    statistics.nested_into_blob += vcpu.in_blob;
    handoffs_add(INTO_BLOB);
    memcpy(&guest_block->state, &saved, sizeof saved);
    guest_block->reason = HANDOFF_RETURNED;
    guest_block->status = HANDOFF_ACCEPTED;
    guest_block->rule = ENTRY_OK;
    guest_block->cr0_written = value;
    enter(&registered.state, INTO_BLOB);
}
