/* INS and OUTS for platforms that know single port accesses only.
 * Not here: what a port does (the platform's port_read and port_write). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_PORT_STRINGS_H
#define TESTS_UNIT_PORT_STRINGS_H

#include "platform.h"

/* As platform.port_read_string and port_write_string, element by element through the port_read and
 * port_write of `platform`, with its `context`. */
void port_strings_read(const struct platform *platform, void *context, uint16_t port,
                       unsigned width, void *buffer, uint32_t count);
void port_strings_write(const struct platform *platform, void *context, uint16_t port,
                        unsigned width, const void *buffer, uint32_t count);

#endif
