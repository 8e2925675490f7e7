/* Reading a file whole, and writing one so that it is there whole or not at all.
 * Not here: what is in them. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "write_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0644

static bool read_all(int descriptor, uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t done = read(descriptor, bytes, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            errno = done == 0 ? EIO : errno;
            return false;
        }
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

static uint8_t *read_descriptor(int descriptor, size_t limit, size_t *size)
{
    struct stat status;
    uint8_t *bytes;

    if (fstat(descriptor, &status) != 0)
        return NULL;
    if (!S_ISREG(status.st_mode)) {
        errno = EINVAL;
        return NULL;
    }
    if ((uint64_t)status.st_size > limit) {
        errno = EFBIG;
        return NULL;
    }
    *size = (size_t)status.st_size;
    bytes = malloc(*size + 1);
    if (bytes != NULL && !read_all(descriptor, bytes, *size)) {
        free(bytes);
        return NULL;
    }
    return bytes;
}

uint8_t *read_file(const char *path, size_t limit, size_t *size)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *bytes;
    int kept;

    if (descriptor < 0)
        return NULL;
    bytes = read_descriptor(descriptor, limit, size);
    kept = errno;
    close(descriptor);
    errno = kept;
    return bytes;
}

static bool write_all(int descriptor, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t done = write(descriptor, bytes, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

/* The rename itself is to survive a crash. */
static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    int descriptor;
    bool good;

    if (copy == NULL)
        return false;
    descriptor = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    if (descriptor < 0)
        return false;
    good = fsync(descriptor) == 0;
    close(descriptor);
    return good;
}

static bool fill(int descriptor, const uint8_t *bytes, size_t size)
{
    bool good = write_all(descriptor, bytes, size) && fchmod(descriptor, MODE) == 0 &&
                fsync(descriptor) == 0;
    const int kept = errno;

    if (close(descriptor) != 0)
        return false;
    errno = kept;
    return good;
}

bool write_file(const char *path, const uint8_t *bytes, size_t size)
{
    char *temporary;
    int descriptor, kept;
    bool renamed = false;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return false;
    descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0) {
        free(temporary);
        return false;
    }
    if (fill(descriptor, bytes, size))
        renamed = rename(temporary, path) == 0;
    kept = errno;
    if (!renamed)
        unlink(temporary);
    free(temporary);
    errno = kept;
    return renamed && sync_folder(path);
}
