/* The hypercall hand-off, beside what every transport has (transport.h): the first contact.
 * Not here: the request block (hvmassist/handoff.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_HYPERCALL_H
#define FIRMWARE_HYPERCALL_H

#include <stdbool.h>

/* Tells the helper where the blob is to be entered; before the first hand-off. False: nobody
 * listens. Does not return when the helper refuses. */
bool hypercall_register(void);

#endif
