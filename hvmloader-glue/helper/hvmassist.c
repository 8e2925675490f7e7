/* hvmassist: the command line. Not here: what its commands do (create.c, status.c, host.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "create.h"
#include "record.h"
#include "status.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "0.1"
#define USAGE   2

static const char usage[] =
    "Usage: hvmassist create [OPTION]... FILE [ARGUMENT]...\n"
    "       hvmassist status\n"
    "\n"
    "create starts the guest that FILE describes with hvmassist in its firmware, if this\n"
    "host needs it; ARGUMENTs go to `xl create`.\n"
    "  -f, --force           even if the host does not need it\n"
    "  -n, --dry-run         only say what would be run\n"
    "  -l, --hvmloader FILE  this Xen's hvmloader, if it is in no usual place\n"
    "status says what is known of the host, and what hvmassistd does for which domain.\n"
    "\n"
    "Status 2: something is wrong. 3: the host needs no hvmassist. Else that of xl.\n";

static int create(int count, char **words)
{
    static const struct option known[] = {
        {"force", no_argument, NULL, 'f'},
        {"dry-run", no_argument, NULL, 'n'},
        {"hvmloader", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    struct create c = {.folder = CREATE_FOLDER, .bundler = "hvmassist-bundle", .xl = "xl"};
    struct host host;
    char reason[160];
    int letter;

    /* "+": what comes behind FILE is xl's. */
    while ((letter = getopt_long(count, words, "+fnl:", known, NULL)) != -1) {
        switch (letter) {
        case 'f':
            c.force = true;
            break;
        case 'n':
            c.only_say = true;
            break;
        case 'l':
            c.hvmloader = optarg;
            break;
        default:
            return USAGE;
        }
    }
    if (optind >= count) {
        fprintf(stderr, "hvmassist: create: which FILE?\n");
        return USAGE;
    }
    c.configuration = words[optind];
    c.arguments = words + optind + 1;
    if (!host_ask(&host, reason, sizeof reason)) {
        fprintf(stderr, "hvmassist: %s\n", reason);
        return USAGE;
    }
    return create_run(&c, &host);
}

static int status(int count, char **words)
{
    struct host host;
    char reason[160];

    if (count > 1) {
        fprintf(stderr, "hvmassist: status: takes no arguments: %s\n", words[1]);
        return USAGE;
    }
    if (!host_ask(&host, reason, sizeof reason)) {
        fprintf(stderr, "hvmassist: %s\n", reason);
        return USAGE;
    }
    host_print(stdout, &host);
    printf("\n");
    status_print(stdout, RECORD_FOLDER);
    return EXIT_SUCCESS;
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        int (*run)(int count, char **words);
    } commands[] = {{"create", create}, {"status", status}};

    if (count > 1 && strcmp(words[1], "--help") == 0) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (count > 1 && strcmp(words[1], "--version") == 0) {
        puts("hvmassist " VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t n = 0; count > 1 && n < sizeof commands / sizeof commands[0]; n++)
        if (strcmp(words[1], commands[n].name) == 0)
            return commands[n].run(count - 1, words + 1);
    fputs(usage, stderr);
    return USAGE;
}
