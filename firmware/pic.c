/* The two 8259s' vector bases and how they are known.
 * Not here: forwarding the accesses (bus.c), taking interrupts (traps.c).
 *
 * Xen 3.2 moves the 8259s to 20h/28h at each INVOKE and back at RESTORE, and nothing shows what
 * they were before. So the blob interprets only after a RESTORE to itself (world_switch.c): then
 * the hypervisor has put back what the guest last wrote, in whatever mode, and each interrupt
 * arrives with the guest's own vector; no base needs to be known. What is left is the one
 * instruction after an INVOKE by the guest (switch.S): an interrupt there has a moved vector and is
 * translated by the last base that the blob has seen, written by interpreted code or learnt from an
 * earlier interrupt. It is wrong once when native code has moved the 8259s since. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "pic.h"

#include "hardware.h"

#define ICW1          0x10u /* in a byte to the command port */
#define OCW3          0x18u /* mask, */
#define OCW3_IS       0x08u /* and value under it */
#define OCW3_READ_ISR 0x0bu
#define OCW3_READ_IRR 0x0au
#define BASE_MASK     0xf8u
#define CASCADE       2u
#define MOVED_BASE    0x20u /* of the first; the second one's is 8 more */
#define CHIP_COUNT    2u

static struct chip {
    uint16_t command_port; /* the other port is the next one */
    bool wants_icw2;
    uint8_t read_select; /* OCW3_READ_ */
} chips[CHIP_COUNT] = {{0x20, false, OCW3_READ_IRR}, {0xa0, false, OCW3_READ_IRR}};

/* Before any ICW2 an 8259 has whatever the platform gave it; this is the PC BIOS' choice. */
static uint8_t bases[CHIP_COUNT] = {0x08, 0x70};

void pic_written(uint16_t port, uint8_t value)
{
    struct chip *chip = &chips[port >= chips[1].command_port];

    if (port == chip->command_port) {
        if (value & ICW1) {
            chip->wants_icw2 = true;
            chip->read_select = OCW3_READ_IRR;
        } else if ((value & OCW3) == OCW3_IS && (value & 2)) {
            chip->read_select = value & 1 ? OCW3_READ_ISR : OCW3_READ_IRR;
        }
    } else if (port == chip->command_port + 1 && chip->wants_icw2) {
        chip->wants_icw2 = false;
        bases[chip - chips] = value & BASE_MASK;
    }
}

const uint8_t *pic_bases(void)
{
    return bases;
}

bool pic_owns(uint8_t vector)
{
    return (vector & BASE_MASK) == bases[0] || (vector & BASE_MASK) == bases[1];
}

static uint8_t in_service(const struct chip *chip)
{
    uint8_t isr;

    port_out8(chip->command_port, OCW3_READ_ISR);
    isr = port_in8(chip->command_port);
    port_out8(chip->command_port, chip->read_select);
    return isr;
}

void pic_arrived(uint8_t vector)
{
    const uint8_t bit = (uint8_t)(1u << (vector & 7));

    if (pic_owns(vector))
        return;
    /* In service at an 8259, or else it came from the local APIC. */
    if ((vector & 7) != CASCADE && (in_service(&chips[0]) & bit))
        bases[0] = vector & BASE_MASK;
    else if (in_service(&chips[1]) & bit)
        bases[1] = vector & BASE_MASK;
}

uint8_t pic_translated(uint8_t vector)
{
    const unsigned irq = vector - MOVED_BASE;

    return irq < 8 * CHIP_COUNT ? (uint8_t)(bases[irq / 8] + irq % 8) : vector;
}
