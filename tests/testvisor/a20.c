/* Port 92h, the 8042 and CF9h: A20 shown as the guest set it, resets turned into cold ones.
 * Not here: which accesses come here (ports.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "a20.h"

#include <stdbool.h>

#include "hardware.h"
#include "log.h"
#include "machine.h"
#include "report.h"

#define PORT92_RESET         0x01
#define PORT92_A20           0x02
#define OUTPUT_PORT_NO_RESET 0x01
#define OUTPUT_PORT_A20      0x02
#define STATUS_OUTPUT_FULL   0x01
#define COMMAND_READ_OUTPUT  0xd0
#define COMMAND_WRITE_OUTPUT 0xd1
#define COMMAND_A20_OFF      0xdd
#define COMMAND_A20_ON       0xdf
#define COMMAND_PULSE        0xf0 /* upper nibble; a clear bit n pulses output port bit n */
#define STATUS_COMMAND_PORT  0x64
#define CF9_RESET            0x04

static bool guest_a20 = true; /* as the machine starts */
static bool data_is_output_port_write;
static bool data_is_output_port_read;

/* Xen restarts the domain from nothing; so does the machine here, ROM first. */
static __attribute__((noreturn)) void reset_guest(const char *how)
{
    log_text("testvisor: guest reset by %s\n", how);
    machine_reset();
}

uint8_t a20_read_port92(uint16_t port)
{
    const uint8_t value = port_in8(port) & (uint8_t)~PORT92_A20;

    return value | (guest_a20 ? PORT92_A20 : 0);
}

void a20_write_port92(uint16_t port, uint8_t value)
{
    if ((value & PORT92_RESET) != 0)
        reset_guest("port 92h");
    guest_a20 = (value & PORT92_A20) != 0;
    port_out8(port, value | PORT92_A20);
}

uint8_t a20_read_8042_data(uint16_t port)
{
    const uint8_t value = port_in8(port);

    if (!data_is_output_port_read)
        return value;
    data_is_output_port_read = false;
    return (value & (uint8_t)~OUTPUT_PORT_A20) | (guest_a20 ? OUTPUT_PORT_A20 : 0);
}

void a20_write_8042_data(uint16_t port, uint8_t value)
{
    if (data_is_output_port_write) {
        data_is_output_port_write = false;
        if ((value & OUTPUT_PORT_NO_RESET) == 0)
            reset_guest("the 8042's output port");
        guest_a20 = (value & OUTPUT_PORT_A20) != 0;
        value |= OUTPUT_PORT_A20;
    }
    port_out8(port, value);
}

void a20_write_8042_command(uint16_t port, uint8_t value)
{
    data_is_output_port_write = value == COMMAND_WRITE_OUTPUT;
    /* With its output buffer full, the controller drops the command. */
    if (value == COMMAND_READ_OUTPUT)
        data_is_output_port_read = (port_in8(STATUS_COMMAND_PORT) & STATUS_OUTPUT_FULL) == 0;
    if (value == COMMAND_A20_OFF || value == COMMAND_A20_ON) {
        guest_a20 = value == COMMAND_A20_ON;
        value = COMMAND_A20_ON;
    }
    if ((value & 0xf0) == COMMAND_PULSE && (value & OUTPUT_PORT_NO_RESET) == 0)
        reset_guest("an 8042 pulse");
    port_out8(port, value);
}

void reset_write_cf9(uint16_t port, uint8_t value)
{
    if ((value & CF9_RESET) != 0)
        reset_guest("port CF9h");
    port_out8(port, value);
}
