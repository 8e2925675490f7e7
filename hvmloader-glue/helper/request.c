/* The header of a request block. Not here: its state (state_check.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "request.h"

#include "xen.h"

bool request_address_fits(uint64_t address)
{
    return address != 0 && address % 8 == 0 && address <= UINT32_MAX &&
           address % PAGE_SIZE <= PAGE_SIZE - sizeof(struct handoff_block);
}

enum handoff_status request_check(const struct handoff_block *block, uint32_t vcpu, bool registered)
{
    if (block->magic != HANDOFF_MAGIC)
        return HANDOFF_BAD_MAGIC;
    if (block->version != HANDOFF_VERSION)
        return HANDOFF_BAD_VERSION;
    if (block->vcpu != vcpu)
        return HANDOFF_BAD_VCPU;
    if (block->reason != HANDOFF_REGISTER && block->reason != HANDOFF_ENTER)
        return HANDOFF_BAD_REASON;
    if (block->reason == HANDOFF_ENTER && !registered)
        return HANDOFF_NOT_REGISTERED;
    return HANDOFF_ACCEPTED;
}

const char *request_status_text(enum handoff_status status)
{
    switch (status) {
    case HANDOFF_ACCEPTED:
        return "accepted";
    case HANDOFF_BAD_MAGIC:
        return "the request has no magic number";
    case HANDOFF_BAD_VERSION:
        return "the request is of another version";
    case HANDOFF_BAD_VCPU:
        return "the request is in another vCPU's name";
    case HANDOFF_BAD_REASON:
        return "the request asks for nothing known";
    case HANDOFF_NOT_REGISTERED:
        return "there is no registered way back";
    case HANDOFF_BAD_STATE:
        return "the state breaks a rule of VM entry";
    case HANDOFF_REFUSED:
        return "Xen did not take the state";
    case HANDOFF_PENDING:
        break;
    }
    return "pending";
}
