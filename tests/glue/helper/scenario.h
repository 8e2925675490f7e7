/* What the scenarios share: one helper and one made-up Xen.
 * Not here: any scenario (scenario_test.c, survival_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "fake_guest.h"
#include "fake_xen.h"

#include "record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DOMAIN 3u

#define WITH_XEN(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

extern struct fake_xen xen;
extern struct watcher *watcher; /* NULL: no helper */
extern char folder[];           /* of the records */
extern char log_text[65536];

/* Around all scenarios of a program. */
int make_folder(void **state);
int remove_folder(void **state);
/* Around each of them. */
int set_up(void **state);
int tear_down(void **state);

bool logged(const char *text);
void start_helper(void);
void stop_helper(void);
/* A domain with a blob in its memory. */
struct fake_domain *bundled(uint32_t domain, uint32_t vcpus);
/* The helper answers whatever there is. */
void answer(void);
/* Until the guest has made that many rounds. */
void play(struct fake_guest *g, unsigned rounds);
struct record read_record(uint32_t domain);

#endif
