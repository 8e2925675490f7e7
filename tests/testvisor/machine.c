/* The machine around the guest: host bridge shadow RAM, images, CMOS memory size, reset, power-off.
 * Not here: devices that the guest talks to through the testvisor (ports.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine.h"

#include <string.h>

#include "hardware.h"
#include "layout.h"
#include "statistics.h"

#define PCI_ADDRESS    0xcf8
#define PCI_DATA       0xcfc
#define HOST_BRIDGE    0x80000000u
#define PAM_FIRST      0x59 /* upper nibble: F0000-FFFFF */
#define PAM_LAST       0x5f /* two nibbles of 16 KiB each from C0000 */
#define PAM_READ_ROM   0x22 /* reads see ROM, writes go to RAM */
#define PAM_RAM        0x33
#define CMOS_ADDRESS   0x70
#define CMOS_DATA      0x71
#define CMOS_SHUTDOWN  0x0f
#define RESET_CONTROL  0xcf9
#define RESET_HARD     0x06
#define BOCHS_SHUTDOWN 0x8900
#define BLOB_SPAN      0x19000u /* image and memory of the low layout, the larger limit */
#define UNPOPULATED    0xff     /* what an address without memory reads as */

struct rom_configuration configuration;

/* A machine address as a pointer, 0 included, about which the compiler knows nothing. */
static void *at(uint32_t address)
{
    __asm__("" : "+r"(address));
    return (void *)address;
}

static void set_shadow_ram(uint8_t attributes)
{
    for (uint32_t offset = PAM_FIRST; offset <= PAM_LAST; offset++) {
        port_out32(PCI_ADDRESS, HOST_BRIDGE | (offset & ~3u));
        port_out8((uint16_t)(PCI_DATA + (offset & 3u)),
                  offset == PAM_FIRST ? attributes & 0xf0 : attributes);
    }
}

static void cmos_write(uint8_t index, uint32_t value)
{
    port_out8(CMOS_ADDRESS, index);
    port_out8(CMOS_DATA, (uint8_t)value);
}

/* The guest's memory ends at `top` (bytes, a multiple of 64 KiB, above 16 MiB). 15 MiB and more of
 * extended memory do not fit the KiB registers, which then say 64512 as the BIOS expects. */
static void hide_memory_above(uint32_t top)
{
    const uint32_t extended_kib = (top - MEBIBYTE) / 1024;
    const uint32_t kib = extended_kib > 0xfc00 ? 0xfc00 : extended_kib;
    const uint32_t blocks = (top - 16 * MEBIBYTE) / 0x10000;

    cmos_write(0x17, kib & 0xff);
    cmos_write(0x18, kib >> 8);
    cmos_write(0x30, kib & 0xff);
    cmos_write(0x31, kib >> 8);
    cmos_write(0x34, blocks & 0xff);
    cmos_write(0x35, blocks >> 8);
    cmos_write(CMOS_SHUTDOWN, 0);
}

/* Under PAM_READ_ROM a word that is read comes from the ROM and goes to the RAM behind it. */
static void copy_rom_to_its_ram(uint32_t first, uint32_t end)
{
    for (uint32_t address = first; address < end; address += sizeof(uint32_t)) {
        volatile uint32_t *word = at(address);
        const uint32_t value = *word;

        *word = value;
    }
}

static void place_images(void)
{
    set_shadow_ram(PAM_READ_ROM);
    copy_rom_to_its_ram(OPTION_ROM_BASE, LOW_BLOB_BASE);
    memset(at(LOW_BLOB_BASE), UNPOPULATED, BIOS_BASE - LOW_BLOB_BASE);
    memcpy(at(BIOS_BASE), at(configuration.bios), configuration.bios_size);
    set_shadow_ram(PAM_RAM);
    if (configuration.blob_base == LOW_BLOB_BASE)
        memset(at(LOW_BLOB_BASE), 0, LOW_BLOB_END - LOW_BLOB_BASE);
    else
        memset(at(configuration.blob_base), 0, MEBIBYTE);
    memcpy(at(configuration.blob_base), at(configuration.blob), configuration.blob_size);
}

void machine_init(const struct rom_configuration *rom, bool clear_memory)
{
    const uint32_t top = (uint32_t)testvisor_base;

    configuration = *rom;
    if (clear_memory) {
        memset(at(0), 0, VIDEO_BASE);
        memset(at(MEBIBYTE), 0, top - MEBIBYTE);
    }
    place_images();
    hide_memory_above(top);
}

bool machine_is_blob(uint32_t address)
{
    return address - configuration.blob_base < BLOB_SPAN;
}

bool machine_is_ram(uint32_t address, uint32_t size)
{
    const uint32_t end = address + size;
    const uint32_t blob = configuration.blob_base;

    if (end < address)
        return false;
    if (end <= VIDEO_BASE || (address >= VIDEO_END && end <= (uint32_t)testvisor_base))
        return true;
    return blob != LOW_BLOB_BASE && address >= blob && end <= blob + MEBIBYTE;
}

void machine_reset(void)
{
    port_out8(RESET_CONTROL, RESET_HARD & 2);
    port_out8(RESET_CONTROL, RESET_HARD);
    for (;;)
        __asm__ volatile("cli; hlt");
}

void machine_power_off(void)
{
    for (const char *c = "Shutdown"; *c != '\0'; c++)
        port_out8(BOCHS_SHUTDOWN, (uint8_t)*c);
    for (;;)
        __asm__ volatile("cli; hlt");
}
