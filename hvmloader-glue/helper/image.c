/* Searching a domain's memory for a blob's description of itself.
 * Not here: what the description says (hvmassist/image.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "image.h"

#include <hvmassist/handoff.h>

#include <string.h>

#define PAGES_AT_ONCE     64u
#define REGISTRATIONS_MAX 4096u
#define MEMORY_SIZE_MAX   (1u << 20)

static bool within(uint32_t address, uint32_t size, const struct hvmassist_image *image)
{
    return address >= image->base && size <= image->memory_size &&
           address - image->base <= image->memory_size - size;
}

bool image_is_sound(const struct hvmassist_image *image)
{
    return image->magic == HVMASSIST_IMAGE_MAGIC && image->version == HVMASSIST_IMAGE_VERSION &&
           image->base % PAGE_SIZE == 0 && image->memory_size <= MEMORY_SIZE_MAX &&
           image->base <= UINT32_MAX - MEMORY_SIZE_MAX && within(image->entry, 1, image) &&
           within(image->origin, sizeof(struct hvmassist_origin), image) &&
           image->registration_count <= REGISTRATIONS_MAX && image->registrations % 4 == 0 &&
           within(image->registrations,
                  image->registration_count * (uint32_t)sizeof(struct handoff_registration), image);
}

/* Descriptions are aligned to 4 bytes. The guest may be running: what is looked at is a copy. */
static bool find_in(const uint8_t *bytes, uint32_t size, struct hvmassist_image *image)
{
    for (uint32_t n = 0; n + sizeof *image <= size; n += 4) {
        memcpy(image, bytes + n, sizeof image->magic);
        if (image->magic != HVMASSIST_IMAGE_MAGIC)
            continue;
        memcpy(image, bytes + n, sizeof *image);
        if (image_is_sound(image))
            return true;
    }
    return false;
}

/* A description may cross a page, so pages that are there are put side by side. */
static bool find_between(struct xen *xen, uint32_t domain, uint32_t start, uint32_t end,
                         struct hvmassist_image *image)
{
    uint8_t bytes[2 * PAGE_SIZE];
    uint32_t kept = 0;
    bool found = false;

    for (uint32_t at = start; !found && at < end; at += PAGES_AT_ONCE * PAGE_SIZE) {
        int errors[PAGES_AT_ONCE];
        uint8_t *pages = xen->calls->map(xen, domain, at >> PAGE_SHIFT, PAGES_AT_ONCE, errors);

        if (pages == NULL) {
            kept = 0;
            continue;
        }
        for (unsigned n = 0; !found && n < PAGES_AT_ONCE; n++) {
            if (errors[n] != 0) {
                kept = 0;
                continue;
            }
            memcpy(bytes + kept, pages + n * PAGE_SIZE, PAGE_SIZE);
            found = find_in(bytes, kept + PAGE_SIZE, image);
            memmove(bytes, bytes + kept, PAGE_SIZE);
            kept = PAGE_SIZE;
        }
        xen->calls->unmap(xen, pages, PAGES_AT_ONCE);
    }
    return found;
}

bool image_find(struct xen *xen, uint32_t domain, struct hvmassist_image *image)
{
    return find_between(xen, domain, IMAGE_HOME_START, IMAGE_HOME_END, image) ||
           find_between(xen, domain, IMAGE_LOADED_START, IMAGE_LOADED_END, image);
}
