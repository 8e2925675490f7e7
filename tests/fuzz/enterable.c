/* The entry predicate against the entry rules that the testvisor has from the SDM.
 * Not here: the rules themselves (emulator/predicate.c, tests/testvisor/entry_check.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "../testvisor/entry_check.h"
#include "finding.h"
#include "standing.h"

/* What a Penryn has. */
static const struct entry_processor processor = {
    .cr4_supported = 0x67ff, .efer_supported = 0xd01, .physical_address_bits = 52};

/* The same state in the other's words. */
static void convert(const struct guest_state *g, const uint64_t pdpte[4], struct entry_state *e)
{
    /* CR0 as VM entry sees it: what a guest could not have written is not its concern. */
    *e = (struct entry_state){.hardware = true,
                              .cr0 = g->cr0,
                              .cr3 = g->cr3,
                              .cr4 = g->cr4,
                              .efer = g->efer,
                              .dr6 = g->dr[6],
                              .dr7 = g->dr[7],
                              .rip = g->eip,
                              .rflags = g->eflags,
                              .gdtr_limit = g->gdtr.limit,
                              .idtr_limit = g->idtr.limit,
                              .pdptes_known = true};
    memcpy(e->pdptes, pdpte, sizeof e->pdptes);
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        e->segments[n] = (struct entry_segment){g->segment[n].selector, g->segment[n].limit,
                                                g->segment[n].attributes, g->segment[n].base};
}

void check_predicate(const struct subject *s, const struct guest_state *state)
{
    enum hvmassist_entry_rule ours = entry_rule_broken(state, s->processor.pdpte), theirs;
    struct entry_state other;
    unsigned segment;

    convert(state, s->processor.pdpte, &other);
    theirs = entry_check(&other, &processor, &segment);
    if (ours == ENTRY_SHADOW || ours == ENTRY_SINGLE_STEP || ours == ENTRY_A20)
        ours = ENTRY_OK;
    /* VM entry takes a CS with the unusable bit; nothing can run from one, so that it is no use. */
    if (theirs == ENTRY_OK && (state->segment[CS].attributes & ATTRIBUTE_UNUSABLE))
        theirs = ENTRY_CS_TYPE;
    if ((ours == ENTRY_OK) != (theirs == ENTRY_OK))
        finding(s, "the predicate says \"%s\", the rules say \"%s\" (segment %u)",
                entry_rule_text(ours), entry_rule_text(theirs), segment);
}

void check_leaving(const struct subject *s, const struct processor *p)
{
    struct guest_state state;
    struct entry_state other;
    enum hvmassist_entry_rule rule;
    unsigned segment;

    processor_save(p, &state);
    convert(&state, p->pdpte, &other);
    rule = entry_check(&other, &processor, &segment);
    if (rule != ENTRY_OK)
        finding(s, "leaving with a state that cannot be entered: %s, segment %u",
                entry_rule_text(rule), segment);
    if (state.shadow || state.pending_debug || !state.a20)
        finding(s, "leaving with shadow %u, pending debug traps %x, A20 %d", state.shadow,
                state.pending_debug, state.a20);
}
