/* Which rule of VT-x without "unrestricted guest" does a guest state break? Written from the SDM
 * alone, pure C without a single access to the machine, so that host tests can use it as well.
 * Not here: the blob's own predicate, nor how a state is read from the VMCS (entry_failure.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_ENTRY_CHECK_H
#define TESTVISOR_ENTRY_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include <hvmassist/entry_rules.h>

/* Order of the segments below; the names carry a prefix because host tests have others of theirs.
 */
enum entry_segment_index {
    ENTRY_SEGMENT_ES,
    ENTRY_SEGMENT_CS,
    ENTRY_SEGMENT_SS,
    ENTRY_SEGMENT_DS,
    ENTRY_SEGMENT_FS,
    ENTRY_SEGMENT_GS,
    ENTRY_SEGMENT_LDTR,
    ENTRY_SEGMENT_TR,
    ENTRY_SEGMENT_COUNT
};

struct entry_segment {
    uint32_t selector;
    uint32_t limit;      /* in bytes */
    uint32_t attributes; /* VMCS access rights, bit 16 = unusable */
    uint64_t base;
};

/* A guest state. With `hardware` set, CR0 and CR4 are the VMCS fields themselves: VM entry ignores
 * reserved CR0 bits and NW without CD there, which a guest could never have written. EFER is then
 * only what the entry controls say. */
struct entry_state {
    bool hardware;
    uint64_t cr0;
    uint64_t cr3;
    uint64_t cr4;
    uint64_t efer;
    uint64_t dr6;
    uint64_t dr7;
    uint64_t rip;
    uint64_t rflags;
    uint32_t gdtr_limit;
    uint32_t idtr_limit;
    bool pdptes_known; /* pdptes holds what memory at CR3 holds; looked at under PAE paging only */
    uint64_t pdptes[4];
    struct entry_segment segments[ENTRY_SEGMENT_COUNT];
};

/* What the processor supports. */
struct entry_processor {
    uint64_t cr4_supported;
    uint64_t efer_supported;
    unsigned physical_address_bits; /* 32 to 52 */
};

/* What VM entry looks at besides the registers. */
struct entry_hardware_state {
    uint64_t cr0_fixed_ones; /* IA32_VMX_CR0_FIXED0 */
    uint64_t cr4_fixed_ones; /* IA32_VMX_CR4_FIXED0 */
    uint64_t link_pointer;
    uint64_t debugctl;
    uint64_t pending_debug;
    uint32_t interruptibility;
    uint32_t activity;
    uint32_t event; /* VM-entry interruption information */
};

/* The first rule that `state` breaks, or ENTRY_OK. Never returns ENTRY_SHADOW, ENTRY_SINGLE_STEP,
 * ENTRY_A20 or ENTRY_EVENT: those are about more than registers. When `segment` is not a null
 * pointer it receives the index of the segment at fault, or ENTRY_SEGMENT_COUNT. Source: SDM vol.
 * 3, 26.3.1.1, 26.3.1.2, 26.3.1.3, 26.3.1.4, 26.3.1.6. */
enum hvmassist_entry_rule entry_check(const struct entry_state *state,
                                      const struct entry_processor *processor, unsigned *segment);

/* The rest of the section: fixed bits, non-register state, pending debug exceptions, link pointer.
 * Returns a null pointer, or a sentence that names the broken rule.
 * Source: SDM vol. 3, 26.3.1.1, 26.3.1.5. */
const char *entry_check_hardware(const struct entry_state *state,
                                 const struct entry_hardware_state *hardware);

/* The text of a rule of entry_rules.h; "unknown rule" for a number that is none. */
const char *entry_rule_text(uint32_t rule);

#endif
