/* The instructions of the made-up guest: a guest request, a MOV CR0, and what is behind them.
 * Not here: what they do in Xen (fake_xen.c, fake_context.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_guest.h"

#include "context.h"
#include "image.h"

#include <string.h>
#include <xen/hvm/hvm_op.h>

/* RIP of each instruction, and right behind it. */
#define AT_REQUEST     (GUEST_CODE + 0x10)
#define BEHIND_REQUEST (GUEST_CODE + 0x13)
#define AT_WRITE       (GUEST_CODE + 0x20) /* the guest's */
#define BEHIND_WRITE   (GUEST_CODE + 0x23)
#define AT_RETURN      (GUEST_CODE + 0x30) /* where the blob is entered */

void fake_guest_load(struct fake_domain *d, bool keeps_registration)
{
    const struct hvmassist_image image = {
        .magic = HVMASSIST_IMAGE_MAGIC,
        .version = HVMASSIST_IMAGE_VERSION,
        .base = GUEST_IMAGE,
        .memory_size = 0x10000,
        .entry = GUEST_CODE,
        .origin = GUEST_IMAGE + 0x100,
        .registrations = keeps_registration ? GUEST_REGISTRATIONS : 0,
        .registration_count = keeps_registration ? FAKE_VCPUS : 0,
    };
    static const uint8_t request[] = {0x0f, 0x01, 0xd9}, write[] = {0x0f, 0x22, 0xc0};

    fake_write(d, GUEST_IMAGE + 0x40, &image, sizeof image);
    fake_write(d, AT_REQUEST, request, sizeof request);
    fake_write(d, AT_WRITE, write, sizeof write);
    fake_memory(d, GUEST_REGISTRATIONS);
    fake_memory(d, GUEST_REGISTRATIONS + 0x1000);
}

void fake_guest_entry(struct hvm_hw_cpu *c)
{
    *c = (struct hvm_hw_cpu){
        .rip = AT_RETURN,
        .rsp = 0x9000,
        .rflags = 2,
        .cr0 = 0x11,
        .dr6 = 0xffff0ff0,
        .dr7 = 0x400,
        .cs_sel = 8,
        .cs_limit = 0xffffffff,
        .cs_arbytes = 0xc9b,
        .ds_sel = 16,
        .ds_limit = 0xffffffff,
        .ds_arbytes = 0xc93,
        .es_sel = 16,
        .es_limit = 0xffffffff,
        .es_arbytes = 0xc93,
        .fs_sel = 16,
        .fs_limit = 0xffffffff,
        .fs_arbytes = 0xc93,
        .gs_sel = 16,
        .gs_limit = 0xffffffff,
        .gs_arbytes = 0xc93,
        .ss_sel = 16,
        .ss_limit = 0xffffffff,
        .ss_arbytes = 0xc93,
        .tr_limit = 0x67,
        .tr_arbytes = 0x8b,
        .gdtr_limit = 0x1f,
        .gdtr_base = 0x1234,
    };
}

void fake_guest_state(struct hvm_hw_cpu *c, unsigned round)
{
    fake_guest_entry(c);
    c->rip = AT_WRITE;
    c->rax = 0x10; /* what it writes to CR0 */
    c->rbx = round;
    c->rcx = 0xc0c0c0c0;
    c->rdi = 0xd1d1d1d1;
    c->ds_sel = 0;
    c->ds_limit = 0xffff;
    c->ds_arbytes = 0x093;
    c->es_sel = 0x1234;
    c->es_base = 0x12340;
    c->es_arbytes = 0xcf3;
    c->fs_base = round * 16;
    c->idtr_limit = 0x3ff;
    c->cr2 = round;
}

void fake_guest_start(struct fake_guest *g, struct fake_domain *d, uint32_t vcpu)
{
    struct fake_vcpu *v = &d->vcpus[vcpu];

    *g = (struct fake_guest){
        .domain = d, .vcpu = vcpu, .block = GUEST_BLOCKS + vcpu * PAGE_SIZE + 0x800};
    fake_memory(d, g->block);
    v->cpu.rip = AT_REQUEST - 1; /* fill_request first */
}

static void fill_request(struct fake_guest *g, enum handoff_reason reason)
{
    struct hvm_hw_cpu *c = &g->domain->vcpus[g->vcpu].cpu;
    struct handoff_block block = {
        .magic = HANDOFF_MAGIC,
        .version = HANDOFF_VERSION,
        .vcpu = g->vcpu,
        .reason = reason,
        .status = HANDOFF_PENDING,
    };

    if (reason == HANDOFF_ENTER) {
        fake_guest_state(&g->sent, g->rounds);
        block.state = g->sent;
    } else {
        fake_guest_entry(&block.state);
    }
    g->wants_entry = reason == HANDOFF_ENTER;
    fake_write(g->domain, g->block, &block, sizeof block);
    c->rax = __HYPERVISOR_hvm_op;
    c->rbx = HVMOP_guest_request_vm_event;
    c->rcx = 0;
    c->rdx = g->block;
    c->rdi = HANDOFF_MAGIC;
    c->rip = AT_REQUEST;
}

/* The request came back. */
static void see_status(struct fake_guest *g)
{
    struct handoff_block block;

    fake_read(g->domain, g->block, &block, sizeof block);
    if (block.status == HANDOFF_PENDING || block.status == HANDOFF_NOT_REGISTERED) {
        fill_request(g, HANDOFF_REGISTER);
    } else if (block.status != HANDOFF_ACCEPTED) {
        g->wrong = "a good request was refused";
    } else if (g->wants_entry) {
        g->wrong = "an accepted entry came back";
    } else {
        const struct handoff_registration kept = {.block = g->block, .request = block};

        g->registered = true;
        fake_write(g->domain, GUEST_REGISTRATIONS + g->vcpu * sizeof kept, &kept, sizeof kept);
        fill_request(g, HANDOFF_ENTER);
    }
}

static bool equal(const struct hvm_hw_cpu *a, const struct hvm_hw_cpu *b)
{
    uint64_t x, y;

    return context_difference(a, b, &x, &y) == NULL;
}

/* The blob was entered. */
static void see_return(struct fake_guest *g)
{
    const struct hvm_hw_cpu *live = &g->domain->vcpus[g->vcpu].cpu;
    struct hvm_hw_cpu expected;
    struct handoff_block block;

    fake_guest_entry(&expected);
    if (!equal(live, &expected))
        g->wrong = "the blob was entered with something else than it registered";
    fake_read(g->domain, g->block, &block, sizeof block);
    expected = g->sent;
    expected.rip = BEHIND_WRITE;
    if (block.reason != HANDOFF_RETURNED || block.cr0_written != 0x10 ||
        !equal(&block.state, &expected))
        g->wrong = "the guest's state did not come back as it was";
    g->rounds++;
    fill_request(g, HANDOFF_ENTER);
}

static void see_time(struct fake_guest *g)
{
    const uint64_t now = ++g->domain->home->host_tsc + g->domain->vcpus[g->vcpu].tsc_offset;

    if (now < g->last_tsc)
        g->wrong = "the time stamp counter went back";
    g->last_tsc = now;
}

static void step(struct fake_guest *g)
{
    struct hvm_hw_cpu *c = &g->domain->vcpus[g->vcpu].cpu;
    struct hvm_hw_cpu expected = g->sent;

    switch ((uint32_t)c->rip) {
    case AT_REQUEST - 1:
        fill_request(g, HANDOFF_REGISTER);
        return;
    case AT_REQUEST:
        if (c->rax != __HYPERVISOR_hvm_op)
            g->wrong = "a hypercall with another number";
        c->rip = BEHIND_REQUEST;
        fake_guest_request(g->domain, g->vcpu);
        return;
    case BEHIND_REQUEST:
        see_status(g);
        return;
    case AT_WRITE:
        if (!equal(c, &expected))
            g->wrong = "the guest has another state than was sent";
        if (c->fpu_regs[7] != 0x5a)
            g->wrong = "the FPU has another state";
        c->rip = BEHIND_WRITE;
        fake_mov_cr0(g->domain, g->vcpu, c->rax);
        return;
    case BEHIND_WRITE:
        g->wrong = "the guest is in real mode";
        return;
    case AT_RETURN:
        see_return(g);
        return;
    default:
        g->wrong = "the guest is nowhere";
    }
}

bool fake_guest_run(struct fake_guest *g, unsigned steps)
{
    struct fake_vcpu *v = &g->domain->vcpus[g->vcpu];

    for (; steps > 0; steps--) {
        if (v->waits > 0 || g->wrong != NULL)
            return false;
        if (!v->online)
            g->wrong = "the vCPU is offline";
        else if (g->domain->pauses > 0)
            g->wrong = "the domain stays paused";
        else if (g->domain->killed)
            g->wrong = "the domain was killed by a state";
        else
            see_time(g);
        if (g->wrong == NULL)
            step(g);
    }
    return v->waits == 0 && g->wrong == NULL;
}
