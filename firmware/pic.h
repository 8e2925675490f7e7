/* What the guest programmed into the two 8259s, as far as vectors go.
 * Not here: forwarding the accesses (bus.c), taking interrupts (traps.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_PIC_H
#define FIRMWARE_PIC_H

#include <stdbool.h>
#include <stdint.h>

/* A byte that the interpreted guest writes to any port; those of the 8259s are noted. */
void pic_written(uint16_t port, uint8_t value);

/* The vector bases, as last known (see pic.c on how far that goes). */
const uint8_t *pic_bases(void);

/* True: this vector is in the range of one of the 8259s as last known. */
bool pic_owns(uint8_t vector);

/* An interrupt arrived with this vector while the 8259s had the guest's own bases: when it is of an
 * 8259 and outside the known ranges, the range is learnt. */
void pic_arrived(uint8_t vector);

/* The guest's vector for one that arrived while the hypervisor had the 8259s moved to 20h and 28h.
 */
uint8_t pic_translated(uint8_t vector);

#endif
