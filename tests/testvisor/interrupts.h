/* External interrupts for a guest whose 8259 bases are virtual (Xen 3.2).
 * Not here: the bases (pic.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_INTERRUPTS_H
#define TESTVISOR_INTERRUPTS_H

/* Sets the VMCS controls so that external interrupts exit. */
void interrupts_init(void);

#endif
