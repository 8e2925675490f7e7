/* Is there a blob in a domain's memory, and where is its way of saying so? That is how the helper
 * knows a domain that runs a bundled hvmloader, whoever started it. Not here: what is then done. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_IMAGE_H
#define HELPER_IMAGE_H

#include "xen.h"

#include <hvmassist/image.h>

/* Guest memory where builders put hvmloader with the blob in it, and the MiB where the blob lives.
 */
#define IMAGE_LOADED_START 0x00100000u
#define IMAGE_LOADED_END   0x00500000u
#define IMAGE_HOME_START   0xfe700000u
#define IMAGE_HOME_END     0xfe800000u

/* Is this a description of a blob, and a sound one? */
bool image_is_sound(const struct hvmassist_image *image);

/* Looks where a blob lives, then where it is before it runs. True: found, and a copy of its
 * description is in *image. */
bool image_find(struct xen *xen, uint32_t domain, struct hvmassist_image *image);

#endif
