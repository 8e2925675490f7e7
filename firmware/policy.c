/* When an enterable guest is given to the hardware: at once.
 * Not here: whether it is enterable (emulator), nor how it goes (transport.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy.h"

static bool one_way;

bool policy_leave(const struct vcpu *vcpu)
{
    /* An acknowledged interrupt or a noted NMI cannot go along; the interpreter delivers it first.
     */
    if (vcpu->interrupt_kept || (vcpu->processor.events & EVENT_NMI))
        return false;
    if (one_way && !(vcpu->processor.cr0 & CR0_PG))
        return false;
    return !vcpu->refused || vcpu->processor.retired > vcpu->refused_at;
}

void policy_refused(struct vcpu *vcpu)
{
    /* Asked again at once, with nothing executed in between: the answer must be no for once. */
    vcpu->refused = true;
    vcpu->refused_at = vcpu->processor.retired;
}

void policy_one_way(void)
{
    one_way = true;
}
