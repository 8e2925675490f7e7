/* The two 8259s' vector bases and how they are known.
 * Not here: forwarding the accesses (bus.c), taking interrupts (traps.c).
 *
 * Xen 3.2 moves the 8259s to 20h/28h at each INVOKE and back at RESTORE, and nothing shows what
 * they were before. So the blob interprets only after a RESTORE to itself (world_switch.c): then
 * the hypervisor has put back what the guest last wrote, in whatever mode, and each interrupt
 * arrives with the guest's own vector; no base needs to be known. What is left is the one
 * instruction after an INVOKE by the guest (switch.S), where an interrupt comes too early:
 *  - its vector is a moved one, and translated by the last base that the blob has seen, written by
 *    interpreted code or learnt from an earlier interrupt. That is wrong once when native code has
 *    moved the 8259s since;
 *  - it is acknowledged even if the guest has IF=0. Until the guest takes it, the guest is shown an
 *    8259 that still requests it: IRR and ISR read so, masking holds it back, ICW1 forgets it. When
 *    the line requests again meanwhile, the guest knows of one request still: the 8259 holds it,
 *    and the acknowledged one is done with. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "pic.h"

#include "hardware.h"

#define ICW1              0x10u /* in a byte to the command port */
#define OCW2_SPECIFIC_EOI 0x60u
#define OCW3              0x18u /* mask, */
#define OCW3_IS           0x08u /* and value under it */
#define OCW3_READ_ISR     0x0bu
#define OCW3_READ_IRR     0x0au
#define BASE_MASK         0xf8u
#define CASCADE           2u
#define MOVED_BASE        0x20u /* of the first; the second one's is 8 more */
#define CHIP_COUNT        2u

static struct chip {
    uint16_t command_port; /* the other port is the next one */
    bool wants_icw2;
    uint8_t read_select; /* OCW3_READ_ */
} chips[CHIP_COUNT] = {{0x20, false, OCW3_READ_IRR}, {0xa0, false, OCW3_READ_IRR}};

/* Before any ICW2 an 8259 has whatever the platform gave it; this is the PC BIOS' choice. */
static uint8_t bases[CHIP_COUNT] = {0x08, 0x70};

/* Acknowledged on arrival although the guest had IF=0. */
static struct early {
    bool waiting;
    bool masked; /* and withdrawn until it is not */
    uint8_t irq;
} early;

static struct chip *chip_of(uint16_t port)
{
    return &chips[port >= chips[1].command_port];
}

const uint8_t *pic_bases(void)
{
    return bases;
}

bool pic_owns(uint8_t vector)
{
    return (vector & BASE_MASK) == bases[0] || (vector & BASE_MASK) == bases[1];
}

static uint8_t chip_register(const struct chip *chip, uint8_t select)
{
    uint8_t value;

    port_out8(chip->command_port, select);
    value = port_in8(chip->command_port);
    port_out8(chip->command_port, chip->read_select);
    return value;
}

static uint8_t in_service(const struct chip *chip)
{
    return chip_register(chip, OCW3_READ_ISR);
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

/* The bit of the early interrupt in this chip's registers; an interrupt of the second chip shows at
 * the first as well. */
static uint8_t early_bit(const struct chip *chip)
{
    if (!early.waiting)
        return 0;
    if (chip == &chips[early.irq / 8])
        return (uint8_t)(1u << early.irq % 8);
    return early.irq >= 8 ? 1u << CASCADE : 0;
}

uint8_t pic_on_arrival(uint8_t vector, bool moved, bool wanted)
{
    for (unsigned n = 0; n < CHIP_COUNT; n++) {
        const uint8_t base = moved ? (uint8_t)(MOVED_BASE + 8 * n) : bases[n];

        if ((vector & BASE_MASK) != base || !(in_service(&chips[n]) & 1u << vector % 8))
            continue;
        if (!wanted)
            early = (struct early){true, false, (uint8_t)(8 * n + vector % 8)};
        return (uint8_t)(bases[n] + vector % 8);
    }
    return vector;
}

void pic_taken(void)
{
    early.waiting = false;
}

uint8_t pic_read(uint16_t port, uint8_t value)
{
    const struct chip *chip = chip_of(port);

    if (port != chip->command_port)
        return value;
    if (chip->read_select == OCW3_READ_IRR)
        return value | early_bit(chip);
    return value & (uint8_t)~early_bit(chip);
}

/* Out of service, so that the chip lets others through while this one is masked. */
static void end_early_service(void)
{
    port_out8(chips[early.irq / 8].command_port, (uint8_t)(OCW2_SPECIFIC_EOI | early.irq % 8));
    if (early.irq >= 8)
        port_out8(chips[0].command_port, OCW2_SPECIFIC_EOI | CASCADE);
}

static bool line_requests(void)
{
    return chip_register(&chips[early.irq / 8], OCW3_READ_IRR) & 1u << early.irq % 8;
}

bool pic_requests_again(void)
{
    if (!early.waiting || early.masked || !line_requests())
        return false;
    early.waiting = false;
    end_early_service();
    return true;
}

static enum pic_change initialised(const struct chip *chip)
{
    if (!early_bit(chip))
        return PIC_AS_BEFORE;
    early.waiting = false;
    return PIC_WITHDRAWN;
}

static enum pic_change mask_written(const struct chip *chip, uint8_t mask)
{
    const uint8_t bit = early_bit(chip);

    if (!bit || early.masked == ((mask & bit) != 0))
        return PIC_AS_BEFORE;
    early.masked = !early.masked;
    if (!early.masked) {
        early.waiting = !line_requests();
        return early.waiting ? PIC_RAISED : PIC_AS_BEFORE;
    }
    end_early_service();
    return PIC_WITHDRAWN;
}

enum pic_change pic_written(uint16_t port, uint8_t value)
{
    struct chip *chip = chip_of(port);

    if (port == chip->command_port) {
        if (value & ICW1) {
            chip->wants_icw2 = true;
            chip->read_select = OCW3_READ_IRR;
            return initialised(chip);
        }
        if ((value & OCW3) == OCW3_IS && (value & 2))
            chip->read_select = value & 1 ? OCW3_READ_ISR : OCW3_READ_IRR;
    } else if (port == chip->command_port + 1) {
        if (!chip->wants_icw2)
            return mask_written(chip, value);
        chip->wants_icw2 = false;
        bases[chip - chips] = value & BASE_MASK;
    }
    return PIC_AS_BEFORE;
}

uint8_t pic_early_vector(void)
{
    return (uint8_t)(bases[early.irq / 8] + early.irq % 8);
}
