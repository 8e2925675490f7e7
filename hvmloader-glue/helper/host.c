/* Xen's version, capabilities and boot messages, and what follows from them.
 * Not here: how Xen is asked (host_ask.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "host.h"

#include <string.h>

/* The first release with events that can be denied on both kinds of processors. */
#define MINOR_MIN 11

/* Of the list that follows this line, each item is a line too. */
#define VMX_LIST          "VMX: Supported advanced features:"
#define UNRESTRICTED_ITEM " - Unrestricted Guest"
#define ITEM              " - "
/* What Xen puts before each line. */
#define PREFIX "(XEN) "

static const char *text_of(enum host_answer answer)
{
    static const char *const texts[] = {
        [HOST_NO] = "no", [HOST_YES] = "yes", [HOST_CANNOT_TELL] = "cannot tell"};

    return texts[answer];
}

/* Behind "(XEN) ", and a time in brackets if there is one. */
static const char *line_text(const char *line)
{
    if (strncmp(line, PREFIX, strlen(PREFIX)) != 0)
        return line;
    line += strlen(PREFIX);
    if (*line == '[') {
        const char *end = strchr(line, ']');

        if (end != NULL && end[1] == ' ')
            line = end + 2;
    }
    return line;
}

void host_read_messages(struct host *host, const char *messages)
{
    bool in_list = false;

    for (const char *line = messages; line != NULL; line = strchr(line, '\n')) {
        const char *text = line_text(*line == '\n' ? ++line : line);

        if (strncmp(text, VMX_LIST, strlen(VMX_LIST)) == 0) {
            in_list = true;
            host->unrestricted_guest = HOST_NO;
        } else if (strncmp(text, ITEM, strlen(ITEM)) != 0) {
            in_list = false;
        } else if (in_list && strncmp(text, UNRESTRICTED_ITEM, strlen(UNRESTRICTED_ITEM)) == 0) {
            host->unrestricted_guest = HOST_YES;
        }
    }
}

enum host_verdict host_judge(const struct host *host, bool guest_has_hap, char *reason, size_t size)
{
    if (host->major < 4) {
        snprintf(reason, size, "Xen %d.%d: hvmassist goes into its source tree (make install-xen3)",
                 host->major, host->minor);
        return HOST_IMPOSSIBLE;
    }
    if (!host->hvm) {
        snprintf(reason, size, "Xen runs no HVM guests on this host");
        return HOST_IMPOSSIBLE;
    }
    if (host->hap == HOST_NO && host->shadow == HOST_NO) {
        snprintf(reason, size, "Xen has neither EPT nor shadow paging here, so no HVM guests");
        return HOST_IMPOSSIBLE;
    }
    if (host->amd) {
        snprintf(reason, size, "an AMD processor runs real mode itself");
        return HOST_NOT_NEEDED;
    }
    if (!host->intel) {
        snprintf(reason, size, "the processor is of neither Intel nor AMD");
        return HOST_UNKNOWN;
    }
    if (!guest_has_hap || host->hap == HOST_NO) {
        snprintf(reason, size, "without EPT the processor cannot run real mode");
        return HOST_NEEDED;
    }
    switch (host->unrestricted_guest) {
    case HOST_YES:
        snprintf(reason, size, "the processor runs real mode itself (unrestricted guest)");
        return HOST_NOT_NEEDED;
    case HOST_NO:
        snprintf(reason, size, "the processor cannot run real mode (no unrestricted guest)");
        return HOST_NEEDED;
    case HOST_CANNOT_TELL:
        break;
    }
    snprintf(reason, size,
             "cannot tell whether the processor runs real mode itself: Xen's boot "
             "messages are gone");
    return HOST_UNKNOWN;
}

void host_print(FILE *out, const struct host *host)
{
    const bool hand_offs = host->major == 4 && host->minor >= MINOR_MIN;

    fprintf(out, "Xen:                 %d.%d%s\n", host->major, host->minor,
            hand_offs ? "" : " (native transport only)");
    fprintf(out, "processor:           %s\n", host->intel ? "Intel" : host->amd ? "AMD" : "other");
    fprintf(out, "EPT or NPT:          %s\n", text_of(host->hap));
    fprintf(out, "shadow paging:       %s\n", text_of(host->shadow));
    fprintf(out, "unrestricted guest:  %s\n",
            host->amd ? "not applicable" : text_of(host->unrestricted_guest));
    fprintf(out, "hvmassistd:          %s\n", host->helper_runs ? "running" : "not running");
}
