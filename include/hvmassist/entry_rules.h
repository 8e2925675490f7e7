/* The rules a guest state must keep so that VT-x without "unrestricted guest" can enter it, as an
 * X-list: identifier, text. Source: SDM vol. 3, 26.3.1 "Checks on the Guest State Area".
 * Not here: the checks; the blob and each other side write their own, from the SDM. */
/* SPDX-License-Identifier: MIT */
#ifndef HVMASSIST_ENTRY_RULES_H
#define HVMASSIST_ENTRY_RULES_H

/* The numbers are part of the hand-off ABI: append only. */
#define HVMASSIST_ENTRY_RULES(RULE)                                                                \
    RULE(ENTRY_OK, "enterable")                                                                    \
    RULE(ENTRY_CR0_PE, "CR0.PE is 0")                                                              \
    RULE(ENTRY_CR0_RESERVED, "CR0 has reserved bits, NW without CD, or PG without PE")             \
    RULE(ENTRY_CR4_RESERVED, "CR4 has bits that the processor does not support")                   \
    RULE(ENTRY_CR3_RESERVED, "CR3 exceeds the physical-address width")                             \
    RULE(ENTRY_PDPTE_RESERVED, "a PAE page-directory-pointer entry has reserved bits")             \
    RULE(ENTRY_EFER, "EFER has reserved bits, or LMA/LME do not fit CR0.PG and CR4.PAE")           \
    RULE(ENTRY_DEBUG, "DR6 or DR7 has bits 63:32 set")                                             \
    RULE(ENTRY_RIP, "RIP has bits above 31 set outside 64-bit mode")                               \
    RULE(ENTRY_RFLAGS_RESERVED, "RFLAGS has a reserved bit wrong")                                 \
    RULE(ENTRY_RFLAGS_VM, "RFLAGS.VM in IA-32e mode or outside protected mode")                    \
    RULE(ENTRY_CS_TYPE, "CS is not usable, present, accessed code")                                \
    RULE(ENTRY_CS_DPL, "CS.DPL does not fit SS.DPL")                                               \
    RULE(ENTRY_SS_RPL, "SS.RPL differs from CS.RPL")                                               \
    RULE(ENTRY_SS_DPL, "SS.DPL differs from SS.RPL")                                               \
    RULE(ENTRY_SS_TYPE, "SS is usable but not present, accessed, writable data")                   \
    RULE(ENTRY_DATA_TYPE, "DS, ES, FS or GS is usable but not present, accessed and readable")     \
    RULE(ENTRY_DATA_DPL, "DS, ES, FS or GS has DPL < RPL")                                         \
    RULE(ENTRY_TR_SELECTOR, "TR selector has TI set")                                              \
    RULE(ENTRY_TR_TYPE, "TR is not a usable, present, busy TSS")                                   \
    RULE(ENTRY_LDTR_SELECTOR, "LDTR is usable and its selector has TI set")                        \
    RULE(ENTRY_LDTR_TYPE, "LDTR is usable but not a present LDT")                                  \
    RULE(ENTRY_ATTRIBUTES_RESERVED, "a usable segment has reserved attribute bits set")            \
    RULE(ENTRY_LIMIT_GRANULARITY, "a usable segment's limit and G do not fit together")            \
    RULE(ENTRY_BASE_HIGH, "a segment base has bits 63:32 set")                                     \
    RULE(ENTRY_TABLE_LIMIT, "the GDTR or IDTR limit is above 0xffff")                              \
    RULE(ENTRY_VM86_SEGMENT, "a virtual-8086 segment is not base=selector<<4, limit ffff, AR f3")  \
    RULE(ENTRY_SHADOW, "an STI or MOV-SS shadow is pending")                                       \
    RULE(ENTRY_SINGLE_STEP, "a pending debug trap cannot be handed over")                          \
    RULE(ENTRY_A20, "A20 is off, which the hardware side cannot show")                             \
    RULE(ENTRY_EVENT, "an event is being delivered")

#define HVMASSIST_ENTRY_RULE_ENUMERATOR(name, text) name,
enum hvmassist_entry_rule {
    HVMASSIST_ENTRY_RULES(HVMASSIST_ENTRY_RULE_ENUMERATOR) ENTRY_RULE_COUNT
};
#undef HVMASSIST_ENTRY_RULE_ENUMERATOR

#endif
