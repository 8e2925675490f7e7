/* The counters, and the report that ends a run.
 * Not here: who counts, and the table of hand-offs (handoffs.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_REPORT_H
#define TESTVISOR_REPORT_H

#include "statistics.h"

/* At TESTVISOR_STATISTICS_OFFSET of the testvisor's memory. */
extern struct testvisor_statistics statistics;

/* Logs the end, the guest's state and the last hand-offs where they tell something, and the counts.
 * Returns. `detail` is one line without its end. */
void report_log(enum testvisor_end reason, const char *detail);

/* report_log(), then ends the machine. */
__attribute__((noreturn)) void report_end(enum testvisor_end reason, const char *detail);

#endif
