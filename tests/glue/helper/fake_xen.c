/* Domains, rings, contexts and memory that exist in this process only.
 * Not here: what a guest does with them (fake_guest.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_xen.h"

#include "processor.h"
#include "state_check.h"

#include "../../testvisor/entry_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"

#define CALL_TICKS 5000 /* how long a call takes */
#define KHZ        2000000

static struct fake_xen *of(struct xen *xen)
{
    return (struct fake_xen *)xen;
}

/* Every call passes here: time goes by, and the helper, or the domain, may come to its end. */
static struct fake_domain *at(struct xen *xen, uint32_t domain)
{
    struct fake_xen *x = of(xen);

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
    at(xen, domain);
    return &of(xen)->domains[domain];
}

/* --- domains ------------------------------------------------------------------------------------
 */

static int domains(struct xen *xen, uint32_t first, unsigned count, struct xen_domain *list)
{
    unsigned found = 0;

    at(xen, first);
    for (uint32_t n = first; n < FAKE_DOMAINS && found < count; n++)
        if (of(xen)->domains[n].exists)
            list[found++] = of(xen)->domains[n].info;
    return (int)found;
}

static void name(struct xen *xen, uint32_t domain, char *text, size_t size)
{
    strncpy(text, any(xen, domain)->name, size - 1);
    text[size - 1] = '\0';
}

static int pause_domain(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    d->pauses++;
    return 0;
}

static int unpause_domain(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = at(xen, domain);

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
    struct fake_domain *d = at(xen, domain);

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
    d->port = ++of(xen)->ports;
    *ring = d->ring;
    *port = d->port;
    return 0;
}

static int monitor_disable(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = at(xen, domain);

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
        if (of(xen)->domains[n].port == port && of(xen)->domains[n].ring == ring)
            of(xen)->domains[n].port = 0;
}

static int monitor_guest_requests(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = at(xen, domain);

    if (d == NULL)
        return -ESRCH;
    d->reports_requests = true;
    return 0;
}

static int monitor_cr0_pe(struct xen *xen, uint32_t domain)
{
    struct fake_domain *d = at(xen, domain);

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

    at(xen, 0);
    for (unsigned n = 0; n < FAKE_DOMAINS; n++)
        if (of(xen)->domains[n].exists && of(xen)->domains[n].port == port)
            d = &of(xen)->domains[n];
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

/* --- contexts -----------------------------------------------------------------------------------
 */

static uint64_t guest_tsc(const struct fake_vcpu *v, uint64_t host)
{
    return host + v->tsc_offset;
}

static int context_record(struct xen *xen, uint32_t domain, uint16_t type, uint16_t instance,
                          void *record, uint32_t size)
{
    struct fake_domain *d = at(xen, domain);
    struct hvm_hw_cpu *cpu = record;

    if (d == NULL)
        return -ESRCH;
    if (type != HVM_SAVE_CODE(CPU) || size != sizeof *cpu)
        return -EINVAL;
    if (instance >= d->info.vcpu_count || !d->vcpus[instance].online)
        return -ENOENT;
    *cpu = d->vcpus[instance].cpu;
    cpu->tsc = guest_tsc(&d->vcpus[instance], d->sync_tsc);
    return 0;
}

static void put(uint8_t **to, uint16_t type, uint16_t instance, const void *record, uint32_t size)
{
    const struct hvm_save_descriptor descriptor = {
        .typecode = type, .instance = instance, .length = size};

    memcpy(*to, &descriptor, sizeof descriptor);
    memcpy(*to + sizeof descriptor, record, size);
    *to += sizeof descriptor + size;
}

static int context_all(struct xen *xen, uint32_t domain, void *buffer, uint32_t size)
{
    struct fake_domain *d = at(xen, domain);
    const struct hvm_save_header header = {
        .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION, .gtsc_khz = KHZ};
    const uint32_t needed = (FAKE_VCPUS + 2) * (sizeof(struct hvm_hw_cpu) + 64);
    uint8_t *to = buffer;

    if (d == NULL)
        return -ESRCH;
    if (buffer == NULL)
        return (int)needed;
    if (size < needed)
        return -ENOSPC;
    d->sync_tsc = of(xen)->host_tsc;
    of(xen)->host_tsc += CALL_TICKS;
    put(&to, HVM_SAVE_CODE(HEADER), 0, &header, sizeof header);
    for (uint32_t n = 0; n < d->info.vcpu_count; n++) {
        struct hvm_hw_cpu cpu = d->vcpus[n].cpu;

        cpu.tsc = guest_tsc(&d->vcpus[n], d->sync_tsc);
        if (d->vcpus[n].online)
            put(&to, HVM_SAVE_CODE(CPU), n, &cpu, sizeof cpu);
    }
    put(&to, HVM_SAVE_CODE(END), 0, "", 0);
    return (int)(to - (uint8_t *)buffer);
}

/* Would the processor run it? By rules that were written for another program. */
static bool runs(struct fake_domain *d, const struct hvm_hw_cpu *c)
{
    static const struct entry_processor processor = {0x7ff, 0xd01, 36};
    struct entry_state s = {
        .cr0 = c->cr0,
        .cr3 = c->cr3,
        .cr4 = c->cr4,
        .efer = c->msr_efer,
        .dr6 = c->dr6,
        .dr7 = c->dr7,
        .rip = c->rip,
        .rflags = c->rflags,
        .gdtr_limit = c->gdtr_limit,
        .idtr_limit = c->idtr_limit,
        .pdptes_known = true,
    };
    unsigned at_fault;

#define COPY(index, name)                                                                          \
    s.segments[index] =                                                                            \
        (struct entry_segment){c->name##_sel, c->name##_limit,                                     \
                               (c->name##_arbytes & 0xffu) | (c->name##_arbytes & 0xf00u) << 4 |   \
                                   (c->name##_arbytes & ~0xfffu) << 5 |                            \
                                   ((c->name##_arbytes & 0x80u) == 0 ? 0x10000u : 0),              \
                               c->name##_base}
    COPY(ENTRY_SEGMENT_ES, es);
    COPY(ENTRY_SEGMENT_CS, cs);
    COPY(ENTRY_SEGMENT_SS, ss);
    COPY(ENTRY_SEGMENT_DS, ds);
    COPY(ENTRY_SEGMENT_FS, fs);
    COPY(ENTRY_SEGMENT_GS, gs);
    COPY(ENTRY_SEGMENT_LDTR, ldtr);
    COPY(ENTRY_SEGMENT_TR, tr);
#undef COPY
    if (state_has_pdptes(c))
        fake_read(d, state_pdptes_address(c), s.pdptes, sizeof s.pdptes);
    return entry_check(&s, &processor, &at_fault) == ENTRY_OK;
}

static int load_record(struct fake_domain *d, const struct hvm_save_descriptor *descriptor,
                       const uint8_t *record)
{
    struct hvm_hw_cpu cpu;

    if (descriptor->typecode != HVM_SAVE_CODE(CPU))
        return descriptor->typecode == CPU_XSAVE_CODE ? 0 : -EINVAL;
    if (descriptor->instance >= d->info.vcpu_count || descriptor->length != sizeof cpu)
        return -EINVAL;
    memcpy(&cpu, record, sizeof cpu);
    if ((cpu.cr0 & 0x10) == 0)
        return -EINVAL;
    /* Real mode is Xen's own affair. */
    if ((cpu.cr0 & 1) != 0 && !runs(d, &cpu))
        d->killed = true;
    d->vcpus[descriptor->instance].cpu = cpu;
    d->vcpus[descriptor->instance].tsc_offset = cpu.tsc - d->sync_tsc;
    d->vcpus[descriptor->instance].online = true;
    return 0;
}

static int context_load(struct xen *xen, uint32_t domain, const void *buffer, uint32_t size)
{
    struct fake_domain *d = at(xen, domain);
    const uint8_t *from = buffer, *end = from + size;
    struct hvm_save_descriptor descriptor;
    bool first = true;

    if (d == NULL)
        return -ESRCH;
    d->loads++;
    d->sync_tsc = of(xen)->host_tsc;
    for (unsigned n = 0; n < FAKE_VCPUS; n++)
        d->vcpus[n].online = false;
    if (d->fail_loads > 0) {
        d->fail_loads--;
        return -EINVAL;
    }
    for (; (size_t)(end - from) >= sizeof descriptor; first = false) {
        int error;

        memcpy(&descriptor, from, sizeof descriptor);
        from += sizeof descriptor;
        if (descriptor.typecode == HVM_SAVE_CODE(END))
            return first ? -EINVAL : 0;
        if ((size_t)(end - from) < descriptor.length ||
            first != (descriptor.typecode == HVM_SAVE_CODE(HEADER)))
            return -EINVAL;
        error = first ? 0 : load_record(d, &descriptor, from);
        if (error != 0)
            return error;
        from += descriptor.length;
    }
    return -EINVAL;
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
    struct fake_domain *d = at(xen, domain);
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
            if (count > 1 ? of(xen)->domains[n].mappings > 0 && p == 0
                          : of(xen)->domains[n].pages[p].bytes == pages) {
                of(xen)->domains[n].mappings--;
                return;
            }
}

static void written(struct xen *xen, uint32_t domain, uint64_t frame)
{
    (void)frame;
    at(xen, domain);
}

static int translate(struct xen *xen, uint32_t domain, uint32_t vcpu, uint64_t linear,
                     uint64_t *frame)
{
    (void)vcpu;
    if (at(xen, domain) == NULL)
        return -ESRCH;
    *frame = linear >> PAGE_SHIFT;
    return 0;
}

static int cpuid(struct xen *xen, uint32_t domain, uint32_t leaf, uint32_t subleaf,
                 struct xen_cpuid *result)
{
    const struct fake_xen *x = of(xen);

    (void)subleaf;
    *result = (struct xen_cpuid){.eax = 0};
    if (at(xen, domain) == NULL)
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
    return of(xen)->host_tsc += 10;
}

static uint64_t tsc_khz(struct xen *xen)
{
    (void)xen;
    return KHZ;
}

static uint64_t milliseconds(struct xen *xen)
{
    return of(xen)->host_ms;
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
