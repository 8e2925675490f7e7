/* What the guest programmed into the two 8259s, as far as vectors go.
 * Not here: forwarding the accesses (bus.c), taking interrupts (traps.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_PIC_H
#define FIRMWARE_PIC_H

#include <stdbool.h>
#include <stdint.h>

/* What becomes of an interrupt that is kept for the guest. */
enum pic_change {
    PIC_AS_BEFORE,
    PIC_WITHDRAWN, /* no longer requested */
    PIC_RAISED,    /* requested again: pic_early_vector() */
};

/* A byte that the interpreted guest has written to any port; those of the 8259s are noted. */
enum pic_change pic_written(uint16_t port, uint8_t value);
/* What the guest reads when a port has given this byte. */
uint8_t pic_read(uint16_t port, uint8_t value);

/* The vector bases, as last known (see pic.c on how far that goes). */
const uint8_t *pic_bases(void);

/* True: this vector is in the range of one of the 8259s as last known. */
bool pic_owns(uint8_t vector);

/* An interrupt arrived with this vector while the 8259s had the guest's own bases: when it is of an
 * 8259 and outside the known ranges, the range is learnt. */
void pic_arrived(uint8_t vector);

/* An interrupt arrived with this vector just after an INVOKE. `moved`: the hypervisor had the 8259s
 * at 20h and 28h. `wanted`: the guest had IF=1. Returns the guest's vector. */
uint8_t pic_on_arrival(uint8_t vector, bool moved, bool wanted);
uint8_t pic_early_vector(void);
/* The interpreter delivers the interrupt that was kept. */
void pic_taken(void);
/* True: the line of the interrupt that was kept for IF has requested again, and the 8259 holds that
 * request; what was kept is none any more. */
bool pic_requests_again(void);

#endif
