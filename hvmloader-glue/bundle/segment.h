/* The segment that the bundler adds to an hvmloader: its first bytes, shared by bundler and stubs.
 * Not here: what the blob in it says about itself (hvmassist/image.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUNDLE_SEGMENT_H
#define BUNDLE_SEGMENT_H

#define SEGMENT_MAGIC   0x53564d48 /* "HMVS" */
#define SEGMENT_VERSION 1

/* Zeroed memory behind the bytes of the file, the stack of the stub. */
#define SEGMENT_STACK 4096

/* Offsets in struct bundle_segment, for assembly. */
#define SEGMENT_MEMORY_SIZE     16
#define SEGMENT_BLOB            20
#define SEGMENT_BLOB_SIZE       24
#define SEGMENT_HVMLOADER_ENTRY 36
#define SEGMENT_ENTRY           67
#define SEGMENT_CODE            72

#ifndef __ASSEMBLER__
#include <hvmassist/image.h>

#include <stddef.h>
#include <stdint.h>

/* Which Xen the hvmloader is from decides what the stub does. */
enum bundle_kind {
    BUNDLE_XEN3 = 3, /* has a vmxassist inside; the stub puts the blob where that would go */
    BUNDLE_XEN4 = 4, /* has none; the stub gives the blob memory of its own */
};

/* Little-endian; addresses are guest-physical. */
struct bundle_segment {
    uint32_t magic;
    uint32_t version;
    uint32_t kind;      /* enum bundle_kind */
    uint32_t file_size; /* of the whole segment, in the file */
    uint32_t memory_size;
    uint32_t blob; /* offset in the segment */
    uint32_t blob_size;
    uint32_t image;           /* BUNDLE_XEN4: offset of struct hvmassist_image in the segment */
    uint32_t checksum;        /* of the blob: sum of its 32-bit words */
    uint32_t hvmloader_entry; /* hvmloader's own entry point */
    /* Where this hvmloader has been changed, and what was there: BUNDLE_XEN4 the MOV CR0,
     * BUNDLE_XEN3 the first bytes of vmxassist. */
    uint32_t changed;
    struct hvmassist_origin origin; /* goes to the blob; BUNDLE_XEN4 only */
    uint8_t reserved[3];
    uint8_t entry; /* MOV EBP, address: here the stub begins */
    uint32_t address;
    /* The stub's code, then the blob. */
};

_Static_assert(offsetof(struct bundle_segment, memory_size) == SEGMENT_MEMORY_SIZE, "in assembly");
_Static_assert(offsetof(struct bundle_segment, blob) == SEGMENT_BLOB, "in assembly");
_Static_assert(offsetof(struct bundle_segment, blob_size) == SEGMENT_BLOB_SIZE, "in assembly");
_Static_assert(offsetof(struct bundle_segment, hvmloader_entry) == SEGMENT_HVMLOADER_ENTRY,
               "in assembly");
_Static_assert(offsetof(struct bundle_segment, entry) == SEGMENT_ENTRY, "in assembly");
_Static_assert(sizeof(struct bundle_segment) == SEGMENT_CODE, "code follows at once");

#define MOV_EBP_IMMEDIATE 0xbd

#endif
#endif
