/* The page walk: 32-bit and PAE, 4 KiB and large pages, permissions, accessed and dirty bits, #PF.
 * Not here: the translation cache (memory.c). SDM vol. 3, chapter 4. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory.h"

#define ENTRY_P  0x001u
#define ENTRY_RW 0x002u
#define ENTRY_US 0x004u
#define ENTRY_A  0x020u
#define ENTRY_D  0x040u
#define ENTRY_PS 0x080u
#define ENTRY_XD (1ull << 63)

/* Error code of #PF, SDM vol. 3, 4.7. */
#define ERROR_P    0x01u
#define ERROR_WR   0x02u
#define ERROR_US   0x04u
#define ERROR_RSVD 0x08u
#define ERROR_ID   0x10u

/* Bits 20:13 of a 4 MiB page's entry are bits 39:32 of its address (PSE-36). */
#define PSE36_SHIFT 19u
#define PSE36_BITS  0x1fe000u

struct walk {
    uint64_t address[2]; /* of the entries used, directory first */
    uint64_t entry[2];
    unsigned levels;
    unsigned width; /* of an entry */
};

static _Noreturn void raise_page_fault(struct processor *p, uint32_t linear, unsigned access,
                                       unsigned cause)
{
    unsigned error = cause;

    if (access & ACCESS_WRITE)
        error |= ERROR_WR;
    if (access & ACCESS_USER)
        error |= ERROR_US;
    if ((access & ACCESS_FETCH) && (p->cr4 & CR4_PAE) && (p->efer & EFER_NXE))
        error |= ERROR_ID;
    p->cr2 = linear;
    raise_fault_code(p, EXCEPTION_PF, (uint16_t)error);
}

static uint64_t read_entry(struct processor *p, uint64_t address, unsigned width)
{
    uint64_t entry = physical_read(p, address, 4);

    if (width == 8)
        entry |= (uint64_t)physical_read(p, address + 4, 4) << 32;
    return entry;
}

/* One more level; raises #PF when the entry is not present or has reserved bits. */
static void walk_step(struct processor *p, struct walk *w, uint64_t address, uint32_t linear,
                      unsigned access)
{
    uint64_t entry = read_entry(p, address, w->width);
    uint64_t reserved = w->width == 8 ? p->address_reserved : 0;

    if (!(entry & ENTRY_P))
        raise_page_fault(p, linear, access, 0);
    if (w->width == 8 && !(p->efer & EFER_NXE))
        reserved |= ENTRY_XD;
    if (w->levels == 0 && (entry & ENTRY_PS)) {
        if (w->width == 8)
            reserved |= 0x1fe000u; /* bits 20:13 of a 2 MiB page */
        else if (p->cr4 & CR4_PSE)
            reserved |= 0x200000u | ((p->address_reserved >> PSE36_SHIFT) & PSE36_BITS);
    }
    if (entry & reserved)
        raise_page_fault(p, linear, access, ERROR_P | ERROR_RSVD);
    w->address[w->levels] = address;
    w->entry[w->levels++] = entry;
}

/* SDM vol. 3, 4.6.1: user needs U/S at every level, a write R/W (for supervisors only under WP). */
static void check_rights(struct processor *p, const struct walk *w, uint32_t linear,
                         unsigned access)
{
    uint64_t common = w->entry[0] & w->entry[w->levels - 1];
    uint64_t any = w->entry[0] | w->entry[w->levels - 1];
    bool write_protected = (access & ACCESS_USER) || (p->cr0 & CR0_WP);

    if ((access & ACCESS_USER) && !(common & ENTRY_US))
        raise_page_fault(p, linear, access, ERROR_P);
    if ((access & ACCESS_WRITE) && write_protected && !(common & ENTRY_RW))
        raise_page_fault(p, linear, access, ERROR_P);
    if ((access & ACCESS_FETCH) && (any & ENTRY_XD))
        raise_page_fault(p, linear, access, ERROR_P);
}

/* Accessed in every entry used, dirty in the last one of a write. Written only when they change. */
static void set_used(struct processor *p, const struct walk *w, unsigned access)
{
    for (unsigned n = 0; n < w->levels; n++) {
        uint64_t entry = w->entry[n] | ENTRY_A;

        if (n + 1 == w->levels && (access & ACCESS_WRITE))
            entry |= ENTRY_D;
        if (entry != w->entry[n])
            physical_write(p, w->address[n], 4, (uint32_t)entry);
    }
}

static uint64_t walk_32(struct processor *p, struct walk *w, uint32_t linear, unsigned access)
{
    w->width = 4;
    walk_step(p, w, (p->cr3 & 0xfffff000u) + (linear >> 22) * 4, linear, access);
    if ((w->entry[0] & ENTRY_PS) && (p->cr4 & CR4_PSE)) {
        uint64_t high = (w->entry[0] >> 13) & 0xff; /* PSE-36: bits 39:32 */

        return high << 32 | (w->entry[0] & 0xffc00000u) | (linear & 0x3fffffu);
    }
    walk_step(p, w, (w->entry[0] & 0xfffff000u) + ((linear >> 12) & 0x3ff) * 4, linear, access);
    return (w->entry[1] & 0xfffff000u) | (linear & 0xfffu);
}

static uint64_t walk_pae(struct processor *p, struct walk *w, uint32_t linear, unsigned access)
{
    uint64_t pdpte = p->pdpte[linear >> 30], frame = 0x000ffffffffff000ull;

    w->width = 8;
    if (!(pdpte & ENTRY_P))
        raise_page_fault(p, linear, access, 0);
    walk_step(p, w, (pdpte & frame) + ((linear >> 21) & 0x1ff) * 8, linear, access);
    if (w->entry[0] & ENTRY_PS)
        return (w->entry[0] & frame & ~0x1fffffull) | (linear & 0x1fffffu);
    walk_step(p, w, (w->entry[0] & frame) + ((linear >> 12) & 0x1ff) * 8, linear, access);
    return (w->entry[1] & frame) | (linear & 0xfffu);
}

uint64_t translate(struct processor *p, uint32_t linear, unsigned access)
{
    struct walk w = {.levels = 0};
    uint64_t physical;

    if (!(p->cr0 & CR0_PG))
        return linear;
    physical = p->cr4 & CR4_PAE ? walk_pae(p, &w, linear, access) : walk_32(p, &w, linear, access);
    check_rights(p, &w, linear, access);
    set_used(p, &w, access);
    return physical;
}

bool load_pdptes(struct processor *p, uint32_t cr3)
{
    uint64_t pdpte[4];
    uint64_t reserved = p->address_reserved | ENTRY_XD | 0x1e6u; /* bits 2:1 and 8:5 */

    for (unsigned n = 0; n < 4; n++) {
        pdpte[n] = read_entry(p, (cr3 & 0xffffffe0u) + n * 8, 8);
        if ((pdpte[n] & ENTRY_P) && (pdpte[n] & reserved))
            return false;
    }
    for (unsigned n = 0; n < 4; n++)
        p->pdpte[n] = pdpte[n];
    return true;
}
