/* From a guest's configuration file to `xl create` with a bundled hvmloader.
 * Not here: the bundling itself (hvmassist-bundle). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_CREATE_H
#define HELPER_CREATE_H

#include "host.h"

#include <limits.h>

#define CREATE_FOLDER "/var/lib/hvmassist"

struct create {
    const char *configuration; /* file */
    const char *hvmloader;     /* NULL: where Xen installs it */
    const char *folder;        /* for the bundled one; made if need be */
    const char *bundler, *xl;  /* programs, looked for in PATH */
    bool force;                /* though the host does not need it */
    bool only_say;             /* print the command, run nothing */
    char **arguments;          /* of xl, behind the file; ends with NULL */
};

/* What a configuration file says, as far as it matters here. */
struct create_configuration {
    bool overrides_firmware;
    bool has_hap; /* or leaves it to Xen */
};

/* Line by line; no expression is evaluated. -ENOENT and the like: it cannot be read. */
int create_read_configuration(const char *path, struct create_configuration *configuration);

/* Where this Xen has its hvmloader; false: not in any usual place. */
bool create_find_hvmloader(const struct host *host, char path[PATH_MAX]);

/* Is `bundled` there, and not older than the other two are there? */
bool create_is_current(const char *bundled, const char *hvmloader, const char *bundler);

/* Does it all, with messages on standard error. Returns the status to exit with: that of xl once it
 * ran, 2 when something is wrong, 3 when the host does not need hvmassist. */
int create_run(const struct create *create, const struct host *host);

#endif
