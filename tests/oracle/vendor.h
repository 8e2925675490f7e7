/* Where this processor is AMD's and does otherwise than the P6, which the interpreter follows.
 * Not here: what newer processors of both makers do otherwise (rows.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_VENDOR_H
#define TESTS_ORACLE_VENDOR_H

#include "compare.h"

/* Looks which processor this is. */
void vendor_initialise(void);

/* Why the two sides may differ as *comparison says in a case of which no instruction can be taken
 * away, or NULL. */
const char *vendor_excuse(const struct oracle_case *test, const struct comparison *comparison);

/* How many times each difference was met. */
void vendor_report(FILE *output);

#endif
