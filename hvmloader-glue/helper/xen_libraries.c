/* struct xen_calls on libxenctrl and its siblings. Not here: when what is called. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "xen_libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xenguest.h>
#include <xenstore.h>
#include <xentoollog.h>
#include <xen/domctl.h>
#include <xen/vm_event.h>

/* The first release whose filter on CR0 bits works. */
#define XEN_MAJOR_MIN 4
#define XEN_MINOR_MIN 11
/* The first one that denies nothing unless told to before. */
#define XEN_MINOR_OPT_IN 14
/* CR0 bits whose changes are no event: all but PE. */
#define CR0_IGNORED (~1ull)

struct libraries {
    struct xen xen;
    xentoollog_logger *logger;
    int minor;
    uint64_t tsc_khz;
    xc_interface *control;
    xenevtchn_handle *events;
    xenforeignmemory_handle *memory;
    xencall_handle *call;
    xendevicemodel_handle *model;
    struct xs_handle *store;
};

static struct libraries *of(struct xen *xen)
{
    return (struct libraries *)xen;
}

/* The libraries return -1 with errno. */
static int result_of(int result)
{
    if (result >= 0)
        return result;
    return errno != 0 ? -errno : -EIO;
}

/* --- domains ------------------------------------------------------------------------------------
 */

static int domains(struct xen *xen, uint32_t first, unsigned count, struct xen_domain *list)
{
    xc_domaininfo_t *infos = calloc(count, sizeof *infos);
    int got;

    if (infos == NULL)
        return -ENOMEM;
    got = result_of(xc_domain_getinfolist(of(xen)->control, first, count, infos));
    for (int n = 0; n < got; n++) {
        list[n] = (struct xen_domain){
            .domain = infos[n].domain,
            .hvm = (infos[n].flags & XEN_DOMINF_hvm_guest) != 0,
            .dying = (infos[n].flags & XEN_DOMINF_dying) != 0,
            .paused = (infos[n].flags & XEN_DOMINF_paused) != 0,
            .vcpu_count = infos[n].max_vcpu_id + 1,
        };
        memcpy(list[n].identity, infos[n].handle, sizeof list[n].identity);
    }
    free(infos);
    return got;
}

static void name(struct xen *xen, uint32_t domain, char *text, size_t size)
{
    char path[48];
    char *value;

    snprintf(path, sizeof path, "/local/domain/%u/name", domain);
    value = xs_read(of(xen)->store, XBT_NULL, path, NULL);
    snprintf(text, size, "%s", value == NULL ? "" : value);
    free(value);
}

static int pause_domain(struct xen *xen, uint32_t domain)
{
    return result_of(xc_domain_pause(of(xen)->control, domain));
}

static int unpause_domain(struct xen *xen, uint32_t domain)
{
    return result_of(xc_domain_unpause(of(xen)->control, domain));
}

/* --- monitor ------------------------------------------------------------------------------------
 */

static void monitor_release(struct xen *xen, void *ring, uint32_t port)
{
    xenevtchn_unbind(of(xen)->events, (evtchn_port_t)port);
    munmap(ring, PAGE_SIZE);
}

static int monitor_disable(struct xen *xen, uint32_t domain)
{
    return result_of(xc_monitor_disable(of(xen)->control, domain));
}

static int monitor_enable(struct xen *xen, uint32_t domain, void **ring, uint32_t *port)
{
    uint32_t remote;
    int local, error;

    *ring = xc_monitor_enable(of(xen)->control, domain, &remote);
    if (*ring == NULL)
        return errno != 0 ? -errno : -EIO;
    local = xenevtchn_bind_interdomain(of(xen)->events, domain, remote);
    if (local >= 0) {
        *port = (uint32_t)local;
        return 0;
    }
    error = errno != 0 ? -errno : -EIO;
    munmap(*ring, PAGE_SIZE);
    monitor_disable(xen, domain);
    return error;
}

/* Without it answers that deny are ignored; libxenctrl has no function for it. */
static int opt_in(struct xen *xen, uint32_t domain)
{
    xencall_handle *call = of(xen)->call;
    struct xen_domctl *domctl;
    int error;

    if (of(xen)->minor < XEN_MINOR_OPT_IN)
        return 0;
    domctl = xencall_alloc_buffer(call, sizeof *domctl);
    if (domctl == NULL)
        return -ENOMEM;
    memset(domctl, 0, sizeof *domctl);
    domctl->cmd = XEN_DOMCTL_monitor_op;
    domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl->domain = (domid_t)domain;
    domctl->u.monitor_op.op = XEN_DOMCTL_MONITOR_OP_CONTROL_REGISTERS;
    error = result_of(xencall1(call, __HYPERVISOR_domctl, (uintptr_t)domctl));
    xencall_free_buffer(call, domctl);
    return error;
}

static int monitor_guest_requests(struct xen *xen, uint32_t domain)
{
    const int error = opt_in(xen, domain);

    if (error < 0)
        return error;
    return result_of(xc_monitor_guest_request(of(xen)->control, domain, true, true, false));
}

static int monitor_cr0_pe(struct xen *xen, uint32_t domain)
{
    return result_of(xc_monitor_write_ctrlreg(of(xen)->control, domain, VM_EVENT_X86_CR0, true,
                                              true, CR0_IGNORED, true));
}

static int notify(struct xen *xen, uint32_t port)
{
    return result_of(xenevtchn_notify(of(xen)->events, (evtchn_port_t)port));
}

/* --- contexts -----------------------------------------------------------------------------------
 */

static int context_record(struct xen *xen, uint32_t domain, uint16_t type, uint16_t instance,
                          void *record, uint32_t size)
{
    const int error = result_of(
        xc_domain_hvm_getcontext_partial(of(xen)->control, domain, type, instance, record, size));

    return error == -ENODATA ? -ENOENT : error;
}

static int context_all(struct xen *xen, uint32_t domain, void *buffer, uint32_t size)
{
    return result_of(xc_domain_hvm_getcontext(of(xen)->control, domain, buffer, size));
}

static int context_load(struct xen *xen, uint32_t domain, const void *buffer, uint32_t size)
{
    return result_of(
        xc_domain_hvm_setcontext(of(xen)->control, domain, (uint8_t *)(uintptr_t)buffer, size));
}

/* --- memory -------------------------------------------------------------------------------------
 */

static void unmap(struct xen *xen, void *pages, unsigned count)
{
    xenforeignmemory_unmap(of(xen)->memory, pages, count);
}

static void *map(struct xen *xen, uint32_t domain, uint64_t frame, unsigned count, int *errors)
{
    xen_pfn_t *frames = calloc(count, sizeof *frames);
    void *pages = NULL;
    bool any = false;

    for (unsigned n = 0; frames != NULL && n < count; n++) {
        frames[n] = frame + n;
        errors[n] = -ENOENT;
    }
    if (frames != NULL)
        pages = xenforeignmemory_map(of(xen)->memory, domain, PROT_READ | PROT_WRITE, count, frames,
                                     errors);
    free(frames);
    for (unsigned n = 0; pages != NULL && n < count; n++)
        any = any || errors[n] == 0;
    if (pages == NULL || any)
        return pages;
    unmap(xen, pages, count);
    return NULL;
}

static void written(struct xen *xen, uint32_t domain, uint64_t frame)
{
    /* Only matters while the domain is being copied; and then it is the copier's to complain. */
    xendevicemodel_modified_memory(of(xen)->model, (domid_t)domain, frame, 1);
}

static int translate(struct xen *xen, uint32_t domain, uint32_t vcpu, uint64_t linear,
                     uint64_t *frame)
{
    const unsigned long found =
        xc_translate_foreign_address(of(xen)->control, domain, (int)vcpu, linear);

    *frame = found;
    return found == 0 && linear >= PAGE_SIZE ? -EFAULT : 0;
}

static int read_leaves(struct libraries *l, uint32_t domain, xen_cpuid_leaf_t *leaves,
                       uint32_t *leaf_count, xen_msr_entry_t *msrs, uint32_t *msr_count)
{
    xc_cpu_policy_t *policy = xc_cpu_policy_init();
    int error = policy == NULL ? -ENOMEM : 0;

    if (error == 0)
        error = result_of(xc_cpu_policy_get_domain(l->control, domain, policy));
    if (error == 0)
        error = result_of(
            xc_cpu_policy_serialise(l->control, policy, leaves, leaf_count, msrs, msr_count));
    if (policy != NULL)
        xc_cpu_policy_destroy(policy);
    return error;
}

static int cpuid(struct xen *xen, uint32_t domain, uint32_t leaf, uint32_t subleaf,
                 struct xen_cpuid *result)
{
    xen_cpuid_leaf_t *leaves = NULL;
    xen_msr_entry_t *msrs = NULL;
    uint32_t leaf_count, msr_count;
    int error = result_of(xc_cpu_policy_get_size(of(xen)->control, &leaf_count, &msr_count));

    *result = (struct xen_cpuid){.eax = 0};
    if (error < 0)
        return error;
    leaves = calloc(leaf_count, sizeof *leaves);
    msrs = calloc(msr_count, sizeof *msrs);
    error = leaves == NULL || msrs == NULL
                ? -ENOMEM
                : read_leaves(of(xen), domain, leaves, &leaf_count, msrs, &msr_count);
    for (uint32_t n = 0; error == 0 && n < leaf_count; n++)
        if (leaves[n].leaf == leaf &&
            (leaves[n].subleaf == subleaf || leaves[n].subleaf == XEN_CPUID_NO_SUBLEAF))
            *result = (struct xen_cpuid){leaves[n].a, leaves[n].b, leaves[n].c, leaves[n].d};
    free(leaves);
    free(msrs);
    return error;
}

/* --- time ---------------------------------------------------------------------------------------
 */

static uint64_t tsc(struct xen *xen)
{
    (void)xen;
    return __rdtsc();
}

static uint64_t tsc_khz(struct xen *xen)
{
    return of(xen)->tsc_khz;
}

static uint64_t milliseconds(struct xen *xen)
{
    struct timespec time;

    (void)xen;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static const struct xen_calls calls = {
    .domains = domains,
    .name = name,
    .pause = pause_domain,
    .unpause = unpause_domain,
    .monitor_enable = monitor_enable,
    .monitor_disable = monitor_disable,
    .monitor_release = monitor_release,
    .monitor_guest_requests = monitor_guest_requests,
    .monitor_cr0_pe = monitor_cr0_pe,
    .notify = notify,
    .context_record = context_record,
    .context_all = context_all,
    .context_load = context_load,
    .map = map,
    .unmap = unmap,
    .written = written,
    .translate = translate,
    .cpuid = cpuid,
    .tsc = tsc,
    .tsc_khz = tsc_khz,
    .milliseconds = milliseconds,
};

/* --- opening ------------------------------------------------------------------------------------
 */

/* NULL, or why this Xen will not do. */
static const char *unfit(struct libraries *l)
{
    static char text[128];
    const int version = xc_version(l->control, XENVER_version, NULL);
    const int event_version = xc_vm_event_get_version(l->control);
    xc_domaininfo_t info;
    xc_physinfo_t host = {0};

    if (version < 0)
        return "Xen does not say its version";
    l->minor = version & 0xffff;
    if (version >> 16 != XEN_MAJOR_MIN || l->minor < XEN_MINOR_MIN) {
        snprintf(text, sizeof text, "this is Xen %d.%d; hand-offs need %d.%d or a later 4",
                 version >> 16, l->minor, XEN_MAJOR_MIN, XEN_MINOR_MIN);
        return text;
    }
    if (xc_domain_getinfolist(l->control, 0, 1, &info) < 0)
        return errno == EACCES ? "this program was built for another release of Xen"
                               : "Xen does not list its domains to this one";
    if (event_version != VM_EVENT_INTERFACE_VERSION) {
        snprintf(text, sizeof text, "Xen's events are of version %d, this program knows %d",
                 event_version, VM_EVENT_INTERFACE_VERSION);
        return text;
    }
    if (xc_physinfo(l->control, &host) != 0)
        return "Xen does not describe its host";
    l->tsc_khz = host.cpu_khz;
    return NULL;
}

struct xen *xen_libraries_open(char *reason, size_t size)
{
    struct libraries *l = calloc(1, sizeof *l);
    const char *why = NULL;

    if (l == NULL) {
        snprintf(reason, size, "out of memory");
        return NULL;
    }
    l->xen.calls = &calls;
    /* What goes wrong is said by those who know what it means. */
    l->logger = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    l->control = xc_interface_open(l->logger, l->logger, 0);
    l->events = xenevtchn_open(l->logger, 0);
    l->memory = xenforeignmemory_open(l->logger, 0);
    l->call = xencall_open(l->logger, 0);
    l->model = xendevicemodel_open(l->logger, 0);
    l->store = xs_open(0);
    if (l->control == NULL || l->events == NULL || l->memory == NULL || l->call == NULL ||
        l->model == NULL)
        why = "Xen's interfaces cannot be opened: is this dom0, and are you root?";
    else if (l->store == NULL)
        why = "xenstore cannot be reached";
    else
        why = unfit(l);
    if (why == NULL && (!xs_watch(l->store, "@introduceDomain", "come") ||
                        !xs_watch(l->store, "@releaseDomain", "gone")))
        why = "xenstore takes no watch";
    if (why == NULL && fcntl(xenevtchn_fd(l->events), F_SETFL, O_NONBLOCK) != 0)
        why = "the event channel device cannot be used without waiting";
    if (why == NULL)
        return &l->xen;
    snprintf(reason, size, "%s", why);
    xen_libraries_close(&l->xen);
    return NULL;
}

void xen_libraries_close(struct xen *xen)
{
    struct libraries *l = of(xen);

    if (l->store != NULL)
        xs_close(l->store);
    xendevicemodel_close(l->model);
    xencall_close(l->call);
    xenforeignmemory_close(l->memory);
    xenevtchn_close(l->events);
    xc_interface_close(l->control);
    if (l->logger != NULL)
        xtl_logger_destroy(l->logger);
    free(l);
}

int xen_libraries_event_descriptor(struct xen *xen)
{
    return xenevtchn_fd(of(xen)->events);
}

int xen_libraries_list_descriptor(struct xen *xen)
{
    return xs_fileno(of(xen)->store);
}

int xen_libraries_take_event(struct xen *xen)
{
    const xenevtchn_port_or_error_t port = xenevtchn_pending(of(xen)->events);

    if (port >= 0)
        xenevtchn_unmask(of(xen)->events, (evtchn_port_t)port);
    return port;
}

bool xen_libraries_take_list(struct xen *xen)
{
    char **news;
    bool any = false;

    while ((news = xs_check_watch(of(xen)->store)) != NULL) {
        free(news);
        any = true;
    }
    return any;
}
