/* Guest memory as the guest's own instructions would reach it: through its segments and page
 * tables. Not here: guest-physical memory, which is machine memory (machine.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_GUEST_MEMORY_H
#define TESTVISOR_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* An exception that an access would raise. */
struct guest_fault {
    uint8_t vector;
    uint32_t error;
    uint32_t address; /* CR2 for #PF */
};

enum guest_access {
    GUEST_READ = 0,
    GUEST_WRITE = 1, /* bit 1 of the page-fault error code */
};

/* Injects the fault into the guest. */
void guest_inject_fault(const struct guest_fault *fault);

/* Segment check of `size` bytes (1, 2 or 4) at `offset` of a segment register, then its linear
 * address. False with *fault filled: #GP(0), or #SS(0) for SS. Source: SDM vol. 3, 5.3, 5.5. */
bool guest_linear(unsigned segment, uint32_t offset, uint32_t size, enum guest_access access,
                  uint32_t *linear, struct guest_fault *fault);

/* Copies between guest linear memory and a buffer, with the page walk of the processor, as user
 * code when `user` is set. Sets accessed and dirty bits. Nothing is copied when any page faults.
 * `size` is up to 4096 bytes. Source: SDM vol. 3, 4.3, 4.4, 4.6. */
bool guest_read(uint32_t linear, void *to, uint32_t size, bool user, struct guest_fault *fault);
bool guest_write(uint32_t linear, const void *from, uint32_t size, bool user,
                 struct guest_fault *fault);

/* The checks of guest_write() alone. `size` is up to 4096 bytes. */
bool guest_probe_write(uint32_t linear, uint32_t size, bool user, struct guest_fault *fault);

/* Whether a MOV that makes these values current finds PAE page-directory-pointer entries without
 * reserved bits; true without PAE. Source: SDM vol. 3, 4.4.1. */
bool guest_pdptes_are_valid(uint32_t cr3, uint32_t cr4);

#endif
