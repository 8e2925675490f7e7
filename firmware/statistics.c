/* Counting what the blob does, for whoever reads the image header.
 * Not here: the layout of the counters (hvmassist/statistics.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "statistics.h"

struct hvmassist_statistics statistics;

void statistics_start(void)
{
    statistics.magic = HVMASSIST_STATISTICS_MAGIC;
    statistics.version = 2;
}

void statistics_begin(struct vcpu *vcpu)
{
    vcpu->counted_instructions = vcpu->processor.retired;
    vcpu->counted_interrupts = vcpu->processor.interrupts;
    vcpu->counted_faults = vcpu->processor.faults;
}

static void add(uint64_t *total, uint64_t *counted, uint64_t now)
{
    *total += now - *counted;
    *counted = now;
}

void statistics_update(struct vcpu *vcpu)
{
    const struct processor *p = &vcpu->processor;

    add(&statistics.interpreted_instructions, &vcpu->counted_instructions, p->retired);
    add(&statistics.interrupts, &vcpu->counted_interrupts, p->interrupts);
    add(&statistics.faults, &vcpu->counted_faults, p->faults);
    statistics.refused_rule = p->refused_rule;
    statistics.refused_address = p->refused_address;
}
