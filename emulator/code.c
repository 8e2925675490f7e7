/* Decoded code: where stretches are kept, finding one, trusting it, and writes to it.
 * Not here: turning an instruction into operations (expand.c), the operations (operate_*.c).
 *
 * A stretch is found by its linear address and is trusted until somebody else may have written
 * memory; then it is compared with memory, once. What the interpreter itself writes is looked up in
 * the granules, so that not even the very next instruction runs as it was before. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "expand.h"
#include "opcodes.h"
#include "operation.h"

#define GRANULE_SIZE (1u << CODE_GRANULE_SHIFT)

/* `mode`: what decoding depends on besides the bytes. */
#define MODE_32         1u
#define MODE_REAL_STYLE 2u
#define MODE_CPL0       4u

const uint8_t code_no_granules[CODE_GRANULES];

/* --- granules ----------------------------------------------------------------------------------
 */

static unsigned granule_of(uintptr_t host)
{
    return (host >> CODE_GRANULE_SHIFT) % CODE_GRANULES;
}

/* Tells apart what falls on the same granule, if not too far apart. */
static uint8_t granule_tag(uintptr_t host)
{
    return (uint8_t)(0x80 | (host >> CODE_GRANULE_SHIFT) / CODE_GRANULES % 0x80);
}

#define TAG_SEVERAL 1u /* granules of several tags fall here */

/* One bit per byte from `start` to `end` within a granule, both below GRANULE_SIZE. */
static uint16_t granule_mask(unsigned start, unsigned end)
{
    return (uint16_t)((2u << end) - (1u << start));
}

static void granule_mark(struct code *code, uintptr_t host, uint16_t mask)
{
    unsigned granule = granule_of(host);
    uint8_t tag = granule_tag(host), *marked = &code->granule_tag[granule];

    if (*marked == 0)
        *marked = tag;
    else if (*marked != tag)
        *marked = TAG_SEVERAL;
    code->granule_bytes[granule] |= mask;
}

/* The bytes of a new stretch. The granule in front is marked too when it is near, since a write is
 * looked up by its first byte and is up to four bytes long. */
static void granules_mark(struct code *code, uintptr_t host, uint32_t length)
{
    uintptr_t last = host + length - 1;

    if (host % GRANULE_SIZE < 3)
        granule_mark(code, host - 3, 0);
    for (; host <= last; host = (host | (GRANULE_SIZE - 1)) + 1) {
        uintptr_t end = last < (host | (GRANULE_SIZE - 1)) ? last : host | (GRANULE_SIZE - 1);

        granule_mark(code, host, granule_mask(host % GRANULE_SIZE, end % GRANULE_SIZE));
    }
}

/* May any of the bytes belong to a stretch? */
static bool granules_hit(const struct code *code, uintptr_t host, uint32_t length)
{
    uintptr_t last = host + length - 1;

    for (; host <= last; host = (host | (GRANULE_SIZE - 1)) + 1) {
        uintptr_t end = last < (host | (GRANULE_SIZE - 1)) ? last : host | (GRANULE_SIZE - 1);
        unsigned granule = granule_of(host);
        uint8_t tag = code->granule_tag[granule];

        if (tag == 0 || (tag != granule_tag(host) && tag != TAG_SEVERAL))
            continue;
        if (code->granule_bytes[granule] & granule_mask(host % GRANULE_SIZE, end % GRANULE_SIZE))
            return true;
    }
    return false;
}

/* --- the store ---------------------------------------------------------------------------------
 */

static struct stretch *stretch_at(struct code *code, uint32_t slot)
{
    return (struct stretch *)&code->store[slot];
}

/* No address hashes to an entry that has it: entry 0 has 1, the others have 0. */
static void entry_distrust(struct code *code, unsigned entry)
{
    code->entry[entry].linear = entry == 0;
}

/* Loops that wait for a port do this all the time. */
static void distrust(struct code *code)
{
    if (code->trusted_count <= CODE_TRUSTED) {
        for (unsigned n = 0; n < code->trusted_count; n++)
            entry_distrust(code, code->trusted[n]);
    } else {
        for (unsigned n = 0; n <= code->entry_mask; n++)
            entry_distrust(code, n);
    }
    code->trusted_count = 0;
}

static void entry_trust(struct code *code, unsigned entry, uint32_t linear)
{
    code->entry[entry].linear = linear;
    if (code->trusted_count < CODE_TRUSTED)
        code->trusted[code->trusted_count] = (uint16_t)entry;
    if (code->trusted_count <= CODE_TRUSTED)
        code->trusted_count++;
}

static void stretch_forget(struct code *code, struct stretch *s)
{
    s->length = 0;
    if (code->entry[s->entry].stretch == s) {
        code->entry[s->entry].stretch = NULL;
        entry_distrust(code, s->entry);
    }
}

static void store_empty(struct code *code)
{
    for (unsigned n = 0; n <= code->entry_mask; n++)
        code->entry[n].stretch = NULL;
    __builtin_memset(code->granule_tag, 0, sizeof code->granule_tag);
    __builtin_memset(code->granule_bytes, 0, sizeof code->granule_bytes);
    distrust(code);
    code->used = 0;
    code->first = UINTPTR_MAX;
    code->end = 0;
}

/* --- finding -----------------------------------------------------------------------------------
 */

static const uint8_t *code_host(struct processor *p, uint32_t linear)
{
    if (p->fetch_tag != translation_tag(p, linear) && !fetch_page(p, linear))
        return NULL;
    return (const uint8_t *)(p->fetch_host + linear);
}

static bool same_bytes(const struct stretch *s, const uint8_t *host)
{
    const uint8_t *bytes = (const uint8_t *)((const struct code_slot *)s + s->bytes_at);

    unsigned n = 0;

    for (; n + 4 <= s->length; n += 4) {
        if (host_read(bytes + n, 4) != host_read(host + n, 4))
            return false;
    }
    for (; n < s->length; n++) {
        if (bytes[n] != host[n])
            return false;
    }
    return true;
}

/* Decodes a stretch at EIP, whose first byte is at `host`, into the store. */
static struct stretch *fill(struct processor *p, uint32_t linear, const uint8_t *host)
{
    struct code *code = p->code;
    struct stretch *s;
    struct expansion e;
    uint8_t *bytes;

    if (code->used + CODE_STRETCH_SLOTS_LEAST > code->slots)
        store_empty(code);
    s = stretch_at(code, code->used);
    e.slots = code->slots - code->used;
    expand_stretch(p, s, linear, &e);
    *s = (struct stretch){
        .host = (uintptr_t)host,
        .linear = linear,
        .entry = code_entry_of(code, linear),
        .bytes_at = (uint16_t)(1 + e.slots),
        .length = (uint8_t)e.bytes,
        .mode = (uint8_t)p->code_mode,
    };
    bytes = (uint8_t *)((struct code_slot *)s + s->bytes_at);
    for (unsigned n = 0; n < e.bytes; n++)
        bytes[n] = host[n];
    s->slots = (uint16_t)(s->bytes_at +
                          (e.bytes + sizeof(struct code_slot) - 1) / sizeof(struct code_slot));
    code->used += s->slots;
    code->entry[s->entry].stretch = s;
    granules_mark(code, s->host, s->length);
    code->first = s->host < code->first ? s->host : code->first;
    code->end = s->host + s->length > code->end ? s->host + s->length : code->end;
    code->fills++;
    return s;
}

const struct operation *code_find(struct processor *p)
{
    struct code *code = p->code;
    uint32_t linear = p->segment[CS].base + p->eip;
    unsigned entry;
    struct stretch *s;
    const uint8_t *host;

    p->instruction_eip = p->eip;
    if (p->eip >= p->code_bound)
        return NULL;
    entry = code_entry_of(code, linear);
    s = code->entry[entry].stretch;
    if (code->entry[entry].linear != linear) {
        if (linear % PAGE_SIZE > PAGE_SIZE - INSTRUCTION_LENGTH_LIMIT)
            return NULL;
        host = code_host(p, linear);
        if (host == NULL)
            return NULL;
        if (s == NULL || s->linear != linear || s->length == 0 || s->mode != p->code_mode ||
            s->host != (uintptr_t)host || !same_bytes(s, host)) {
            if (s != NULL)
                stretch_forget(code, s);
            s = fill(p, linear, host);
        } else {
            code->checks++;
        }
        entry_trust(code, entry, linear);
    }
    p->code_current = s;
    return stretch_first(s);
}

const struct operation *code_single(struct processor *p)
{
    struct stretch *s = (struct stretch *)p->code_single;

    p->instruction_eip = p->eip;
    s->linear = p->segment[CS].base + p->eip;
    expand_single(p, s);
    p->code_current = s;
    return stretch_first(s);
}

/* --- trust -------------------------------------------------------------------------------------
 */

void processor_distrust_code(struct processor *p)
{
    if (p->code != NULL)
        distrust(p->code);
}

void code_distrust_next(struct processor *p)
{
    processor_distrust_code(p);
    event_set(p, EVENT_CODE);
}

void code_mode_changed(struct processor *p)
{
    const struct segment *cs = &p->segment[CS];
    bool wide = cs->attributes & ATTRIBUTE_DB;
    uint32_t mode = (wide ? MODE_32 : 0) | (real_style(p) ? MODE_REAL_STYLE : 0) |
                    (p->cpl == 0 ? MODE_CPL0 : 0);
    uint32_t limit = wide || cs->limit < 0xffff ? cs->limit : 0xffff;

    /* A branch of a 16-bit segment that would wrap at 64 KiB goes beyond the bound. */
    p->code_bound = p->code != NULL && limit >= STRETCH_BYTES ? limit - STRETCH_BYTES + 1 : 0;
    if (mode != p->code_mode) {
        p->code_mode = mode;
        processor_distrust_code(p);
    }
}

void code_written(struct processor *p, const uint8_t *host, uint32_t length)
{
    struct code *code = p->code;

    if (code == NULL || (uintptr_t)host >= code->end || (uintptr_t)host + length <= code->first ||
        !granules_hit(code, (uintptr_t)host, length))
        return;
    for (uint32_t slot = 0; slot < code->used; slot += stretch_at(code, slot)->slots) {
        struct stretch *s = stretch_at(code, slot);

        if (s->length == 0 || s->host >= (uintptr_t)host + length ||
            (uintptr_t)host >= s->host + s->length)
            continue;
        stretch_forget(code, s);
        code->writes++;
        if (s == p->code_current)
            event_set(p, EVENT_CODE);
    }
}

void processor_keep_code(struct processor *p, void *memory, size_t size)
{
    struct code *code = memory;
    size_t left = size - sizeof(struct code);
    uint32_t entries = CODE_ENTRIES_LEAST;

    if (size < CODE_SIZE_LEAST)
        return;
    while (entries < CODE_ENTRIES_MOST &&
           2 * entries * CODE_SLOTS_OF_ENTRY * sizeof(struct code_slot) <= left)
        entries *= 2;
    left -= entries * sizeof(struct code_entry);
    *code = (struct code){
        .store = (struct code_slot *)&code->entry[entries],
        .slots = (uint32_t)(left / sizeof(struct code_slot)),
        .entry_mask = entries - 1,
        .trusted_count = CODE_TRUSTED + 1,
    };
    store_empty(code);
    p->code = code;
    p->granule_tag = code->granule_tag;
    code_mode_changed(p);
}
