/* The machine as the guest gets it: shadow RAM, BIOS and blob in place, memory size, reset.
 * Not here: the processor's side of the guest (vmx.h, vcpu.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_MACHINE_H
#define TESTVISOR_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* What the ROM carries; all addresses are physical and within the ROM. Written by rom.S. */
struct rom_configuration {
    uint32_t abi;   /* enum testvisor_abi */
    uint32_t flags; /* ROM_HIDES_XEN */
    uint32_t bios;
    uint32_t bios_size; /* 64 KiB */
    uint32_t blob;
    uint32_t blob_size;
    uint32_t blob_base; /* where the blob goes, and starts */
};

#define ROM_HIDES_XEN                                                                              \
    1u /* no Xen CPUID leaves: for guests that would take them as an invitation                    \
        */

/* The configuration of this run; constant once machine_init() has returned. */
extern struct rom_configuration configuration;

/* First byte of the testvisor, which is where the guest's memory ends: an even MiB. */
extern uint8_t testvisor_base[];

/* Puts the machine into the state a guest starts in, `rom` being the configuration in ROM. With
 * `clear_memory`, the guest's RAM is zeroed as for a new domain. */
void machine_init(const struct rom_configuration *rom, bool clear_memory);

/* Whether `size` bytes at guest-physical `address` are the guest's RAM. Size 1 to 1 MiB. */
bool machine_is_ram(uint32_t address, uint32_t size);

/* Whether the linear address lies in the blob's image or memory, at its widest. */
bool machine_is_blob(uint32_t address);

/* Cold reset of the whole machine: the ROM starts again. */
__attribute__((noreturn)) void machine_reset(void);

/* Ends Bochs. */
__attribute__((noreturn)) void machine_power_off(void);

#endif
