/* The guest's segment checks and page walk in software, on the page tables the processor uses.
 * Not here: descriptor-table accesses of a task switch (task_switch.c builds on this). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "guest_memory.h"

#include <string.h>

#include "hardware.h"
#include "machine.h"
#include "vcpu.h"
#include "vmcs.h"

#define PAGE_PRESENT     0x001u
#define PAGE_WRITABLE    0x002u
#define PAGE_USER        0x004u
#define PAGE_ACCESSED    0x020u
#define PAGE_DIRTY       0x040u
#define PAGE_LARGE       0x080u
#define PAGE_NX_HIGH     0x80000000u /* bit 63, in the high half */
#define PAE_ADDRESS_MASK 0xfffff000u
#define ERROR_PRESENT    0x1u
#define ERROR_USER       0x4u
#define ERROR_RESERVED   0x8u
#define PDPTE_RESERVED   0x1e6u
#define PHYSICAL_BITS    40

void guest_inject_fault(const struct guest_fault *fault)
{
    if (fault->vector == EXCEPTION_PF)
        cr2_write(fault->address);
    vcpu_inject(fault->vector, fault->error);
}

bool guest_linear(unsigned segment, uint32_t offset, uint32_t size, enum guest_access access,
                  uint32_t *linear, struct guest_fault *fault)
{
    const uint32_t attributes = vmcs_read(vmcs_segment(VMCS_GUEST_ES_ATTRIBUTES, segment));
    const uint32_t limit = vmcs_read(vmcs_segment(VMCS_GUEST_ES_LIMIT, segment));
    const bool code = (attributes & 8u) != 0;
    const bool readable_or_writable = (attributes & 2u) != 0;
    const bool expand_down = !code && (attributes & 4u) != 0;
    const uint32_t last = offset + (size - 1);
    const uint32_t top = (attributes & ATTRIBUTES_DB) != 0 ? 0xffffffffu : 0xffffu;
    const bool outside = expand_down ? offset <= limit || last > top || last < offset
                                     : last > limit || last < offset;

    *fault = (struct guest_fault){segment == SEGMENT_SS ? EXCEPTION_SS : EXCEPTION_GP, 0, 0};
    if ((attributes & ATTRIBUTES_UNUSABLE) != 0) {
        fault->vector = EXCEPTION_GP;
        return false;
    }
    if (access == GUEST_WRITE ? code || !readable_or_writable : code && !readable_or_writable) {
        fault->vector = EXCEPTION_GP;
        return false;
    }
    *linear = vmcs_read(vmcs_segment(VMCS_GUEST_ES_BASE, segment)) + offset;
    return !outside;
}

/* The rights that a walk has gathered so far; an access needs all of them at every level. */
struct walk {
    uint32_t linear;
    enum guest_access access;
    bool user;
    uint32_t rights; /* PAGE_WRITABLE and PAGE_USER, ANDed over the levels */
};

static bool page_fault(const struct walk *walk, uint32_t present_bits, struct guest_fault *fault)
{
    fault->vector = EXCEPTION_PF;
    fault->address = walk->linear;
    fault->error = present_bits | (uint32_t)walk->access << 1 | (walk->user ? ERROR_USER : 0);
    return false;
}

/* At the last level: are the rights enough? Then accessed and dirty are set. */
static bool finish(const struct walk *walk, volatile uint32_t *entry, struct guest_fault *fault)
{
    const bool write_protected = walk->user || (vmcs_read(VMCS_GUEST_CR0) & CR0_WP) != 0;

    if (walk->user && (walk->rights & PAGE_USER) == 0)
        return page_fault(walk, ERROR_PRESENT, fault);
    if (walk->access == GUEST_WRITE && write_protected && (walk->rights & PAGE_WRITABLE) == 0)
        return page_fault(walk, ERROR_PRESENT, fault);
    *entry |= PAGE_ACCESSED | (walk->access == GUEST_WRITE ? PAGE_DIRTY : 0);
    return true;
}

static bool step(struct walk *walk, volatile uint32_t *entry, struct guest_fault *fault)
{
    if ((*entry & PAGE_PRESENT) == 0)
        return page_fault(walk, 0, fault);
    walk->rights &= *entry;
    return true;
}

static bool walk_two_levels(struct walk *walk, uint32_t cr3, bool large_pages, uint32_t *physical,
                            struct guest_fault *fault)
{
    volatile uint32_t *pde = (uint32_t *)((cr3 & ~0xfffu) + (walk->linear >> 22) * 4);
    volatile uint32_t *pte;

    if (!step(walk, pde, fault))
        return false;
    if (large_pages && (*pde & PAGE_LARGE) != 0) {
        *physical = (*pde & 0xffc00000u) | (walk->linear & 0x003fffffu);
        return finish(walk, pde, fault);
    }
    pte = (uint32_t *)((*pde & ~0xfffu) + (walk->linear >> 12 & 0x3ffu) * 4);
    if (!step(walk, pte, fault))
        return false;
    *pde |= PAGE_ACCESSED;
    *physical = (*pte & ~0xfffu) | (walk->linear & 0xfffu);
    return finish(walk, pte, fault);
}

/* One PAE entry. Memory ends far below 4 GiB here: address bits above 31 are reserved. */
static bool pae_entry(struct walk *walk, volatile uint32_t *entry, struct guest_fault *fault)
{
    const uint32_t allowed_high = (vcpu.efer & EFER_NXE) != 0 ? PAGE_NX_HIGH : 0;

    if (!step(walk, entry, fault))
        return false;
    if ((entry[1] & ~allowed_high & ~((1u << (PHYSICAL_BITS - 32)) - 1)) != 0)
        return page_fault(walk, ERROR_PRESENT | ERROR_RESERVED, fault);
    return true;
}

static bool walk_pae(struct walk *walk, uint32_t cr3, uint32_t *physical, struct guest_fault *fault)
{
    volatile uint32_t *pdpte = (uint32_t *)((cr3 & ~0x1fu) + (walk->linear >> 30) * 8);
    volatile uint32_t *pde;
    volatile uint32_t *pte;

    if ((*pdpte & PAGE_PRESENT) == 0)
        return page_fault(walk, 0, fault);
    pde = (uint32_t *)((*pdpte & PAE_ADDRESS_MASK) + (walk->linear >> 21 & 0x1ffu) * 8);
    if (!pae_entry(walk, pde, fault))
        return false;
    if ((*pde & PAGE_LARGE) != 0) {
        *physical = (*pde & 0xffe00000u) | (walk->linear & 0x001fffffu);
        return finish(walk, pde, fault);
    }
    pte = (uint32_t *)((*pde & PAE_ADDRESS_MASK) + (walk->linear >> 12 & 0x1ffu) * 8);
    if (!pae_entry(walk, pte, fault))
        return false;
    *pde |= PAGE_ACCESSED;
    *physical = (*pte & PAE_ADDRESS_MASK) | (walk->linear & 0xfffu);
    return finish(walk, pte, fault);
}

/* The tables are those in the VMCS: without guest paging, the host's 1:1 directory. */
static bool translate(uint32_t linear, enum guest_access access, bool user, uint32_t *physical,
                      struct guest_fault *fault)
{
    struct walk walk = {linear, access, user, PAGE_WRITABLE | PAGE_USER};
    const uint32_t cr3 = vmcs_read(VMCS_GUEST_CR3);
    const uint32_t cr4 = vmcs_read(VMCS_GUEST_CR4);

    if ((cr4 & CR4_PAE) != 0)
        return walk_pae(&walk, cr3, physical, fault);
    return walk_two_levels(&walk, cr3, (cr4 & CR4_PSE) != 0, physical, fault);
}

static bool copy(uint32_t linear, uint8_t *buffer, uint32_t size, enum guest_access access,
                 bool user, struct guest_fault *fault)
{
    const uint32_t in_first_page = 0x1000u - (linear & 0xfffu);
    const uint32_t first = size < in_first_page ? size : in_first_page;
    uint32_t physical[2] = {0, 0};

    if (!translate(linear, access, user, &physical[0], fault))
        return false;
    if (first < size && !translate(linear + first, access, user, &physical[1], fault))
        return false;
    if (access == GUEST_WRITE) {
        memcpy((void *)physical[0], buffer, first);
        memcpy((void *)physical[1], buffer + first, size - first);
    } else {
        memcpy(buffer, (void *)physical[0], first);
        memcpy(buffer + first, (void *)physical[1], size - first);
    }
    return true;
}

bool guest_read(uint32_t linear, void *to, uint32_t size, bool user, struct guest_fault *fault)
{
    return copy(linear, to, size, GUEST_READ, user, fault);
}

bool guest_write(uint32_t linear, const void *from, uint32_t size, bool user,
                 struct guest_fault *fault)
{
    return copy(linear, (uint8_t *)(uintptr_t)from, size, GUEST_WRITE, user, fault);
}

bool guest_probe_write(uint32_t linear, uint32_t size, bool user, struct guest_fault *fault)
{
    uint32_t physical;

    return translate(linear, GUEST_WRITE, user, &physical, fault) &&
           translate(linear + size - 1, GUEST_WRITE, user, &physical, fault);
}

bool guest_pdptes_are_valid(uint32_t cr3, uint32_t cr4)
{
    const uint32_t *pdpte = (const uint32_t *)(cr3 & ~0x1fu);

    if ((cr4 & CR4_PAE) == 0 || !machine_is_ram(cr3 & ~0x1fu, 32))
        return true;
    for (unsigned i = 0; i < 8; i += 2)
        if ((pdpte[i] & PAGE_PRESENT) != 0 &&
            ((pdpte[i] & PDPTE_RESERVED) != 0 || pdpte[i + 1] >> (PHYSICAL_BITS - 32) != 0))
            return false;
    return true;
}
