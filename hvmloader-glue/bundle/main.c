/* hvmassist-bundle: puts hvmassist into an installed hvmloader, or says what is in one.
 * Not here: anything but the command line and what it prints. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "compose.h"
#include "write_file.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Also of --check: not bundled. */
enum status { DONE = 0, REFUSED = 1, USAGE = 2, NOT_BUNDLED = 3 };

#define FILE_LIMIT         0x4000000u
#define WAIT_DEFAULT       3000ul
#define WAIT_LIMIT_SECONDS 3600ul
#define MILLISECONDS       1000ul

static const char usage[] =
    "usage: hvmassist-bundle [--wait SECONDS] IN OUT\n"
    "       hvmassist-bundle --check FILE\n"
    "\n"
    "IN is an installed hvmloader of Xen (/usr/lib/xen-4.17/boot/hvmloader, for one); OUT becomes\n"
    "the same with hvmassist in it, for firmware_override= in a guest's configuration.\n"
    "\n"
    "  --wait SECONDS  how long a guest waits for hvmassistd before it goes on without (3)\n"
    "  --check FILE    say what FILE is; status 0: bundled, 3: an hvmloader, not bundled\n"
    "\n"
    "Status 1: refused, with the reason; nothing has been written.\n";

static enum status fail(const char *path, const char *reason)
{
    fprintf(stderr, "hvmassist-bundle: %s: %s\n", path, reason);
    return REFUSED;
}

/* The bytes of the file behind `file`, to be freed; NULL when it is not one for us. */
static uint8_t *load(const char *path, struct elf_file *file, struct hvmloader *found)
{
    size_t size = 0;
    uint8_t *bytes = read_file(path, FILE_LIMIT, &size);

    if (bytes == NULL) {
        fail(path, strerror(errno));
        return NULL;
    }
    if (elf_file_open(file, bytes, size) && hvmloader_recognise(file, found))
        return bytes;
    fail(path, file->reason);
    free(bytes);
    return NULL;
}

static enum status check(const char *path)
{
    struct elf_file file;
    struct hvmloader found;
    struct bundle_segment s;
    uint8_t *bytes = load(path, &file, &found);
    const char *place;

    if (bytes == NULL)
        return REFUSED;
    place = found.kind == BUNDLE_XEN3 ? "vmxassist" : "the start of the BIOS";
    if (found.ours == NULL) {
        printf("%s: hvmloader of %s, without hvmassist; %s at 0x%x\n", path, found.xen, place,
               found.place);
        free(bytes);
        return NOT_BUNDLED;
    }
    memcpy(&s, found.ours, sizeof s);
    printf("%s: hvmloader of %s, with hvmassist\n", path, found.xen);
    printf("  segment: 0x%x, %u bytes; blob: %u bytes, checksum %08x, good\n", s.address,
           s.file_size, s.blob_size, s.checksum);
    printf("  changed: %s at 0x%x\n", place, s.changed);
    if (found.kind == BUNDLE_XEN4)
        printf("  waits for hvmassistd: %u ms\n", s.origin.wait_milliseconds);
    free(bytes);
    return DONE;
}

static enum status bundle(const char *in, const char *out, unsigned long wait)
{
    struct elf_file file;
    struct hvmloader found;
    struct payload payload;
    uint32_t size = 0;
    uint8_t *bytes = load(in, &file, &found), *made;
    enum status status = DONE;

    if (bytes == NULL)
        return REFUSED;
    payload = payload_of(found.kind);
    made = compose(&file, &found, &payload, (uint32_t)wait, &size);
    if (made == NULL)
        status = fail(in, file.reason);
    else if (!write_file(out, made, size))
        status = fail(out, strerror(errno));
    else
        printf("%s: hvmloader of %s; %s: the same with hvmassist\n", in, found.xen, out);
    free(made);
    free(bytes);
    return status;
}

static bool parse_wait(const char *text, unsigned long *milliseconds)
{
    char *end;
    unsigned long seconds;

    errno = 0;
    seconds = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || seconds > WAIT_LIMIT_SECONDS)
        return false;
    *milliseconds = seconds * MILLISECONDS;
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"check", no_argument, NULL, 'c'},
        {"wait", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    unsigned long wait = WAIT_DEFAULT;
    bool checking = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'c') {
            checking = true;
        } else if (option == 'h') {
            fputs(usage, stdout);
            return DONE;
        } else if (option != 'w' || !parse_wait(optarg, &wait)) {
            fputs(usage, stderr);
            return USAGE;
        }
    }
    if (argc - optind != (checking ? 1 : 2)) {
        fputs(usage, stderr);
        return USAGE;
    }
    return (int)(checking ? check(argv[optind]) : bundle(argv[optind], argv[optind + 1], wait));
}
