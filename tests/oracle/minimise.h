/* Makes a failing case small. Not here: what failing means (compare.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_MINIMISE_H
#define TESTS_ORACLE_MINIMISE_H

#include "compare.h"

/* *test disagrees as *comparison says, and still does so on return; *comparison is then of the
 * small one. */
void minimise(struct oracle_case *test, struct comparison *comparison);
/* *test brings its process down, and still does so on return. */
void minimise_deadly(struct oracle_case *test);

#endif
