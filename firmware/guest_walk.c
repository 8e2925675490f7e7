/* Where a linear address of the guest is in physical memory, looked up without touching anything.
 * Not here: rights (nobody asks), accessed and dirty bits (emulator/paging.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "guest_walk.h"

#include "memory_map.h"

#define PAGE_MASK  0xfffull
#define FRAME_MASK 0x000ffffffffff000ull
#define ENTRY_P    0x001u
#define ENTRY_PS   0x080u
#define NOWHERE    UINT64_MAX
/* PSE-36: bits 20:13 of a 4 MiB entry are bits 39:32 of the address. */
#define PSE36_SHIFT 13
#define PSE36_MASK  0xffull

/* A paging mode: how many levels, how wide an entry, how many index bits at each level. */
struct mode {
    unsigned levels, entry_size, index_bits;
};

static struct mode mode_of(const struct guest_state *s)
{
    if (!(s->cr4 & CR4_PAE))
        return (struct mode){2, 4, 10};
    return s->efer & EFER_LME ? (struct mode){4, 8, 9} : (struct mode){3, 8, 9};
}

static bool read_entry(uint64_t address, unsigned size, uint64_t *entry)
{
    const uint32_t *word = (const uint32_t *)(uintptr_t)address;

    if (!memory_is_ram(address & ~PAGE_MASK))
        return false;
    *entry = size == 8 ? word[0] | (uint64_t)word[1] << 32 : word[0];
    return *entry & ENTRY_P;
}

uint64_t guest_walk(const struct guest_state *s, uint32_t linear)
{
    const struct mode mode = mode_of(s);
    uint64_t table = s->cr3 & (mode.levels == 3 ? ~0x1full : ~PAGE_MASK);

    for (unsigned level = mode.levels; level-- > 0;) {
        const unsigned shift = 12 + mode.index_bits * level;
        const uint64_t index = (uint64_t)linear >> shift & ((1u << mode.index_bits) - 1);
        uint64_t entry;

        if (!read_entry(table + index * mode.entry_size, mode.entry_size, &entry))
            return NOWHERE;
        if (level > 0 && level < 3 && (entry & ENTRY_PS) &&
            (mode.entry_size == 8 || (s->cr4 & CR4_PSE))) {
            const uint64_t offset = ((uint64_t)1 << shift) - 1;
            const uint64_t high =
                mode.entry_size == 4 ? (entry >> PSE36_SHIFT & PSE36_MASK) << 32 : 0;

            return high | (entry & FRAME_MASK & ~offset) | (linear & offset);
        }
        table = entry & FRAME_MASK;
    }
    return table | (linear & PAGE_MASK);
}

bool guest_read(const struct guest_state *s, uint32_t linear, void *to, uint32_t size)
{
    uint8_t *bytes = to;

    for (uint32_t n = 0; n < size; n++) {
        const uint64_t at = s->cr0 & CR0_PG ? guest_walk(s, linear + n) : linear + n;

        if (!memory_is_ram(at & ~PAGE_MASK))
            return false;
        bytes[n] = *(const volatile uint8_t *)(uintptr_t)at;
    }
    return true;
}
