/* Transport of Xen 4: the hypercall hand-off to a helper outside (hvmassist/handoff.h).
 * Not here: how a hypercall is made (xen.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hypercall.h"

#include "a20.h"
#include "console.h"
#include "paging.h"
#include "panic.h"
#include "policy.h"
#include "statistics.h"
#include "transport.h"
#include "traps.h"
#include "xen.h"

#include <hvmassist/handoff.h>

#include <stddef.h>

#define HVM_OP        34u /* __HYPERVISOR_hvm_op */
#define GUEST_REQUEST 24u /* HVMOP_guest_request_vm_event */
#define CODE_COMPACT  0xc9bu
#define DATA_COMPACT  0xc93u
#define TSS_COMPACT   0x08bu
#define TSS_LAST      0x67u
#define DR6_BS        0x4000u

/* The hypervisor itself starts application processors in real mode, not in the blob: one vCPU. */
#define VCPU 0u

/* Within one page. */
static struct handoff_block block __attribute__((aligned(2048)));
static uint32_t refusals;

/* 44,000 to 63,000 instructions of hypervisor and helper, measured on Xen 4.17. */
const uint32_t hypercall_round_trip = 50000;

/* By vCPU number; the image says where (hvmloader4_entry.S). */
struct handoff_registration hypercall_registrations[VCPU + 1];

extern const uint8_t gdt[];

/* RIP of the entry context, on the vCPU's stack. */
_Noreturn void hypercall_returned(void);

/* --- struct hvm_hw_cpu --------------------------------------------------------------------------
 */

/* Offsets of a segment register's parts. */
static const struct {
    uint16_t selector, limit, base, attributes;
} segment_offsets[SEGMENT_REGISTER_COUNT] = {
#define PARTS(name)                                                                                \
    {                                                                                              \
        offsetof(struct hvm_hw_cpu, name##_sel), offsetof(struct hvm_hw_cpu, name##_limit),        \
            offsetof(struct hvm_hw_cpu, name##_base), offsetof(struct hvm_hw_cpu, name##_arbytes)  \
    }
    [ES] = PARTS(es), [CS] = PARTS(cs), [SS] = PARTS(ss),     [DS] = PARTS(ds),
    [FS] = PARTS(fs), [GS] = PARTS(gs), [LDTR] = PARTS(ldtr), [TR] = PARTS(tr),
#undef PARTS
};

static uint32_t compact(uint32_t attributes)
{
    if (attributes & ATTRIBUTE_UNUSABLE)
        return 0;
    return (attributes & 0xffu) | (attributes >> 4 & 0xf00u);
}

static uint32_t expanded(uint32_t attributes)
{
    if (!(attributes & ATTRIBUTE_P))
        return ATTRIBUTE_UNUSABLE;
    return (attributes & 0xffu) | (attributes & 0xf00u) << 4;
}

static void put_segment(struct hvm_hw_cpu *c, unsigned n, const struct segment_state *from)
{
    uint8_t *bytes = (uint8_t *)c;
    uint64_t base = from->base;
    uint32_t selector = from->selector, attributes = compact(from->attributes);

    __builtin_memcpy(bytes + segment_offsets[n].selector, &selector, sizeof selector);
    __builtin_memcpy(bytes + segment_offsets[n].limit, &from->limit, sizeof from->limit);
    __builtin_memcpy(bytes + segment_offsets[n].base, &base, sizeof base);
    __builtin_memcpy(bytes + segment_offsets[n].attributes, &attributes, sizeof attributes);
}

static void get_segment(const struct hvm_hw_cpu *c, unsigned n, struct segment_state *to)
{
    const uint8_t *bytes = (const uint8_t *)c;
    uint32_t attributes;

    __builtin_memcpy(&to->selector, bytes + segment_offsets[n].selector, sizeof to->selector);
    __builtin_memcpy(&to->limit, bytes + segment_offsets[n].limit, sizeof to->limit);
    __builtin_memcpy(&to->base, bytes + segment_offsets[n].base, sizeof to->base);
    __builtin_memcpy(&attributes, bytes + segment_offsets[n].attributes, sizeof attributes);
    to->attributes = expanded(attributes);
}

static void fill_from_state(struct hvm_hw_cpu *c, const struct guest_state *s)
{
    *c = (struct hvm_hw_cpu){
        .rax = s->gpr[EAX],
        .rbx = s->gpr[EBX],
        .rcx = s->gpr[ECX],
        .rdx = s->gpr[EDX],
        .rbp = s->gpr[EBP],
        .rsi = s->gpr[ESI],
        .rdi = s->gpr[EDI],
        .rsp = s->gpr[ESP],
        .rip = s->eip,
        .rflags = s->eflags,
        .cr0 = s->cr0,
        .cr2 = s->cr2,
        .cr3 = s->cr3,
        .cr4 = s->cr4,
        .dr0 = s->dr[0],
        .dr1 = s->dr[1],
        .dr2 = s->dr[2],
        .dr3 = s->dr[3],
        .dr6 = s->dr[6],
        .dr7 = s->dr[7],
        .idtr_base = s->idtr.base,
        .idtr_limit = s->idtr.limit,
        .gdtr_base = s->gdtr.base,
        .gdtr_limit = s->gdtr.limit,
        .msr_efer = s->efer,
    };
    /* Long mode becomes active with the CR0 that is loaded here. */
    if ((s->cr0 & CR0_PG) && (s->efer & EFER_LME))
        c->msr_efer |= EFER_LMA;
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        put_segment(c, n, &s->segment[n]);
}

static void fill_state(struct guest_state *s, const struct handoff_block *b)
{
    const struct hvm_hw_cpu *c = &b->state;

    *s = (struct guest_state){
        .gpr = {(uint32_t)c->rax, (uint32_t)c->rcx, (uint32_t)c->rdx, (uint32_t)c->rbx,
                (uint32_t)c->rsp, (uint32_t)c->rbp, (uint32_t)c->rsi, (uint32_t)c->rdi},
        .eip = (uint32_t)c->rip,
        .eflags = (uint32_t)c->rflags,
        .cr0 = b->cr0_written | CR0_ET,
        .cr2 = (uint32_t)c->cr2,
        .cr3 = (uint32_t)c->cr3,
        .cr4 = (uint32_t)c->cr4,
        .dr = {(uint32_t)c->dr0, (uint32_t)c->dr1, (uint32_t)c->dr2, (uint32_t)c->dr3, 0, 0,
               (uint32_t)c->dr6, (uint32_t)c->dr7},
        .gdtr = {(uint32_t)c->gdtr_base, c->gdtr_limit},
        .idtr = {(uint32_t)c->idtr_base, c->idtr_limit},
        .efer = c->msr_efer,
        .pending_debug = c->rflags & EFLAGS_TF ? DR6_BS : 0,
        .a20 = a20_enabled(),
    };
    if (!(s->cr0 & CR0_PG))
        s->efer &= ~(uint64_t)EFER_LMA;
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        get_segment(c, n, &s->segment[n]);
}

/* Where the other side enters the blob: its home environment. */
static void fill_entry(struct hvm_hw_cpu *c)
{
    const struct descriptor_table *idt = traps_idt();
    struct guest_state own = {
        .eip = (uint32_t)hypercall_returned,
        .eflags = EFLAGS_FIXED,
        .cr0 = HOME_CR0,
        .cr3 = paging_directory(),
        .cr4 = paging_cr4(),
        .dr = {[6] = DR6_FIXED, [7] = DR7_FIXED},
        .gdtr = {(uint32_t)gdt, GDT_LIMIT},
        .idtr = {idt->base, idt->limit},
    };

    /* As if called: the return address is missing, and never used. */
    own.gpr[ESP] = (uint32_t)vcpu_stack_top(&vcpus[VCPU]) - 4;
    for (unsigned n = ES; n <= GS; n++)
        own.segment[n] = (struct segment_state){DATA_SELECTOR, 0xc093, 0, 0xffffffffu};
    own.segment[CS] = (struct segment_state){CODE_SELECTOR, 0xc09b, 0, 0xffffffffu};
    own.segment[TR] = (struct segment_state){0x18, 0x8b, 0, TSS_LAST};
    own.segment[LDTR] = (struct segment_state){.attributes = ATTRIBUTE_UNUSABLE};
    fill_from_state(c, &own);
}

/* --- the call -----------------------------------------------------------------------------------
 */

static uint32_t request(enum handoff_reason reason)
{
    block.magic = HANDOFF_MAGIC;
    block.version = HANDOFF_VERSION;
    block.vcpu = VCPU;
    block.reason = reason;
    block.status = HANDOFF_PENDING;
    block.rule = ENTRY_OK;
    xen_hypercall(HVM_OP, GUEST_REQUEST, 0, (uint32_t)&block, HANDOFF_MAGIC);
    return *(volatile uint32_t *)&block.status;
}

/* The event channel to a helper is there from 4.6 on; whether somebody listens, the first call
 * tells. */
static bool fits(void)
{
    return xen_at_least(4, 6);
}

bool hypercall_register(void)
{
    uint32_t status;

    fill_entry(&block.state);
    status = request(HANDOFF_REGISTER);
    if (status == HANDOFF_PENDING)
        return false;
    if (status != HANDOFF_ACCEPTED) {
        console_format("hvmassist: registration refused, status %u\n", status);
        panic_bug(NULL, "the helper refuses the blob");
    }
    hypercall_registrations[VCPU] =
        (struct handoff_registration){.block = (uint32_t)&block, .request = block};
    return true;
}

/* Registered already. */
static void start(struct vcpu *first)
{
    (void)first;
}

/* A helper that has gone comes back, or another one, which has to be told everything anew. */
static uint32_t request_entry(const struct guest_state *s)
{
    for (;;) {
        uint32_t status;

        fill_from_state(&block.state, s);
        status = request(HANDOFF_ENTER);
        if (status != HANDOFF_PENDING && status != HANDOFF_NOT_REGISTERED)
            return status;
        xen_yield();
        hypercall_register();
    }
}

static void leave(struct vcpu *vcpu)
{
    statistics.handoffs++;
    request_entry(&vcpu->state);
    /* Still here: refused. */
    statistics.handoffs--;
    if (block.status != HANDOFF_BAD_STATE && block.status != HANDOFF_REFUSED) {
        console_format("hvmassist: hand-off refused, status %u\n", block.status);
        panic_bug(vcpu, "the helper does not understand the blob");
    }
    if (refusals++ == 0)
        console_format("hvmassist: first refused hand-off, status %u: %s\n", block.status,
                       entry_rule_text((enum hvmassist_entry_rule)block.rule));
    policy_refused(vcpu);
}

_Noreturn void hypercall_returned(void)
{
    struct vcpu *vcpu = &vcpus[VCPU];

    if (block.reason != HANDOFF_RETURNED)
        panic_bug(NULL, "entered without a guest");
    statistics.returns++;
    vcpu->native_efer = 0;
    a20_returned();
    fill_state(&vcpu->state, &block);
    vcpu_run(vcpu);
}

const struct transport hypercall = {
    .name = "hypercall hand-off",
    .fits = fits,
    .start = start,
    .leave = leave,
};
