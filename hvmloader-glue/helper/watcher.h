/* Which domains there are, which of them run a blob, and serving those.
 * Not here: serving one (domain.h), nor waiting for something to happen (hvmassistd.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_WATCHER_H
#define HELPER_WATCHER_H

#include "xen.h"

struct watcher;

/* `folder` exists and stays the caller's. NULL: out of memory. */
struct watcher *watcher_new(struct xen *xen, const char *folder, bool verify);

/* Domains may have come or gone: looks at all there are. */
void watcher_update(struct watcher *w);
/* The event channel of this port has something. */
void watcher_event(struct watcher *w, uint32_t port);
/* Does what is due by time; returns the milliseconds until it wants to be called again, or -1. */
int watcher_tick(struct watcher *w);

/* Lets go of everything, without a change in Xen. */
void watcher_free(struct watcher *w);

#endif
