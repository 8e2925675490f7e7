/* An hvmloader ELF file in memory: checked, its contents by guest-physical address, what it is.
 * Not here: changing it (compose.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUNDLE_HVMLOADER_H
#define BUNDLE_HVMLOADER_H

#include "segment.h"

#include <elf.h>
#include <stdbool.h>

/* More than any hvmloader has, before and after. */
#define MAX_PROGRAM_HEADERS 16u

/* Of what is wrong, for people. */
#define REASON_SIZE 160u

/* A checked file: 32-bit x86, executable, every header and segment within the file and below
 * 4 GiB. The bytes stay the caller's. */
struct elf_file {
    const uint8_t *bytes;
    uint32_t size;
    Elf32_Ehdr header;
    Elf32_Phdr segments[MAX_PROGRAM_HEADERS];
    unsigned segment_count;
    char reason[REASON_SIZE]; /* why the last function said no */
};

/* What an hvmloader is, and the places in it that a bundle changes. */
struct hvmloader {
    enum bundle_kind kind;
    const char *xen;                   /* "Xen 4.8 or later" */
    const struct bundle_segment *ours; /* in the file, when it is bundled; else NULL */
    uint32_t ours_address;
    /* BUNDLE_XEN4: the MOV CR0. BUNDLE_XEN3: the first byte of the vmxassist inside. */
    uint32_t place;
    uint16_t code16_selector; /* BUNDLE_XEN4: CS at the MOV CR0 */
    uint16_t code32_selector; /* BUNDLE_XEN4: flat 32-bit code, in force there */
};

/* False, and file->reason: not such a file. */
bool elf_file_open(struct elf_file *file, const void *bytes, size_t size);

/* The bytes of the file that are loaded at [address, address + size), or NULL. */
const uint8_t *elf_file_at(const struct elf_file *file, uint32_t address, uint32_t size);

/* First address behind everything that is loaded. */
uint32_t elf_file_end(const struct elf_file *file);

/* False, and file->reason: not an hvmloader that can be bundled, nor a bundled one. */
bool hvmloader_recognise(struct elf_file *file, struct hvmloader *found);

/* The two kinds, for hvmloader_recognise. */
bool hvmloader3_recognise(struct elf_file *file, struct hvmloader *found);
bool hvmloader4_recognise(struct elf_file *file, struct hvmloader *found);

/* Calls `visit` for each address in loaded segments where `pattern` is in the file; positions where
 * mask is 0 match anything. Stops when `visit` returns false. */
void elf_file_search(const struct elf_file *file, const uint8_t *pattern, const uint8_t *mask,
                     uint32_t size, bool (*visit)(void *context, uint32_t address), void *context);

#endif
