/* Asking Xen about the host. Not here: what follows from the answers (host.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "host.h"

#include "record.h"

#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xentoollog.h>

#define MESSAGES_MAX (1u << 20)

static void read_vendor(struct host *host)
{
    unsigned eax, ebx, ecx, edx;
    char name[13] = "";

    if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx))
        return;
    memcpy(name, &ebx, 4);
    memcpy(name + 4, &edx, 4);
    memcpy(name + 8, &ecx, 4);
    host->intel = strcmp(name, "GenuineIntel") == 0;
    host->amd = strcmp(name, "AuthenticAMD") == 0 || strcmp(name, "HygonGenuine") == 0;
}

static void read_capabilities(struct host *host, xc_interface *control)
{
    xc_physinfo_t info;

    memset(&info, 0, sizeof info);
    host->hap = host->shadow = HOST_CANNOT_TELL;
    if (xc_physinfo(control, &info) != 0)
        return;
    host->hvm = (info.capabilities & XEN_SYSCTL_PHYSCAP_hvm) != 0;
    host->hap = (info.capabilities & XEN_SYSCTL_PHYSCAP_hap) != 0 ? HOST_YES : HOST_NO;
    host->shadow = (info.capabilities & XEN_SYSCTL_PHYSCAP_shadow) != 0 ? HOST_YES : HOST_NO;
}

static void read_messages(struct host *host, xc_interface *control)
{
    unsigned size = MESSAGES_MAX - 1;
    char *text = calloc(1, MESSAGES_MAX);

    host->unrestricted_guest = HOST_CANNOT_TELL;
    if (text != NULL && xc_readconsolering(control, text, &size, 0, 0, NULL) == 0) {
        text[size] = '\0';
        host_read_messages(host, text);
    }
    free(text);
}

static void close_all(xc_interface *control, xentoollog_logger *logger)
{
    if (control != NULL)
        xc_interface_close(control);
    if (logger != NULL)
        xtl_logger_destroy(logger);
}

bool host_ask(struct host *host, char *reason, size_t size)
{
    /* What goes wrong is said here. */
    xentoollog_logger *logger =
        (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    xc_interface *control = xc_interface_open(logger, logger, 0);
    int version;

    *host = (struct host){.helper_runs = record_locked(RECORD_FOLDER)};
    version = control == NULL ? -1 : xc_version(control, XENVER_version, NULL);
    if (version < 0) {
        snprintf(reason, size, "there is no Xen to ask: is this dom0, and are you root?");
        close_all(control, logger);
        return false;
    }
    host->major = version >> 16;
    host->minor = version & 0xffff;
    read_vendor(host);
    read_capabilities(host, control);
    read_messages(host, control);
    close_all(control, logger);
    return true;
}
