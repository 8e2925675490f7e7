/* Descriptor fetches and segment loads of a task switch.
 * Not here: any other way to load a segment, which the processor does itself. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "task_segments.h"

#include "vcpu.h"
#include "vmcs.h"

#define SELECTOR_RPL    0x3u
#define SELECTOR_TI     0x4u
#define SELECTOR_OFFSET 0xfff8u
#define HIGH_ACCESSED   0x100u
#define HIGH_WRITABLE   0x200u /* readable, for code */
#define HIGH_CONFORMING 0x400u
#define HIGH_CODE       0x800u
#define HIGH_S          0x1000u
#define HIGH_P          0x8000u
#define HIGH_G          0x00800000u
#define HIGH_TYPE(high) ((high) >> 8 & 0xfu)
#define HIGH_DPL(high)  ((high) >> 13 & 3u)
#define TYPE_LDT        2u
#define ATTRIBUTES_VM86 0xf3u

uint32_t descriptor_base(const struct descriptor *descriptor)
{
    return descriptor->low >> 16 | (descriptor->high & 0xffu) << 16 |
           (descriptor->high & 0xff000000u);
}

uint32_t descriptor_limit(const struct descriptor *descriptor)
{
    const uint32_t limit = (descriptor->low & 0xffffu) | (descriptor->high & 0xf0000u);

    return (descriptor->high & HIGH_G) != 0 ? limit << 12 | 0xfffu : limit;
}

uint32_t descriptor_attributes(const struct descriptor *descriptor)
{
    return descriptor->high >> 8 & 0xf0ffu;
}

static bool raise(struct guest_fault *fault, uint8_t vector, uint32_t selector)
{
    *fault = (struct guest_fault){vector, selector & ~SELECTOR_RPL & 0xffffu, 0};
    return false;
}

bool descriptor_read(uint32_t selector, uint8_t vector, struct descriptor *descriptor,
                     struct guest_fault *fault)
{
    const bool local = (selector & SELECTOR_TI) != 0;
    const uint32_t offset = selector & SELECTOR_OFFSET;
    uint32_t base = vmcs_read(VMCS_GUEST_GDTR_BASE);
    uint32_t limit = vmcs_read(VMCS_GUEST_GDTR_LIMIT);
    uint32_t words[2];

    if (local) {
        base = vmcs_read(vmcs_segment(VMCS_GUEST_ES_BASE, SEGMENT_LDTR));
        limit = vmcs_read(vmcs_segment(VMCS_GUEST_ES_LIMIT, SEGMENT_LDTR));
        if ((vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, SEGMENT_LDTR)) &
             ATTRIBUTES_UNUSABLE) != 0)
            return raise(fault, vector, selector);
    }
    if (offset + 7 > limit)
        return raise(fault, vector, selector);
    if (!guest_read(base + offset, words, sizeof words, false, fault))
        return false;
    *descriptor = (struct descriptor){words[0], words[1], base + offset};
    return true;
}

bool descriptor_write_type(const struct descriptor *descriptor, uint8_t byte,
                           struct guest_fault *fault)
{
    return guest_write(descriptor->address + 5, &byte, 1, false, fault);
}

static void write_segment(unsigned segment, uint32_t selector, uint32_t base, uint32_t limit,
                          uint32_t attributes)
{
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_SELECTOR, segment), selector);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_BASE, segment), base);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_LIMIT, segment), limit);
    vmcs_write(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, segment), attributes);
}

void segment_invalidate(unsigned segment, uint32_t selector, uint32_t cpl)
{
    write_segment(segment, selector, 0, 0, ATTRIBUTES_UNUSABLE | cpl << 5);
}

/* Sets the accessed bit in memory and in the cache. */
static bool commit(unsigned segment, uint32_t selector, struct descriptor *descriptor,
                   struct guest_fault *fault)
{
    if ((descriptor->high & (HIGH_S | HIGH_ACCESSED)) == HIGH_S) {
        descriptor->high |= HIGH_ACCESSED;
        if (!descriptor_write_type(descriptor, (uint8_t)(descriptor->high >> 8), fault))
            return false;
    }
    write_segment(segment, selector, descriptor_base(descriptor), descriptor_limit(descriptor),
                  descriptor_attributes(descriptor));
    return true;
}

bool segment_load_ldtr(uint32_t selector, struct guest_fault *fault)
{
    struct descriptor descriptor;

    segment_invalidate(SEGMENT_LDTR, selector, 0);
    if ((selector & SELECTOR_OFFSET) == 0 && (selector & SELECTOR_TI) == 0)
        return true;
    if ((selector & SELECTOR_TI) != 0)
        return raise(fault, EXCEPTION_TS, selector);
    if (!descriptor_read(selector, EXCEPTION_TS, &descriptor, fault))
        return false;
    if ((descriptor.high & HIGH_S) != 0 || HIGH_TYPE(descriptor.high) != TYPE_LDT ||
        (descriptor.high & HIGH_P) == 0)
        return raise(fault, EXCEPTION_TS, selector);
    return commit(SEGMENT_LDTR, selector, &descriptor, fault);
}

bool segment_load_cs(uint32_t selector, struct guest_fault *fault)
{
    const uint32_t cpl = selector & SELECTOR_RPL;
    struct descriptor descriptor;
    bool fits;

    if ((selector & ~SELECTOR_RPL) == 0)
        return raise(fault, EXCEPTION_TS, selector);
    if (!descriptor_read(selector, EXCEPTION_TS, &descriptor, fault))
        return false;
    if ((descriptor.high & (HIGH_S | HIGH_CODE)) != (HIGH_S | HIGH_CODE))
        return raise(fault, EXCEPTION_TS, selector);
    fits = (descriptor.high & HIGH_CONFORMING) != 0 ? HIGH_DPL(descriptor.high) <= cpl
                                                    : HIGH_DPL(descriptor.high) == cpl;
    if (!fits)
        return raise(fault, EXCEPTION_TS, selector);
    if ((descriptor.high & HIGH_P) == 0)
        return raise(fault, EXCEPTION_NP, selector);
    return commit(SEGMENT_CS, selector, &descriptor, fault);
}

bool segment_load_ss(uint32_t selector, uint32_t cpl, struct guest_fault *fault)
{
    struct descriptor descriptor;

    if ((selector & ~SELECTOR_RPL) == 0)
        return raise(fault, EXCEPTION_TS, selector);
    if (!descriptor_read(selector, EXCEPTION_TS, &descriptor, fault))
        return false;
    if ((descriptor.high & (HIGH_S | HIGH_CODE | HIGH_WRITABLE)) != (HIGH_S | HIGH_WRITABLE) ||
        (selector & SELECTOR_RPL) != cpl || HIGH_DPL(descriptor.high) != cpl)
        return raise(fault, EXCEPTION_TS, selector);
    if ((descriptor.high & HIGH_P) == 0)
        return raise(fault, EXCEPTION_SS, selector);
    return commit(SEGMENT_SS, selector, &descriptor, fault);
}

bool segment_load_data(unsigned segment, uint32_t selector, uint32_t cpl, struct guest_fault *fault)
{
    const uint32_t rpl = selector & SELECTOR_RPL;
    struct descriptor descriptor;
    bool conforming;

    segment_invalidate(segment, selector, 0);
    if ((selector & ~SELECTOR_RPL) == 0)
        return true;
    if (!descriptor_read(selector, EXCEPTION_TS, &descriptor, fault))
        return false;
    if ((descriptor.high & HIGH_S) == 0 ||
        (descriptor.high & (HIGH_CODE | HIGH_WRITABLE)) == HIGH_CODE)
        return raise(fault, EXCEPTION_TS, selector);
    conforming = (descriptor.high & (HIGH_CODE | HIGH_CONFORMING)) == (HIGH_CODE | HIGH_CONFORMING);
    if (!conforming && HIGH_DPL(descriptor.high) < (rpl > cpl ? rpl : cpl))
        return raise(fault, EXCEPTION_TS, selector);
    if ((descriptor.high & HIGH_P) == 0)
        return raise(fault, EXCEPTION_NP, selector);
    return commit(segment, selector, &descriptor, fault);
}

void segment_load_vm86(unsigned segment, uint32_t selector)
{
    write_segment(segment, selector, selector << 4, 0xffff, ATTRIBUTES_VM86);
}
