/* What an instruction that retired has loaded: was it allowed to, and is it what the table says?
 * Not here: instructions that fault (precise.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_LOADS_H
#define FUZZ_LOADS_H

#include "subject.h"

/* Segment registers that changed in the phase that ends: type, privilege, presence, and the
 * descriptor in memory; in real and virtual-8086 mode what a load without descriptor gives. */
void check_loads(const struct subject *s);

/* Outside CPL 0 system registers stay as they are, IOPL too, and IF unless IOPL allows. */
void check_system_registers(const struct subject *s);

/* A port is accessed: the I/O permission bitmap allows it. SDM vol. 1, 19.5. */
void check_port_allowed(const struct subject *s, uint16_t port, unsigned width);

#endif
