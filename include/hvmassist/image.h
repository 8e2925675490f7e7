/* What a blob of the high layout says about itself, for whoever puts it into a guest's memory: a
 * bundled hvmloader of Xen 4. Not here: the first bytes of every image (world_switch.h). */
/* SPDX-License-Identifier: MIT */
#ifndef HVMASSIST_IMAGE_H
#define HVMASSIST_IMAGE_H

#include <stdint.h>

/* Where the address of struct hvmassist_image is in the image, as a 32-bit word; 0: there is none
 * (the low layout). */
#define HVMASSIST_IMAGE_POINTER 24u

#define HVMASSIST_IMAGE_MAGIC   0x49564d48u /* "HMVI" */
#define HVMASSIST_IMAGE_VERSION 2u

/* All addresses are guest-physical. */
struct hvmassist_image {
    uint32_t magic;
    uint32_t version;
    uint32_t base;          /* where the image must be; page aligned */
    uint32_t memory_size;   /* bytes from there that it needs: the image, and the zeros behind it */
    uint32_t entry;         /* where hvmloader jumps to instead of executing its MOV CR0 */
    uint32_t origin;        /* struct hvmassist_origin, within the image; to be filled in */
    uint32_t registrations; /* struct handoff_registration (handoff.h), by vCPU number */
    uint32_t registration_count;
};

/* The MOV CR0 with which hvmloader starts the BIOS, and which a far jump to `entry` replaces. */
#define HVMASSIST_ORIGIN_BYTES 8u

struct hvmassist_origin {
    uint32_t address;                      /* where the guest executes the instruction */
    uint8_t bytes[HVMASSIST_ORIGIN_BYTES]; /* what was there: MOV CR0, EAX and a far jump */
    uint16_t code_selector;                /* CS there, in hvmloader's GDT */
    uint16_t reserved;
    uint32_t wait_milliseconds; /* how long to wait for a helper that takes hand-offs */
};

_Static_assert(sizeof(struct hvmassist_image) == 32, "no padding");
_Static_assert(sizeof(struct hvmassist_origin) == 20, "no padding");

#endif
