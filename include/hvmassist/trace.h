/* What trace builds of the blob tell the testvisor about each interpreted instruction.
 * Not here: anything that a hypervisor of Xen's sees; other builds never call these services. */
/* SPDX-License-Identifier: MIT */
#ifndef HVMASSIST_TRACE_H
#define HVMASSIST_TRACE_H

#include <stdint.h>

/* Hypercall numbers. TEXT: EBX=address and ECX=length, up to 4096, of text for the log. RING: EAX
 * becomes the address of a struct hvmassist_trace_ring, for the blob to write into. */
#define HVMASSIST_TRACE_TEXT 0x48564d01u
#define HVMASSIST_TRACE_RING 0x48564d02u

#define HVMASSIST_TRACE_RECORDS 256u

/* An instruction about to be executed. */
struct hvmassist_trace_record {
    uint16_t selector; /* of CS */
    uint8_t length;    /* of the instruction, 1 to 15 */
    uint8_t width;     /* 16 or 32, by CS.D */
    uint32_t linear;
    uint32_t eip;
    uint8_t bytes[16];
    uint32_t gpr[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI */
    uint32_t eflags;
};

struct hvmassist_trace_ring {
    uint32_t count; /* records written so far; the next one goes to count % HVMASSIST_TRACE_RECORDS */
    struct hvmassist_trace_record record[HVMASSIST_TRACE_RECORDS];
};

_Static_assert(sizeof(struct hvmassist_trace_record) == 64, "64 bytes");

#endif
