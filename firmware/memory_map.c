/* Which guest-physical addresses are plain RAM: by CMOS, as every PC firmware leaves it.
 * Not here: access to them (bus.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_map.h"

#include "hardware.h"

#define PAGE             0x1000u
#define MEBIBYTE         0x100000u
#define VIDEO_BASE       0xa0000u
#define VIDEO_END        0xc0000u
#define CMOS_INDEX       0x70
#define CMOS_DATA        0x71
#define CMOS_ABOVE_1MIB  0x30 /* KiB */
#define CMOS_ABOVE_16MIB 0x34 /* 64 KiB units */

extern const uint8_t image_start[], bss_end[];

static uint32_t top; /* end of RAM */

static uint32_t cmos_word(uint8_t index)
{
    uint32_t low;

    port_out8(CMOS_INDEX, index);
    low = port_in8(CMOS_DATA);
    port_out8(CMOS_INDEX, (uint8_t)(index + 1));
    return low | (uint32_t)port_in8(CMOS_DATA) << 8;
}

void memory_map_start(void)
{
    const uint32_t blocks = cmos_word(CMOS_ABOVE_16MIB);

    if (blocks != 0)
        top = 16 * MEBIBYTE + (blocks << 16);
    else
        top = MEBIBYTE + (cmos_word(CMOS_ABOVE_1MIB) << 10);
}

static uint32_t own_end(void)
{
    return ((uint32_t)bss_end + PAGE - 1) & ~(PAGE - 1);
}

bool memory_is_own(uint64_t address)
{
    return address >= (uint32_t)image_start && address < own_end();
}

bool memory_is_ram(uint64_t address)
{
    return address < top && (address < VIDEO_BASE || address >= VIDEO_END) &&
           !memory_is_own(address);
}

void memory_ram_run(uint32_t address, uint32_t *first, uint32_t *last)
{
    const struct {
        uint32_t start, end;
    } holes[] = {{VIDEO_BASE, VIDEO_END}, {(uint32_t)image_start, own_end()}};

    *first = 0;
    *last = top - 1;
    for (unsigned n = 0; n < sizeof holes / sizeof holes[0]; n++) {
        if (holes[n].end <= address && holes[n].end > *first)
            *first = holes[n].end;
        if (holes[n].start > address && holes[n].start <= *last)
            *last = holes[n].start - 1;
    }
}
