/* The last instructions that a blob of the variant -ring has interpreted.
 * Not here: the records (hvmassist/trace.h), which the blob writes itself. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trace_ring.h"

#include <hvmassist/trace.h>

#include "log.h"

#define LOGGED 200u

static struct hvmassist_trace_ring ring;

struct hvmassist_trace_ring *trace_ring_start(void)
{
    ring.count = 0;
    return &ring;
}

static void log_record(const struct hvmassist_trace_record *r)
{
    char bytes[2 * sizeof r->bytes + 1];
    uint32_t digits = 0;

    for (uint32_t n = 0; n < r->length && n < sizeof r->bytes; n++) {
        bytes[digits++] = "0123456789abcdef"[r->bytes[n] >> 4];
        bytes[digits++] = "0123456789abcdef"[r->bytes[n] & 15];
    }
    bytes[digits] = '\0';
    log_text("T %u %04x %08x %08x %s %08x %08x %08x %08x %08x %08x %08x %08x %08x\n",
             (uint32_t)r->width, (uint32_t)r->selector, r->linear, r->eip, bytes, r->gpr[0],
             r->gpr[3], r->gpr[1], r->gpr[2], r->gpr[6], r->gpr[7], r->gpr[5], r->gpr[4],
             r->eflags);
}

void trace_ring_log(void)
{
    const uint32_t written = ring.count, shown = written < LOGGED ? written : LOGGED;

    for (uint32_t n = written - shown; n != written; n++)
        log_record(&ring.record[n % HVMASSIST_TRACE_RECORDS]);
}
