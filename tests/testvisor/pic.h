/* The two 8259s as Xen 3.2 shows them: the real ones keep vector bases 20h and 28h, the guest sees
 * the bases it programmed or that a world switch put there.
 * Not here: taking and injecting interrupts (interrupts.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_PIC_H
#define TESTVISOR_PIC_H

#include <stdbool.h>
#include <stdint.h>

#define PIC_PHYSICAL_BASE 0x20 /* master; the slave follows at 0x28 */

/* Programs the real 8259s with the fixed bases, everything masked, as good as after reset. */
void pic_init(void);

/* A byte written to 20h, 21h, A0h or A1h: forwarded, but for ICW2. */
void pic_write(uint16_t port, uint8_t value);

/* The vector that the guest expects for IRQ 0 to 15. */
uint8_t pic_vector(unsigned irq);

/* INVOKE: remembers the bases, then 20h and 28h. RESTORE: the given bases if real-mode code (the
 * blob) programmed ICW2 last, else the remembered ones. */
void pic_enter_blob(void);
void pic_leave_blob(const uint8_t real_mode_bases[2]);

#endif
