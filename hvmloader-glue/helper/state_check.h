/* May Xen and the processor be given this state? The rules of VM entry for a processor without
 * "unrestricted guest", written from the SDM for this side alone. Pure: no access to anything.
 * Not here: the blob's own predicate, nor where a state comes from. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_STATE_CHECK_H
#define HELPER_STATE_CHECK_H

#include <hvmassist/entry_rules.h>
#include <hvmassist/handoff.h>

#include <stdbool.h>

/* What the domain's processor supports, from its CPUID. */
struct state_limits {
    uint64_t cr4;
    uint64_t efer;
    unsigned physical_address_bits; /* 32 to 52 */
};

#define STATE_PDPTES 4u

/* Would the processor read page-directory-pointer entries from where CR3 points? SDM vol. 3, 4.4.1.
 */
bool state_has_pdptes(const struct hvm_hw_cpu *cpu);
/* Guest-physical address of the four entries; 32-byte aligned. */
uint64_t state_pdptes_address(const struct hvm_hw_cpu *cpu);

/* The first rule that the state breaks, or ENTRY_OK. `pdptes`: the four entries when
 * state_has_pdptes(), not looked at otherwise. Fields that a hand-off does not load are not looked
 * at, but for pending_event. Source: SDM vol. 3, 26.3.1.1 to 26.3.1.4 and 26.3.1.6; for debug
 * registers, which Xen loads with MOV, 17.2. */
enum hvmassist_entry_rule state_check(const struct hvm_hw_cpu *cpu,
                                      const struct state_limits *limits,
                                      const uint64_t pdptes[STATE_PDPTES]);

/* "unknown rule" for a number that is none. */
const char *state_rule_text(uint32_t rule);

#endif
