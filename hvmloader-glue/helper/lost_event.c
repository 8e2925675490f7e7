/* A vCPU whose event was lost. Behind a guest request it just goes on: its block says that nobody
 * has answered, and the blob asks again. A write to CR0 has not happened and must be executed
 * again: it is recognised by the bytes behind which the vCPU waits, and by CR0. Not here: events
 * that arrive (serve.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "serve.h"

#include "log.h"
#include "switch.h"

#define CR0_PE        1u
#define EFER_LMA      (1ull << 10)
#define ATTRIBUTE_L   0x200u
#define RFLAGS_VM     (1ull << 17)
#define LENGTH        3u /* of MOV CR0, and LMSW with a register, without prefixes */
#define LENGTH_REX    4u
#define REX_B         0x1u
#define REX_FIRST     0x40u
#define REX_LAST      0x4fu
#define MODRM_REG     0x38u
#define MODRM_RM      0x07u
#define LMSW_REGISTER 0xf0u /* ModRM of 0F 01 */

/* The bytes before an address, oldest first; 0: they cannot be read. */
static unsigned bytes_before(struct domain *d, uint32_t vcpu, uint64_t linear,
                             uint8_t bytes[LENGTH_REX])
{
    for (unsigned n = 0; n < LENGTH_REX; n++) {
        const uint64_t at = linear - LENGTH_REX + n;
        uint64_t frame;
        int error;
        uint8_t *page;

        if (d->xen->calls->translate(d->xen, d->info.domain, vcpu, at, &frame) != 0)
            return 0;
        page = d->xen->calls->map(d->xen, d->info.domain, frame, 1, &error);
        if (page == NULL)
            return 0;
        bytes[n] = page[at % PAGE_SIZE];
        d->xen->calls->unmap(d->xen, page, 1);
    }
    return LENGTH_REX;
}

static uint64_t source_register(const struct hvm_hw_cpu *c, unsigned number)
{
    const uint64_t values[] = {c->rax, c->rcx, c->rdx, c->rbx, c->rsp, c->rbp, c->rsi, c->rdi,
                               c->r8,  c->r9,  c->r10, c->r11, c->r12, c->r13, c->r14, c->r15};

    return values[number];
}

/* MOV CR0, or LMSW with a register, that would change PE and has not. LMSW with a memory operand,
 * which has other lengths, could be one of them; it can only set PE, so it is no way back into the
 * blob. */
static bool is_pending_write(const struct hvm_hw_cpu *c, const uint8_t bytes[LENGTH], unsigned rex)
{
    const unsigned number = (bytes[2] & MODRM_RM) | ((rex & REX_B) != 0 ? 8u : 0u);
    const uint64_t changed = source_register(c, number) ^ c->cr0;

    if (bytes[0] != 0x0f || (changed & CR0_PE) == 0)
        return false;
    if (bytes[1] == 0x22)
        return (bytes[2] & MODRM_REG) == 0;
    return bytes[1] == 0x01 && (bytes[2] & ~MODRM_RM) == LMSW_REGISTER && (c->cr0 & CR0_PE) == 0;
}

/* By how many bytes RIP is to go back; 0: the vCPU is not behind an instruction that raised an
 * event.
 */
static unsigned bytes_back(struct domain *d, uint32_t vcpu, struct hvm_hw_cpu *c)
{
    const struct context_segment cs = context_segment(c, CONTEXT_CS);
    const bool code_64 = (c->msr_efer & EFER_LMA) != 0 && (cs.attributes & ATTRIBUTE_L) != 0;
    const uint64_t linear = code_64 ? c->rip : (uint32_t)(cs.base + c->rip);
    uint8_t bytes[LENGTH_REX];
    unsigned rex = 0;

    if (bytes_before(d, vcpu, linear, bytes) == 0)
        return 0;
    if (code_64 && bytes[0] >= REX_FIRST && bytes[0] <= REX_LAST)
        rex = bytes[0];
    if ((c->rflags & RFLAGS_VM) != 0 || !is_pending_write(c, bytes + 1, rex))
        return 0;
    return rex != 0 ? LENGTH_REX : LENGTH;
}

static struct vm_event_regs_x86 registers_of(const struct hvm_hw_cpu *c)
{
    return (struct vm_event_regs_x86){
        .rax = c->rax,
        .rcx = c->rcx,
        .rdx = c->rdx,
        .rbx = c->rbx,
        .rsp = c->rsp,
        .rbp = c->rbp,
        .rsi = c->rsi,
        .rdi = c->rdi,
        .r8 = c->r8,
        .r9 = c->r9,
        .r10 = c->r10,
        .r11 = c->r11,
        .r12 = c->r12,
        .r13 = c->r13,
        .r14 = c->r14,
        .r15 = c->r15,
        .rflags = c->rflags,
        .rip = c->rip,
    };
}

vm_event_response_t serve_lost_event(struct domain *d, uint32_t vcpu)
{
    vm_event_response_t answer = {
        .version = VM_EVENT_INTERFACE_VERSION,
        .vcpu_id = vcpu,
        .flags = VM_EVENT_FLAG_VCPU_PAUSED,
        .reason = VM_EVENT_REASON_UNKNOWN,
    };
    struct hvm_hw_cpu c;
    unsigned back;

    if (switch_read(d, vcpu, &c) != 0)
        return answer;
    back = bytes_back(d, vcpu, &c);
    if (back == 0)
        return answer;
    c.rip -= back;
    answer.flags |= VM_EVENT_FLAG_SET_REGISTERS;
    answer.data.regs.x86 = registers_of(&c);
    log_verbose("%s: vCPU %u: its event was lost; it raises it again", domain_title(d), vcpu);
    return answer;
}
