/* Records as small mapped files, one per domain, and the lock beside them.
 * Not here: their contents (domain.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "record.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "lock"
#define PREFIX    "domain-"

static void path_of(char path[PATH_MAX], const char *folder, uint32_t domain)
{
    snprintf(path, PATH_MAX, "%s/" PREFIX "%u", folder, domain);
}

static bool is_of(const struct record *record, const struct xen_domain *domain)
{
    return record->magic == RECORD_MAGIC && record->version == RECORD_VERSION &&
           record->domain == domain->domain &&
           memcmp(record->identity, domain->identity, sizeof record->identity) == 0;
}

struct record *record_open(const char *folder, const struct xen_domain *domain)
{
    char path[PATH_MAX];
    struct record *record = MAP_FAILED;
    int file;

    path_of(path, folder, domain->domain);
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0)
        return NULL;
    if (ftruncate(file, sizeof *record) == 0)
        record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (record == MAP_FAILED)
        return NULL;
    if (!is_of(record, domain)) {
        memset(record, 0, sizeof *record);
        record->version = RECORD_VERSION;
        record->domain = domain->domain;
        memcpy(record->identity, domain->identity, sizeof record->identity);
        /* Last: without it the rest does not count. */
        __atomic_store_n(&record->magic, RECORD_MAGIC, __ATOMIC_RELEASE);
    }
    return record;
}

void record_close(struct record *record)
{
    munmap(record, sizeof *record);
}

void record_remove(const char *folder, uint32_t domain)
{
    char path[PATH_MAX];

    path_of(path, folder, domain);
    unlink(path);
}

static void make_printable(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text != '\0'; text++)
        if (!isprint((unsigned char)*text))
            *text = '?';
}

int record_read(const char *folder, uint32_t domain, struct record *copy)
{
    char path[PATH_MAX];
    ssize_t got;
    int file;

    path_of(path, folder, domain);
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return -errno;
    got = read(file, copy, sizeof *copy);
    close(file);
    if (got != (ssize_t)sizeof *copy || copy->magic != RECORD_MAGIC ||
        copy->version != RECORD_VERSION || copy->domain != domain)
        return -EINVAL;
    make_printable(copy->name, sizeof copy->name);
    make_printable(copy->refusal, sizeof copy->refusal);
    make_printable(copy->trouble, sizeof copy->trouble);
    return 0;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Also for a name that is none of ours: false. */
static bool number_in(const char *name, uint32_t *domain)
{
    char check[NAME_MAX + 1];

    if (sscanf(name, PREFIX "%u", domain) != 1)
        return false;
    snprintf(check, sizeof check, PREFIX "%u", *domain);
    return strcmp(check, name) == 0;
}

int record_each(const char *folder, void (*visit)(uint32_t domain, void *argument), void *argument)
{
    DIR *listing = opendir(folder);
    uint32_t *found = NULL, domain;
    size_t count = 0, capacity = 0;
    struct dirent *entry;
    int result = 0;

    if (listing == NULL)
        return -errno;
    while (result == 0 && (entry = readdir(listing)) != NULL) {
        if (!number_in(entry->d_name, &domain))
            continue;
        if (count == capacity) {
            uint32_t *grown = reallocarray(found, capacity * 2 + 16, sizeof *found);

            if (grown == NULL) {
                result = -ENOMEM;
                break;
            }
            found = grown;
            capacity = capacity * 2 + 16;
        }
        found[count++] = domain;
    }
    closedir(listing);
    if (result == 0) {
        if (count > 0)
            qsort(found, count, sizeof *found, compare_numbers);
        for (size_t n = 0; n < count; n++)
            visit(found[n], argument);
        result = (int)count;
    }
    free(found);
    return result;
}

void record_text(char text[RECORD_TEXT], const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, RECORD_TEXT, format, arguments);
    va_end(arguments);
}

static int open_lock(const char *folder)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/" LOCK_NAME, folder);
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
}

int record_lock(const char *folder)
{
    const int file = open_lock(folder);
    int error;

    if (file < 0)
        return -errno;
    if (flock(file, LOCK_EX | LOCK_NB) == 0)
        return file;
    error = errno == EWOULDBLOCK ? -EBUSY : -errno;
    close(file);
    return error;
}

bool record_locked(const char *folder)
{
    char path[PATH_MAX];
    int file;
    bool locked;

    snprintf(path, sizeof path, "%s/" LOCK_NAME, folder);
    file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return false;
    locked = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(file);
    return locked;
}
