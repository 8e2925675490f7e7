/* Beginning and end of serving a domain, its ring, and its memory as far as the helper looks at it.
 * Not here: what an event leads to (serve.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "domain.h"

#include "log.h"
#include "processor.h"
#include "request.h"
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than a ring of one page has room for. */
#define EVENTS_AT_ONCE 64u

const char *domain_title(const struct domain *d)
{
    static char title[96];

    snprintf(title, sizeof title, "domain %u (%s)", d->info.domain, d->record->name);
    return title;
}

struct domain *domain_new(struct xen *xen, const struct xen_domain *info,
                          const struct hvmassist_image *image, const char *folder)
{
    struct domain *d = calloc(1, sizeof *d);
    struct domain_vcpu *vcpus = calloc(info->vcpu_count, sizeof *vcpus);
    struct record *record = record_open(folder, info);

    if (d == NULL || vcpus == NULL || record == NULL) {
        log_line("domain %u: cannot be served: %s", info->domain, strerror(errno));
        if (record != NULL)
            record_close(record);
        free(vcpus);
        free(d);
        return NULL;
    }
    *d = (struct domain){
        .xen = xen, .info = *info, .record = record, .image = *image, .vcpus = vcpus};
    domain_read_name(d);
    return d;
}

void domain_read_name(struct domain *d)
{
    char name[sizeof d->record->name];

    d->xen->calls->name(d->xen, d->info.domain, name, sizeof name);
    /* One that is dying may have none any more. */
    if (name[0] != '\0')
        snprintf(d->record->name, sizeof d->record->name, "%s", name);
}

/* --- guest memory -------------------------------------------------------------------------------
 */

static void forget_page(struct domain *d, struct domain_vcpu *v)
{
    if (v->page != NULL)
        d->xen->calls->unmap(d->xen, v->page, 1);
    v->page = NULL;
}

struct handoff_block *domain_block(struct domain *d, uint32_t vcpu, uint64_t address)
{
    struct domain_vcpu *v = &d->vcpus[vcpu];
    const uint64_t frame = address >> PAGE_SHIFT;
    int error;

    if (!request_address_fits(address))
        return NULL;
    if (v->page == NULL || v->frame != frame) {
        forget_page(d, v);
        v->page = d->xen->calls->map(d->xen, d->info.domain, frame, 1, &error);
        v->frame = frame;
    }
    return v->page == NULL ? NULL : (struct handoff_block *)(v->page + address % PAGE_SIZE);
}

void domain_block_written(struct domain *d, uint32_t vcpu)
{
    d->xen->calls->written(d->xen, d->info.domain, d->vcpus[vcpu].frame);
}

/* Guest-physical. False: there is no such memory. */
static bool read_memory(struct domain *d, uint64_t address, void *buffer, uint32_t size)
{
    uint8_t *to = buffer;

    while (size > 0) {
        const uint32_t offset = (uint32_t)(address % PAGE_SIZE);
        const uint32_t part = size < PAGE_SIZE - offset ? size : PAGE_SIZE - offset;
        int error;
        uint8_t *page =
            d->xen->calls->map(d->xen, d->info.domain, address >> PAGE_SHIFT, 1, &error);

        if (page == NULL)
            return false;
        memcpy(to, page + offset, part);
        d->xen->calls->unmap(d->xen, page, 1);
        to += part;
        address += part;
        size -= part;
    }
    return true;
}

int domain_check_state(struct domain *d, const struct hvm_hw_cpu *state)
{
    uint64_t pdptes[STATE_PDPTES] = {0};

    if (!d->has_limits) {
        const int error = processor_limits(d->xen, d->info.domain, &d->limits);

        if (error != 0)
            return error;
        d->has_limits = true;
    }
    if (state_has_pdptes(state) &&
        !read_memory(d, state_pdptes_address(state), pdptes, sizeof pdptes))
        return ENTRY_PDPTE_RESERVED;
    return (int)state_check(state, &d->limits, pdptes);
}

/* --- registrations ------------------------------------------------------------------------------
 */

int domain_register(struct domain *d, uint32_t vcpu, uint32_t block, const struct hvm_hw_cpu *entry)
{
    struct domain_vcpu *v = &d->vcpus[vcpu];

    if (!d->watches_cr0) {
        const int error = d->xen->calls->monitor_cr0_pe(d->xen, d->info.domain);

        if (error != 0)
            return error;
        d->watches_cr0 = true;
    }
    v->block = block;
    v->entry = *entry;
    v->registered = true;
    d->record->transport = RECORD_HYPERCALL;
    return 0;
}

bool domain_recall_registration(struct domain *d, uint32_t vcpu)
{
    const uint32_t size = (uint32_t)sizeof(struct handoff_registration);
    struct handoff_registration kept;

    if (vcpu >= d->image.registration_count ||
        !read_memory(d, d->image.registrations + (uint64_t)vcpu * size, &kept, size))
        return false;
    return request_address_fits(kept.block) && kept.request.reason == HANDOFF_REGISTER &&
           request_check(&kept.request, vcpu, false) == HANDOFF_ACCEPTED &&
           domain_check_state(d, &kept.request.state) == 0 &&
           domain_register(d, vcpu, kept.block, &kept.request.state) == 0;
}

/* --- the ring -----------------------------------------------------------------------------------
 */

static void set_trouble(struct domain *d, const char *text)
{
    if (strcmp(d->record->trouble, text) == 0)
        return;
    record_text(d->record->trouble, "%s", text);
    if (*text != '\0')
        log_line("%s: not served: %s", domain_title(d), text);
}

/* A monitor ring, whatever was there before, if that was ours. */
static int enable(struct domain *d, bool was_ours)
{
    const struct xen_calls *calls = d->xen->calls;
    int error = calls->monitor_enable(d->xen, d->info.domain, &d->ring_page, &d->port);

    if (error == -EBUSY && was_ours) {
        error = calls->monitor_disable(d->xen, d->info.domain);
        if (error == 0)
            error = calls->monitor_enable(d->xen, d->info.domain, &d->ring_page, &d->port);
    }
    if (error != 0)
        d->ring_page = NULL;
    return error;
}

static void release_lost(struct domain *d)
{
    for (uint32_t n = 0; n < d->info.vcpu_count; n++) {
        const vm_event_response_t answer = serve_lost_event(d, n);

        ring_answer(&d->ring, &answer);
        d->xen->calls->notify(d->xen, d->port);
    }
    d->record->takeovers++;
    log_line("%s: taken over from an earlier helper", domain_title(d));
}

/* The domain is paused: between the end of an old ring and the settings of a new one, no write to
 * CR0 may pass unseen. */
static int open_ring(struct domain *d)
{
    const bool was_ours = d->record->ring_is_ours;
    int error;

    /* A helper that dies between here and the next line must not leave a ring that no helper takes.
     * It is not done again while somebody else has one: then the same death would cost that one's.
     */
    if (d->record->trouble[0] == '\0')
        d->record->ring_is_ours = 1;
    error = enable(d, was_ours);
    if (error == -EBUSY && !was_ours) {
        d->record->ring_is_ours = 0;
        set_trouble(d, "its monitor ring is in use by another program");
        return error;
    }
    if (error == 0) {
        ring_start(&d->ring, d->ring_page);
        error = d->xen->calls->monitor_guest_requests(d->xen, d->info.domain);
    }
    if (error != 0) {
        char text[RECORD_TEXT];

        if (d->ring_page != NULL) {
            d->xen->calls->monitor_release(d->xen, d->ring_page, d->port);
            d->xen->calls->monitor_disable(d->xen, d->info.domain);
            d->ring_page = NULL;
        }
        d->record->ring_is_ours = was_ours;
        record_text(text, "Xen gives no monitor ring: %s", strerror(-error));
        set_trouble(d, text);
        return error;
    }
    d->record->ring_is_ours = 1;
    set_trouble(d, "");
    for (uint32_t n = 0; n < d->info.vcpu_count; n++)
        if (domain_recall_registration(d, n))
            log_line("%s: vCPU %u: registered with an earlier helper", domain_title(d), n);
    if (was_ours)
        release_lost(d);
    else
        log_line("%s: served", domain_title(d));
    return 0;
}

/* Noted down first: Xen does not undo the pause of a helper that dies. */
static int hold(struct domain *d)
{
    int error;

    d->record->paused = 1;
    error = d->xen->calls->pause(d->xen, d->info.domain);
    if (error != 0)
        d->record->paused = 0;
    return error;
}

static void let_go(struct domain *d)
{
    d->xen->calls->unpause(d->xen, d->info.domain);
    d->record->paused = 0;
}

int domain_open_ring(struct domain *d)
{
    int error;

    if (d->ring_page != NULL)
        return 0;
    if (d->record->paused)
        let_go(d);
    error = hold(d);
    if (error != 0)
        return error;
    error = open_ring(d);
    let_go(d);
    return error;
}

static unsigned take_all(struct domain *d, vm_event_request_t events[EVENTS_AT_ONCE],
                         unsigned count)
{
    while (count < EVENTS_AT_ONCE && ring_take(&d->ring, &events[count]))
        count++;
    return count;
}

void domain_events(struct domain *d)
{
    static vm_event_request_t events[EVENTS_AT_ONCE];
    const bool several = d->info.vcpu_count > 1;
    unsigned count;

    while (d->ring_page != NULL && (count = take_all(d, events, 0)) > 0) {
        /* Loading a context touches all vCPUs. Besides, after a takeover an answer may have its
         * place in the ring where the next event would come: nothing may come before Xen has read
         * it. */
        if (several) {
            hold(d);
            count = take_all(d, events, count);
        }
        for (unsigned n = 0; n < count; n++) {
            const vm_event_response_t answer = serve_event(d, &events[n]);

            ring_answer(&d->ring, &answer);
            d->xen->calls->notify(d->xen, d->port);
        }
        if (several)
            let_go(d);
    }
}

void domain_free(struct domain *d)
{
    for (uint32_t n = 0; n < d->info.vcpu_count; n++)
        forget_page(d, &d->vcpus[n]);
    if (d->ring_page != NULL)
        d->xen->calls->monitor_release(d->xen, d->ring_page, d->port);
    context_image_free(&d->load);
    record_close(d->record);
    free(d->all);
    free(d->vcpus);
    free(d);
}
