/* Guest requests and denied writes to CR0.PE: the two directions of a hand-off.
 * Not here: loading a state (switch.c), nor a vCPU whose event was lost (lost_event.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "serve.h"

#include "log.h"
#include "request.h"
#include "switch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CR0_PE 1u

/* --- guest request: out of the blob -------------------------------------------------------------
 */

static void note_refusal(struct domain *d, uint32_t vcpu, enum handoff_status status,
                         enum hvmassist_entry_rule rule)
{
    const char *text =
        status == HANDOFF_BAD_STATE ? state_rule_text(rule) : request_status_text(status);

    d->record->refused++;
    record_text(d->record->refusal, "vCPU %u: %s", vcpu, text);
    log_verbose("%s: request refused: vCPU %u: %s", domain_title(d), vcpu, text);
}

/* The request in `block`, a copy; *rule is written for HANDOFF_BAD_STATE. */
static enum handoff_status fulfil(struct domain *d, uint32_t vcpu, uint32_t address,
                                  const struct handoff_block *block,
                                  enum hvmassist_entry_rule *rule)
{
    const enum handoff_status status = request_check(block, vcpu, d->vcpus[vcpu].registered);
    int result;

    if (status != HANDOFF_ACCEPTED)
        return status;
    result = domain_check_state(d, &block->state);
    if (result > 0) {
        *rule = (enum hvmassist_entry_rule)result;
        return HANDOFF_BAD_STATE;
    }
    if (result == 0)
        result = block->reason == HANDOFF_REGISTER
                     ? domain_register(d, vcpu, address, &block->state)
                     : switch_load(d, vcpu, NULL, &block->state);
    if (result == 0)
        return HANDOFF_ACCEPTED;
    log_line("%s: vCPU %u: %s: %s", domain_title(d), vcpu,
             block->reason == HANDOFF_REGISTER ? "registration" : "hand-off", strerror(-result));
    return HANDOFF_REFUSED;
}

static void serve_request(struct domain *d, const vm_event_request_t *event)
{
    const uint64_t address = event->data.regs.x86.rdx;
    const uint32_t vcpu = event->vcpu_id;
    enum hvmassist_entry_rule rule = ENTRY_OK;
    volatile struct handoff_block *guest;
    struct handoff_block block;
    enum handoff_status status;

    /* Requests may be meant for somebody else. */
    if ((uint32_t)event->data.regs.x86.rdi != HANDOFF_MAGIC)
        return;
    guest = domain_block(d, vcpu, address);
    if (guest == NULL) {
        d->record->refused++;
        record_text(d->record->refusal, "vCPU %u: no request block at %" PRIx64, vcpu, address);
        return;
    }
    /* Once: the guest may go on changing it. */
    memcpy(&block, (const void *)guest, sizeof block);
    if (d->verify && block.reason == HANDOFF_ENTER)
        context_log("sent", &block.state);
    status = fulfil(d, vcpu, (uint32_t)address, &block, &rule);
    if (status == HANDOFF_ACCEPTED && block.reason == HANDOFF_ENTER) {
        /* The caller is no more: nobody reads a status. */
        d->record->into_guest++;
        log_verbose("%s: vCPU %u: into the guest", domain_title(d), vcpu);
        return;
    }
    guest->rule = rule;
    guest->status = status;
    domain_block_written(d, vcpu);
    if (status == HANDOFF_ACCEPTED)
        log_line("%s: vCPU %u: registered", domain_title(d), vcpu);
    else
        note_refusal(d, vcpu, status, rule);
}

/* --- a write that clears CR0.PE: into the blob --------------------------------------------------
 */

/* True: the vCPU is about to enter the blob, and the write must not happen. */
static bool enter_blob(struct domain *d, uint32_t vcpu, uint64_t written)
{
    const struct domain_vcpu *v = &d->vcpus[vcpu];
    struct hvm_hw_cpu live;
    volatile struct handoff_block *guest;
    int error = switch_read(d, vcpu, &live);

    if (error != 0) {
        log_line("%s: vCPU %u: its context: %s", domain_title(d), vcpu, strerror(-error));
        return false;
    }
    guest = domain_block(d, vcpu, v->block);
    if (guest == NULL) {
        log_line("%s: vCPU %u: its request block at %08x is gone", domain_title(d), vcpu, v->block);
        return false;
    }
    if (d->verify)
        context_log("saved", &live);
    memcpy((void *)&guest->state, &live, sizeof live);
    guest->reason = HANDOFF_RETURNED;
    guest->status = HANDOFF_ACCEPTED;
    guest->rule = ENTRY_OK;
    guest->cr0_written = (uint32_t)written;
    domain_block_written(d, vcpu);
    error = switch_load(d, vcpu, &live, &v->entry);
    if (error != 0) {
        log_line("%s: vCPU %u: entering the blob: %s", domain_title(d), vcpu, strerror(-error));
        return false;
    }
    d->record->into_blob++;
    log_verbose("%s: vCPU %u: into the blob", domain_title(d), vcpu);
    return true;
}

static bool serve_cr0(struct domain *d, const vm_event_request_t *event)
{
    const uint64_t written = event->u.write_ctrlreg.new_value;
    const uint32_t vcpu = event->vcpu_id;
    const bool clears = (event->u.write_ctrlreg.old_value & ~written & CR0_PE) != 0;

    if (clears && (d->vcpus[vcpu].registered || domain_recall_registration(d, vcpu)) &&
        enter_blob(d, vcpu, written))
        return true;
    /* A processor that Xen has started in real mode, or one that goes back there without a blob. */
    d->record->passed++;
    return false;
}

vm_event_response_t serve_event(struct domain *d, const vm_event_request_t *event)
{
    vm_event_response_t answer = ring_plain_answer(event);

    if (event->vcpu_id >= d->info.vcpu_count)
        return answer;
    if (event->reason == VM_EVENT_REASON_GUEST_REQUEST) {
        serve_request(d, event);
    } else if (event->reason == VM_EVENT_REASON_WRITE_CTRLREG &&
               event->u.write_ctrlreg.index == VM_EVENT_X86_CR0) {
        answer.u.write_ctrlreg.index = VM_EVENT_X86_CR0;
        if (serve_cr0(d, event))
            answer.flags |= VM_EVENT_FLAG_DENY;
    }
    return answer;
}
