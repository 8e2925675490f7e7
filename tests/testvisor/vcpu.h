/* The one virtual processor: what the guest believes about its control registers, and the small
 * services that every exit handler needs. Not here: the handlers. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_VCPU_H
#define TESTVISOR_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#define EXCEPTION_DB 1
#define EXCEPTION_UD 6
#define EXCEPTION_TS 10
#define EXCEPTION_NP 11
#define EXCEPTION_SS 12
#define EXCEPTION_GP 13
#define EXCEPTION_PF 14

/* The guest's GPRs as PUSHAL leaves them; `esp` is the host's and never read (RSP is in the VMCS).
 */
struct guest_registers {
    uint32_t edi;
    uint32_t esi;
    uint32_t ebp;
    uint32_t esp;
    uint32_t ebx;
    uint32_t edx;
    uint32_t ecx;
    uint32_t eax;
};

struct vcpu {
    uint32_t cr0; /* what the guest reads */
    uint32_t cr3;
    uint32_t cr4;
    uint32_t efer;          /* what the guest reads; LMA is never set */
    uint32_t effective_cr0; /* what the processor runs with, but for PE, PG and NE */
    uint32_t mounted_cr3; /* 3.1: the page directory Xen holds a reference to, or NOTHING_MOUNTED */
    bool in_blob;         /* the last world switch was an INVOKE, or a RETURNED */
    struct guest_registers *registers; /* of the current exit */
};

#define NOTHING_MOUNTED 0xffffffffu

extern struct vcpu vcpu;

/* Whether guest code runs on its own page tables. */
bool vcpu_is_paged(void);

/* Writes CR0, CR3, CR4 and the read shadows to the VMCS, as the guest's view demands. */
void vcpu_apply_control_registers(void);

/* A GPR by its number in instruction encodings, 0 (EAX) to 7 (EDI); 4 is the guest's RSP. */
uint32_t vcpu_gpr(unsigned number);
void vcpu_set_gpr(unsigned number, uint32_t value);

/* Completes the instruction that exited: RIP behind it, STI and MOV-SS shadow gone, and the
 * single-step trap where the Xen in question raises it. */
void vcpu_skip_instruction(void);

/* The single-step trap after one iteration of a REP instruction, as vcpu_skip_instruction() raises
 * it after a whole one. */
void vcpu_single_step(void);

/* Injects an exception at the current instruction. `error` is used by the vectors that have one. */
void vcpu_inject(unsigned vector, uint32_t error);

/* CPL of the guest. Source: SDM vol. 3, 26.3.1.5: SS.DPL. */
unsigned vcpu_cpl(void);

#endif
