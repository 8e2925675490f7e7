/* The A20 line as the guest set it. The platform keeps the real one on; the interpreter masks.
 * Not here: its effect on addresses (emulator/memory.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "a20.h"

#include "hardware.h"

#define FAST_A20_PORT        0x92
#define FAST_A20             0x02u
#define KEYBOARD_DATA        0x60
#define KEYBOARD_COMMAND     0x64
#define COMMAND_WRITE_OUTPUT 0xd1u /* the next data byte goes to the output port */
#define COMMAND_A20_OFF      0xddu
#define COMMAND_A20_ON       0xdfu
#define OUTPUT_A20           0x02u

static bool enabled = true; /* as a PC comes out of reset under a hypervisor */
static bool output_follows;
static bool port_tells; /* port 92h reads as it was written */

static bool port_shows(void)
{
    return port_in8(FAST_A20_PORT) & FAST_A20;
}

void a20_start(void)
{
    const uint8_t before = port_in8(FAST_A20_PORT) & 0xfeu; /* bit 0 resets */
    bool off, on;

    port_out8(FAST_A20_PORT, before & (uint8_t)~FAST_A20);
    off = !port_shows();
    port_out8(FAST_A20_PORT, before | FAST_A20);
    on = port_shows();
    port_tells = off && on;
}

bool a20_written(uint16_t port, uint8_t value)
{
    switch (port) {
    case FAST_A20_PORT:
        enabled = value & FAST_A20;
        return true;
    case KEYBOARD_COMMAND:
        output_follows = value == COMMAND_WRITE_OUTPUT;
        if (value != COMMAND_A20_OFF && value != COMMAND_A20_ON)
            return false;
        enabled = value == COMMAND_A20_ON;
        return true;
    case KEYBOARD_DATA:
        if (!output_follows)
            return false;
        output_follows = false;
        enabled = value & OUTPUT_A20;
        return true;
    default:
        return false;
    }
}

void a20_returned(void)
{
    if (port_tells)
        enabled = port_shows();
}

bool a20_enabled(void)
{
    return enabled;
}
