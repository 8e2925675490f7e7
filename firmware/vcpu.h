/* A vCPU of the guest while it is interpreted: what the blob keeps for it beside the interpreter's
 * own state. Not here: anything that outlives a hand-off; while the guest runs natively, its vCPUs
 * have no place here. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_VCPU_H
#define FIRMWARE_VCPU_H

#include "layout.h"

#include "emulator/processor.h"

/* A stretch of protected mode that stays in the interpreter for now; see policy.c. */
struct stay {
    uint32_t stretch; /* processor.mode_switches when it began */
    uint64_t end;     /* `retired` when it is to leave */
    void *lesson;     /* NULL: it does not stay */
};

struct vcpu {
    struct processor processor;
    struct guest_state state;     /* as it came in or goes out */
    uint8_t native_code[16];      /* an instruction of the guest, and RET */
    volatile bool interrupt_kept; /* `vector` has been acknowledged and not yet delivered */
    volatile uint8_t vector;
    volatile bool in_use;
    struct stay stay;
    bool refused; /* see policy.c */
    uint64_t refused_at;
    uint64_t native_efer; /* the processor's own EFER now; see msr.h */
    uint64_t counted_instructions, counted_interrupts, counted_faults; /* see statistics.c */
};

extern struct vcpu vcpus[VCPU_COUNT];

/* Makes all places usable; once, before any other function here. */
void vcpu_start(void);

/* A free place, taken. Waits when all are busy; the caller holds the switch lock or is alone. */
struct vcpu *vcpu_take(void);
/* Gives the place back. The stack stays usable until the processor leaves it, so this is the last
 * thing done on it with the switch lock held. */
void vcpu_release(struct vcpu *vcpu);

/* End of the vCPU's stack. */
void *vcpu_stack_top(const struct vcpu *vcpu);
/* The vCPU whose stack `address` is in, or NULL (the switch stack). */
struct vcpu *vcpu_of_stack(const void *address);

/* Interprets vcpu->state, again and again handed over and taken back, for ever. Runs on the vCPU's
 * own stack, external interrupts closed. */
_Noreturn void vcpu_run(struct vcpu *vcpu);
/* The same; leaves the switch lock and changes stacks first. */
_Noreturn void vcpu_enter(struct vcpu *vcpu, void *stack_top);

/* An external interrupt has been acknowledged on behalf of this vCPU. */
void vcpu_keep_interrupt(struct vcpu *vcpu, uint8_t vector);

/* The one kept is not to be delivered after all. */
void vcpu_drop_interrupt(struct vcpu *vcpu);

/* State at the reset vector, as hvmloader leaves a machine: reset values but for CS.base = 0xf0000,
 * because nothing is at 4 GiB - 64 KiB. */
void vcpu_reset(struct vcpu *vcpu);
/* State after INIT and a start-up IPI with this vector (SDM vol. 3, 9.4.3). */
void vcpu_start_up(struct vcpu *vcpu, uint8_t vector);

#endif
