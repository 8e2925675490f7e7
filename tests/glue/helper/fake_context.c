/* The made-up Xen's contexts: reading and loading them, and whether the processor would run them.
 * Not here: domains, rings, memory (fake_xen.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_calls.h"

#include "processor.h"
#include "state_check.h"

#include "../../testvisor/entry_check.h"

#include <errno.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"

static uint64_t guest_tsc(const struct fake_vcpu *v, uint64_t host)
{
    return host + v->tsc_offset;
}

int fake_context_record(struct xen *xen, uint32_t domain, uint16_t type, uint16_t instance,
                        void *record, uint32_t size)
{
    struct fake_domain *d = fake_at(xen, domain);
    struct hvm_hw_cpu *cpu = record;

    if (d == NULL)
        return -ESRCH;
    if (type != HVM_SAVE_CODE(CPU) || size != sizeof *cpu)
        return -EINVAL;
    if (instance >= d->info.vcpu_count || !d->vcpus[instance].online)
        return -ENOENT;
    *cpu = d->vcpus[instance].cpu;
    cpu->tsc = guest_tsc(&d->vcpus[instance], d->sync_tsc);
    return 0;
}

static void put(uint8_t **to, uint16_t type, uint16_t instance, const void *record, uint32_t size)
{
    const struct hvm_save_descriptor descriptor = {
        .typecode = type, .instance = instance, .length = size};

    memcpy(*to, &descriptor, sizeof descriptor);
    memcpy(*to + sizeof descriptor, record, size);
    *to += sizeof descriptor + size;
}

int fake_context_all(struct xen *xen, uint32_t domain, void *buffer, uint32_t size)
{
    struct fake_domain *d = fake_at(xen, domain);
    const struct hvm_save_header header = {
        .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION, .gtsc_khz = KHZ};
    const uint32_t needed = (FAKE_VCPUS + 2) * (sizeof(struct hvm_hw_cpu) + 64);
    uint8_t *to = buffer;

    if (d == NULL)
        return -ESRCH;
    if (buffer == NULL)
        return (int)needed;
    if (size < needed)
        return -ENOSPC;
    d->sync_tsc = fake_of(xen)->host_tsc;
    fake_of(xen)->host_tsc += CALL_TICKS;
    put(&to, HVM_SAVE_CODE(HEADER), 0, &header, sizeof header);
    for (uint32_t n = 0; n < d->info.vcpu_count; n++) {
        struct hvm_hw_cpu cpu = d->vcpus[n].cpu;

        cpu.tsc = guest_tsc(&d->vcpus[n], d->sync_tsc);
        if (d->vcpus[n].online)
            put(&to, HVM_SAVE_CODE(CPU), n, &cpu, sizeof cpu);
    }
    put(&to, HVM_SAVE_CODE(END), 0, "", 0);
    return (int)(to - (uint8_t *)buffer);
}

/* Would the processor run it? By rules that were written for another program. */
static bool runs(struct fake_domain *d, const struct hvm_hw_cpu *c)
{
    static const struct entry_processor processor = {0x7ff, 0xd01, 36};
    struct entry_state s = {
        .cr0 = c->cr0,
        .cr3 = c->cr3,
        .cr4 = c->cr4,
        .efer = c->msr_efer,
        .dr6 = c->dr6,
        .dr7 = c->dr7,
        .rip = c->rip,
        .rflags = c->rflags,
        .gdtr_limit = c->gdtr_limit,
        .idtr_limit = c->idtr_limit,
        .pdptes_known = true,
    };
    unsigned at_fault;

#define COPY(index, name)                                                                          \
    s.segments[index] =                                                                            \
        (struct entry_segment){c->name##_sel, c->name##_limit,                                     \
                               (c->name##_arbytes & 0xffu) | (c->name##_arbytes & 0xf00u) << 4 |   \
                                   (c->name##_arbytes & ~0xfffu) << 5 |                            \
                                   ((c->name##_arbytes & 0x80u) == 0 ? 0x10000u : 0),              \
                               c->name##_base}
    COPY(ENTRY_SEGMENT_ES, es);
    COPY(ENTRY_SEGMENT_CS, cs);
    COPY(ENTRY_SEGMENT_SS, ss);
    COPY(ENTRY_SEGMENT_DS, ds);
    COPY(ENTRY_SEGMENT_FS, fs);
    COPY(ENTRY_SEGMENT_GS, gs);
    COPY(ENTRY_SEGMENT_LDTR, ldtr);
    COPY(ENTRY_SEGMENT_TR, tr);
#undef COPY
    if (state_has_pdptes(c))
        fake_read(d, state_pdptes_address(c), s.pdptes, sizeof s.pdptes);
    return entry_check(&s, &processor, &at_fault) == ENTRY_OK;
}

static int load_record(struct fake_domain *d, const struct hvm_save_descriptor *descriptor,
                       const uint8_t *record)
{
    struct hvm_hw_cpu cpu;

    if (descriptor->typecode != HVM_SAVE_CODE(CPU))
        return descriptor->typecode == CPU_XSAVE_CODE ? 0 : -EINVAL;
    if (descriptor->instance >= d->info.vcpu_count || descriptor->length != sizeof cpu)
        return -EINVAL;
    memcpy(&cpu, record, sizeof cpu);
    if ((cpu.cr0 & 0x10) == 0)
        return -EINVAL;
    /* Real mode is Xen's own affair. */
    if ((cpu.cr0 & 1) != 0 && !runs(d, &cpu))
        d->killed = true;
    d->vcpus[descriptor->instance].cpu = cpu;
    d->vcpus[descriptor->instance].tsc_offset = cpu.tsc - d->sync_tsc;
    d->vcpus[descriptor->instance].online = true;
    return 0;
}

int fake_context_load(struct xen *xen, uint32_t domain, const void *buffer, uint32_t size)
{
    struct fake_domain *d = fake_at(xen, domain);
    const uint8_t *from = buffer, *end = from + size;
    struct hvm_save_descriptor descriptor;
    bool first = true;

    if (d == NULL)
        return -ESRCH;
    d->loads++;
    d->sync_tsc = fake_of(xen)->host_tsc;
    for (unsigned n = 0; n < FAKE_VCPUS; n++)
        d->vcpus[n].online = false;
    if (d->fail_loads > 0) {
        d->fail_loads--;
        return -EINVAL;
    }
    for (; (size_t)(end - from) >= sizeof descriptor; first = false) {
        int error;

        memcpy(&descriptor, from, sizeof descriptor);
        from += sizeof descriptor;
        if (descriptor.typecode == HVM_SAVE_CODE(END))
            return first ? -EINVAL : 0;
        if ((size_t)(end - from) < descriptor.length ||
            first != (descriptor.typecode == HVM_SAVE_CODE(HEADER)))
            return -EINVAL;
        error = first ? 0 : load_record(d, &descriptor, from);
        if (error != 0)
            return error;
        from += descriptor.length;
    }
    return -EINVAL;
}
