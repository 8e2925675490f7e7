/* Counting what the blob does, for whoever reads the image header.
 * Not here: the layout of the counters (hvmassist/statistics.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_STATISTICS_H
#define FIRMWARE_STATISTICS_H

#include "vcpu.h"

#include <hvmassist/statistics.h>

extern struct hvmassist_statistics statistics;

void statistics_start(void);
/* A vCPU begins to be interpreted: its interpreter's counters start here. */
void statistics_begin(struct vcpu *vcpu);
/* Adds what its interpreter has counted since the last time. */
void statistics_update(struct vcpu *vcpu);

#endif
