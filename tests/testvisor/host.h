/* The host's own processor state: GDT, IDT, TSS, identity page directory; taking an interrupt; MSR
 * access that survives #GP. Not here: VMX (vmx.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_HOST_H
#define TESTVISOR_HOST_H

#include <stdbool.h>
#include <stdint.h>

/* Physical addresses (= linear) that the VMCS host area wants. */
struct host_tables {
    uint32_t gdt;
    uint32_t idt;
    uint32_t tss;
    uint32_t
        page_directory; /* 4 MiB pages, 1:1, all 4 GiB, user and writable, accessed and dirty */
};

/* Loads the tables, turns paging on and sets CR0 and CR4 as VMX operation wants them. */
void host_init(void);

const struct host_tables *host_tables(void);

/* Lets the processor take one pending external interrupt, which acknowledges it at the 8259 or
 * local APIC. Returns its vector, 32 to 255, or -1 when none was pending. */
int host_take_interrupt(void);

/* RDMSR and WRMSR of an MSR that a guest chose. False when the processor raised #GP. */
bool msr_read_checked(uint32_t index, uint64_t *value);
bool msr_write_checked(uint32_t index, uint64_t value);

#endif
