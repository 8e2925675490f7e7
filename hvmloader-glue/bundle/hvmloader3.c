/* An hvmloader of Xen 3.0.2 to 3.2: the vmxassist inside it, by the header that Xen itself reads.
 * Not here: an hvmloader without vmxassist (hvmloader4.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvmloader.h"

#include <hvmassist/world_switch.h>

#include <stdio.h>
#include <string.h>

#define MAGIC_OFFSET 8u
/* Image and data of a vmxassist are below this. */
#define VMXASSIST_END 0xe9000u
#define JMP_SHORT     0xeb
#define JMP_NEAR      0xe9

struct candidates {
    const struct elf_file *file;
    unsigned count;
    uint32_t address;
};

/* A jump over the header, which leads into the image. */
static bool jumps_into_image(const uint8_t *image)
{
    int32_t distance;

    if (image[0] == JMP_SHORT) {
        const int8_t near = (int8_t)image[1];

        return near + 2 >= (int)(MAGIC_OFFSET + 12);
    }
    if (image[0] != JMP_NEAR)
        return false;
    memcpy(&distance, image + 1, sizeof distance);
    return distance + 5LL >= MAGIC_OFFSET + 12 && distance < 0x10000;
}

static bool is_context(uint32_t pointer)
{
    return pointer > WORLD_SWITCH_BASE && pointer < VMXASSIST_END;
}

static bool consider(void *context, uint32_t address)
{
    struct candidates *candidates = context;
    const uint8_t *image;
    struct world_switch_header header;

    if (address < MAGIC_OFFSET)
        return true;
    address -= MAGIC_OFFSET;
    image = elf_file_at(candidates->file, address, sizeof header);
    if (image == NULL || !jumps_into_image(image))
        return true;
    memcpy(&header, image, sizeof header);
    if (!is_context(header.new_context) || !is_context(header.old_context))
        return true;
    candidates->count++;
    candidates->address = address;
    return true;
}

bool hvmloader3_recognise(struct elf_file *file, struct hvmloader *found)
{
    const uint32_t magic = WORLD_SWITCH_MAGIC;
    static const uint8_t mask[sizeof magic] = {1, 1, 1, 1};
    struct candidates candidates = {.file = file};

    elf_file_search(file, (const uint8_t *)&magic, mask, sizeof magic, consider, &candidates);
    if (candidates.count == 0)
        return false;
    if (candidates.count > 1) {
        snprintf(file->reason, sizeof file->reason,
                 "of an unknown Xen: more than one vmxassist is inside");
        return false;
    }
    found->kind = BUNDLE_XEN3;
    found->xen = "Xen 3.0.2 to 3.2";
    found->place = candidates.address;
    return true;
}
