/* A failed VM entry: the VMCS guest area in the checker's terms, and the rule that it breaks.
 * Not here: the rules (entry_check.c), nor the rest of the report (report.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "entry_check.h"
#include "entry_failure.h"
#include "exits.h"
#include "hardware.h"
#include "log.h"
#include "report.h"
#include "vmcs.h"

#define MSR_VMX_CR0_FIXED0    0x486u
#define MSR_VMX_CR4_FIXED0    0x488u
#define PHYSICAL_ADDRESS_LEAF 0x80000008u
#define PENDING_DEBUG_BS      0x4000u

static const char *const segment_names[ENTRY_SEGMENT_COUNT + 1] = {
    "ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR", "no segment"};

static void read_state(struct entry_state *state)
{
    const uint32_t pdptes = vmcs_read(VMCS_GUEST_CR3) & ~0x1fu;

    memset(state, 0, sizeof *state);
    state->hardware = true;
    state->cr0 = vmcs_read(VMCS_GUEST_CR0);
    state->cr3 = vmcs_read(VMCS_GUEST_CR3);
    state->cr4 = vmcs_read(VMCS_GUEST_CR4);
    state->dr7 = vmcs_read(VMCS_GUEST_DR7);
    state->rip = vmcs_read(VMCS_GUEST_RIP);
    state->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
    state->gdtr_limit = vmcs_read(VMCS_GUEST_GDTR_LIMIT);
    state->idtr_limit = vmcs_read(VMCS_GUEST_IDTR_LIMIT);
    memcpy(state->pdptes, (const void *)pdptes, sizeof state->pdptes);
    state->pdptes_known = true;
    for (unsigned i = 0; i < SEGMENT_COUNT; i++) {
        state->segments[i].selector = vmcs_read(vmcs_segment(VMCS_GUEST_ES_SELECTOR, i));
        state->segments[i].limit = vmcs_read(vmcs_segment(VMCS_GUEST_ES_LIMIT, i));
        state->segments[i].base = vmcs_read(vmcs_segment(VMCS_GUEST_ES_BASE, i));
        state->segments[i].attributes = vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, i));
    }
}

static void read_hardware(struct entry_hardware_state *hardware)
{
    *hardware = (struct entry_hardware_state){
        .cr0_fixed_ones = msr_read(MSR_VMX_CR0_FIXED0),
        .cr4_fixed_ones = msr_read(MSR_VMX_CR4_FIXED0),
        .link_pointer = (uint64_t)vmcs_read(VMCS_GUEST_LINK_POINTER + 1) << 32 |
                        vmcs_read(VMCS_GUEST_LINK_POINTER),
        .debugctl = vmcs_read(VMCS_GUEST_DEBUGCTL),
        .pending_debug = vmcs_read(VMCS_GUEST_PENDING_DEBUG),
        .interruptibility = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY),
        .activity = vmcs_read(VMCS_GUEST_ACTIVITY),
        .event = vmcs_read(VMCS_ENTRY_EVENT),
    };
}

/* Logs what is wrong with the guest state in the VMCS, and ends the run. */
static __attribute__((noreturn)) void report_state(void)
{
    const struct entry_processor processor = {
        .cr4_supported = msr_read(MSR_VMX_CR4_FIXED1),
        .efer_supported = 0,
        .physical_address_bits = cpuid(PHYSICAL_ADDRESS_LEAF, 0).eax & 0xffu,
    };
    struct entry_state state;
    struct entry_hardware_state hardware;
    enum hvmassist_entry_rule rule;
    unsigned segment;
    const char *text;

    read_state(&state);
    read_hardware(&hardware);
    rule = entry_check(&state, &processor, &segment);
    text = entry_check_hardware(&state, &hardware);
    log_text("vmcs cr0=%08x cr3=%08x cr4=%08x\n", vmcs_read(VMCS_GUEST_CR0),
             vmcs_read(VMCS_GUEST_CR3), vmcs_read(VMCS_GUEST_CR4));
    if (rule != ENTRY_OK)
        log_text("broken rule %u: %s (%s)\n", (uint32_t)rule, entry_rule_text(rule),
                 segment_names[segment]);
    if (text != NULL)
        log_text("broken rule: %s\n", text);
    if (rule == ENTRY_OK && text == NULL)
        log_text("broken rule: none found, so the processor knows one more than the checker\n");
    report_end(TESTVISOR_END_ENTRY_FAILED, text != NULL ? text : entry_rule_text(rule));
}

void exit_entry_failure(void)
{
    log_text("testvisor: VM entry failed, exit qualification %x\n",
             vmcs_read(VMCS_EXIT_QUALIFICATION));
    report_state();
}

static bool is_code_below_its_rpl(const struct world_switch_segment *segment)
{
    return (segment->attributes & (ATTRIBUTES_UNUSABLE | ATTRIBUTES_TYPE)) == 11 &&
           (segment->attributes >> 5 & 3u) < (segment->selector & 3u);
}

void entry_failure_check_loaded(const struct world_switch_context *context)
{
    const uint32_t shadow = INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS;

    if (is_code_below_its_rpl(&context->ds) || is_code_below_its_rpl(&context->es) ||
        is_code_below_its_rpl(&context->fs) || is_code_below_its_rpl(&context->gs)) {
        log_text("testvisor: Bochs would enter this state, a processor would not\n");
        report_state();
    }
    if ((vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & shadow) != 0 &&
        ((context->eflags & RFLAGS_TF) != 0) !=
            ((vmcs_read(VMCS_GUEST_PENDING_DEBUG) & PENDING_DEBUG_BS) != 0)) {
        log_text("testvisor: Bochs would enter this state, a processor would not\n");
        report_state();
    }
}
