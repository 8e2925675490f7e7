/* hvmassistd: waits for domains and their events, and serves them until it is told to end.
 * Not here: what serving is (watcher.h and below). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"
#include "record.h"
#include "watcher.h"
#include "xen_libraries.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "0.1"

static const char usage[] =
    "Usage: hvmassistd [OPTION]...\n"
    "Serves the hand-offs of every domain that runs a bundled hvmloader. Runs in the\n"
    "foreground, in dom0, as root; one at a time.\n"
    "\n"
    "  -v, --verbose        a line for each hand-off\n"
    "  -c, --check-loads    also read each loaded state back, compare it with what was\n"
    "                       sent, and log both\n"
    "      --help\n"
    "      --version\n";

struct options {
    bool verbose;
    bool check_loads;
};

/* False: the program ends, with *status. */
static bool parse(int count, char **words, struct options *options, int *status)
{
    static const struct option known[] = {
        {"verbose", no_argument, NULL, 'v'},
        {"check-loads", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int letter;

    while ((letter = getopt_long(count, words, "vc", known, NULL)) != -1) {
        switch (letter) {
        case 'v':
            options->verbose = true;
            break;
        case 'c':
            options->check_loads = true;
            break;
        case 'h':
        case 'V':
            fputs(letter == 'h' ? usage : "hvmassistd " VERSION "\n", stdout);
            *status = EXIT_SUCCESS;
            return false;
        default:
            *status = EXIT_FAILURE;
            return false;
        }
    }
    if (optind < count) {
        fprintf(stderr, "hvmassistd: takes no arguments: %s\n", words[optind]);
        *status = EXIT_FAILURE;
        return false;
    }
    return true;
}

static int wait_for_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Until a signal. */
static int run(struct xen *xen, struct watcher *watcher, int signals)
{
    enum { SIGNALS, EVENTS, LIST };
    struct pollfd waiting[] = {
        [SIGNALS] = {.fd = signals, .events = POLLIN},
        [EVENTS] = {.fd = xen_libraries_event_descriptor(xen), .events = POLLIN},
        [LIST] = {.fd = xen_libraries_list_descriptor(xen), .events = POLLIN},
    };

    watcher_update(watcher);
    for (;;) {
        const int limit = watcher_tick(watcher);
        int port;

        if (poll(waiting, sizeof waiting / sizeof waiting[0], limit) < 0 && errno != EINTR) {
            log_line("hvmassistd: waiting: %s", strerror(errno));
            return EXIT_FAILURE;
        }
        if (waiting[SIGNALS].revents != 0)
            return EXIT_SUCCESS;
        if ((waiting[EVENTS].revents & POLLIN) != 0) {
            port = xen_libraries_take_event(xen);
            if (port >= 0)
                watcher_event(watcher, (uint32_t)port);
        }
        if ((waiting[LIST].revents & POLLIN) != 0 && xen_libraries_take_list(xen))
            watcher_update(watcher);
        if (((waiting[EVENTS].revents | waiting[LIST].revents) & (POLLERR | POLLHUP)) != 0) {
            log_line("hvmassistd: Xen's interfaces have closed");
            return EXIT_FAILURE;
        }
    }
}

int main(int count, char **words)
{
    struct options options = {.verbose = false};
    struct watcher *watcher = NULL;
    char reason[160];
    struct xen *xen;
    int status = EXIT_FAILURE, lock;

    if (!parse(count, words, &options, &status))
        return status;
    setvbuf(stderr, NULL, _IOLBF, 0);
    log_set_verbose(options.verbose || options.check_loads);
    if (mkdir(RECORD_FOLDER, 0755) != 0 && errno != EEXIST) {
        log_line("hvmassistd: " RECORD_FOLDER ": %s", strerror(errno));
        return EXIT_FAILURE;
    }
    lock = record_lock(RECORD_FOLDER);
    if (lock < 0) {
        log_line("hvmassistd: %s", lock == -EBUSY ? "another one is running" : strerror(-lock));
        return EXIT_FAILURE;
    }
    xen = xen_libraries_open(reason, sizeof reason);
    if (xen == NULL) {
        log_line("hvmassistd: %s", reason);
        close(lock);
        return EXIT_FAILURE;
    }
    watcher = watcher_new(xen, RECORD_FOLDER, options.check_loads);
    if (watcher != NULL) {
        log_line("hvmassistd " VERSION ": ready");
        status = run(xen, watcher, wait_for_signals());
        log_line("hvmassistd: ends; guests wait for the next one where they need it");
        watcher_free(watcher);
    }
    xen_libraries_close(xen);
    close(lock);
    return status;
}
