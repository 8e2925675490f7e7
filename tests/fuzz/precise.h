/* Does a faulting instruction leave the state as it was but for what the SDM lets it change?
 * Not here: what delivery of the fault then does (frame.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_PRECISE_H
#define FUZZ_PRECISE_H

#include "subject.h"

/* At a fault (or an interrupt before an abandoned instruction): compares with the phase's start. */
void check_fault(const struct subject *s);

/* A #PF is there exactly when the second walk says so, with its CR2 and error code. */
void check_page_fault(const struct subject *s);

#endif
