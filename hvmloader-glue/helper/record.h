/* What the helper knows of a domain, in a file that outlives the helper: for `hvmassist status`,
 * and for the next helper, which learns from it that the domain's monitor ring is ours. Not here:
 * anything a guest could be entered with; that is in the guest (handoff.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_RECORD_H
#define HELPER_RECORD_H

#include "xen.h"

#define RECORD_FOLDER  "/run/hvmassist"
#define RECORD_MAGIC   0x43455248u /* "HREC" */
#define RECORD_VERSION 1u
#define RECORD_TEXT    160u

enum record_transport {
    RECORD_WAITING,   /* not heard of yet: before the blob runs, or it has given up waiting */
    RECORD_HYPERCALL, /* registered: hand-offs */
};

struct record {
    uint32_t magic;
    uint32_t version;
    uint32_t domain;
    uint32_t ring_is_ours; /* 1: this domain's monitor ring was made by a helper */
    uint8_t identity[16];
    uint32_t transport; /* enum record_transport */
    uint32_t takeovers; /* how often a helper took over from another */
    uint32_t paused;    /* 1: by a helper, which may have died before it unpaused */
    uint32_t reserved;
    uint64_t into_guest, into_blob;
    uint64_t refused;          /* requests */
    uint64_t passed;           /* writes to CR0.PE of vCPUs that are not registered */
    char name[64];             /* the toolstack's */
    char refusal[RECORD_TEXT]; /* the last one */
    char trouble[RECORD_TEXT]; /* why nothing is done for this domain; "": something is */
};

/* The domain's record in `folder`, which exists; a new one unless there is one of this very domain.
 * NULL, with errno: it cannot be made. Ends with record_close. */
struct record *record_open(const char *folder, const struct xen_domain *domain);
/* The file stays for the next helper. */
void record_close(struct record *record);
/* Takes the file of a domain away that is no more. */
void record_remove(const char *folder, uint32_t domain);

/* Reads a record as it is now; texts are terminated and printable. -ENOENT: no such file; -EINVAL:
 * it is not a record. */
int record_read(const char *folder, uint32_t domain, struct record *copy);

/* Calls `visit` for each domain that has a record, ascending. Returns how many, or -errno. */
int record_each(const char *folder, void (*visit)(uint32_t domain, void *argument), void *argument);

void record_text(char text[RECORD_TEXT], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One helper at a time: a lock that ends with the process. Returns the descriptor, or -EBUSY, or
 * another errno value as a negative number. */
int record_lock(const char *folder);
/* Is there a helper that holds it? */
bool record_locked(const char *folder);

#endif
