/* A20 as the guest set it, while the machine's own stays on, and the reset lines beside it: port
 * 92h and the 8042. Not here: other ports (ports.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_A20_H
#define TESTVISOR_A20_H

#include <stdint.h>

/* Byte accesses to ports 92h, 60h and 64h. A write that pulls the reset line does not return. */
uint8_t a20_read_port92(uint16_t port);
void a20_write_port92(uint16_t port, uint8_t value);
uint8_t a20_read_8042_data(uint16_t port);
void a20_write_8042_data(uint16_t port, uint8_t value);
void a20_write_8042_command(uint16_t port, uint8_t value);

/* Byte write to CF9h: a reset when bit 2 is set. */
void reset_write_cf9(uint16_t port, uint8_t value);

#endif
