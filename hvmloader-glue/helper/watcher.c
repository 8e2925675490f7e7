/* The lists of domains: those being looked at, and those being served.
 * Not here: how a blob is recognised (image.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "watcher.h"

#include "domain.h"
#include "image.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>

#define DOMAINS_AT_ONCE 64u
/* How long a running domain is looked at before it is taken for one without a blob: its builder may
 * just have let it go, and the blob be on its way to where it lives. */
#define LOOK_MILLISECONDS 3000u
/* Between looks: a tenth of the time since the first one, within these. */
#define PERIOD_MIN 100u
#define PERIOD_MAX 2000u
/* Between attempts to get a ring that somebody else has. */
#define RETRY_MILLISECONDS 1000u

enum kind {
    LOOKED_AT, /* may have a blob */
    DISMISSED, /* has none */
    SERVED,
};

struct entry {
    struct xen_domain info;
    enum kind kind;
    bool seen;             /* in the present update */
    uint64_t first, since; /* LOOKED_AT: milliseconds of the first look, and since it runs */
    uint64_t due;
    struct domain *domain; /* SERVED */
};

struct watcher {
    struct xen *xen;
    const char *folder;
    bool verify;
    struct entry *entries; /* ascending */
    size_t count, capacity;
};

struct watcher *watcher_new(struct xen *xen, const char *folder, bool verify)
{
    struct watcher *w = calloc(1, sizeof *w);

    if (w != NULL)
        *w = (struct watcher){.xen = xen, .folder = folder, .verify = verify};
    return w;
}

static uint64_t now(const struct watcher *w)
{
    return w->xen->calls->milliseconds(w->xen);
}

static struct entry *find(struct watcher *w, uint32_t domain)
{
    for (size_t n = 0; n < w->count; n++)
        if (w->entries[n].info.domain == domain)
            return &w->entries[n];
    return NULL;
}

static bool same(const struct xen_domain *a, const struct xen_domain *b)
{
    return memcmp(a->identity, b->identity, sizeof a->identity) == 0;
}

static void end(struct watcher *w, struct entry *e)
{
    if (e->domain != NULL) {
        log_line("%s: gone", domain_title(e->domain));
        domain_free(e->domain);
        e->domain = NULL;
    }
    record_remove(w->folder, e->info.domain);
}

/* --- looking for a blob -------------------------------------------------------------------------
 */

static void serve(struct watcher *w, struct entry *e, const struct hvmassist_image *image)
{
    e->domain = domain_new(w->xen, &e->info, image, w->folder);
    if (e->domain == NULL) {
        e->kind = DISMISSED;
        return;
    }
    e->kind = SERVED;
    e->domain->verify = w->verify;
    domain_open_ring(e->domain);
    e->due = now(w) + RETRY_MILLISECONDS;
}

static void look(struct watcher *w, struct entry *e)
{
    const uint64_t time = now(w);
    uint64_t period = (time - e->first) / 10;
    struct hvmassist_image image;

    if (image_find(w->xen, e->info.domain, &image)) {
        serve(w, e, &image);
        return;
    }
    if (e->info.paused)
        e->since = time;
    else if (time - e->since >= LOOK_MILLISECONDS)
        e->kind = DISMISSED;
    if (period < PERIOD_MIN)
        period = PERIOD_MIN;
    e->due = time + (period < PERIOD_MAX ? period : PERIOD_MAX);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static struct entry *add(struct watcher *w, const struct xen_domain *info)
{
    if (w->count == w->capacity) {
        struct entry *grown =
            reallocarray(w->entries, w->capacity * 2 + DOMAINS_AT_ONCE, sizeof *grown);

        if (grown == NULL) {
            log_line("domain %u: out of memory", info->domain);
            return NULL;
        }
        w->entries = grown;
        w->capacity = w->capacity * 2 + DOMAINS_AT_ONCE;
    }
    w->entries[w->count] =
        (struct entry){.info = *info, .kind = LOOKED_AT, .first = now(w), .since = now(w)};
    return &w->entries[w->count++];
}

static void note(struct watcher *w, const struct xen_domain *info)
{
    struct entry *e = find(w, info->domain);

    if (e != NULL && !same(&e->info, info)) {
        end(w, e);
        *e = (struct entry){.info = *info, .first = now(w), .since = now(w)};
    }
    if (!info->hvm || info->dying)
        return;
    if (e == NULL)
        e = add(w, info);
    if (e == NULL)
        return;
    e->seen = true;
    e->info = *info;
}

static void drop_unseen(struct watcher *w)
{
    size_t kept = 0;

    for (size_t n = 0; n < w->count; n++) {
        if (w->entries[n].seen)
            w->entries[kept++] = w->entries[n];
        else
            end(w, &w->entries[n]);
    }
    w->count = kept;
}

static void remove_stale(uint32_t domain, void *argument)
{
    struct watcher *w = argument;

    if (find(w, domain) == NULL)
        record_remove(w->folder, domain);
}

void watcher_update(struct watcher *w)
{
    struct xen_domain list[DOMAINS_AT_ONCE];
    uint32_t next = 0;
    int got;

    for (size_t n = 0; n < w->count; n++)
        w->entries[n].seen = false;
    do {
        got = w->xen->calls->domains(w->xen, next, DOMAINS_AT_ONCE, list);
        if (got < 0) {
            log_line("Xen's list of domains: %s", strerror(-got));
            return;
        }
        for (int n = 0; n < got; n++) {
            note(w, &list[n]);
            next = list[n].domain + 1;
        }
    } while (got == (int)DOMAINS_AT_ONCE);
    drop_unseen(w);
    for (size_t n = 0; n < w->count; n++)
        if (w->entries[n].domain != NULL)
            domain_read_name(w->entries[n].domain);
    record_each(w->folder, remove_stale, w);
}

void watcher_event(struct watcher *w, uint32_t port)
{
    for (size_t n = 0; n < w->count; n++) {
        struct domain *d = w->entries[n].domain;

        if (d != NULL && d->ring_page != NULL && d->port == port)
            domain_events(d);
    }
}

/* Is there something to do for it, at the time `due`? */
static bool waits(const struct entry *e)
{
    return e->kind == LOOKED_AT || (e->kind == SERVED && e->domain->ring_page == NULL);
}

/* The toolstack may have paused or unpaused it since the last update. */
static bool refresh(struct watcher *w, struct entry *e)
{
    struct xen_domain info;

    if (w->xen->calls->domains(w->xen, e->info.domain, 1, &info) != 1 ||
        info.domain != e->info.domain || !same(&info, &e->info) || info.dying)
        return false;
    e->info = info;
    return true;
}

int watcher_tick(struct watcher *w)
{
    uint64_t next = UINT64_MAX;
    const uint64_t time = now(w);

    for (size_t n = 0; n < w->count; n++) {
        struct entry *e = &w->entries[n];

        if (waits(e) && e->due <= time && refresh(w, e)) {
            if (e->kind == LOOKED_AT)
                look(w, e);
            else if (domain_open_ring(e->domain) != 0)
                e->due = time + RETRY_MILLISECONDS;
        }
        if (waits(e) && e->due < next)
            next = e->due;
    }
    if (next == UINT64_MAX)
        return -1;
    return next <= time ? (int)PERIOD_MIN : (int)(next - time);
}

void watcher_free(struct watcher *w)
{
    for (size_t n = 0; n < w->count; n++)
        if (w->entries[n].domain != NULL)
            domain_free(w->entries[n].domain);
    free(w->entries);
    free(w);
}
