/* The blob's own page tables: 4 MiB pages that map every address to itself, and 4 KiB pages around
 * the blob, where there is room for their table, so that it cannot write its code. Not here: the
 * guest's paging (emulator/paging.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "paging.h"

#include "hardware.h"
#include "layout.h"

#include "emulator/state.h"

#include <stddef.h>

#define ENTRIES    1024u
#define ENTRY_P    0x001u
#define ENTRY_RW   0x002u
#define ENTRY_PS   0x080u
#define SMALL_PAGE 0x1000u
#define LARGE_PAGE 0x400000u
#define CPUID_FXSR (1u << 24)
#define CPUID_SSE  (1u << 25)

/* page_table lies at 0 when there is none. */
extern uint32_t page_directory[ENTRIES], page_table[ENTRIES];
extern const uint8_t image_start[], data_start[];

static uint32_t cr4;

uint32_t paging_directory(void)
{
    return (uint32_t)page_directory;
}

uint32_t paging_cr4(void)
{
    return cr4;
}

static uint32_t *table(void)
{
    uint32_t *address = page_table;

    /* Not by the name, which the compiler takes to be of an object that is there. */
    __asm__("" : "+r"(address));
    return address;
}

static void protect(uint32_t first, uint32_t end)
{
    for (uint32_t address = first; address < end; address += SMALL_PAGE)
        table()[address % LARGE_PAGE / SMALL_PAGE] &= ~ENTRY_RW;
}

/* The 4 MiB around the blob into pages of which some are read-only. */
static void divide(void)
{
    const uint32_t around = (uint32_t)image_start & ~(LARGE_PAGE - 1);

    for (uint32_t n = 0; n < ENTRIES; n++)
        table()[n] = (around + n * SMALL_PAGE) | ENTRY_RW | ENTRY_P;
    page_directory[around / LARGE_PAGE] = (uint32_t)table() | ENTRY_RW | ENTRY_P;
    /* The page that data shares with the end of the code stays writable. */
    protect((uint32_t)image_start, (uint32_t)data_start & ~(SMALL_PAGE - 1));
    protect((uint32_t)table(), (uint32_t)table() + SMALL_PAGE);
    protect((uint32_t)page_directory, (uint32_t)page_directory + SMALL_PAGE);
}

void paging_start(void)
{
    uint32_t registers[4] = {1, 0, 0, 0};

    for (uint32_t n = 0; n < ENTRIES; n++)
        page_directory[n] = n * LARGE_PAGE | ENTRY_PS | ENTRY_RW | ENTRY_P;
    if (table() != NULL)
        divide();

    /* The guest's SSE instructions run natively; whether the guest may use them, its own CR4 says.
     */
    cpuid(registers);
    cr4 = CR4_PSE;
    if (registers[3] & CPUID_FXSR)
        cr4 |= CR4_OSFXSR;
    if (registers[3] & CPUID_SSE)
        cr4 |= CR4_OSXMMEXCPT;
}

void paging_enable(void)
{
    cr3_write(paging_directory());
    cr4_write(cr4);
    cr0_write(HOME_CR0);
}
