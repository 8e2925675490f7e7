/* What the helper is doing, for people. Not here: where it is kept (record.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_STATUS_H
#define HELPER_STATUS_H

#include <stdio.h>

/* A table of the domains that have a record in `folder`, with their last refusals and troubles. */
void status_print(FILE *out, const char *folder);

#endif
