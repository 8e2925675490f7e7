/* The testvisor from its first C instruction to the first VM entry; read it as the table of
 * contents. Not here: anything in detail. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <hvmassist/world_switch.h>

#include "abi.h"
#include "host.h"
#include "interrupts.h"
#include "log.h"
#include "machine.h"
#include "ports.h"
#include "report.h"
#include "vmx.h"

/* Registers that hvmloader leaves undefined hold something that no blob can mistake for its own. */
#define UNDEFINED 0xdead0000u

/* Called by start.S with the address of the configuration in ROM and the number of resets so far.
 */
__attribute__((noreturn)) void testvisor_main(const struct rom_configuration *rom, uint32_t resets);

void testvisor_main(const struct rom_configuration *rom, uint32_t resets)
{
    struct guest_registers start = {
        .eax = rom->blob_base,
        .edx = 0,
        .ebx = UNDEFINED + 1,
        .ecx = UNDEFINED + 2,
        .esi = UNDEFINED + 3,
        .edi = UNDEFINED + 4,
        .ebp = UNDEFINED + 5,
    };
    const struct world_switch_header *header = (const void *)rom->blob_base;

    host_init();
    machine_init(rom, resets != 0);
    if (!abi_select(configuration.abi))
        report_end(TESTVISOR_END_HOST_FAULT, "the ROM names an ABI that is none");
    vmx_init();
    ports_init();
    if (abi->rebases_pic)
        interrupts_init();
    vmx_set_start_state(configuration.blob_base);
    statistics.version = TESTVISOR_STATISTICS_VERSION;
    statistics.abi = configuration.abi;
    statistics.resets = resets;
    statistics.blob_statistics = header->statistics;
    statistics.magic = TESTVISOR_STATISTICS_MAGIC;
    log_text("testvisor: abi=%s memory=%u MiB blob=%08x resets=%u\n", abi->name,
             (uint32_t)testvisor_base / 0x100000, configuration.blob_base, resets);
    vcpu.registers = &start;
    vmx_launch(&start);
}
