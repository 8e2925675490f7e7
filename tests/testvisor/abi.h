/* Whom the testvisor plays: one row of facts per Xen, chosen by a byte in the ROM.
 * Not here: the code that acts on them. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_ABI_H
#define TESTVISOR_ABI_H

#include <stdbool.h>
#include <stdint.h>

#include "statistics.h"

struct abi {
    const char *name;
    const char *into_blob;  /* name of the switch that enters the blob */
    const char *into_guest; /* name of the switch that leaves it */
    uint16_t version_major;
    uint16_t version_minor;
    uint32_t last_xen_leaf; /* reported in CPUID leaf 0x40000000 */
    uint32_t start_cr0;     /* what a new vCPU reads in CR0 */
    uint32_t start_cr4;
    uint32_t context_size;      /* bytes of struct world_switch_context that are copied, 0: none */
    bool rebases_pic;           /* world switches change the 8259 vector bases */
    bool reloads_cr0;           /* a world switch loads the processor's CR0 from the context */
    bool pages_by_pg_alone;     /* a context with PG=1 and PE=0 is paged */
    bool loads_unpaged_cr3;     /* a context's CR3 counts even if its PG is 0 */
    bool needs_magic;           /* a world switch without the magic crashes the domain */
    bool corrects_rflags;       /* RF cleared when saved, bit 1 set when loaded */
    bool lmsw_replaces_pe;      /* LMSW can clear PE, which no processor does */
    bool traps_after_emulation; /* a single-step trap follows an emulated instruction */
    bool emulates_task_switches;
    bool peeks_by_cpuid;       /* CPUID leaf 0x40000003 reads 8 bytes of memory for the blob */
    bool shows_hypervisor_bit; /* CPUID leaf 1, ECX bit 31 */
    bool checks_cr4;           /* reserved bits in CR4 raise #GP */
};

/* The row in force. abi_select() is called once, with a number that the ROM build has chosen; false
 * for a number that is none. */
extern const struct abi *abi;
bool abi_select(uint32_t number);

#endif
