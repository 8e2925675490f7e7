/* What the testvisor counts, at a fixed place in machine memory so that a debugger outside can read
 * it: physical (memory size - 2 MiB) + TESTVISOR_STATISTICS_OFFSET.
 * Not here: what the blob counts itself (include/hvmassist/statistics.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_STATISTICS_H
#define TESTVISOR_STATISTICS_H

#include <stdint.h>

#define TESTVISOR_STATISTICS_OFFSET  0x40u
#define TESTVISOR_STATISTICS_MAGIC   0x54535654u /* "TVST" in memory order */
#define TESTVISOR_STATISTICS_VERSION 2u
#define TESTVISOR_EXIT_REASONS       64u

/* Values of `abi`; the ROM carries one of them. */
enum testvisor_abi {
    TESTVISOR_ABI_3_2 = 1,       /* world switch of Xen 3.2 */
    TESTVISOR_ABI_3_1 = 2,       /* world switch of Xen 3.1 */
    TESTVISOR_ABI_HYPERCALL = 3, /* Xen 4.x with the hand-off helper in dom0 */
};

/* Values of `end_reason`; 0 while the guest runs. The texts are in report.c. */
enum testvisor_end {
    TESTVISOR_RUNNING = 0,
    TESTVISOR_END_SHUTDOWN = 1,     /* the guest wrote "Shutdown" to port 0x8900 */
    TESTVISOR_END_HALTED = 2,       /* HLT with IF=0: the domain powers off */
    TESTVISOR_END_TRIPLE_FAULT = 3, /* of the guest */
    TESTVISOR_END_CRASH = 4,        /* what Xen calls a domain crash */
    TESTVISOR_END_ENTRY_FAILED = 5, /* VM entry refused the guest state */
    TESTVISOR_END_UNSUPPORTED = 6,  /* the guest needs what this testvisor does not do */
    TESTVISOR_END_HOST_FAULT = 7,   /* a defect of the testvisor itself */
    TESTVISOR_END_ASKED = 8,        /* whoever watches has asked for it: see `asked_to_end` */
};

/* Little-endian; offsets are from the magic. */
struct testvisor_statistics {
    uint32_t magic;           /* +0 TESTVISOR_STATISTICS_MAGIC, once the guest is about to start */
    uint32_t version;         /* +4 */
    uint32_t abi;             /* +8 enum testvisor_abi */
    uint32_t end_reason;      /* +12 enum testvisor_end */
    uint32_t blob_statistics; /* +16 address of struct hvmassist_statistics, 0: the blob has none */
    uint32_t resets;          /* +20 guest resets since power-on */
    uint32_t into_blob;       /* +24 INVOKEs, or RETURNEDs */
    uint32_t into_guest;      /* +28 RESTOREs, or ENTERs */
    uint32_t nested_into_blob; /* +32 those of into_blob that came while the blob ran */
    uint32_t registered;       /* +36 accepted HANDOFF_REGISTER */
    uint32_t refused;          /* +40 refused hand-off requests */
    uint32_t interrupts;       /* +44 external interrupts injected (3.2 only) */
    uint32_t held_interrupts;  /* +48 those that had to wait for IF=1 or the end of a shadow */
    uint32_t events_resumed;   /* +52 events injected again because an exit had cut them short */
    uint32_t log_bytes;        /* +56 bytes written to the log */
    uint32_t exit_count;       /* +60 all VM exits */
    uint32_t exits[TESTVISOR_EXIT_REASONS]; /* +64 by basic exit reason */
    uint64_t guest_ticks;                   /* +320 TSC ticks in the guest, halted ones included */
    uint64_t blob_ticks;                    /* +328 the same in the blob */
    uint32_t asked_to_end; /* +336 written from outside: not 0 ends the run at the guest's next VM
                              exit */
    uint32_t reserved;
};

_Static_assert(__builtin_offsetof(struct testvisor_statistics, into_blob) == 24, "fixed offset");
_Static_assert(__builtin_offsetof(struct testvisor_statistics, exits) == 64, "fixed offset");
_Static_assert(sizeof(struct testvisor_statistics) == 344, "fixed size");

#endif
