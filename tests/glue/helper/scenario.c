/* A helper, a made-up Xen, and what a scenario does with them.
 * Not here: any scenario (scenario_test.c, survival_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "scenario.h"

#include "log.h"
#include "watcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake_xen xen;
struct watcher *watcher;
char folder[] = "/tmp/helper-test-XXXXXX";
char log_text[65536];

static void keep_line(const char *line)
{
    const size_t used = strlen(log_text);

    snprintf(log_text + used, sizeof log_text - used, "%s\n", line);
}

bool logged(const char *text)
{
    return strstr(log_text, text) != NULL;
}

void start_helper(void)
{
    watcher = watcher_new(&xen.xen, folder, false);
    assert_non_null(watcher);
    watcher_update(watcher);
    watcher_tick(watcher);
}

void stop_helper(void)
{
    watcher_free(watcher);
    watcher = NULL;
    fake_helper_died(&xen);
}

int set_up(void **state)
{
    (void)state;
    fake_reset(&xen);
    log_text[0] = '\0';
    log_set_sink(keep_line);
    return 0;
}

int tear_down(void **state)
{
    (void)state;
    if (watcher != NULL)
        stop_helper();
    for (uint32_t n = 0; n < FAKE_DOMAINS; n++)
        record_remove(folder, n);
    fake_reset(&xen);
    return 0;
}

struct fake_domain *bundled(uint32_t domain, uint32_t vcpus)
{
    struct fake_domain *d = fake_create(&xen, domain, vcpus);

    fake_guest_load(d, true);
    return d;
}

/* The helper answers whatever there is. */
void answer(void)
{
    uint32_t port;

    while ((port = fake_take_port(&xen)) != 0)
        watcher_event(watcher, port);
}

void play(struct fake_guest *g, unsigned rounds)
{
    for (unsigned n = 0; n < 100 * rounds + 100 && g->rounds < rounds && g->wrong == NULL; n++) {
        fake_guest_run(g, 1);
        answer();
    }
    if (g->wrong != NULL)
        fail_msg("%s", g->wrong);
    assert_true(g->rounds >= rounds);
}

struct record read_record(uint32_t domain)
{
    struct record record;

    assert_int_equal(record_read(folder, domain, &record), 0);
    return record;
}

int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

int remove_folder(void **state)
{
    (void)state;
    rmdir(folder);
    return 0;
}
