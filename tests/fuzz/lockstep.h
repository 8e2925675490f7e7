/* Runs one input on both machines side by side. Not here: what an input means (scenario.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_LOCKSTEP_H
#define FUZZ_LOCKSTEP_H

#include <stddef.h>
#include <stdint.h>

/* Any bytes; returns when the input ends without a finding, else aborts (finding.h). */
void lockstep_run(const uint8_t *bytes, size_t length);

#endif
