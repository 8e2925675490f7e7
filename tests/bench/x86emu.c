/* Runs a workload in libx86emu. Not here: any of its hooks; the workload needs none. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <x86emu.h>

#include "host.h"

int main(int count, char **arguments)
{
    uint8_t *memory = host_load(count, arguments, NULL);
    x86emu_t *emulator = x86emu_new(X86EMU_PERM_RWX, X86EMU_PERM_RW);

    if (!emulator)
        host_fail("libx86emu does not start");
    for (unsigned page = 0; page < MEMORY_SIZE / X86EMU_PAGE_SIZE; page++)
        x86emu_set_page(emulator, page * X86EMU_PAGE_SIZE, memory + page * X86EMU_PAGE_SIZE);
    x86emu_set_seg_register(emulator, emulator->x86.R_CS_SEL, 0);
    emulator->x86.R_EIP = ENTRY;
    host_start();
    x86emu_run(emulator, 0); /* until HLT */
    host_stop();
    host_report(host_get_32(memory, CHECKSUM));
    printf("\n");
    return 0;
}
