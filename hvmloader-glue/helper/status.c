/* The table of domains. Not here: reading one record (record.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "status.h"

#include "record.h"

#include <inttypes.h>

struct listing {
    FILE *out;
    const char *folder;
    unsigned count;
};

static void print_one(uint32_t domain, void *argument)
{
    struct listing *l = argument;
    struct record r;

    if (record_read(l->folder, domain, &r) != 0)
        return;
    if (l->count++ == 0)
        fprintf(l->out, "%-5s %-20s %-10s %12s %12s %8s\n", "ID", "NAME", "TRANSPORT", "TO GUEST",
                "TO BLOB", "REFUSED");
    fprintf(l->out, "%-5u %-20s %-10s %12" PRIu64 " %12" PRIu64 " %8" PRIu64 "\n", domain, r.name,
            r.transport == RECORD_HYPERCALL ? "hypercall" : "none yet", r.into_guest, r.into_blob,
            r.refused);
    if (r.trouble[0] != '\0')
        fprintf(l->out, "      not served: %s\n", r.trouble);
    if (r.refusal[0] != '\0')
        fprintf(l->out, "      last refusal: %s\n", r.refusal);
    if (r.passed != 0)
        fprintf(l->out, "      writes to CR0.PE left to Xen: %" PRIu64 "\n", r.passed);
    if (r.takeovers != 0)
        fprintf(l->out, "      taken over from an earlier hvmassistd: %u times\n", r.takeovers);
}

void status_print(FILE *out, const char *folder)
{
    struct listing l = {.out = out, .folder = folder};

    record_each(folder, print_one, &l);
    if (l.count == 0)
        fprintf(out, "no domain runs a bundled hvmloader\n");
}
