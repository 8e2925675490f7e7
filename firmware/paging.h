/* The blob's own page tables: everything below 4 GiB at its own address.
 * Not here: the guest's paging (emulator/paging.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_PAGING_H
#define FIRMWARE_PAGING_H

#include <stdint.h>

/* Physical address of the page directory: CR3 of the home context. */
uint32_t paging_directory(void);
/* CR4 of the home context. */
uint32_t paging_cr4(void);

/* Builds the tables. */
void paging_start(void);
/* Turns paging on with them, from unpaged protected mode. CR0 is HOME_CR0 then. */
void paging_enable(void);

#endif
