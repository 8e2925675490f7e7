/* ICW2 tracking and vector bases of the two 8259s.
 * Not here: taking and injecting interrupts. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "pic.h"

#include "hardware.h"
#include "vcpu.h"

#define MASTER_COMMAND    0x20
#define SLAVE_COMMAND     0xa0
#define ICW1              0x10 /* marks ICW1 in a write to the command port */
#define ICW1_WITH_ICW4    0x01
#define BASE_MASK         0xf8
#define RESET_BASE_MASTER 0x08 /* what Bochs' 8259s have before any ICW2 */
#define RESET_BASE_SLAVE  0x70

struct chip {
    uint16_t command_port;
    uint8_t physical_base;
    uint8_t base;  /* as the guest sees it */
    uint8_t saved; /* Xen's pm_irqbase */
    bool wants_icw2;
};

static struct chip chips[2] = {
    {MASTER_COMMAND, PIC_PHYSICAL_BASE, RESET_BASE_MASTER, 0, false},
    {SLAVE_COMMAND, PIC_PHYSICAL_BASE + 8, RESET_BASE_SLAVE, 0, false},
};

/* Xen keeps irqbase_mode once for both chips: the last ICW2 of either decides. */
static bool last_icw2_from_blob;

void pic_init(void)
{
    static const uint8_t icw3[2] = {0x04, 0x02};

    for (unsigned i = 0; i < 2; i++) {
        const uint16_t port = chips[i].command_port;

        port_out8(port, ICW1 | ICW1_WITH_ICW4);
        port_out8(port + 1, chips[i].physical_base);
        port_out8(port + 1, icw3[i]);
        port_out8(port + 1, 0x01);
    }
    port_out8(MASTER_COMMAND + 1, 0xff);
    port_out8(SLAVE_COMMAND + 1, 0xff);
}

/* Only the byte after ICW1 is special; ICW3, ICW4 and all else are the guest's own. */
void pic_write(uint16_t port, uint8_t value)
{
    struct chip *chip = &chips[port >= SLAVE_COMMAND];

    if (port == chip->command_port) {
        if ((value & ICW1) != 0)
            chip->wants_icw2 = true;
    } else if (chip->wants_icw2) {
        chip->wants_icw2 = false;
        chip->base = value & BASE_MASK;
        last_icw2_from_blob = vcpu.in_blob;
        value = chip->physical_base;
    }
    port_out8(port, value);
}

uint8_t pic_vector(unsigned irq)
{
    return (uint8_t)(chips[irq >> 3].base + (irq & 7));
}

void pic_enter_blob(void)
{
    for (unsigned i = 0; i < 2; i++) {
        chips[i].saved = chips[i].base;
        chips[i].base = chips[i].physical_base;
    }
}

void pic_leave_blob(const uint8_t real_mode_bases[2])
{
    for (unsigned i = 0; i < 2; i++)
        chips[i].base = last_icw2_from_blob ? real_mode_bases[i] & BASE_MASK : chips[i].saved;
}
