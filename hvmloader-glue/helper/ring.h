/* The monitor ring: a page shared with Xen in which events arrive and answers go back.
 * Not here: what the events mean. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_RING_H
#define HELPER_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xen/vm_event.h>

struct ring {
    vm_event_back_ring_t back;
};

/* Right after monitor_enable, before any event is asked for. `page` stays the caller's. */
void ring_start(struct ring *ring, void *page);

/* Takes the oldest event out; false: there is none. */
bool ring_take(struct ring *ring, vm_event_request_t *event);

/* Puts an answer in; Xen sees it at the next notify. Xen acts on it only if the vCPU waits for one;
 * so an answer to no event, with VM_EVENT_FLAG_VCPU_PAUSED, releases a vCPU whose event was lost
 * with an earlier ring, and does nothing to any other. */
void ring_answer(struct ring *ring, const vm_event_response_t *answer);

/* The plain answer to an event: it may go on. */
vm_event_response_t ring_plain_answer(const vm_event_request_t *event);

#endif
