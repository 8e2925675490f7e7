/* The table of the three sides that the testvisor can play.
 * Not here: the code that acts on it. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "abi.h"

#include <stddef.h>

#include <hvmassist/world_switch.h>

static const struct abi rows[] = {
    [TESTVISOR_ABI_3_2] =
        {
            .name = "3.2",
            .into_blob = "INVOKE",
            .into_guest = "RESTORE",
            .version_major = 3,
            .version_minor = 2,
            .last_xen_leaf = 0x40000002,
            .start_cr0 = 0x00000011,
            .start_cr4 = 0,
            .context_size = sizeof(struct world_switch_context),
            .rebases_pic = true,
            .reloads_cr0 = true,
            .pages_by_pg_alone = true,
            .loads_unpaged_cr3 = true,
            .needs_magic = true,
            .corrects_rflags = true,
            .lmsw_replaces_pe = true,
            .traps_after_emulation = true,
            .emulates_task_switches = true,
            .peeks_by_cpuid = true,
            .checks_cr4 = true,
        },
    [TESTVISOR_ABI_3_1] =
        {
            .name = "3.1",
            .into_blob = "INVOKE",
            .into_guest = "RESTORE",
            .version_major = 3,
            .version_minor = 1,
            .last_xen_leaf = 0x40000002,
            .start_cr0 = 0x00050033,
            .start_cr4 = 0x00000610,
            .context_size = WORLD_SWITCH_CONTEXT_SIZE_3_1,
            .lmsw_replaces_pe = true,
            .peeks_by_cpuid = true,
        },
    [TESTVISOR_ABI_HYPERCALL] =
        {
            .name = "hypercall",
            .into_blob = "RETURNED",
            .into_guest = "ENTER",
            .version_major = 4,
            .version_minor = 17,
            .last_xen_leaf = 0x40000005,
            .start_cr0 = 0x00000011,
            .start_cr4 = 0,
            .reloads_cr0 = true,
            .loads_unpaged_cr3 = true,
            .traps_after_emulation = true,
            .emulates_task_switches = true,
            .shows_hypervisor_bit = true,
            .checks_cr4 = true,
        },
};

const struct abi *abi;

bool abi_select(uint32_t number)
{
    if (number >= sizeof rows / sizeof rows[0] || rows[number].name == NULL)
        return false;
    abi = &rows[number];
    return true;
}
