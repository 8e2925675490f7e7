/* Xen itself, through the libraries of the release that the helper was built for.
 * Not here: any decision, nor the functions' contracts (xen.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_XEN_LIBRARIES_H
#define HELPER_XEN_LIBRARIES_H

#include "xen.h"

/* NULL: it cannot be had, or is not one that the helper can work with; `reason` says why. */
struct xen *xen_libraries_open(char *reason, size_t size);
void xen_libraries_close(struct xen *xen);

/* Descriptors that become readable when a monitor ring, or the list of domains, has news. */
int xen_libraries_event_descriptor(struct xen *xen);
int xen_libraries_list_descriptor(struct xen *xen);
/* The local port that has news, ready to have more; -1: none. */
int xen_libraries_take_event(struct xen *xen);
/* Forgets the news of the list; false: there were none. */
bool xen_libraries_take_list(struct xen *xen);

#endif
