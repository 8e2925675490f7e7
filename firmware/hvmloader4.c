/* The guest's first state when hvmloader of Xen 4 has jumped here instead of starting the BIOS: it
 * has loaded every segment with a limit of 4 GiB, and real mode keeps them.
 * Not here: catching the registers (hvmloader4_entry.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvmloader4.h"

#include "a20.h"
#include "hardware.h"
#include "traps.h"

#include <hvmassist/image.h>

/* MOV CR0, EAX. */
#define MOV_CR0_LENGTH 3u
/* What Xen's builder gives the first processor; hvmloader loads neither. */
#define TR_ATTRIBUTES 0x8bu
#define TR_LIMIT      0x67u

/* Filled in by hvmloader4_entry.S. */
struct arrival {
    uint32_t gpr[GENERAL_REGISTER_COUNT];
    uint32_t eflags;
    uint32_t cr0;
    uint16_t selectors[GS + 1];
    struct descriptor_table gdtr, idtr;
};

_Static_assert(sizeof(struct arrival) == 64, "as hvmloader4_entry.S has it");

extern const struct arrival hvmloader4_arrival;
/* Filled in by the bundler's stub, so never a constant to the compiler. */
extern const volatile struct hvmassist_origin hvmloader4_origin;

/* A cache as loading the selector from hvmloader's GDT fills it. */
static struct segment_state segment_of(const struct arrival *from, uint16_t selector)
{
    const uint32_t *descriptor = (const uint32_t *)(from->gdtr.base + (selector & 0xfff8u));
    const uint32_t low = descriptor[0], high = descriptor[1];
    struct segment_state s = {
        .selector = selector,
        .attributes = (high >> 8 & 0xf0ffu) | ATTRIBUTE_ACCESSED,
        .base = low >> 16 | (high & 0xffu) << 16 | (high & 0xff000000u),
        .limit = (low & 0xffffu) | (high & 0xf0000u),
    };

    if (s.attributes & ATTRIBUTE_G)
        s.limit = s.limit << 12 | 0xfffu;
    return s;
}

uint32_t hvmloader4_wait_milliseconds(void)
{
    return hvmloader4_origin.wait_milliseconds;
}

bool hvmloader4_state(struct vcpu *vcpu)
{
    const struct arrival *from = &hvmloader4_arrival;
    struct guest_state *s = &vcpu->state;

    if (from->cr0 == 0)
        return false;
    for (unsigned n = 0; n < HVMASSIST_ORIGIN_BYTES; n++)
        ((volatile uint8_t *)hvmloader4_origin.address)[n] = hvmloader4_origin.bytes[n];

    *s = (struct guest_state){
        .eip = hvmloader4_origin.address + MOV_CR0_LENGTH,
        .eflags = from->eflags,
        .cr0 = from->gpr[EAX] | CR0_ET,
        .dr = {[6] = DR6_FIXED, [7] = DR7_FIXED},
        .gdtr = {from->gdtr.base, from->gdtr.limit},
        .idtr = {from->idtr.base, from->idtr.limit},
        .segment[LDTR] = {.attributes = ATTRIBUTE_UNUSABLE},
        .segment[TR] = {.attributes = TR_ATTRIBUTES, .limit = TR_LIMIT},
        .a20 = a20_enabled(),
    };
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        s->gpr[n] = from->gpr[n];
    for (unsigned n = ES; n <= GS; n++)
        s->segment[n] =
            segment_of(from, n == CS ? hvmloader4_origin.code_selector : from->selectors[n]);
    return true;
}
