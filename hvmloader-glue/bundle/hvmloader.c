/* What an ELF file is: bundled already, an hvmloader of Xen 3, one of Xen 4, or nothing of ours.
 * Not here: how each kind is told (hvmloader3.c, hvmloader4.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvmloader.h"

#include <stdio.h>
#include <string.h>

/* A sum of words, as the bundler makes it. */
static uint32_t sum_of(const uint8_t *bytes, uint32_t size)
{
    uint32_t sum = 0, word;

    for (uint32_t n = 0; n + sizeof word <= size; n += (uint32_t)sizeof word) {
        memcpy(&word, bytes + n, sizeof word);
        sum += word;
    }
    return sum;
}

/* The segment of a bundle: by its magic at the start of a segment. */
static bool find_ours(const struct elf_file *file, struct hvmloader *found)
{
    for (unsigned n = 0; n < file->segment_count; n++) {
        const Elf32_Phdr *segment = &file->segments[n];
        struct bundle_segment copy;

        if (segment->p_type != PT_LOAD || segment->p_filesz < sizeof copy)
            continue;
        memcpy(&copy, file->bytes + segment->p_offset, sizeof copy);
        if (copy.magic == SEGMENT_MAGIC && segment->p_filesz == copy.file_size) {
            found->ours = (const void *)(file->bytes + segment->p_offset);
            found->ours_address = segment->p_paddr;
            return true;
        }
    }
    return false;
}

static bool check_ours(struct elf_file *file, struct hvmloader *found)
{
    struct bundle_segment s;
    const char *wrong = NULL;

    memcpy(&s, found->ours, sizeof s);
    if (s.version != SEGMENT_VERSION)
        wrong = "bundled by another version of this tool";
    else if ((s.kind != BUNDLE_XEN3 && s.kind != BUNDLE_XEN4) || s.blob_size > s.file_size ||
             s.blob > s.file_size - s.blob_size || s.address != found->ours_address ||
             elf_file_at(file, s.changed, HVMASSIST_ORIGIN_BYTES) == NULL)
        wrong = "bundled, and damaged: its header makes no sense";
    else if (sum_of((const uint8_t *)found->ours + s.blob, s.blob_size) != s.checksum)
        wrong = "bundled, and damaged: the blob's checksum is wrong";
    if (wrong != NULL) {
        snprintf(file->reason, sizeof file->reason, "%s", wrong);
        return false;
    }
    found->kind = (enum bundle_kind)s.kind;
    found->xen = s.kind == BUNDLE_XEN3 ? "Xen 3" : "Xen 4";
    found->place = s.changed;
    return true;
}

bool hvmloader_recognise(struct elf_file *file, struct hvmloader *found)
{
    *found = (struct hvmloader){.ours = NULL};
    if (find_ours(file, found))
        return check_ours(file, found);
    if (hvmloader3_recognise(file, found))
        return true;
    /* No vmxassist at all: then the reason is that of the other kind. */
    return file->reason[0] == '\0' && hvmloader4_recognise(file, found);
}
