/* The second page walk. Not here: anything with side effects. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "walk.h"

#define P               (1ull << 0)
#define RW              (1ull << 1)
#define US              (1ull << 2)
#define A               (1ull << 5)
#define D               (1ull << 6)
#define PS              (1ull << 7)
#define XD              (1ull << 63)
#define BITS(high, low) (((2ull << ((high) - (low))) - 1) << (low))

/* Of the subject's processor, which has no CPUID leaf to say so. */
#define PHYSICAL_BITS 36

#define ERROR_P    1u
#define ERROR_WR   2u
#define ERROR_US   4u
#define ERROR_RSVD 8u
#define ERROR_ID   16u

struct entry {
    uint64_t value;
    bool in_ram;
};

static struct entry entry_at(const struct subject *s, uint64_t address, unsigned width)
{
    uint64_t where = subject_a20(s, address);
    struct entry e = {.value = subject_peek(s, where, 4), .in_ram = where < RAM_SIZE};

    if (width == 8)
        e.value |= (uint64_t)subject_peek(s, subject_a20(s, address + 4), 4) << 32;
    return e;
}

static struct walk faulting(const struct subject *s, unsigned access, unsigned cause)
{
    const struct processor *p = &s->processor;
    unsigned error = cause;

    error |= access & ACCESS_WRITE ? ERROR_WR : 0;
    error |= access & ACCESS_USER ? ERROR_US : 0;
    if (access & ACCESS_FETCH)
        error |= (p->cr4 & CR4_PAE) && (p->efer & EFER_NXE) ? ERROR_ID : 0;
    return (struct walk){.fault = true, .error = (uint16_t)error};
}

/* Rights and A/D over all the entries of a walk. */
static struct walk finish(const struct subject *s, unsigned access, uint64_t physical,
                          const struct entry *entries, unsigned count)
{
    const struct processor *p = &s->processor;
    bool user_pages = true, writable = true, executable = true;
    struct walk result = {.physical = physical, .accessed = true};

    for (unsigned n = 0; n < count; n++) {
        user_pages = user_pages && (entries[n].value & US);
        writable = writable && (entries[n].value & RW);
        executable = executable && !(entries[n].value & XD);
        result.accessed = result.accessed && ((entries[n].value & A) || !entries[n].in_ram);
    }
    result.dirty = (entries[count - 1].value & D) || !entries[count - 1].in_ram;
    if (!(access & ACCESS_USER) && !(p->cr0 & CR0_WP))
        writable = true;
    if (((access & ACCESS_USER) && !user_pages) || ((access & ACCESS_WRITE) && !writable) ||
        ((access & ACCESS_FETCH) && !executable))
        return faulting(s, access, ERROR_P);
    return result;
}

/* SDM vol. 3, 4.3. */
static struct walk walk_32_bit(const struct subject *s, uint32_t linear, unsigned access)
{
    const struct processor *p = &s->processor;
    struct entry e[2];

    e[0] = entry_at(s, (p->cr3 & BITS(31, 12)) | (linear >> 22) << 2, 4);
    if (!(e[0].value & P))
        return faulting(s, access, 0);
    if ((e[0].value & PS) && (p->cr4 & CR4_PSE)) {
        if (e[0].value & BITS(21, PHYSICAL_BITS - 19))
            return faulting(s, access, ERROR_P | ERROR_RSVD);
        return finish(s, access,
                      (e[0].value & BITS(31, 22)) | (e[0].value & BITS(20, 13)) >> 13 << 32 |
                          (linear & BITS(21, 0)),
                      e, 1);
    }
    e[1] = entry_at(s, (e[0].value & BITS(31, 12)) | (linear & BITS(21, 12)) >> 12 << 2, 4);
    if (!(e[1].value & P))
        return faulting(s, access, 0);
    return finish(s, access, (e[1].value & BITS(31, 12)) | (linear & BITS(11, 0)), e, 2);
}

/* SDM vol. 3, 4.4. */
static struct walk walk_pae(const struct subject *s, uint32_t linear, unsigned access)
{
    const struct processor *p = &s->processor;
    uint64_t reserved = BITS(62, PHYSICAL_BITS) | (p->efer & EFER_NXE ? 0 : XD);
    uint64_t top = p->pdpte[linear >> 30];
    struct entry e[2];

    if (!(top & P))
        return faulting(s, access, 0);
    e[0] = entry_at(s, (top & BITS(51, 12)) | (linear & BITS(29, 21)) >> 21 << 3, 8);
    if (!(e[0].value & P))
        return faulting(s, access, 0);
    if (e[0].value & (reserved | (e[0].value & PS ? BITS(20, 13) : 0)))
        return faulting(s, access, ERROR_P | ERROR_RSVD);
    if (e[0].value & PS)
        return finish(s, access, (e[0].value & BITS(51, 21)) | (linear & BITS(20, 0)), e, 1);
    e[1] = entry_at(s, (e[0].value & BITS(51, 12)) | (linear & BITS(20, 12)) >> 12 << 3, 8);
    if (!(e[1].value & P))
        return faulting(s, access, 0);
    if (e[1].value & reserved)
        return faulting(s, access, ERROR_P | ERROR_RSVD);
    return finish(s, access, (e[1].value & BITS(51, 12)) | (linear & BITS(11, 0)), e, 2);
}

struct walk walk(const struct subject *s, uint32_t linear, unsigned access)
{
    const struct processor *p = &s->processor;

    if (!(p->cr0 & CR0_PG))
        return (struct walk){.physical = linear, .accessed = true, .dirty = true};
    return p->cr4 & CR4_PAE ? walk_pae(s, linear, access) : walk_32_bit(s, linear, access);
}

bool walk_read(const struct subject *s, uint32_t linear, unsigned access, uint8_t *byte)
{
    struct walk w = walk(s, linear, access);

    if (!w.fault)
        *byte = (uint8_t)subject_peek(s, subject_a20(s, w.physical), 1);
    return !w.fault;
}

bool walk_read_table(const struct subject *s, uint32_t linear, unsigned width, uint64_t *value)
{
    *value = 0;
    for (unsigned n = 0; n < width; n++) {
        uint8_t byte;

        if (!walk_read(s, linear + n, 0, &byte))
            return false;
        *value |= (uint64_t)byte << (8 * n);
    }
    return true;
}
