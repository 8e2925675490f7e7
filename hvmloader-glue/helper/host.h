/* What there is to know of this host: which Xen, and whether its guests need hvmassist at all.
 * Not here: starting a guest (create.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_HOST_H
#define HELPER_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum host_answer { HOST_NO, HOST_YES, HOST_CANNOT_TELL };

struct host {
    int major, minor; /* of Xen */
    bool intel, amd;  /* the processor */
    bool hvm;         /* Xen can run guests of that kind at all */
    enum host_answer hap, shadow;
    enum host_answer unrestricted_guest; /* as Xen uses it; only with hap */
    bool helper_runs;                    /* hvmassistd */
};

enum host_verdict {
    HOST_NEEDED,     /* Xen would emulate real mode */
    HOST_NOT_NEEDED, /* the processor runs real mode itself */
    HOST_UNKNOWN,    /* cannot be told from here */
    HOST_IMPOSSIBLE, /* hvmassist cannot work here */
};

/* Asks Xen. False: there is none to ask; `reason` says why. */
bool host_ask(struct host *host, char *reason, size_t size);

/* Takes from Xen's boot messages, NUL-terminated, what they say of the processor's features. They
 * may have been overwritten by later ones. */
void host_read_messages(struct host *host, const char *messages);

/* For a guest with or without hardware assisted paging; `reason` becomes a sentence. */
enum host_verdict host_judge(const struct host *host, bool guest_has_hap, char *reason,
                             size_t size);

/* A line for each thing that is known. */
void host_print(FILE *out, const struct host *host);

#endif
