/* The hvmassist command: what it makes of a host, of a configuration, of what bundler and xl say,
 * and of records. Not here: asking a real Xen (the lab does). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "create.h"
#include "record.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/helper-test-XXXXXX";

static const char *place(const char *name)
{
    static char path[8][128];
    static unsigned next;
    char *text = path[next++ % 8];

    snprintf(text, sizeof path[0], "%s/%s", folder, name);
    return text;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(place(name), "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(place(name), mode), 0);
}

static const char *read_file(const char *name)
{
    static char text[4096];
    FILE *file = fopen(place(name), "r");

    text[0] = '\0';
    if (file == NULL)
        return "(none)";
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* --- the host -----------------------------------------------------------------------------------
 */

static enum host_answer messages_say(const char *messages)
{
    struct host host = {.unrestricted_guest = HOST_CANNOT_TELL};

    host_read_messages(&host, messages);
    return host.unrestricted_guest;
}

static void test_messages(void **state)
{
    (void)state;
    assert_int_equal(messages_say(""), HOST_CANNOT_TELL);
    assert_int_equal(messages_say("(XEN)  - Unrestricted Guest\n"), HOST_CANNOT_TELL);
    assert_int_equal(messages_say("(XEN) VMX: Supported advanced features:\n"
                                  "(XEN)  - Extended Page Tables (EPT)\n"
                                  "(XEN)  - Unrestricted Guest\n(XEN) HVM: VMX enabled\n"),
                     HOST_YES);
    assert_int_equal(messages_say("(XEN) [    1.234] VMX: Supported advanced features:\n"
                                  "(XEN) [    1.235]  - Extended Page Tables (EPT)\n"
                                  "(XEN) [    1.236]  - Unrestricted Guest"),
                     HOST_YES);
    assert_int_equal(messages_say("(XEN) VMX: Supported advanced features:\n"
                                  "(XEN)  - Extended Page Tables (EPT)\n(XEN) HVM: VMX enabled\n"
                                  "(XEN)  - Unrestricted Guest\n"),
                     HOST_NO);
    assert_int_equal(messages_say("\n\n(XEN) [\n(XEN) "), HOST_CANNOT_TELL);
}

static const struct host old_intel = {
    .major = 4,
    .minor = 17,
    .intel = true,
    .hvm = true,
    .hap = HOST_YES,
    .shadow = HOST_NO,
    .unrestricted_guest = HOST_NO,
    .helper_runs = true,
};

static void test_verdicts(void **state)
{
    struct host h = old_intel;
    char reason[160];

    (void)state;
#define VERDICT(has_hap) host_judge(&h, has_hap, reason, sizeof reason)
    assert_int_equal(VERDICT(true), HOST_NEEDED);
    h.unrestricted_guest = HOST_YES;
    assert_int_equal(VERDICT(true), HOST_NOT_NEEDED);
    assert_int_equal(VERDICT(false), HOST_NEEDED);
    h.unrestricted_guest = HOST_CANNOT_TELL;
    assert_int_equal(VERDICT(true), HOST_UNKNOWN);
    assert_non_null(strstr(reason, "cannot tell"));
    h.hap = HOST_NO, h.shadow = HOST_YES;
    assert_int_equal(VERDICT(true), HOST_NEEDED);
    h.shadow = HOST_NO;
    assert_int_equal(VERDICT(true), HOST_IMPOSSIBLE);
    h = old_intel, h.intel = false, h.amd = true;
    assert_int_equal(VERDICT(true), HOST_NOT_NEEDED);
    h = old_intel, h.hvm = false;
    assert_int_equal(VERDICT(true), HOST_IMPOSSIBLE);
    h = old_intel, h.major = 3, h.minor = 2;
    assert_int_equal(VERDICT(true), HOST_IMPOSSIBLE);
    assert_non_null(strstr(reason, "install-xen3"));
    h = old_intel, h.intel = false;
    assert_int_equal(VERDICT(true), HOST_UNKNOWN);
#undef VERDICT
}

/* --- create -------------------------------------------------------------------------------------
 */

static struct create_configuration configuration_of(const char *text)
{
    struct create_configuration c;

    write_file("some.cfg", text, 0644);
    assert_int_equal(create_read_configuration(place("some.cfg"), &c), 0);
    return c;
}

static void test_configuration(void **state)
{
    struct create_configuration c;

    (void)state;
    assert_false(configuration_of("name = \"x\"\n").overrides_firmware);
    assert_true(configuration_of("  firmware_override='/x'\n").overrides_firmware);
    assert_false(configuration_of("#firmware_override='/x'\n").overrides_firmware);
    assert_false(configuration_of("firmware_overrides='/x'\n").overrides_firmware);
    assert_true(configuration_of("shape = 0\n").has_hap);
    assert_false(configuration_of("hap = 0\n").has_hap);
    assert_false(configuration_of("hap=\"0\"").has_hap);
    assert_true(configuration_of("hap=1").has_hap);
    assert_int_equal(create_read_configuration(place("none.cfg"), &c), -ENOENT);
    assert_int_equal(create_read_configuration(folder, &c), -EIO);
}

static char *no_arguments[] = {NULL};
static struct create create;

/* Programs that write down what they were called with. */
static void set_up_tools(const char *bundler_status, const char *xl_status)
{
    char text[512];
    static char bundler[128], xl[128], guest[128], hvmloader[128], bundled[128];

    snprintf(bundler, sizeof bundler, "%s", place("bundler"));
    snprintf(xl, sizeof xl, "%s", place("xl"));
    snprintf(guest, sizeof guest, "%s", place("guest.cfg"));
    snprintf(hvmloader, sizeof hvmloader, "%s", place("hvmloader"));
    snprintf(bundled, sizeof bundled, "%s", place("bundled"));
    snprintf(text, sizeof text, "#!/bin/sh\necho \"$@\" >>%s\n[ %s = 0 ] && echo x >$2\nexit %s\n",
             place("bundler.log"), bundler_status, bundler_status);
    write_file("bundler", text, 0755);
    snprintf(text, sizeof text,
             "#!/bin/sh\nfor a in \"$@\"; do echo \"[$a]\" >>%s; done\nexit %s\n", place("xl.log"),
             xl_status);
    write_file("xl", text, 0755);
    write_file("guest.cfg", "name=\"g\"\n", 0644);
    write_file("hvmloader", "x", 0644);
    unlink(place("bundler.log"));
    unlink(place("xl.log"));
    unlink(place("bundled/hvmloader-4.17"));
    create = (struct create){.configuration = guest,
                             .hvmloader = hvmloader,
                             .folder = bundled,
                             .bundler = bundler,
                             .xl = xl,
                             .arguments = no_arguments};
}

static void test_create(void **state)
{
    static char paused[] = "-p", memory[] = "memory = 64";
    static char *arguments[] = {paused, memory, NULL};
    char expected[512];

    (void)state;
    set_up_tools("0", "0");
    create.arguments = arguments;
    assert_int_equal(create_run(&create, &old_intel), 0);
    snprintf(expected, sizeof expected, "%s/hvmloader %s/bundled/hvmloader-4.17\n", folder, folder);
    assert_string_equal(read_file("bundler.log"), expected);
    snprintf(expected, sizeof expected,
             "[create]\n[%s/guest.cfg]\n[firmware_override=\"%s/bundled/hvmloader-4.17\"]\n[-p]\n"
             "[memory = 64]\n",
             folder, folder);
    assert_string_equal(read_file("xl.log"), expected);
    /* Once is enough, until hvmloader or the bundler is newer. */
    unlink(place("bundler.log"));
    assert_int_equal(create_run(&create, &old_intel), 0);
    assert_string_equal(read_file("bundler.log"), "(none)");
    usleep(20000);
    write_file("hvmloader", "y", 0644);
    assert_int_equal(create_run(&create, &old_intel), 0);
    assert_string_not_equal(read_file("bundler.log"), "(none)");
}

static void test_create_refused(void **state)
{
    struct host host = old_intel;

    (void)state;
    set_up_tools("0", "0");
    host.unrestricted_guest = HOST_YES;
    assert_int_equal(create_run(&create, &host), 3);
    host.hvm = false;
    create.force = true;
    assert_int_equal(create_run(&create, &host), 2);
    write_file("guest.cfg", "firmware_override=\"/x\"\n", 0644);
    assert_int_equal(create_run(&create, &old_intel), 2);
    unlink(place("guest.cfg"));
    assert_int_equal(create_run(&create, &old_intel), 2);
    assert_string_equal(read_file("xl.log"), "(none)");
    assert_string_equal(read_file("bundler.log"), "(none)");
}

static void test_create_forced(void **state)
{
    struct host host = old_intel;

    (void)state;
    set_up_tools("0", "0");
    host.unrestricted_guest = HOST_YES;
    host.helper_runs = false;
    create.force = true;
    assert_int_equal(create_run(&create, &host), 0);
    assert_string_not_equal(read_file("xl.log"), "(none)");
    host.unrestricted_guest = HOST_CANNOT_TELL;
    create.force = false;
    assert_int_equal(create_run(&create, &host), 0);
}

static void test_create_fails(void **state)
{
    (void)state;
    set_up_tools("1", "0");
    assert_int_equal(create_run(&create, &old_intel), 2);
    assert_string_equal(read_file("xl.log"), "(none)");
    set_up_tools("0", "6");
    assert_int_equal(create_run(&create, &old_intel), 6);
    unlink(place("xl"));
    assert_int_equal(create_run(&create, &old_intel), 2);
    write_file("xl", "#!/bin/sh\nkill -9 $$\n", 0755);
    assert_int_equal(create_run(&create, &old_intel), 2);
    set_up_tools("0", "0");
    create.only_say = true;
    assert_int_equal(create_run(&create, &old_intel), 0);
    assert_string_equal(read_file("xl.log"), "(none)");
    assert_string_equal(read_file("bundler.log"), "(none)");
}

/* --- status -------------------------------------------------------------------------------------
 */

static void test_status(void **state)
{
    const struct xen_domain domain = {.domain = 12};
    struct record *record;
    char text[4096] = "";
    FILE *out = fmemopen(text, sizeof text, "w");

    (void)state;
    status_print(out, folder);
    fflush(out);
    assert_string_equal(text, "no domain runs a bundled hvmloader\n");
    fclose(out);
    record = record_open(folder, &domain);
    record->transport = RECORD_HYPERCALL;
    record->into_guest = 1234567;
    record->refused = 5;
    snprintf(record->name, sizeof record->name, "old-dos");
    record_text(record->refusal, "vCPU 0: CR0.PE is 0");
    record_text(record->trouble, "a trouble");
    record_close(record);
    out = fmemopen(text, sizeof text, "w");
    status_print(out, folder);
    fclose(out);
    assert_non_null(strstr(text, "12    old-dos              hypercall       1234567"));
    assert_non_null(strstr(text, "last refusal: vCPU 0: CR0.PE is 0"));
    assert_non_null(strstr(text, "not served: a trouble"));
    record_remove(folder, 12);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),       cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_configuration),  cmocka_unit_test(test_create),
        cmocka_unit_test(test_create_refused), cmocka_unit_test(test_create_forced),
        cmocka_unit_test(test_create_fails),   cmocka_unit_test(test_status),
    };
    char command[64];
    int failures;

    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0 || failures;
}
