/* Ports that the testvisor stands in front of, and the I/O exit.
 * Not here: the 8259 (pic.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_PORTS_H
#define TESTVISOR_PORTS_H

#include <stdint.h>

/* Sets up the I/O bitmaps and their VMCS fields. */
void ports_init(void);

#endif
