/* The blob from its first C function to the guest's first instruction, in order.
 * Not here: anything in detail. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "a20.h"
#include "console.h"
#include "hardware.h"
#include "memory_map.h"
#include "paging.h"
#include "panic.h"
#include "statistics.h"
#include "transport.h"
#include "traps.h"
#include "xen.h"

#include <stddef.h>

#define VERSION "0.1"
/* FPU control word after reset (SDM vol. 3, table 10-1); FNINIT has another. */
#define FPU_CONTROL_RESET 0x0040

extern const uint8_t image_start[];

/* Called by entry.S: for the first processor, with bss zeroed; for each further one, on the switch
 * stack with the switch lock held. */
_Noreturn void main(void);
_Noreturn void application_processor_start(uint32_t vcpu_number, uint32_t vector);

static void banner(void)
{
    console_format("hvmassist: " VERSION " at %8x, Xen %u.%u, %s\n", (uint32_t)image_start,
                   (uint32_t)xen.major, (uint32_t)xen.minor, transport.name);
}

static void fpu_reset(void)
{
    static const uint16_t control = FPU_CONTROL_RESET;

    __asm__ volatile("fninit; fldcw %0" : : "m"(control));
}

_Noreturn void main(void)
{
    struct vcpu *vcpu;

    DEBUG_REGISTER_WRITE(7, DR7_FIXED);
    traps_start();
    statistics_start();
    paging_start();
    paging_enable();
    xen_start();
    banner();
    if (!transport.fits())
        panic_bug(NULL, "this image is for another Xen");
    memory_map_start();
    a20_start();
    fpu_reset();
    vcpu_start();
    vcpu = vcpu_take();
    vcpu_reset(vcpu);
    vcpu->native_efer = 0;
    transport.start(vcpu);
    vcpu_enter(vcpu, vcpu_stack_top(vcpu));
}

_Noreturn void application_processor_start(uint32_t vcpu_number, uint32_t vector)
{
    struct vcpu *vcpu = vcpu_take();

    (void)vcpu_number;
    DEBUG_REGISTER_WRITE(7, DR7_FIXED);
    traps_load();
    paging_enable();
    fpu_reset();
    vcpu_start_up(vcpu, (uint8_t)vector);
    vcpu_enter(vcpu, vcpu_stack_top(vcpu));
}
