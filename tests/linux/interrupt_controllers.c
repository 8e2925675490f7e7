/* Initialisation words, masks, priorities, ends of interrupt; Intel's 8259A data sheet.
 * Not here: rotation, polling and the special mask, which Linux does not use. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "interrupt_controllers.h"

#include <string.h>

#define CASCADE 2u
#define LINES   8u

#define ICW1          0x10u /* of what is written to the even port */
#define ICW1_ICW4     0x01u
#define ICW4_AEOI     0x02u
#define OCW3          0x08u
#define OCW3_READ     0x02u
#define OCW3_READ_ISR 0x01u
#define OCW2_EOI      0x20u
#define OCW2_SPECIFIC 0x40u

void interrupt_controllers_reset(struct interrupt_controllers *controllers)
{
    memset(controllers, 0, sizeof(*controllers));
    controllers->chip[0].mask = controllers->chip[1].mask = 0xff;
}

static struct interrupt_controller *chip_at(struct interrupt_controllers *controllers,
                                            uint16_t port)
{
    return &controllers->chip[(port >> 7) & 1];
}

/* The line of the highest priority in `lines`, or LINES. */
static unsigned first(uint8_t lines)
{
    return lines ? (unsigned)__builtin_ctz(lines) : LINES;
}

static void end_of_interrupt(struct interrupt_controller *chip, uint8_t word)
{
    unsigned line = word & OCW2_SPECIFIC ? word & 7 : first(chip->in_service);

    chip->in_service &= (uint8_t) ~(1u << line);
}

static void write_even(struct interrupt_controller *chip, uint8_t value)
{
    if (value & ICW1) {
        memset(chip, 0, sizeof(*chip));
        chip->command = 2;
        chip->wants_fourth = value & ICW1_ICW4;
    } else if (value & OCW3) {
        if (value & OCW3_READ)
            chip->reads_in_service = value & OCW3_READ_ISR;
    } else if (value & OCW2_EOI) {
        end_of_interrupt(chip, value);
    }
}

static void write_odd(struct interrupt_controller *chip, uint8_t value)
{
    switch (chip->command) {
    case 2:
        chip->base = value & 0xf8;
        chip->command = 3;
        break;
    case 3:
        chip->command = chip->wants_fourth ? 4 : 0;
        break;
    case 4:
        chip->automatic_end = value & ICW4_AEOI;
        chip->command = 0;
        break;
    default:
        chip->mask = value;
    }
}

void interrupt_controllers_write(struct interrupt_controllers *controllers, uint16_t port,
                                 uint8_t value)
{
    if (port & 1)
        write_odd(chip_at(controllers, port), value);
    else
        write_even(chip_at(controllers, port), value);
}

uint8_t interrupt_controllers_read(const struct interrupt_controllers *controllers, uint16_t port)
{
    const struct interrupt_controller *chip = &controllers->chip[(port >> 7) & 1];

    if (port & 1)
        return chip->mask;
    return chip->reads_in_service ? chip->in_service : chip->request;
}

void interrupt_controllers_request(struct interrupt_controllers *controllers, unsigned line)
{
    controllers->chip[line / LINES].request |= (uint8_t)(1u << line % LINES);
}

/* The line that may interrupt, or LINES. `more` are lines that are up besides the latched ones. */
static unsigned wants(const struct interrupt_controller *chip, uint8_t more)
{
    unsigned line = first((uint8_t)((chip->request | more) & ~chip->mask));

    return line < first(chip->in_service) ? line : LINES;
}

static int acknowledge(struct interrupt_controller *chip, unsigned line)
{
    chip->request &= (uint8_t) ~(1u << line);
    if (!chip->automatic_end)
        chip->in_service |= (uint8_t)(1u << line);
    return (int)(chip->base + line);
}

int interrupt_controllers_acknowledge(struct interrupt_controllers *controllers)
{
    struct interrupt_controller *chip = controllers->chip;
    unsigned second = wants(&chip[1], 0);
    unsigned line = wants(&chip[0], second < LINES ? 1u << CASCADE : 0);
    int vector;

    if (line == LINES)
        return -1;
    vector = acknowledge(&chip[0], line);
    return line == CASCADE ? acknowledge(&chip[1], second) : vector;
}
