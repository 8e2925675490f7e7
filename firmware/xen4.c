/* Transport of Xen 4: the hypercall hand-off when a helper answers within the time that hvmloader's
 * bundler allows, else the native one. Not here: either of them. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "console.h"
#include "hardware.h"
#include "hvmloader4.h"
#include "hypercall.h"
#include "transport.h"
#include "xen.h"

#include <stddef.h>

#define TIME_LEAF          3u /* ECX: TSC frequency in kHz */
#define TSC_KHZ_IF_UNKNOWN 1000000u

static const struct transport *chosen = &native;

static uint64_t ticks(uint32_t milliseconds)
{
    uint32_t registers[4] = {xen.base + TIME_LEAF, 0, 0, 0};

    cpuid(registers);
    return (uint64_t)(registers[2] != 0 ? registers[2] : TSC_KHZ_IF_UNKNOWN) * milliseconds;
}

/* A helper may start at the same time as the guest. */
static bool helper_answers(void)
{
    const uint64_t start = tsc_read(), limit = ticks(hvmloader4_wait_milliseconds());

    do {
        if (hypercall_register())
            return true;
        xen_yield();
    } while (tsc_read() - start < limit);
    return false;
}

static bool fits(void)
{
    return true;
}

static void start(struct vcpu *first)
{
    hvmloader4_state(first);
    if (hypercall.fits() && helper_answers())
        chosen = &hypercall;
    else
        console_format("hvmassist: no helper answers, so there is one hand-off and no way back\n");
    chosen->start(first);
}

static void leave(struct vcpu *vcpu)
{
    chosen->leave(vcpu);
}

const struct transport xen4 = {
    .name = "hypercall hand-off or native",
    .fits = fits,
    .start = start,
    .leave = leave,
};
