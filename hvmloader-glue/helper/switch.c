/* A context load: the records of every online vCPU, because Xen takes the others offline, each with
 * the time stamp counter that it should have by now. Not here: the counting (clock.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "switch.h"

#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CR4_OSXSAVE (1ull << 18)

/* The live context of every vCPU of a domain, on its way into another one. */
struct contexts {
    struct hvm_hw_cpu *cpus;
    bool *online;
};

int switch_read(struct domain *d, uint32_t vcpu, struct hvm_hw_cpu *live)
{
    return d->xen->calls->context_record(d->xen, d->info.domain, HVM_SAVE_CODE(CPU), (uint16_t)vcpu,
                                         live, sizeof *live);
}

/* `known`: that vCPU's, or NULL. */
static int read_live(struct domain *d, uint32_t vcpu, const struct hvm_hw_cpu *known,
                     struct contexts *c)
{
    for (uint32_t n = 0; n < d->info.vcpu_count; n++) {
        int error = 0;

        if (n == vcpu && known != NULL)
            c->cpus[n] = *known;
        else
            error = switch_read(d, n, &c->cpus[n]);
        if (error != 0 && error != -ENOENT)
            return error;
        c->online[n] = error == 0;
        if (error == 0 && (c->cpus[n].cr4 & CR4_OSXSAVE) != 0)
            d->vcpus[n].uses_xsave = true;
    }
    return 0;
}

/* --- the full context: header, counters, XSAVE --------------------------------------------------
 */

static int read_all(struct domain *d)
{
    int size = d->xen->calls->context_all(d->xen, d->info.domain, NULL, 0);

    if (size > 0 && (uint32_t)size > d->all_size) {
        uint8_t *grown = realloc(d->all, (uint32_t)size);

        if (grown == NULL)
            return -ENOMEM;
        d->all = grown;
        d->all_size = (uint32_t)size;
    }
    return size <= 0 ? size
                     : d->xen->calls->context_all(d->xen, d->info.domain, d->all, d->all_size);
}

static int see_header(struct domain *d, uint32_t size)
{
    uint32_t offset = 0, record_size;
    uint16_t instance;
    const void *header =
        context_find(d->all, size, &offset, HVM_SAVE_CODE(HEADER), &instance, &record_size);

    if (header == NULL || record_size != sizeof d->header)
        return -EPROTO;
    memcpy(&d->header, header, sizeof d->header);
    d->rate = (struct clock_rate){.guest_khz = d->header.gtsc_khz,
                                  .host_khz = d->xen->calls->tsc_khz(d->xen)};
    d->has_header = true;
    return 0;
}

/* Reads a full context when anything of it is needed; *size is 0 when nothing was. */
static int refresh(struct domain *d, const struct contexts *c, uint32_t *size)
{
    bool needed = !d->has_header;
    uint64_t before, after;
    uint32_t offset = 0, record_size;
    uint16_t instance;
    const void *record;
    int got;

    *size = 0;
    for (uint32_t n = 0; n < d->info.vcpu_count; n++)
        needed = needed || (c->online[n] && (d->vcpus[n].uses_xsave ||
                                             !clock_holds(&d->vcpus[n].clock, c->cpus[n].tsc)));
    if (!needed)
        return 0;
    before = d->xen->calls->tsc(d->xen);
    got = read_all(d);
    after = d->xen->calls->tsc(d->xen);
    if (got < 0)
        return got;
    *size = (uint32_t)got;
    if (!d->has_header) {
        const int error = see_header(d, *size);

        if (error != 0)
            return error;
    }
    while ((record = context_find(d->all, *size, &offset, HVM_SAVE_CODE(CPU), &instance,
                                  &record_size)) != NULL) {
        struct hvm_hw_cpu cpu;

        if (instance >= d->info.vcpu_count || record_size > sizeof cpu)
            return -EPROTO;
        memset(&cpu, 0, sizeof cpu);
        memcpy(&cpu, record, record_size);
        clock_seen(&d->vcpus[instance].clock, &d->rate, cpu.tsc, before, after);
    }
    return 0;
}

/* --- loading ------------------------------------------------------------------------------------
 */

static void add_xsave(struct domain *d, uint32_t size)
{
    uint32_t offset = 0, record_size;
    uint16_t instance;
    const void *record;

    while ((record = context_find(d->all, size, &offset, CPU_XSAVE_CODE, &instance,
                                  &record_size)) != NULL)
        context_image_add(&d->load, CPU_XSAVE_CODE, instance, record, record_size);
}

static int load(struct domain *d, struct contexts *c, uint32_t all_size)
{
    const uint64_t before = d->xen->calls->tsc(d->xen);
    uint64_t after;
    int error;

    context_image_start(&d->load, &d->header);
    for (uint32_t n = 0; n < d->info.vcpu_count; n++) {
        if (!c->online[n])
            continue;
        c->cpus[n].tsc = clock_at(&d->vcpus[n].clock, &d->rate, before);
        context_image_add(&d->load, HVM_SAVE_CODE(CPU), (uint16_t)n, &c->cpus[n],
                          sizeof c->cpus[n]);
    }
    add_xsave(d, all_size);
    if (!context_image_end(&d->load))
        return -ENOMEM;
    error = d->xen->calls->context_load(d->xen, d->info.domain, d->load.bytes, d->load.size);
    after = d->xen->calls->tsc(d->xen);
    for (uint32_t n = 0; n < d->info.vcpu_count; n++)
        if (c->online[n])
            clock_loaded(&d->vcpus[n].clock, c->cpus[n].tsc, before, after);
    return error;
}

/* What Xen now has, against what it was given. */
static void compare(struct domain *d, uint32_t vcpu, const struct hvm_hw_cpu *given)
{
    struct hvm_hw_cpu loaded;
    uint64_t value_given, value_loaded;
    const char *field;

    if (switch_read(d, vcpu, &loaded) != 0)
        return;
    context_log("loaded", &loaded);
    field = context_difference(given, &loaded, &value_given, &value_loaded);
    if (field == NULL)
        log_line("%s: vCPU %u: read back equal", domain_title(d), vcpu);
    else
        log_line("%s: vCPU %u: read back DIFFERENT: %s given %" PRIx64 " loaded %" PRIx64,
                 domain_title(d), vcpu, field, value_given, value_loaded);
}

static int replace(struct domain *d, uint32_t vcpu, const struct hvm_hw_cpu *live,
                   const struct hvm_hw_cpu *wanted, struct contexts *c)
{
    struct hvm_hw_cpu previous;
    uint32_t all_size = 0;
    int error = read_live(d, vcpu, live, c);

    if (error == 0 && !c->online[vcpu])
        error = -ENOENT;
    if (error == 0)
        error = refresh(d, c, &all_size);
    if (error != 0)
        return error;
    previous = c->cpus[vcpu];
    context_merge(&c->cpus[vcpu], wanted);
    error = load(d, c, all_size);
    if (error == 0) {
        if (d->verify)
            compare(d, vcpu, &c->cpus[vcpu]);
        return 0;
    }
    /* A failed load may have taken vCPUs offline. */
    c->cpus[vcpu] = previous;
    if (load(d, c, all_size) != 0)
        log_line("%s: Xen takes back not even the state it gave; vCPUs may be offline",
                 domain_title(d));
    return error;
}

int switch_load(struct domain *d, uint32_t vcpu, const struct hvm_hw_cpu *live,
                const struct hvm_hw_cpu *wanted)
{
    struct contexts c = {
        .cpus = calloc(d->info.vcpu_count, sizeof *c.cpus),
        .online = calloc(d->info.vcpu_count, sizeof *c.online),
    };
    const int error =
        c.cpus == NULL || c.online == NULL ? -ENOMEM : replace(d, vcpu, live, wanted, &c);

    free(c.cpus);
    free(c.online);
    return error;
}
