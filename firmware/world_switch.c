/* Transport of Xen 3.0.2 - 3.2: INVOKE brings the guest in, RESTORE takes it out.
 * Not here: the instructions around the switches (switch.S), the layout (hvmassist/world_switch.h).
 *
 * While the blob interprets, the hypervisor believes that an ordinary paged guest runs: right after
 * each INVOKE by the guest the blob RESTOREs itself into its home context, and before it leaves it
 * INVOKEs itself. Two more switches each way, for which:
 *  - Xen 3.2 has put the 8259s' bases back (pic.c);
 *  - the home context is paged on every version; a NEW context cannot be before 3.2;
 *  - CR0 of the home context is in force; before 3.2 an INVOKE leaves the guest's EM, TS and AM in
 * force;
 *  - a guest that sets EFER.LME, CR4.PAE and CR0.PG together gets its LMA, for which Xen wants to
 * see PG change from 0 to 1 in the last write: the NEW context of the way out is unpaged;
 *  - a domain saved and restored meanwhile goes on; Xen saves no sign that a blob runs.
 *
 * NEW is one context with two uses: *arrival* while the guest runs natively, *departure* while the
 * blob runs. OLD, NEW and the header are the same for all vCPUs, and Xen reads and writes them
 * without a lock. The switch lock keeps the blob's own accesses apart; two vCPUs that clear PE at
 * the same time overwrite each other's OLD inside Xen, and no code in the guest can help that. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "a20.h"
#include "hardware.h"
#include "msr.h"
#include "paging.h"
#include "panic.h"
#include "pic.h"
#include "statistics.h"
#include "transport.h"
#include "traps.h"
#include "xen.h"

#include <hvmassist/world_switch.h>

#include <stddef.h>

#define FLAT_CODE 0xc09bu
#define FLAT_DATA 0xc093u
#define BUSY_TSS  0x008bu
#define DR6_BS    0x4000u
#define TSS_LAST  0x67u
#define DR7_GD    0x2000u

/* Four switches of the testvisor's, in Bochs, and what the blob does around them. */
const uint32_t world_switch_round_trip = 4000;

/* Named by the image header. */
struct world_switch_context new_context, old_context;

extern const uint8_t arrival[], departure[], vcpu_landing[], gdt[];
extern uint8_t switch_stack_top[];

/* For switch.S: what the guest's registers are to be. */
extern uint32_t departure_gpr[GENERAL_REGISTER_COUNT], departure_cr0, departure_dr7;

_Noreturn void world_switch_home(struct vcpu *vcpu);
_Noreturn void world_switch_part(struct vcpu *vcpu);
/* Called by switch.S with the switch lock held. `pushed`: GPRs as PUSHAL leaves them. */
_Noreturn void world_switch_arrived(const uint32_t *pushed);
void world_switch_departing(struct vcpu *vcpu);

/* NEW of the next arrival can be paged. */
static bool arrives_paged;

/* PUSHAL and POPAL go from EDI up to EAX: the processor's numbers, backwards. */
static unsigned pushed_index(unsigned number)
{
    return GENERAL_REGISTER_COUNT - 1 - number;
}

/* --- contexts -----------------------------------------------------------------------------------
 */

/* Where each segment register is in a context. */
static const uint8_t segment_offsets[SEGMENT_REGISTER_COUNT] = {
    [ES] = offsetof(struct world_switch_context, es),
    [CS] = offsetof(struct world_switch_context, cs),
    [SS] = offsetof(struct world_switch_context, ss),
    [DS] = offsetof(struct world_switch_context, ds),
    [FS] = offsetof(struct world_switch_context, fs),
    [GS] = offsetof(struct world_switch_context, gs),
    [LDTR] = offsetof(struct world_switch_context, ldtr),
    [TR] = offsetof(struct world_switch_context, tr),
};

static struct world_switch_segment *segment_of(struct world_switch_context *c, unsigned n)
{
    return (struct world_switch_segment *)((uint8_t *)c + segment_offsets[n]);
}

/* The blob's own environment: flat segments, its tables, interrupts closed. The TSS is never read:
 * the blob has no other privilege level, and no tasks; entry only wants one that is busy. */
static void fill_own(struct world_switch_context *c, const uint8_t *eip, void *esp)
{
    const struct descriptor_table *idt = traps_idt();

    *c = (struct world_switch_context){
        .eip = (uint32_t)eip,
        .esp = (uint32_t)esp,
        .eflags = EFLAGS_FIXED,
        .cr3 = paging_directory(),
        .cr4 = paging_cr4(),
        .idtr_limit = idt->limit,
        .idtr_base = idt->base,
        .gdtr_limit = GDT_LIMIT,
        .gdtr_base = (uint32_t)gdt,
        .tr = {0x18, TSS_LAST, 0, BUSY_TSS},
        .ldtr = {0, 0, 0, ATTRIBUTE_UNUSABLE},
    };
    for (unsigned n = ES; n <= GS; n++)
        *segment_of(c, n) = (struct world_switch_segment){DATA_SELECTOR, 0xffffffffu, 0, FLAT_DATA};
    c->cs = (struct world_switch_segment){CODE_SELECTOR, 0xffffffffu, 0, FLAT_CODE};
}

/* IF=1: see `arrival` in switch.S. */
static void prepare_arrival(void)
{
    new_context.eip = (uint32_t)arrival;
    new_context.eflags = EFLAGS_FIXED | EFLAGS_IF;
    new_context.cr0 = arrives_paged ? NEW_CR0_PAGED : NEW_CR0_UNPAGED;
}

static void prepare_departure(void)
{
    new_context.eip = (uint32_t)departure;
    new_context.eflags = EFLAGS_FIXED;
    new_context.cr0 = NEW_CR0_UNPAGED;
}

static void fill_from_state(struct world_switch_context *c, const struct guest_state *s)
{
    c->eip = s->eip;
    c->esp = s->gpr[ESP];
    c->eflags = s->eflags;
    c->cr0 = s->cr0;
    c->cr3 = s->cr3;
    c->cr4 = s->cr4;
    c->idtr_limit = s->idtr.limit;
    c->idtr_base = s->idtr.base;
    c->gdtr_limit = s->gdtr.limit;
    c->gdtr_base = s->gdtr.base;
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        *segment_of(c, n) =
            (struct world_switch_segment){s->segment[n].selector, s->segment[n].limit,
                                          s->segment[n].base, s->segment[n].attributes};
    /* Used by Xen 3.2 only when an ICW2 was written between INVOKE and RESTORE, which does not
     * happen here; INVOKE leaves garbage in them. */
    c->rm_irqbase[0] = pic_bases()[0];
    c->rm_irqbase[1] = pic_bases()[1];
}

static void fill_state(struct guest_state *s, struct world_switch_context *c)
{
    s->eip = c->eip;
    s->gpr[ESP] = c->esp;
    s->eflags = c->eflags;
    s->cr0 = c->cr0;
    s->cr3 = c->cr3;
    s->cr4 = c->cr4;
    s->idtr = (struct table_register){c->idtr_base, c->idtr_limit};
    s->gdtr = (struct table_register){c->gdtr_base, c->gdtr_limit};
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++) {
        const struct world_switch_segment *from = segment_of(c, n);

        s->segment[n] = (struct segment_state){(uint16_t)from->selector, from->attributes,
                                               from->base, from->limit};
    }
}

/* --- in -----------------------------------------------------------------------------------------
 */

/* The guest's breakpoints must not fire in the blob. */
static void take_debug_registers(struct guest_state *s)
{
    DEBUG_REGISTER_READ(7, s->dr[7]);
    DEBUG_REGISTER_WRITE(7, DR7_FIXED);
    DEBUG_REGISTER_READ(6, s->dr[6]);
    DEBUG_REGISTER_READ(0, s->dr[0]);
    DEBUG_REGISTER_READ(1, s->dr[1]);
    DEBUG_REGISTER_READ(2, s->dr[2]);
    DEBUG_REGISTER_READ(3, s->dr[3]);
}

/* What neither OLD nor the GPRs hold. */
static void take_the_rest(struct vcpu *vcpu)
{
    struct guest_state *s = &vcpu->state;
    struct arrival_events events;

    take_debug_registers(s);
    s->cr2 = cr2_read();
    s->efer = vcpu->native_efer = efer_read();
    /* Turning paging on with LME set would be a step to long mode. Paged already, it is harmless,
     * and cannot be changed. */
    if (!arrives_paged && (s->efer & EFER_LME)) {
        vcpu->native_efer &= ~(uint64_t)EFER_LME;
        msr_write(MSR_EFER, vcpu->native_efer);
    }
    s->cpl = 0; /* it wrote CR0 */
    s->shadow = 0;
    /* The hypervisor drops the single-step trap of the instruction that led here. */
    s->pending_debug = s->eflags & EFLAGS_TF ? DR6_BS : 0;
    a20_returned();
    s->a20 = a20_enabled();

    events = traps_take_arrival_events();
    if (events.general_detect)
        s->dr[7] |= DR7_GD;
    if (events.nmi)
        processor_signal_nmi(&vcpu->processor);
    if (events.interrupt)
        vcpu_keep_interrupt(
            vcpu, pic_on_arrival(events.vector, xen_at_least(3, 2), s->eflags & EFLAGS_IF));
}

_Noreturn void world_switch_arrived(const uint32_t *pushed)
{
    struct vcpu *vcpu = vcpu_take();

    fill_state(&vcpu->state, &old_context);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++) {
        if (n != ESP)
            vcpu->state.gpr[n] = pushed[pushed_index(n)];
    }
    take_the_rest(vcpu);
    statistics.returns++;

    prepare_departure();
    fill_own(&old_context, vcpu_landing, vcpu_stack_top(vcpu));
    old_context.cr0 = HOME_CR0;
    if (!arrives_paged) {
        cr4_write(old_context.cr4);
        cr3_write(old_context.cr3);
    }
    world_switch_home(vcpu);
}

/* --- out ----------------------------------------------------------------------------------------
 */

static void give_debug_registers(const struct guest_state *s)
{
    DEBUG_REGISTER_WRITE(0, s->dr[0]);
    DEBUG_REGISTER_WRITE(1, s->dr[1]);
    DEBUG_REGISTER_WRITE(2, s->dr[2]);
    DEBUG_REGISTER_WRITE(3, s->dr[3]);
    DEBUG_REGISTER_WRITE(6, s->dr[6]);
    departure_dr7 = s->dr[7]; /* last, by switch.S */
}

/* Between the blob's own INVOKE and the RESTORE: on the switch stack, unpaged. */
void world_switch_departing(struct vcpu *vcpu)
{
    const struct guest_state *s = &vcpu->state;
    const uint64_t efer = s->efer & ~(uint64_t)EFER_LMA;

    prepare_arrival();
    fill_from_state(&old_context, s);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        departure_gpr[pushed_index(n)] = s->gpr[n];
    departure_cr0 = s->cr0;
    if (efer != (vcpu->native_efer & ~(uint64_t)EFER_LMA))
        msr_write(MSR_EFER, efer);
    give_debug_registers(s);
    cr2_write(s->cr2);
    /* Natively as well, because before 3.2 a RESTORE looks at the CR3 in OLD only when it turns
     * paging on, and EFER.LMA follows CR4.PAE at the CR0 write itself. */
    cr3_write(s->cr3);
    cr4_write(s->cr4);
    statistics.handoffs++;
    vcpu_release(vcpu);
}

/* 3.0.2 has no leaves that would say its version. */
static bool fits(void)
{
    return !xen_at_least(4, 0);
}

static void start(struct vcpu *first)
{
    (void)first;
    /* Before 3.2 the second INVOKE with a paged NEW is fatal ("Invalid CR3"). */
    arrives_paged = xen_at_least(3, 2);
    fill_own(&new_context, departure, switch_stack_top);
    prepare_departure();
}

static void leave(struct vcpu *vcpu)
{
    world_switch_part(vcpu);
}

const struct transport world_switch = {
    .name = "world switch",
    .fits = fits,
    .start = start,
    .leave = leave,
};
