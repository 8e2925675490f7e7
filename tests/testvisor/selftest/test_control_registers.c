/* Self-test: what CR0, CR3 and CR4 writes do in the guest world, and paging in both worlds.
 * Not here: the PE bit's own story (test_world_switch.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "../hardware.h"
#include "../vmcs.h"
#include "blob.h"

#define DIRECTORY_1TO1 0x87u /* present, writable, user, 4 MiB */
#define PROBED         0x00400000u

static uint32_t page_directory[1024] __attribute__((aligned(4096)));
static uint32_t page_table[1024] __attribute__((aligned(4096)));
static uint64_t pae_directory_pointers[4] __attribute__((aligned(32)));
static uint64_t bad_pointers[4] __attribute__((aligned(32))) = {3};
static uint64_t pae_directories[4][512] __attribute__((aligned(4096)));

static uint32_t cr_exits(void)
{
    return counters()->exits[EXIT_CR_ACCESS];
}

static void bits_without_pe(void)
{
    uint32_t before = cr_exits();

    cr0_write(cr0_read());
    check("MOV CR0 of the same value does not exit", cr_exits(), before);
    cr0_write(cr0_read() | CR0_TS);
    check("MOV CR0 of another value exits", cr_exits(), before + 1);
    check("CR0.TS reads back", cr0_read() & CR0_TS, CR0_TS);
    __asm__ volatile("clts");
    check("CLTS", cr0_read() & CR0_TS, 0);
    check("CLTS with TS set exits", cr_exits(), before + 2);
    __asm__ volatile("clts");
    check("CLTS with TS clear does not exit", cr_exits(), before + 2);
    check("PG without PE raises #GP", probe(probe_mov_cr0, CR0_PG | CR0_ET, 0, 0), 13);
    check("and changes nothing", cr0_read() & (CR0_PG | CR0_PE), CR0_PE);
    cr3_write(0x777000);
    check("CR3 reads back", cr3_read(), 0x777000);
    check("CR4.VMXE raises #GP", probe(probe_mov_cr4, CR4_VMXE, 0, 0), 13);
    cr4_write(0x600);
    check("CR4 reads back", cr4_read(), 0x600);
}

static void map_1to1(void)
{
    for (uint32_t i = 0; i < 1024; i++) {
        page_directory[i] = i << 22 | DIRECTORY_1TO1;
        page_table[i] = PROBED | i << 12 | 7u;
    }
    page_directory[PROBED >> 22] = (uint32_t)page_table | 7u;
    page_table[1] = 0; /* PROBED + 0x1000 is not present */
    for (uint32_t i = 0; i < 4; i++) {
        pae_directory_pointers[i] = (uint32_t)pae_directories[i] | 1u;
        for (uint32_t j = 0; j < 512; j++)
            pae_directories[i][j] = (uint64_t)(i << 30 | j << 21 | DIRECTORY_1TO1);
    }
}

static void paging(void)
{
    volatile uint32_t *memory = (volatile uint32_t *)PROBED;

    cr3_write((uint32_t)page_directory);
    cr4_write(CR4_PSE);
    cr0_write(cr0_read() | CR0_PG);
    memory[0] = 0xfeedu;
    check("paged write and read", memory[0], 0xfeedu);
    check("CR3 under paging", cr3_read(), (uint32_t)page_directory);
    check("dirty bit", page_table[0] & 0x60u, 0x60u);
    check("PAE paging with bad PDPTEs raises #GP", probe(probe_mov_cr4, CR4_PAE | CR4_PSE, 0, 0),
          13);
    check("OUTS from an absent page", probe(probe_rep_outsb, PROBED + 0xffe, 4, 0xe9), 14);
    check("its CR2", exception_address, PROBED + 0x1000);
    check("its error code", exception_error, 0);
    check("INS to an absent page", probe(probe_rep_insb, PROBED + 0x1000, 1, 0x92), 14);
    check("its error code", exception_error, 2);
    cr0_write(cr0_read() & ~CR0_PG);
    cr3_write((uint32_t)pae_directory_pointers);
    cr4_write(CR4_PAE);
    cr0_write(cr0_read() | CR0_PG);
    memory[1] = 0xbeefu;
    check("PAE paged write and read", memory[1], 0xbeefu);
    check("MOV CR3 with bad PDPTEs raises #GP", probe(probe_mov_cr3, (uint32_t)bad_pointers, 0, 0),
          13);
    cr0_write(cr0_read() & ~CR0_PG);
    cr4_write(0);
    check("paging off again", memory[0], 0xfeedu);
}

/* A guest that leaves with paging on: PE and PG go in one write, and CR3 is the guest's. */
static void leave_paged(void)
{
    struct world_switch_context c = flat_context(guest_leave);

    c.cr0 |= CR0_PG;
    c.cr3 = (uint32_t)page_directory;
    c.cr4 = CR4_PSE;
    check("guest entered with paging on", run_guest(&c), true);
    check("its CR3", c.cr3, (uint32_t)page_directory);
    check("its CR4", c.cr4, CR4_PSE);
    check("the value it wrote", c.cr0, CR0_ET);
}

/* A NEW context with paging on, as often as one likes: Xen 3.2 only. */
static void paged_blob(void)
{
    if (counters()->abi != TESTVISOR_ABI_3_2)
        return;
    new_context.cr0 |= CR0_PG;
    new_context.cr3 = (uint32_t)page_directory;
    new_context.cr4 = CR4_PSE;
    for (unsigned i = 0; i < 3; i++) {
        struct world_switch_context c = flat_context(guest_leave);

        run_guest(&c);
        check("paged blob: CR0.PG", cr0_read() & CR0_PG, CR0_PG);
        check("paged blob: the guest's CR3", c.cr3, 0);
        page_table[2] = 0x00800007u;
        *(volatile uint32_t *)0x00800000u = 0x5150u + i;
        check("paged blob: its own mapping", *(volatile uint32_t *)(PROBED + 0x2000), 0x5150u + i);
    }
    new_context.cr0 &= ~CR0_PG;
    invoke_self();
    check("unpaged blob again", cr0_read() & CR0_PG, 0);
}

void test_control_registers(void)
{
    map_1to1();
    in_guest(bits_without_pe);
    in_guest(paging);
    leave_paged();
    paged_blob();
}
