/* The hypercall hand-off: how the blob asks the other side (a dom0 helper on Xen 4.6+, the testvisor
 * in tests) to load an exact guest state, and how that side puts the guest back into the blob.
 * Not here: the Xen 3.x world switch (world_switch.h), nor either side's code. */
/* SPDX-License-Identifier: MIT */
#ifndef HVMASSIST_HANDOFF_H
#define HVMASSIST_HANDOFF_H

#include <stdint.h>
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif
#include <xen/xen.h>
#include <xen/hvm/save.h>

/* The call. Hypercall EAX = __HYPERVISOR_hvm_op (34), EBX = HVMOP_guest_request_vm_event (24),
 * ECX = 0 (Xen demands NULL), EDI = HANDOFF_MAGIC, EDX = guest-physical address of the request
 * block, 8-byte aligned and within one page. CPL 0, protected mode. VMCALL on Intel, VMMCALL on AMD.
 * Xen preserves all registers but EAX, which is 0 when the request was passed on. */
#define HANDOFF_MAGIC 0x41564d48u /* "HMVA" in memory order */
#define HANDOFF_VERSION 1u

enum handoff_reason {
    HANDOFF_REGISTER = 1, /* blob -> other side: `state` is the context that enters the blob. From the
                             answer on, each guest write that clears CR0.PE is denied and the blob is
                             entered instead. Registering again replaces the context. */
    HANDOFF_ENTER = 2,    /* blob -> other side: load `state`; on success the call does not return */
    HANDOFF_RETURNED = 3, /* other side -> blob: the guest cleared CR0.PE (or all of PE and PG);
                             `state` is its full context, RIP at the next instruction, `cr0_written`
                             the value it wrote; the blob's entry context has been loaded */
};

enum handoff_status {
    HANDOFF_PENDING = 0xffffffffu, /* set by the blob before the call; still there after it: nobody
                                      listens */
    HANDOFF_ACCEPTED = 0,
    HANDOFF_BAD_MAGIC = 1,
    HANDOFF_BAD_VERSION = 2,
    HANDOFF_BAD_VCPU = 3,
    HANDOFF_BAD_REASON = 4,
    HANDOFF_NOT_REGISTERED = 5,
    HANDOFF_BAD_STATE = 6, /* `rule` says which entry rule the state breaks */
    HANDOFF_REFUSED = 7,   /* the hypervisor did not take a state that kept every rule */
};

/* The request block. One per vCPU, in memory that the guest's own code is told to keep out of. The
 * other side copies it once, validates the copy, and never trusts it further.
 *
 * Loaded from `state` by HANDOFF_ENTER: GPRs, RIP, RFLAGS, CR0, CR2, CR3, CR4, DR0-3, DR6, DR7, EFER,
 * the eight segments with base, limit and attributes, IDTR, GDTR. Everything else (FPU, the other
 * MSRs, TSC) stays as the vCPU has it and is ignored in the block; pending_event must be 0.
 * The entry context of HANDOFF_REGISTER uses the same fields; its CR0 has PE set.
 * Attributes are Xen's compact form: 3:0 type, 4 S, 6:5 DPL, 7 P, 8 AVL, 9 L, 10 D/B, 11 G; P=0 stands
 * for "unusable" (attributes 0 when unusable). */
struct handoff_block {
    uint32_t magic;   /* HANDOFF_MAGIC */
    uint32_t version; /* HANDOFF_VERSION */
    uint32_t vcpu;    /* Xen's vCPU number; must be the caller's */
    uint32_t reason;  /* enum handoff_reason; written by the other side for HANDOFF_RETURNED */
    uint32_t status;  /* enum handoff_status; written by the other side */
    uint32_t rule;    /* enum hvmassist_entry_rule; written by the other side */
    uint32_t cr0_written;
    uint32_t reserved; /* 0 */
    union {
        struct hvm_hw_cpu state;
        uint8_t state_bytes[1032]; /* sizeof in the 64-bit ABI, which has 4 bytes of padding more */
    };
};

/* What the blob keeps of its registration, one per vCPU, where its image says (image.h): so another
 * side that comes later - after a restart, a restore, a migration - knows where to enter the blob
 * before the blob itself asks for anything. Written by the blob after the answer; validated like a
 * request when it is read. */
struct handoff_registration {
    uint32_t block;               /* address of the request block; 0: not registered */
    uint32_t reserved;            /* 0 */
    struct handoff_block request; /* HANDOFF_REGISTER, as it was accepted */
};

_Static_assert(__builtin_offsetof(struct handoff_block, state) == 32, "state at 32");
_Static_assert(sizeof(struct handoff_block) == 1064, "one layout for 32 and 64 bits");
_Static_assert(sizeof(struct handoff_registration) == 1072, "one layout for 32 and 64 bits");

#endif
