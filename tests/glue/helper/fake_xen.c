/* Domains, rings and memory that exist in this process only.
 * Not here: contexts (fake_context.c), what a guest does with it all (fake_guest.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"

struct fake_xen *fake_of(struct xen *xen)
{
    return (struct fake_xen *)xen;
}

struct fake_domain *fake_at(struct xen *xen, uint32_t domain)
{
    struct fake_xen *x = fake_of(xen);

    x->host_tsc += CALL_TICKS;
    x->calls++;
    if (x->crash_at != 0 && x->calls == x->crash_at)
        longjmp(x->crashed, 1);
    if (x->death_at != 0 && x->calls == x->death_at)
        for (unsigned n = 0; n < FAKE_DOMAINS; n++)
            x->domains[n].exists = false;
    return domain < FAKE_DOMAINS && x->domains[domain].exists ? &x->domains[domain] : NULL;
}

static struct fake_domain *any(struct xen *xen, uint32_t domain)
{
    fake_at(xen, domain);
    return &fake_of(xen)->domains[domain];
}

/* --- domains ------------------------------------------------------------------------------------
 */

static int domains(struct xen *xen, uint32_t first, unsigned count, struct xen_domain *list)
{
    unsigned found = 0;

    fake_at(xen, first);
    for (uint32_t n = first; n < FAKE_DOMAINS && found < count; n++)
        if (fake_of(xen)->domains[n].exists)
            list[found++] = fake_of(xen)->domains[n].info;
    return (int)found;
}

static void name(struct xen *xen, uint32_t domain, char *text, size_t size)
{
    strncpy(text, any(xen, domain)->name, size - 1);
    text[size - 1] = '\0';
}

static int pause_domain(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = fake_at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    d->pauses++;
    return 0;
}

static int unpause_domain(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = fake_at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    if (d->pauses == 0)
        return -EINVAL;
    d->pauses--;
    return 0;
}

/* --- monitor ------------------------------------------------------------------------------------
 */

static int monitor_enable(struct xen *xen, uint32_t domain, void **ring, uint32_t *port)
{
    struct fake_domain *d = fake_at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    if (d->has_ring)
        return -EBUSY;
    free(d->ring);
    d->ring = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    memset(d->ring, 0, PAGE_SIZE);
    FRONT_RING_INIT(&d->front, (vm_event_sring_t *)d->ring, PAGE_SIZE);
    d->has_ring = true;
    d->reports_requests = d->reports_cr0 = false;
    d->events = 0;
    d->port = ++fake_of(xen)->ports;
    *ring = d->ring;
    *port = d->port;
    return 0;
}

static int monitor_disable(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = fake_at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    d->has_ring = false;
    d->reports_requests = d->reports_cr0 = false;
    d->port = 0;
    /* What was to happen at the end of a wait is forgotten; the wait is not. */
    for (unsigned n = 0; n < FAKE_VCPUS; n++)
        d->vcpus[n].write_pending = d->vcpus[n].registers_pending = false;
    return 0;
}

static void monitor_release(struct xen *xen, void *ring, uint32_t port)
{
    for (unsigned n = 0; n < FAKE_DOMAINS; n++)
        if (fake_of(xen)->domains[n].port == port && fake_of(xen)->domains[n].ring == ring)
            fake_of(xen)->domains[n].port = 0;
}

static int monitor_guest_requests(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = fake_at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    d->reports_requests = true;
    return 0;
}

static int monitor_cr0_pe(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = fake_at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    d->reports_cr0 = true;
    return 0;
}

static void end_wait(struct fake_vcpu *v)
{
    if (v->write_pending)
        v->cpu.cr0 = v->write_value;
    if (v->registers_pending) {
        v->cpu.rax = v->registers.rax;
        v->cpu.rbx = v->registers.rbx;
        v->cpu.rcx = v->registers.rcx;
        v->cpu.rdx = v->registers.rdx;
        v->cpu.rsi = v->registers.rsi;
        v->cpu.rdi = v->registers.rdi;
        v->cpu.rbp = v->registers.rbp;
        v->cpu.rsp = v->registers.rsp;
        v->cpu.rflags = v->registers.rflags;
        v->cpu.rip = v->registers.rip;
    }
    v->write_pending = v->registers_pending = false;
}

static void act_on(struct fake_domain *d, const vm_event_response_t *answer)
{
    struct fake_vcpu *v;

    if (answer->version != VM_EVENT_INTERFACE_VERSION || answer->vcpu_id >= d->info.vcpu_count)
        return;
    v = &d->vcpus[answer->vcpu_id];
    if (v->waits == 0)
        return;
    if ((answer->flags & VM_EVENT_FLAG_DENY) && answer->reason == VM_EVENT_REASON_WRITE_CTRLREG &&
        answer->u.write_ctrlreg.index == VM_EVENT_X86_CR0)
        v->write_pending = false;
    if (answer->flags & VM_EVENT_FLAG_SET_REGISTERS) {
        v->registers = answer->data.regs.x86;
        v->registers_pending = true;
    }
    if ((answer->flags & VM_EVENT_FLAG_VCPU_PAUSED) && --v->waits == 0)
        end_wait(v);
}

static int notify(struct xen *xen, uint32_t port)
{
    struct fake_domain *d = NULL;

    fake_at(xen, 0);
    for (unsigned n = 0; n < FAKE_DOMAINS; n++)
        if (fake_of(xen)->domains[n].exists && fake_of(xen)->domains[n].port == port)
            d = &fake_of(xen)->domains[n];
    if (d == NULL)
        return -EINVAL;
    while (RING_HAS_UNCONSUMED_RESPONSES(&d->front)) {
        const vm_event_response_t answer = *RING_GET_RESPONSE(&d->front, d->front.rsp_cons);

        d->front.rsp_cons++;
        d->front.sring->rsp_event = d->front.rsp_cons + 1;
        act_on(d, &answer);
    }
    return 0;
}

/* --- memory -------------------------------------------------------------------------------------
 */

static uint8_t *page_at(struct fake_domain *d, uint64_t frame)
{
    for (unsigned n = 0; n < FAKE_PAGES; n++)
        if (d->pages[n].bytes != NULL && d->pages[n].frame == frame)
            return d->pages[n].bytes;
    return NULL;
}

uint8_t *fake_memory(struct fake_domain *d, uint64_t address)
{
    uint8_t *page = page_at(d, address >> PAGE_SHIFT);

    for (unsigned n = 0; page == NULL && n < FAKE_PAGES; n++)
        if (d->pages[n].bytes == NULL) {
            page = d->pages[n].bytes = calloc(1, PAGE_SIZE);
            d->pages[n].frame = address >> PAGE_SHIFT;
        }
    if (page == NULL)
        abort();
    return page + address % PAGE_SIZE;
}

void fake_write(struct fake_domain *d, uint64_t address, const void *bytes, size_t size)
{
    for (size_t n = 0; n < size; n++)
        *fake_memory(d, address + n) = ((const uint8_t *)bytes)[n];
}

void fake_read(struct fake_domain *d, uint64_t address, void *bytes, size_t size)
{
    for (size_t n = 0; n < size; n++) {
        const uint8_t *page = page_at(d, (address + n) >> PAGE_SHIFT);

        ((uint8_t *)bytes)[n] = page == NULL ? 0xff : page[(address + n) % PAGE_SIZE];
    }
}

/* One page is given itself; several are given copies, for they are only looked at. */
static void *map(struct xen *xen, uint32_t domain, uint64_t frame, unsigned count, int *errors)
{
    struct fake_domain *d = fake_at(xen, domain);
    uint8_t *copies = NULL;

    for (unsigned n = 0; n < count; n++)
        errors[n] = -ESRCH;
    if (d == NULL)
        return NULL;
    for (unsigned n = 0; n < count; n++) {
        uint8_t *page = page_at(d, frame + n);

        errors[n] = page == NULL ? -EINVAL : 0;
        if (page == NULL)
            continue;
        if (count == 1) {
            d->mappings++;
            return page;
        }
        if (copies == NULL)
            copies = calloc(count, PAGE_SIZE);
        memcpy(copies + n * PAGE_SIZE, page, PAGE_SIZE);
    }
    if (copies != NULL)
        d->mappings++;
    return copies;
}

static void unmap(struct xen *xen, void *pages, unsigned count)
{
    if (count > 1)
        free(pages);
    for (unsigned n = 0; n < FAKE_DOMAINS; n++)
        for (unsigned p = 0; p < FAKE_PAGES; p++)
            if (count > 1 ? fake_of(xen)->domains[n].mappings > 0 && p == 0
                          : fake_of(xen)->domains[n].pages[p].bytes == pages) {
                fake_of(xen)->domains[n].mappings--;
                return;
            }
}

static void written(struct xen *xen, uint32_t domain, uint64_t frame)
{
    (void)frame;
    fake_at(xen, domain);
}

static int translate(struct xen *xen, uint32_t domain, uint32_t vcpu, uint64_t linear,
                     uint64_t *frame)
{
    (void)vcpu;
    if (fake_at(xen, domain) == NULL)
        return -ESRCH;
    *frame = linear >> PAGE_SHIFT;
    return 0;
}

static int cpuid(struct xen *xen, uint32_t domain, uint32_t leaf, uint32_t subleaf,
                 struct xen_cpuid *result)
{
    const struct fake_xen *x = fake_of(xen);

    (void)subleaf;
    *result = (struct xen_cpuid){.eax = 0};
    if (fake_at(xen, domain) == NULL)
        return -ESRCH;
    if (leaf == 0)
        result->eax = 1;
    else if (leaf == 1)
        *result = (struct xen_cpuid){.ecx = x->cpuid_1_ecx, .edx = x->cpuid_1_edx};
    else if (leaf == 0x80000000)
        result->eax = 0x80000008;
    else if (leaf == 0x80000001)
        result->edx = 1u << 11 | 1u << 20 | 1u << 29;
    else if (leaf == 0x80000008)
        result->eax = 36;
    return 0;
}

static uint64_t tsc(struct xen *xen)
{
    return fake_of(xen)->host_tsc += 10;
}

static uint64_t tsc_khz(struct xen *xen)
{
    (void)xen;
    return KHZ;
}

static uint64_t milliseconds(struct xen *xen)
{
    return fake_of(xen)->host_ms;
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
    .context_record = fake_context_record,
    .context_all = fake_context_all,
    .context_load = fake_context_load,
    .map = map,
    .unmap = unmap,
    .written = written,
    .translate = translate,
    .cpuid = cpuid,
    .tsc = tsc,
    .tsc_khz = tsc_khz,
    .milliseconds = milliseconds,
};

/* --- from the outside ---------------------------------------------------------------------------
 */

void fake_reset(struct fake_xen *x)
{
    for (unsigned n = 0; n < FAKE_DOMAINS; n++) {
        for (unsigned p = 0; p < FAKE_PAGES; p++)
            free(x->domains[n].pages[p].bytes);
        free(x->domains[n].ring);
    }
    memset(x, 0, sizeof *x);
    x->xen.calls = &calls;
    x->host_tsc = 1ull << 40;
    x->cpuid_1_edx = 0x0383fbff;
}

static void set_flat(struct hvm_hw_cpu *c)
{
    *c = (struct hvm_hw_cpu){
        .rflags = 2,
        .cr0 = 0x11,
        .dr6 = 0xffff0ff0,
        .dr7 = 0x400,
        .rip = 0x100000,
        .cs_sel = 8,
        .cs_limit = 0xffffffff,
        .cs_arbytes = 0xc9b,
        .ds_sel = 16,
        .ds_limit = 0xffffffff,
        .ds_arbytes = 0xc93,
        .es_sel = 16,
        .es_limit = 0xffffffff,
        .es_arbytes = 0xc93,
        .fs_sel = 16,
        .fs_limit = 0xffffffff,
        .fs_arbytes = 0xc93,
        .gs_sel = 16,
        .gs_limit = 0xffffffff,
        .gs_arbytes = 0xc93,
        .ss_sel = 16,
        .ss_limit = 0xffffffff,
        .ss_arbytes = 0xc93,
        .tr_limit = 0x67,
        .tr_arbytes = 0x8b,
        .flags = XEN_X86_FPU_INITIALISED,
    };
    memset(c->fpu_regs, 0x5a, sizeof c->fpu_regs);
}

struct fake_domain *fake_create(struct fake_xen *x, uint32_t domain, uint32_t vcpu_count)
{
    struct fake_domain *d = &x->domains[domain];

    for (unsigned p = 0; p < FAKE_PAGES; p++)
        free(d->pages[p].bytes);
    free(d->ring);
    *d = (struct fake_domain){
        .home = x,
        .exists = true,
        .info = {.domain = domain, .hvm = true, .paused = true, .vcpu_count = vcpu_count},
        .name = "guest",
    };
    d->info.identity[0] = (uint8_t)domain;
    d->info.identity[1] = (uint8_t)x->calls;
    set_flat(&d->vcpus[0].cpu);
    d->vcpus[0].online = true;
    d->vcpus[0].tsc_offset = 0 - x->host_tsc;
    return d;
}

void fake_destroy(struct fake_xen *x, struct fake_domain *d)
{
    (void)x;
    d->exists = false;
}

void fake_helper_died(struct fake_xen *x)
{
    for (unsigned n = 0; n < FAKE_DOMAINS; n++) {
        x->domains[n].port = 0;
        x->domains[n].mappings = 0;
    }
}

static void put_event(struct fake_domain *d, uint32_t vcpu, const vm_event_request_t *event)
{
    vm_event_request_t *place = RING_GET_REQUEST(&d->front, d->front.req_prod_pvt);

    *place = *event;
    place->version = VM_EVENT_INTERFACE_VERSION;
    place->flags = VM_EVENT_FLAG_VCPU_PAUSED;
    place->vcpu_id = vcpu;
    place->data.regs.x86.rdx = d->vcpus[vcpu].cpu.rdx;
    place->data.regs.x86.rdi = d->vcpus[vcpu].cpu.rdi;
    place->data.regs.x86.rbx = d->vcpus[vcpu].cpu.rbx;
    d->front.req_prod_pvt++;
    RING_PUSH_REQUESTS(&d->front);
    d->events++;
    d->vcpus[vcpu].waits++;
}

bool fake_guest_request(struct fake_domain *d, uint32_t vcpu)
{
    const vm_event_request_t event = {.reason = VM_EVENT_REASON_GUEST_REQUEST};

    d->vcpus[vcpu].cpu.rax = 0;
    if (!d->has_ring || !d->reports_requests)
        return false;
    put_event(d, vcpu, &event);
    return true;
}

bool fake_mov_cr0(struct fake_domain *d, uint32_t vcpu, uint64_t value)
{
    struct fake_vcpu *v = &d->vcpus[vcpu];
    vm_event_request_t event = {.reason = VM_EVENT_REASON_WRITE_CTRLREG};

    event.u.write_ctrlreg.index = VM_EVENT_X86_CR0;
    event.u.write_ctrlreg.old_value = v->cpu.cr0;
    event.u.write_ctrlreg.new_value = value;
    if (!d->has_ring || !d->reports_cr0 || ((v->cpu.cr0 ^ value) & 1) == 0) {
        v->cpu.cr0 = value;
        return false;
    }
    v->write_pending = true;
    v->write_value = value;
    put_event(d, vcpu, &event);
    return true;
}

uint32_t fake_take_port(struct fake_xen *x)
{
    for (unsigned n = 0; n < FAKE_DOMAINS; n++)
        if (x->domains[n].exists && x->domains[n].port != 0 && x->domains[n].events > 0) {
            x->domains[n].events = 0;
            return x->domains[n].port;
        }
    return 0;
}
