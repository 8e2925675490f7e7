/* Counters that the blob keeps in guest memory for whoever watches it from outside.
 * Not here: what the hypervisor's side counts itself. */
/* SPDX-License-Identifier: MIT */
#ifndef HVMASSIST_STATISTICS_H
#define HVMASSIST_STATISTICS_H

#include <stdint.h>

#define HVMASSIST_STATISTICS_MAGIC 0x54534d48u /* "HMST" */

struct hvmassist_statistics {
    uint32_t magic;
    uint32_t version;                  /* 2 */
    uint64_t interpreted_instructions; /* retired by the interpreter, a REP counted once */
    uint64_t handoffs;                 /* guest given to the hardware */
    uint64_t returns;                  /* guest taken back */
    uint64_t interrupts;               /* external interrupts delivered by the interpreter */
    uint64_t faults;                   /* exceptions delivered by the interpreter */
    uint32_t refused_rule;    /* enum hvmassist_entry_rule: why protected mode last was not enterable */
    uint32_t refused_address; /* linear address of the next instruction then */
    uint32_t report_wanted;   /* written from outside: not 0 makes the blob print the state of a guest
                                 that it interprets, and stop */
    uint32_t reserved;
};

#endif
