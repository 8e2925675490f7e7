/* Producer and consumer indices of the monitor ring. Not here: the event channel (xen.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "ring.h"

#include "xen.h"

#include <string.h>

/* Xen's macros mix signed and unsigned. */
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"

void ring_start(struct ring *ring, void *page)
{
    SHARED_RING_INIT((vm_event_sring_t *)page);
    BACK_RING_INIT(&ring->back, (vm_event_sring_t *)page, PAGE_SIZE);
}

bool ring_take(struct ring *ring, vm_event_request_t *event)
{
    const RING_IDX next = ring->back.req_cons;
    int more;

    RING_FINAL_CHECK_FOR_REQUESTS(&ring->back, more);
    if (!more)
        return false;
    memcpy(event, RING_GET_REQUEST(&ring->back, next), sizeof *event);
    ring->back.req_cons = next + 1;
    return true;
}

void ring_answer(struct ring *ring, const vm_event_response_t *answer)
{
    const RING_IDX next = ring->back.rsp_prod_pvt;

    memcpy(RING_GET_RESPONSE(&ring->back, next), answer, sizeof *answer);
    ring->back.rsp_prod_pvt = next + 1;
    RING_PUSH_RESPONSES(&ring->back);
}

vm_event_response_t ring_plain_answer(const vm_event_request_t *event)
{
    return (vm_event_response_t){
        .version = VM_EVENT_INTERFACE_VERSION,
        .vcpu_id = event->vcpu_id,
        .flags = event->flags & VM_EVENT_FLAG_VCPU_PAUSED,
        .reason = event->reason,
    };
}
