/* Self-test of the hypercall hand-off: every refusal with its status and rule, and that a refused
 * state has not been loaded. Not here: accepted states (test_world_switch.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>
#include <string.h>

#include <hvmassist/entry_rules.h>

#include "../hardware.h"
#include "blob.h"

static uint64_t bad_pdptes[4] __attribute__((aligned(32))) = {0x21, 1, 1, 1};

/* One field of the state set to a value that breaks exactly one rule. */
struct bad_state {
    const char *name;
    size_t offset;
    uint64_t value;
    uint8_t size;
    enum hvmassist_entry_rule rule;
};

#define BAD(field, value, rule)                                                                    \
    {                                                                                              \
#field "=" #value, offsetof(struct hvm_hw_cpu, field), value,                              \
            sizeof((struct hvm_hw_cpu *)0)->field, rule                                            \
    }

static const struct bad_state bad_states[] = {
    BAD(cr0, 0x10, ENTRY_CR0_PE),
    BAD(cr0, 0x20000011, ENTRY_CR0_RESERVED),
    BAD(cr0, 0x51, ENTRY_CR0_RESERVED),
    BAD(cr0, 0x100000011, ENTRY_CR0_RESERVED),
    BAD(cr4, 0x2000, ENTRY_CR4_RESERVED),
    BAD(cr4, 0x100000, ENTRY_CR4_RESERVED),
    BAD(cr3, 0x10000000000, ENTRY_CR3_RESERVED),
    BAD(msr_efer, 0x400, ENTRY_EFER),
    BAD(msr_efer, 0x2, ENTRY_EFER),
    BAD(dr7, 0x100000400, ENTRY_DEBUG),
    BAD(dr6, 0x100000000, ENTRY_DEBUG),
    BAD(rip, 0x100000000, ENTRY_RIP),
    BAD(rflags, 0x0, ENTRY_RFLAGS_RESERVED),
    BAD(rflags, 0xa, ENTRY_RFLAGS_RESERVED),
    BAD(rflags, 0x22, ENTRY_RFLAGS_RESERVED),
    BAD(rflags, 0x8002, ENTRY_RFLAGS_RESERVED),
    BAD(rflags, 0x400002, ENTRY_RFLAGS_RESERVED),
    BAD(rflags, 0x20002, ENTRY_VM86_SEGMENT),
    BAD(cs_sel, 0x0b, ENTRY_SS_RPL),
    BAD(cs_arbytes, 0xc93, ENTRY_CS_TYPE),
    BAD(cs_arbytes, 0xc9a, ENTRY_CS_TYPE),
    BAD(cs_arbytes, 0x0, ENTRY_CS_TYPE),
    BAD(cs_arbytes, 0xcfb, ENTRY_CS_DPL),
    BAD(cs_arbytes, 0xcff, ENTRY_CS_DPL),
    BAD(cs_limit, 0x12345678, ENTRY_LIMIT_GRANULARITY),
    BAD(cs_base, 0x100000000, ENTRY_BASE_HIGH),
    BAD(ss_sel, 0x11, ENTRY_SS_RPL),
    BAD(ss_arbytes, 0xc9b, ENTRY_SS_TYPE),
    BAD(ss_arbytes, 0xc92, ENTRY_SS_TYPE),
    BAD(ds_arbytes, 0xc92, ENTRY_DATA_TYPE),
    BAD(ds_arbytes, 0xc99, ENTRY_DATA_TYPE),
    BAD(ds_arbytes, 0xc83, ENTRY_DATA_TYPE),
    BAD(ds_sel, 0x13, ENTRY_DATA_DPL),
    BAD(gs_sel, 0x11, ENTRY_DATA_DPL),
    BAD(es_arbytes, 0x1c93, ENTRY_ATTRIBUTES_RESERVED),
    BAD(fs_arbytes, 0x493, ENTRY_LIMIT_GRANULARITY),
    BAD(fs_base, 0x800000000000, ENTRY_BASE_HIGH),
    BAD(tr_sel, 0x1c, ENTRY_TR_SELECTOR),
    BAD(tr_arbytes, 0x89, ENTRY_TR_TYPE),
    BAD(tr_arbytes, 0x0, ENTRY_TR_TYPE),
    BAD(tr_arbytes, 0x93, ENTRY_TR_TYPE),
    BAD(tr_limit, 0x100000, ENTRY_LIMIT_GRANULARITY),
    BAD(ldtr_arbytes, 0x83, ENTRY_LDTR_TYPE),
    BAD(gdtr_limit, 0x10000, ENTRY_TABLE_LIMIT),
    BAD(idtr_limit, 0xffffffff, ENTRY_TABLE_LIMIT),
    BAD(pending_event, 0x80000030, ENTRY_EVENT),
};

static void prepare(void)
{
    const struct world_switch_context flat = flat_context(guest_leave);

    memset(&handoff_block, 0, sizeof handoff_block);
    handoff_block.magic = HANDOFF_MAGIC;
    handoff_block.version = HANDOFF_VERSION;
    handoff_block.reason = HANDOFF_ENTER;
    handoff_block.status = HANDOFF_PENDING;
    state_from_context(&handoff_block.state, &flat);
}

static void refuse(const char *name, enum handoff_status status, enum hvmassist_entry_rule rule)
{
    const uint32_t before = counters()->refused;

    check(name, run_by_hypercall(&handoff_block), false);
    check("status", handoff_block.status, status);
    check("rule", handoff_block.rule, rule);
    check("counted", counters()->refused, before + 1);
}

static void test_bad_states(void)
{
    for (unsigned i = 0; i < sizeof bad_states / sizeof bad_states[0]; i++) {
        prepare();
        memcpy((uint8_t *)&handoff_block.state + bad_states[i].offset, &bad_states[i].value,
               bad_states[i].size);
        refuse(bad_states[i].name, HANDOFF_BAD_STATE, bad_states[i].rule);
    }
    prepare();
    handoff_block.state.ss_sel = 0x11;
    handoff_block.state.cs_sel = 0x09;
    refuse("CS and SS with RPL 1, DPL 0", HANDOFF_BAD_STATE, ENTRY_SS_DPL);
    prepare();
    handoff_block.state.cr0 |= CR0_PG;
    handoff_block.state.cr4 = CR4_PAE;
    handoff_block.state.cr3 = (uint32_t)bad_pdptes;
    refuse("PDPTE with a reserved bit", HANDOFF_BAD_STATE, ENTRY_PDPTE_RESERVED);
    prepare();
    handoff_block.state.ldtr_sel = 4;
    handoff_block.state.ldtr_arbytes = 0x82;
    refuse("LDTR selector in the LDT", HANDOFF_BAD_STATE, ENTRY_LDTR_SELECTOR);
}

static void test_bad_headers(void)
{
    prepare();
    handoff_block.magic = 0;
    refuse("bad magic", HANDOFF_BAD_MAGIC, ENTRY_OK);
    prepare();
    handoff_block.version = 2;
    refuse("bad version", HANDOFF_BAD_VERSION, ENTRY_OK);
    prepare();
    handoff_block.vcpu = 1;
    refuse("bad vCPU", HANDOFF_BAD_VCPU, ENTRY_OK);
    prepare();
    handoff_block.reason = HANDOFF_RETURNED;
    refuse("bad reason", HANDOFF_BAD_REASON, ENTRY_OK);
    prepare();
    check("unaligned block",
          run_by_hypercall((struct handoff_block *)((uint8_t *)&handoff_block + 4)), false);
    check("its status is untouched", handoff_block.status, HANDOFF_PENDING);
    check("somebody else's request", hypercall(34, 24, 0, (uint32_t)&handoff_block, 1), 0);
    check("its status is untouched", handoff_block.status, HANDOFF_PENDING);
}

/* All of the state that a record of world_switch.h has no place for. */
static void test_registers(void)
{
    const struct hvm_hw_cpu *back = &register_block.state;
    struct hvm_hw_cpu *cpu = &handoff_block.state;

    prepare();
    cpu->rip = (uint32_t)guest_leave;
    cpu->rbx = 0x1111;
    cpu->rcx = 0x2222;
    cpu->rdx = 0x3333;
    cpu->rsi = 0x4444;
    cpu->rdi = 0x5555;
    cpu->rbp = 0x6666;
    cpu->cr2 = 0x7777;
    cpu->dr0 = 0x8888;
    cpu->dr3 = 0x9999;
    cpu->msr_efer = EFER_NXE;
    check("ENTER with registers", run_by_hypercall(&handoff_block), true);
    check("reason", register_block.reason, HANDOFF_RETURNED);
    check("cr0_written", register_block.cr0_written, CR0_ET);
    check("CR0 unchanged", (uint32_t)back->cr0, CR0_PE | CR0_ET);
    check("RBX", (uint32_t)back->rbx, 0x1111);
    check("RCX", (uint32_t)back->rcx, 0x2222);
    check("RDX", (uint32_t)back->rdx, 0x3333);
    check("RSI", (uint32_t)back->rsi, 0x4444);
    check("RDI", (uint32_t)back->rdi, 0x5555);
    check("RBP", (uint32_t)back->rbp, 0x6666);
    check("CR2", (uint32_t)back->cr2, 0x7777);
    check("DR0", (uint32_t)back->dr0, 0x8888);
    check("DR3", (uint32_t)back->dr3, 0x9999);
    check("EFER", (uint32_t)back->msr_efer, EFER_NXE);
    check("RIP", (uint32_t)back->rip, (uint32_t)guest_left);
}

void test_handoff(void)
{
    if (counters()->abi != TESTVISOR_ABI_HYPERCALL)
        return;
    test_bad_headers();
    test_bad_states();
    test_registers();
}
