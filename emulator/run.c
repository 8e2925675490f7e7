/* The interpreter's loop and what happens at an instruction boundary: interrupts, traps, shadows,
 * leaving. Not here: delivery (delivery.c), instructions (execute_*.c), state transfer
 * (processor.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "decode.h"
#include "delivery.h"
#include "native.h"
#include "operation.h"

#define DR6_BS 0x00004000u

#define BOUNDARY_GO (-1) /* no reason to stop: go on */

/* Instructions between two looks at the budget at most. */
#define LEFT_MOST 0x40000000

/* --- unwinding ---------------------------------------------------------------------------------
 */

static _Noreturn void unwind(struct processor *p)
{
    __builtin_longjmp(p->unwind, 1);
}

_Noreturn void raise_fault(struct processor *p, enum exception vector)
{
    p->fault = (struct fault){.vector = (uint8_t)vector};
    unwind(p);
}

_Noreturn void raise_fault_code(struct processor *p, enum exception vector, uint16_t error)
{
    p->fault = (struct fault){.vector = (uint8_t)vector, .has_error = true, .error = error};
    unwind(p);
}

void close_interrupts(struct processor *p)
{
    if (!p->interrupts_open)
        return;
    p->interrupts_open = false;
    if (p->platform->close_interrupts(p->context)) {
        event_set(p, EVENT_INTERRUPT);
        p->restart = true;
        unwind(p);
    }
}

void begin_shadow(struct processor *p, uint8_t shadow)
{
    /* In a row of shadowing instructions only the first one counts. */
    if (p->shadow)
        return;
    p->shadow = shadow;
    p->shadow_end = p->retired + 2;
    event_set(p, EVENT_SHADOW);
}

void eflags_write(struct processor *p, uint32_t value, uint32_t mask)
{
    uint32_t old = p->eflags_rest, rest = mask & ~EFLAGS_STATUS;

    if ((mask & EFLAGS_IF) && !(value & EFLAGS_IF))
        close_interrupts(p);
    p->eflags_rest = ((old & ~rest) | (value & rest)) & EFLAGS_DEFINED & ~EFLAGS_STATUS;
    p->eflags_rest |= EFLAGS_FIXED;
    if (mask & EFLAGS_STATUS) {
        uint32_t status = flags_status(p);

        flags_put_status(p, (status & ~mask) | (value & mask));
    }
    if ((old ^ p->eflags_rest) & EFLAGS_AC)
        segment_update_bounds(p);
    if ((old ^ p->eflags_rest) & EFLAGS_VM) {
        code_mode_changed(p);
        event_set(p, EVENT_MODE);
    }
    if (value & mask & EFLAGS_RF)
        p->resume_end = p->retired + 2;
    if (p->eflags_rest & (EFLAGS_TF | EFLAGS_RF | EFLAGS_VIP))
        event_set(p, EVENT_DEBUG);
    if (p->eflags_rest & EFLAGS_IF)
        event_set(p, EVENT_OPEN);
}

void branch_to(struct processor *p, uint32_t eip)
{
    if (eip > p->segment[CS].limit)
        raise_gp(p);
    p->eip = eip;
}

void branch_near(struct processor *p, const struct instruction *i, uint32_t target)
{
    branch_to(p, target & width_mask(i->operand_size));
}

/* --- the instruction boundary ------------------------------------------------------------------
 */

static void end_shadow(struct processor *p)
{
    if (p->shadow && p->retired >= p->shadow_end) {
        p->shadow = 0;
        event_clear(p, EVENT_SHADOW);
        event_set(p, EVENT_OPEN | EVENT_MODE);
    }
}

/* An instruction breakpoint on the instruction about to run: DR6 bits, or 0. SDM vol. 3, 17.3.1.1.
 */
static uint32_t instruction_breakpoints(const struct processor *p)
{
    uint32_t linear = p->segment[CS].base + p->eip, hit = 0;

    if (p->eflags_rest & EFLAGS_RF)
        return 0;
    for (unsigned n = 0; n < 4; n++) {
        bool enabled = p->dr[7] & (3u << (2 * n)), execution = !((p->dr[7] >> (16 + 4 * n)) & 3);

        if (enabled && execution && p->dr[n] == linear)
            hit |= 1u << n;
    }
    return hit;
}

static void deliver_debug(struct processor *p, uint32_t bits, enum event_kind kind)
{
    struct event event = {.vector = EXCEPTION_DB, .kind = kind};

    close_interrupts(p);
    p->pending_debug = 0;
    p->dr[6] = (p->dr[6] & ~0xfu) | bits | DR6_FIXED;
    p->dr[7] &= ~0x2000u; /* GD is cleared for the handler */
    p->faults++;
    deliver_event(p, &event);
}

/* Debug traps of the instruction that ended, then what TF and breakpoints ask of the next one. */
static void boundary_debug(struct processor *p)
{
    if ((p->eflags_rest & EFLAGS_RF) && p->retired >= p->resume_end)
        p->eflags_rest &= ~EFLAGS_RF;
    if (p->single_step) {
        p->single_step = false;
        p->pending_debug |= DR6_BS;
    }
    if (p->shadow != SHADOW_MOV_SS) {
        uint32_t hit;

        if (p->pending_debug) {
            deliver_debug(p, p->pending_debug, EVENT_KIND_TRAP);
            return;
        }
        hit = instruction_breakpoints(p);
        if (hit) {
            deliver_debug(p, hit, EVENT_KIND_FAULT);
            return;
        }
    }
    p->single_step = p->eflags_rest & EFLAGS_TF;
}

/* Boundaries need not look at debug traps when nothing can bring one about. */
static void rest_from_debug(struct processor *p)
{
    if (!p->single_step && !p->pending_debug && !(p->eflags_rest & (EFLAGS_TF | EFLAGS_RF)) &&
        !(p->dr[7] & 0xff))
        event_clear(p, EVENT_DEBUG);
}

static bool nmi_due(const struct processor *p)
{
    return (p->events & EVENT_NMI) && !p->nmi_blocked;
}

static void deliver_nmi(struct processor *p)
{
    struct event event = {.vector = EXCEPTION_NMI, .kind = EVENT_KIND_EXTERNAL};

    close_interrupts(p);
    event_clear(p, EVENT_NMI);
    p->nmi_blocked = true;
    deliver_event(p, &event);
}

static void deliver_interrupt(struct processor *p)
{
    struct event event = {.kind = EVENT_KIND_EXTERNAL};

    if (p->interrupts_open)
        p->platform->close_interrupts(p->context);
    p->interrupts_open = false;
    event_clear(p, EVENT_INTERRUPT);
    processor_distrust_code(p);
    event.vector = p->platform->take_interrupt(p->context);
    p->interrupts++;
    deliver_event(p, &event);
}

/* The instruction may end in a debug trap, which comes before any interrupt and shuts it out. */
static bool traps_armed(const struct processor *p)
{
    return p->single_step || (p->dr[7] & 0xff);
}

/* Then interrupts are open at the boundary alone: none is accepted that could not be delivered. */
static void sample_interrupts(struct processor *p)
{
    p->interrupts_open = false;
    event_set(p, p->platform->close_interrupts(p->context) ? EVENT_INTERRUPT | EVENT_OPEN
                                                           : EVENT_OPEN);
}

/* Opens external interrupts when nothing holds them off. */
static void boundary_open(struct processor *p)
{
    event_clear(p, EVENT_OPEN);
    if (!(p->eflags_rest & EFLAGS_IF))
        return;
    if (p->interrupt_waits) {
        p->interrupt_waits = false;
        event_set(p, EVENT_INTERRUPT);
    }
    if (!p->shadow && !p->interrupts_open && !(p->events & EVENT_INTERRUPT)) {
        p->interrupts_open = true;
        p->platform->open_interrupts(p->context);
        if (traps_armed(p))
            sample_interrupts(p);
    }
}

/* External interrupts, one that was waiting for this very boundary to open included. A handler
 * behind a trap gate may be interrupted before its first instruction. */
static void boundary_interrupts(struct processor *p)
{
    if (p->interrupts_open && traps_armed(p))
        sample_interrupts(p);
    for (;;) {
        if (p->events & EVENT_OPEN)
            boundary_open(p);
        if (!(p->events & EVENT_INTERRUPT) || p->shadow)
            return;
        if (!(p->eflags_rest & EFLAGS_IF)) {
            event_clear(p, EVENT_INTERRUPT);
            p->interrupt_waits = true;
            return;
        }
        deliver_interrupt(p);
    }
}

/* HLT: waits; returns BOUNDARY_GO once there is something to deliver. */
static int boundary_halt(struct processor *p)
{
    bool wakeable = p->eflags_rest & EFLAGS_IF;

    if ((p->events & EVENT_STOP) || nmi_due(p) || (wakeable && (p->events & EVENT_INTERRUPT)))
        return BOUNDARY_GO;
    p->platform->halt(p->context, wakeable);
    processor_distrust_code(p);
    return wakeable || nmi_due(p) ? BOUNDARY_GO : PROCESSOR_HALTED;
}

/* CR0.PE is set: may and should the hardware take over? */
static int boundary_mode(struct processor *p)
{
    struct guest_state state;
    enum hvmassist_entry_rule rule;

    if (!protected_mode(p) || p->retired < p->ask_at) {
        event_clear(p, EVENT_MODE);
        return BOUNDARY_GO;
    }
    processor_save(p, &state);
    rule = entry_rule_broken(&state, p->pdpte);
    if (rule != ENTRY_SHADOW) /* a shadow passes by itself */
        event_clear(p, EVENT_MODE);
    if (rule != ENTRY_OK) {
        p->refused_rule = rule;
        p->refused_address = p->segment[CS].base + p->eip;
    }
    if (rule != ENTRY_OK || !p->platform->leave(p->context, p))
        return BOUNDARY_GO;
    /* Asked again if an interrupt slipped in, which is the interpreter's to deliver. */
    event_set(p, EVENT_MODE);
    close_interrupts(p);
    return PROCESSOR_ENTERABLE;
}

/* CR4.VME and CR4.PVI: VIF and VIP together ask for #GP(0) at the boundary. SDM vol.
 * 3, 20.3.2, 20.4. */
static bool virtual_interrupt_due(const struct processor *p)
{
    uint32_t extension = virtual_8086_mode(p) ? CR4_VME : CR4_PVI, both = EFLAGS_VIF | EFLAGS_VIP;

    return (p->eflags_rest & both) == both && p->cpl == 3 && iopl(p) < 3 && (p->cr4 & extension);
}

/* Everything due between two instructions, by priority (SDM vol. 3, table 6-2): traps, NMI,
 * interrupt, then the next instruction. Returns an exit reason or BOUNDARY_GO. */
static int boundary(struct processor *p)
{
    int reason = BOUNDARY_GO;
    bool resume;

    if (p->events & EVENT_STOP) {
        event_clear(p, EVENT_STOP);
        return PROCESSOR_STOPPED;
    }
    end_shadow(p);
    /* Between the iterations of a REP instruction RF is set in what is pushed, as for a fault: SDM
     * vol. 3, 17.3.1.1. */
    resume = p->repeating && !(p->eflags_rest & EFLAGS_RF);
    p->repeating = false;
    if (resume) {
        p->eflags_rest |= EFLAGS_RF;
        p->resume_end = p->retired + 1;
    }
    if (p->events & EVENT_DEBUG)
        boundary_debug(p);
    if (nmi_due(p) && p->shadow != SHADOW_MOV_SS)
        deliver_nmi(p);
    boundary_interrupts(p);
    if (resume)
        p->eflags_rest &= ~EFLAGS_RF;
    if (p->events & EVENT_DEBUG)
        rest_from_debug(p);
    if (virtual_interrupt_due(p))
        raise_gp(p);
    if (p->events & EVENT_HALTED)
        reason = boundary_halt(p);
    else if (p->events & EVENT_MODE)
        reason = boundary_mode(p);
    return reason;
}

/* --- the loop ----------------------------------------------------------------------------------
 */

/* Among operations ESI and EDI are nobody's (emulator/module.mk), and EBX is the processor. */
static void run_operations(struct processor *p, const struct operation *o)
{
#ifdef EMULATOR_THREADED
    uint32_t flags = p->flags;
#ifdef __i386__
    __asm__ volatile("call *(%[o])"
                     : "+a"(flags), "+b"(p), [o] "+d"(o)
                     :
                     : "ecx", "esi", "edi", "memory", "cc");
#else
    o->run(flags, p, o);
#endif
#else
    while (o != NULL)
        o = o->run(p->flags, p, o);
#endif
}

/* One instruction, however it lies. */
static void step(struct processor *p)
{
    const struct operation *o = code_single(p);

    p->code_left = 0;
    p->code_end = p->retired;
#ifdef EMULATOR_TRACE
    p->platform->trace(p->context, p, p->traced, o->length);
#endif
    run_operations(p, o);
}

/* As many instructions as the budget allows, or one when the next ones cannot be kept. */
static void run_stretches(struct processor *p)
{
    uint64_t budget = p->stop_at - p->retired;
    const struct operation *o;

    if (p->events != 0 || budget < STRETCH_INSTRUCTIONS || (o = code_find(p)) == NULL) {
        step(p);
        return;
    }
    budget -= STRETCH_INSTRUCTIONS;
    p->code_left = budget < LEFT_MOST ? (int32_t)budget : LEFT_MOST;
    p->code_end = p->retired + (uint64_t)p->code_left;
    run_operations(p, o);
}

/* After an unwind: a fault is delivered, a restart just goes back to the boundary. False: triple
 * fault. */
static bool after_unwind(struct processor *p)
{
    p->eip = p->instruction_eip;
    p->single_step = false;
    if (p->restart) {
        p->restart = false;
        return true;
    }
    if (p->interrupts_open) {
        p->interrupts_open = false;
        if (p->platform->close_interrupts(p->context)) {
            /* The interrupt came before the faulting instruction, which will fault again after it.
             */
            event_set(p, EVENT_INTERRUPT | EVENT_MODE);
            return true;
        }
    }
    return deliver_fault(p);
}

/* Runs until an exit reason turns up; unwinds come back through processor_run. */
static enum exit_reason loop(struct processor *p)
{
    for (;;) {
        if (__builtin_expect(p->events != 0, 0)) {
            int reason;

            event_clear(p, EVENT_CODE);
            p->instruction_eip = p->eip;
            reason = p->events == 0 ? BOUNDARY_GO : boundary(p);
            if (reason != BOUNDARY_GO)
                return (enum exit_reason)reason;
            if (p->events & EVENT_HALTED)
                continue;
        }
        run_stretches(p);
        if (p->retired >= p->stop_at)
            return PROCESSOR_BUDGET;
    }
}

/* One guarded stretch: everything that may unwind runs below this frame. */
static __attribute__((noinline)) enum exit_reason guarded(struct processor *p, bool unwound)
{
    if (unwound && !after_unwind(p))
        return PROCESSOR_TRIPLE_FAULT;
    /* A fault uses up budget too: a handler that faults for ever must not hold the caller. */
    if (unwound && --p->stop_at <= p->retired)
        return PROCESSOR_BUDGET;
    return loop(p);
}

void processor_stay(struct processor *p, uint64_t instructions)
{
    p->ask_at = p->retired + instructions;
    if (p->stop_at > p->ask_at)
        p->stop_at = p->ask_at;
}

enum exit_reason processor_run(struct processor *p, uint64_t budget)
{
    struct processor *volatile kept = p;
    enum exit_reason reason;

    p->stop_at = budget == 0 ? UINT64_MAX : p->retired + budget;
    processor_distrust_code(p);
    event_set(p, EVENT_OPEN | EVENT_MODE | EVENT_DEBUG);
    if (__builtin_setjmp(p->unwind))
        reason = guarded(kept, true);
    else
        reason = guarded(kept, false);
    p = kept;
    if (p->interrupts_open) {
        p->interrupts_open = false;
        if (p->platform->close_interrupts(p->context))
            event_set(p, EVENT_INTERRUPT);
    }
    native_give_pointers(p);
    return reason;
}
