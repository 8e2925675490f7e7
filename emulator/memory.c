/* Operand access: segment checks, translation cache, RAM and MMIO, block spans.
 * Not here: the page walk (paging.c), stacks (stack.c), writing descriptor caches (segment.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory.h"

/* --- physical ----------------------------------------------------------------------------------
 */

/* A20 masks bit 20 of every address the processor puts out. */
static uint64_t masked(const struct processor *p, uint64_t physical)
{
    return physical & (p->address_mask | ~0xffffffffull);
}

/* Below 1 MiB is the video adapter of old, which never writes memory by itself; any other device
 * may have. */
static void device_accessed(struct processor *p, uint64_t page)
{
    if (page >= 0x100000)
        code_distrust_next(p);
}

/* One byte to four bytes that do not leave their page. */
static uint32_t page_read(struct processor *p, uint64_t physical, unsigned width)
{
    uint64_t page = masked(p, physical & ~(uint64_t)(PAGE_SIZE - 1));
    uint32_t offset = (uint32_t)physical % PAGE_SIZE, value = 0;
    const uint8_t *host = p->platform->ram_page(p->context, page);

    if (host != NULL)
        return host_read(host + offset, width);
    device_accessed(p, page);
    if (offset / 4 == (offset + width - 1) / 4)
        return p->platform->mmio_read(p->context, page + offset, width);
    for (unsigned n = 0; n < width; n++)
        value |= p->platform->mmio_read(p->context, page + offset + n, 1) << (8 * n);
    return value;
}

static void page_write(struct processor *p, uint64_t physical, unsigned width, uint32_t value)
{
    uint64_t page = masked(p, physical & ~(uint64_t)(PAGE_SIZE - 1));
    uint32_t offset = (uint32_t)physical % PAGE_SIZE;
    uint8_t *host = p->platform->ram_page(p->context, page);

    if (host != NULL) {
        code_written(p, host + offset, width);
        host_write(host + offset, width, value);
        return;
    }
    device_accessed(p, page);
    if (offset / 4 == (offset + width - 1) / 4) {
        p->platform->mmio_write(p->context, page + offset, width, value & width_mask(width));
    } else {
        for (unsigned n = 0; n < width; n++)
            p->platform->mmio_write(p->context, page + offset + n, 1, (value >> (8 * n)) & 0xff);
    }
}

uint32_t physical_read(struct processor *p, uint64_t physical, unsigned width)
{
    return page_read(p, physical, width);
}

void physical_write(struct processor *p, uint64_t physical, unsigned width, uint32_t value)
{
    page_write(p, physical, width, value);
}

/* --- linear ------------------------------------------------------------------------------------
 */

static bool crosses_page(uint32_t linear, uint32_t length)
{
    return linear % PAGE_SIZE + length > PAGE_SIZE;
}

static uint32_t access_tag(const struct processor *p, uint32_t linear, unsigned access)
{
    return (linear & ~(PAGE_SIZE - 1)) | (p->translation_tag & ~1u) |
           (access & ACCESS_USER ? 1 : 0);
}

/* Translates the page and, when it is RAM, enters it in the translation cache. Returns the host
 * address of `linear`, or NULL with *physical set. */
static uint8_t *translate_page(struct processor *p, uint32_t linear, unsigned access,
                               uint64_t *physical)
{
    struct translation *t = translation_of(p, linear);
    uint32_t tag = access_tag(p, linear, access);
    uint8_t *host;

    if ((access & ACCESS_WRITE ? t->write_tag : t->read_tag) == tag)
        return (uint8_t *)(t->host + linear);
    *physical = translate(p, linear, access);
    host = p->platform->ram_page(p->context, masked(p, *physical & ~(uint64_t)(PAGE_SIZE - 1)));
    if (host == NULL)
        return NULL;
    if (t->read_tag != tag)
        t->write_tag = 0;
    t->read_tag = tag;
    /* With paging a page may be written through the cache only once its dirty bit is set. */
    if ((access & ACCESS_WRITE) || !(p->cr0 & CR0_PG))
        t->write_tag = tag;
    t->host = (uintptr_t)host - (linear & ~(PAGE_SIZE - 1));
    return host + linear % PAGE_SIZE;
}

void linear_probe(struct processor *p, uint32_t linear, uint32_t length, unsigned access)
{
    uint32_t last = linear + length - 1;
    uint64_t physical;

    translate_page(p, linear, access, &physical);
    if (!crosses_page(linear, length))
        return;
    /* CR2 of the second page: its start for an operand, the last byte for a state image (silicon).
     */
    translate_page(p, length <= 16 ? last & ~(PAGE_SIZE - 1) : last, access, &physical);
}

uint32_t linear_read(struct processor *p, uint32_t linear, unsigned width, unsigned access)
{
    uint32_t value = 0;
    uint64_t physical;
    const uint8_t *host;

    if (crosses_page(linear, width)) {
        linear_probe(p, linear, width, access);
        for (unsigned n = 0; n < width; n++)
            value |= linear_read(p, linear + n, 1, access) << (8 * n);
        return value;
    }
    host = translate_page(p, linear, access, &physical);
    return host != NULL ? host_read(host, width) : page_read(p, physical, width);
}

/* One byte of a page that has been translated: its host address, or NULL and `physical`. */
static void byte_write(struct processor *p, uint8_t *host, uint64_t physical, uint8_t value)
{
    if (host == NULL) {
        page_write(p, physical, 1, value);
        return;
    }
    code_written(p, host, 1);
    *host = value;
}

/* Both pages are translated before the first byte is written, which may belong to a page table. */
static void write_across_pages(struct processor *p, uint32_t linear, unsigned width, uint32_t value,
                               unsigned access)
{
    unsigned first = PAGE_SIZE - linear % PAGE_SIZE;
    uint64_t physical = 0, physical_behind = 0;
    uint8_t *host = translate_page(p, linear, access, &physical);
    uint8_t *host_behind = translate_page(p, linear + first, access, &physical_behind);

    for (unsigned n = 0; n < width; n++, value >>= 8) {
        if (n < first)
            byte_write(p, host == NULL ? NULL : host + n, physical + n, (uint8_t)value);
        else
            byte_write(p, host_behind == NULL ? NULL : host_behind + n - first,
                       physical_behind + n - first, (uint8_t)value);
    }
}

void linear_write(struct processor *p, uint32_t linear, unsigned width, uint32_t value,
                  unsigned access)
{
    uint64_t physical;
    uint8_t *host;

    access |= ACCESS_WRITE;
    if (crosses_page(linear, width)) {
        write_across_pages(p, linear, width, value, access);
        return;
    }
    host = translate_page(p, linear, access, &physical);
    if (host == NULL) {
        page_write(p, physical, width, value);
        return;
    }
    code_written(p, host, width);
    host_write(host, width, value);
}

/* --- segment:offset ----------------------------------------------------------------------------
 */

/* The first and last offset that an expand-down segment has. SDM vol. 3, 5.3. */
static bool in_expand_down(const struct segment *s, uint32_t offset, uint32_t last)
{
    uint32_t top = s->attributes & ATTRIBUTE_DB ? 0xffffffffu : 0xffffu;

    return offset > s->limit && last <= top;
}

/* Type check of an access. Real-address and virtual-8086 mode write through CS freely. */
static bool type_allows(const struct processor *p, const struct segment *s, bool write)
{
    uint32_t type = s->attributes & ATTRIBUTE_TYPE;

    if (type & ATTRIBUTE_CODE)
        return real_style(p) || (!write && (type & ATTRIBUTE_READABLE));
    return !write || (type & ATTRIBUTE_WRITABLE) || (real_style(p) && s == &p->segment[CS]);
}

bool segment_allows(const struct processor *p, const struct segment *s, uint32_t offset,
                    uint32_t length, bool write)
{
    uint32_t last = offset + length - 1;

    if (s->attributes & ATTRIBUTE_UNUSABLE)
        return false;
    if (!type_allows(p, s, write))
        return false;
    if ((s->attributes & (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)) == ATTRIBUTE_EXPAND_DOWN)
        return offset <= last && in_expand_down(s, offset, last);
    /* With a limit of 4 GiB an access may run over the end, as processors let it (5.3). */
    return s->limit == 0xffffffffu || (offset <= last && last <= s->limit);
}

/* #AC is for accesses of 2, 4, 8 bytes at CPL 3. SDM vol. 3, 6.15 "Alignment Check Exception". */
static void check_alignment(struct processor *p, uint32_t linear, uint32_t length)
{
    if (p->cpl != 3 || !(p->cr0 & CR0_AM) || !(p->eflags_rest & EFLAGS_AC))
        return;
    if ((length == 2 || length == 4 || length == 8) && (linear & (length - 1)))
        raise_fault_code(p, EXCEPTION_AC, 0);
}

/* Data breakpoints are traps: noted now, taken after the instruction. SDM vol. 3, 17.2.4. */
static void check_data_breakpoints(struct processor *p, uint32_t linear, uint32_t length,
                                   bool write)
{
    for (unsigned n = 0; n < 4; n++) {
        unsigned kind = (p->dr[7] >> (16 + 4 * n)) & 3, size = (p->dr[7] >> (18 + 4 * n)) & 3;
        uint32_t bytes = size == 2 ? 8 : size + 1, start = p->dr[n] & ~(bytes - 1);

        if (!(p->dr[7] & (3u << (2 * n))) || !(kind == 3 || (kind == 1 && write)))
            continue;
        if (linear - start < bytes || start - linear < length) {
            p->pending_debug |= 1u << n;
            event_set(p, EVENT_DEBUG);
        }
    }
}

uint32_t segment_linear(struct processor *p, unsigned segment, uint32_t offset, uint32_t length,
                        bool write)
{
    const struct segment *s = &p->segment[segment];
    uint32_t linear = s->base + offset;

    if (!segment_allows(p, s, offset, length, write))
        raise_fault_code(p, segment == SS ? EXCEPTION_SS : EXCEPTION_GP, 0);
    check_alignment(p, linear, length);
    if (p->dr[7] & 0xff)
        check_data_breakpoints(p, linear, length, write);
    return linear;
}

/* --- windows -----------------------------------------------------------------------------------
 */

static bool in_run(const struct processor *p, uint32_t linear)
{
    return p->run_first <= linear && linear <= p->run_last;
}

/* The run of RAM around `linear`, whose page is in the translation cache for the access: *first to
 * *last, all linear; returns the host address of linear address 0 as the run sees it. */
static uintptr_t run_around(struct processor *p, uint32_t linear, uint32_t *first, uint32_t *last)
{
    if (!(p->cr0 & CR0_PG) && p->address_mask == 0xffffffffu && p->platform->ram_run != NULL) {
        if (!in_run(p, linear))
            p->run_host =
                (uintptr_t)p->platform->ram_run(p->context, linear, &p->run_first, &p->run_last) -
                p->run_first;
        *first = p->run_first;
        *last = p->run_last;
        return p->run_host;
    }
    *first = linear & ~(PAGE_SIZE - 1);
    *last = *first + PAGE_SIZE - 1;
    return translation_of(p, linear)->host;
}

/* How many offsets of a window are good for an access of four bytes: with `room` of them below the
 * segment's bound, and `behind` bytes of RAM behind the first. */
static uint32_t window_size(uint32_t room, uint32_t behind)
{
    uint32_t size = behind < 3 ? 0 : behind - 2;

    return room < size ? room : size;
}

void segment_move_window(const struct processor *p, struct segment *s)
{
    segment_close_window(s);
    if (!in_run(p, s->base))
        return;
    s->window = 0;
    s->host = p->run_host + s->base;
    s->read_size = window_size(s->read_bound, p->run_last - s->base);
    s->write_size = window_size(s->write_bound, p->run_last - s->base);
}

/* After an access at segment:offset by the long way: what lies around it need not go that way. */
static void open_window(struct processor *p, unsigned segment, uint32_t offset, bool write)
{
    struct segment *s = &p->segment[segment];
    uint32_t bound = write ? s->write_bound : s->read_bound, linear = s->base + offset, first, last;
    const struct translation *t = translation_of(p, linear);
    uint32_t below, size;
    bool both;

    if (offset >= bound || (write ? t->write_tag : t->read_tag) != translation_tag(p, linear))
        return;
    /* Not by the base, since base and offset may add up to more than 32 bits. */
    s->host = run_around(p, linear, &first, &last) + linear - offset;
    below = linear - first < offset ? linear - first : offset;
    s->window = offset - below;
    size = window_size(bound - s->window, last - (linear - below));
    /* What may be written may be read, if the segment says so; reading with paging on does not say
     * whether the page may be written. */
    both = write || t->write_tag == t->read_tag;
    s->read_size = s->read_bound != 0 ? size : 0;
    s->write_size = both && s->write_bound != 0 ? size : 0;
}

static __attribute__((noinline)) uint32_t read_slow(struct processor *p, unsigned segment,
                                                    uint32_t offset, unsigned width)
{
    uint32_t linear = segment_linear(p, segment, offset, width, false), value;

    value = linear_read(p, linear, width, access_privilege(p));
    open_window(p, segment, offset, false);
    return value;
}

static __attribute__((noinline)) void write_slow(struct processor *p, unsigned segment,
                                                 uint32_t offset, unsigned width, uint32_t value)
{
    uint32_t linear = segment_linear(p, segment, offset, width, true);

    linear_write(p, linear, width, value, access_privilege(p));
    open_window(p, segment, offset, true);
}

static __attribute__((noinline)) uint32_t read_for_write_slow(struct processor *p, unsigned segment,
                                                              uint32_t offset, unsigned width)
{
    uint32_t linear = segment_linear(p, segment, offset, width, true), value;

    linear_probe(p, linear, width, ACCESS_WRITE | access_privilege(p));
    p->write_linear = linear;
    p->write_host = NULL;
    value = linear_read(p, linear, width, ACCESS_WRITE | access_privilege(p));
    open_window(p, segment, offset, true);
    return value;
}

/* Within the window: host address, else NULL. */
ALWAYS_INLINE uint8_t *window_host(const struct processor *p, unsigned segment, uint32_t offset,
                                   bool write)
{
    const struct segment *s = &p->segment[segment];

    if (__builtin_expect(offset - s->window >= (write ? s->write_size : s->read_size), 0))
        return NULL;
    return (uint8_t *)(s->host + offset);
}

ALWAYS_INLINE uint32_t read_any(struct processor *p, unsigned segment, uint32_t offset,
                                unsigned width)
{
    const uint8_t *host = window_host(p, segment, offset, false);

    return __builtin_expect(host != NULL, 1) ? host_read(host, width)
                                             : read_slow(p, segment, offset, width);
}

ALWAYS_INLINE void write_any(struct processor *p, unsigned segment, uint32_t offset, unsigned width,
                             uint32_t value)
{
    uint8_t *host = window_host(p, segment, offset, true);

    if (__builtin_expect(host == NULL, 0)) {
        write_slow(p, segment, offset, width, value);
        return;
    }
    if (__builtin_expect(code_near(p, (uintptr_t)host), 0))
        code_written(p, host, width);
    host_write(host, width, value);
}

ALWAYS_INLINE uint32_t read_for_write_any(struct processor *p, unsigned segment, uint32_t offset,
                                          unsigned width)
{
    uint8_t *host = window_host(p, segment, offset, true);

    if (__builtin_expect(host == NULL, 0))
        return read_for_write_slow(p, segment, offset, width);
    p->write_host = host;
    return host_read(host, width);
}

void memory_write_back(struct processor *p, unsigned width, uint32_t value)
{
    if (p->write_host == NULL) {
        linear_write(p, p->write_linear, width, value, access_privilege(p));
        return;
    }
    code_written(p, p->write_host, width);
    host_write(p->write_host, width, value);
}

/* The accessors of memory.h for one width. */
#define ACCESSORS(width)                                                                           \
    uint32_t memory_read_##width(struct processor *p, unsigned segment, uint32_t offset)           \
    {                                                                                              \
        return read_any(p, segment, offset, width);                                                \
    }                                                                                              \
    void memory_write_##width(struct processor *p, unsigned segment, uint32_t offset,              \
                              uint32_t value)                                                      \
    {                                                                                              \
        write_any(p, segment, offset, width, value);                                               \
    }                                                                                              \
    uint32_t memory_read_for_write_##width(struct processor *p, unsigned segment, uint32_t offset) \
    {                                                                                              \
        return read_for_write_any(p, segment, offset, width);                                      \
    }
ACCESSORS(1)
ACCESSORS(2)
ACCESSORS(4)
#undef ACCESSORS

void memory_read_bytes(struct processor *p, unsigned segment, uint32_t offset, void *buffer,
                       uint32_t length)
{
    uint32_t linear = segment_linear(p, segment, offset, length, false);
    unsigned access = access_privilege(p);
    uint8_t *bytes = buffer;
    uint32_t n = 0;

    linear_probe(p, linear, length, access);
    for (; n + 4 <= length; n += 4) {
        uint32_t value = linear_read(p, linear + n, 4, access);

        __builtin_memcpy(bytes + n, &value, 4);
    }
    for (; n < length; n++)
        bytes[n] = (uint8_t)linear_read(p, linear + n, 1, access);
}

void memory_write_bytes(struct processor *p, unsigned segment, uint32_t offset, const void *buffer,
                        uint32_t length)
{
    uint32_t linear = segment_linear(p, segment, offset, length, true);
    unsigned access = access_privilege(p);
    const uint8_t *bytes = buffer;
    uint32_t n = 0;

    linear_probe(p, linear, length, ACCESS_WRITE | access);
    for (; n + 4 <= length; n += 4)
        linear_write(p, linear + n, 4, host_read(bytes + n, 4), access);
    for (; n < length; n++)
        linear_write(p, linear + n, 1, bytes[n], access);
}

uint8_t *memory_span(struct processor *p, unsigned segment, uint32_t offset, unsigned width,
                     bool write, uint32_t *length)
{
    const struct segment *s = &p->segment[segment];
    uint32_t bound = write ? s->write_bound : s->read_bound, linear = s->base + offset;
    const struct translation *t = translation_of(p, linear);
    uint32_t in_page = PAGE_SIZE - linear % PAGE_SIZE, in_limit;

    if (offset >= bound || (write ? t->write_tag : t->read_tag) != translation_tag(p, linear))
        return NULL;
    in_limit = bound - offset;
    *length = in_page < in_limit ? in_page : in_limit;
    return *length >= width ? (uint8_t *)(t->host + linear) : NULL;
}
