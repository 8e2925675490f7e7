/* The last instructions that a blob of the variant -ring has interpreted.
 * Not here: the records (hvmassist/trace.h), which the blob writes itself. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_TRACE_RING_H
#define TESTVISOR_TRACE_RING_H

struct hvmassist_trace_ring;

/* Gives the blob its ring, empty. */
struct hvmassist_trace_ring *trace_ring_start(void);

/* Logs the last 200 records, oldest first, as the lines that the variant -trace writes. */
void trace_ring_log(void);

#endif
