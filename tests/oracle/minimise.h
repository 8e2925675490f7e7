/* Makes a failing case small. Not here: what failing means (compare.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_MINIMISE_H
#define TESTS_ORACLE_MINIMISE_H

#include "compare.h"

/* *test fails and still does so on return. True: it disagrees, and *comparison is of the small one;
 * false: it brings its process down. */
bool minimise(struct oracle_case *test, struct comparison *comparison);

#endif
