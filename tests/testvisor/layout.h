/* Where things are in the machine: addresses shared by C, assembly and linker scripts.
 * Not here: the testvisor's own address, which depends on the memory size (testvisor.ld). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_LAYOUT_H
#define TESTVISOR_LAYOUT_H

#define ROM_BASE            0xfffc0000 /* 256 KiB, ending at 4 GiB */
#define ROM_RESET_PAGE      0xfffff000 /* the last 4 KiB: start stub and reset vector */
#define BIOS_BASE           0x000f0000
#define BIOS_SIZE           0x00010000
#define OPTION_ROM_BASE     0x000c0000 /* VGA BIOS and what else Bochs put there */
#define LOW_BLOB_BASE       0x000d0000
#define LOW_BLOB_END        0x000e9000 /* image and bss lie below */
#define LOW_BLOB_IMAGE_SIZE 0x0000f800 /* an extension ROM may follow */
#define VIDEO_BASE          0x000a0000
#define VIDEO_END           0x000c0000
#define MEBIBYTE            0x00100000

#define HOST_CODE_SELECTOR 0x08
#define HOST_DATA_SELECTOR 0x10
#define HOST_TASK_SELECTOR 0x18

#endif
