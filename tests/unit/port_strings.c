/* Blocks of INS and OUTS, one access for each element.
 * Not here: the REP loop (emulator/execute_io.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "port_strings.h"

#include <string.h>

void port_strings_read(const struct platform *platform, void *context, uint16_t port,
                       unsigned width, void *buffer, uint32_t count)
{
    uint8_t *to = buffer;

    for (; count != 0; count--, to += width) {
        uint32_t value = platform->port_read(context, port, width);

        memcpy(to, &value, width);
    }
}

void port_strings_write(const struct platform *platform, void *context, uint16_t port,
                        unsigned width, const void *buffer, uint32_t count)
{
    const uint8_t *from = buffer;

    for (; count != 0; count--, from += width) {
        uint32_t value = 0;

        memcpy(&value, from, width);
        platform->port_write(context, port, width, value);
    }
}
