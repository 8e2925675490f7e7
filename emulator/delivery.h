/* Delivery of interrupts and exceptions to the guest: IVT, IDT gates, privilege change, task gates.
 * Not here: when an event is due (run.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_DELIVERY_H
#define EMULATOR_DELIVERY_H

#include "segment.h"

/* How the event came about (SDM vol. 3, 6.2 and 6.4): decides EXT, DPL checks, and RF. */
enum event_kind {
    EVENT_KIND_EXTERNAL,           /* interrupt or NMI */
    EVENT_KIND_FAULT,              /* exception, EIP at the instruction */
    EVENT_KIND_TRAP,               /* #DB after an instruction */
    EVENT_KIND_SOFTWARE_INTERRUPT, /* INT n */
    EVENT_KIND_SOFTWARE_EXCEPTION, /* INT3, INTO */
    EVENT_KIND_PRIVILEGED,         /* INT1 */
};

struct event {
    uint8_t vector;
    enum event_kind kind;
    bool has_error;
    uint16_t error;
};

/* Delivers through the table of the current mode; p->eip is the return address. Raises what
 * delivery itself raises. Afterwards EIP, CS, the stack and EFLAGS are the handler's. */
void deliver_event(struct processor *p, const struct event *event);

/* The exception in p->fault, combined with an event that was under delivery by the double-fault
 * rules (SDM vol. 3, table 6-5). Returns false on a triple fault. A chain of faults without end is
 * abandoned: nothing is delivered then, and the instruction starts again. */
bool deliver_fault(struct processor *p);

/* The stack of an inner privilege level from the current TSS, as a gate needs it: SDM vol.
 * 3, 5.8.5. `ext`: EXT bit of the error codes. *segment is filled for the caller, who commits it.
 */
struct inner_stack {
    struct segment segment;
    struct descriptor descriptor;
    struct stack stack;
    uint16_t selector;
};
void inner_stack_open(struct processor *p, struct inner_stack *inner, unsigned dpl, unsigned ext);
/* SS:ESP := the inner stack, CPL := its DPL. */
void inner_stack_commit(struct processor *p, struct inner_stack *inner, unsigned dpl);

/* Notes a far transfer for the panic report. */
void record_branch(struct processor *p);

#endif
