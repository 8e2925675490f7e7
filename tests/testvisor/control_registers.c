/* Control-register exits: MOV to and from CR0, CR3, CR4, CLTS, LMSW, with the rules of each Xen,
 * and what a CR0 write leads to: a world switch or a hand-off. Not here: the switches themselves.
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>

#include "abi.h"
#include "exits.h"
#include "guest_memory.h"
#include "handoff.h"
#include "hardware.h"
#include "machine.h"
#include "report.h"
#include "vmcs.h"
#include "world_switch.h"

/* Exit qualification. Source: SDM vol. 3, table 27-3. */
#define QUALIFICATION_REGISTER(q) ((q)&0xfu)
#define QUALIFICATION_TYPE(q)     ((q) >> 4 & 3u)
#define QUALIFICATION_GPR(q)      ((q) >> 8 & 0xfu)
#define QUALIFICATION_LMSW(q)     ((q) >> 16)

enum access_type {
    MOV_TO_CR,
    MOV_FROM_CR,
    CLTS,
    LMSW,
};

#define CR4_OF_GUESTS 0x000007ffu /* VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT */

static void mount(uint32_t cr3)
{
    if (!machine_is_ram(cr3 & ~0xfffu, 4096))
        report_end(TESTVISOR_END_CRASH, "Invalid CR3: not RAM");
    vcpu.mounted_cr3 = abi->loads_unpaged_cr3 ? NOTHING_MOUNTED : cr3;
}

/* What Xen does with a written CR0 before any world switch. False when it raised #GP instead and
 * nothing else happens. Xen's own tests only: NW without CD passes, though no processor takes it.
 */
static bool commit_cr0(uint32_t value)
{
    const bool turns_paging_on = (value & CR0_PG) != 0 && (vcpu.cr0 & CR0_PG) == 0;

    if (turns_paging_on && (vcpu.efer & EFER_LME) != 0) {
        if ((vcpu.cr4 & CR4_PAE) != 0)
            report_end(TESTVISOR_END_UNSUPPORTED, "64-bit guest not supported by this testvisor");
        vcpu_inject(EXCEPTION_GP, 0);
        if (abi->needs_magic || abi->context_size == 0)
            return false;
    }
    if (turns_paging_on && !vcpu.in_blob && !guest_pdptes_are_valid(vcpu.cr3, vcpu.cr4)) {
        vcpu_inject(EXCEPTION_GP, 0);
        return false;
    }
    if (turns_paging_on)
        mount(vcpu.cr3);
    else if ((value & CR0_PG) == 0 && (vcpu.cr0 & CR0_PG) != 0)
        vcpu.mounted_cr3 = NOTHING_MOUNTED;
    vcpu.cr0 = value;
    vcpu.effective_cr0 = value;
    return true;
}

static void write_cr0(uint32_t written)
{
    const uint32_t value = (written & CR0_DEFINED) | CR0_ET;

    if ((value & (CR0_PG | CR0_PE)) == CR0_PG) {
        vcpu_inject(EXCEPTION_GP, 0);
        return;
    }
    if (abi->context_size == 0 && (value & CR0_PE) == 0) {
        handoff_into_blob(value);
        return;
    }
    if (!commit_cr0(value))
        return;
    if (abi->context_size != 0) {
        if ((value & CR0_PE) == 0 && world_switch_invoke())
            return;
        if ((value & CR0_PE) != 0 && vcpu.in_blob && world_switch_restore())
            return;
    }
    vcpu_apply_control_registers();
    vcpu_skip_instruction();
}

static void write_cr3(uint32_t value)
{
    if (!guest_pdptes_are_valid(value, vcpu_is_paged() ? vcpu.cr4 : 0)) {
        vcpu_inject(EXCEPTION_GP, 0);
        return;
    }
    vcpu.cr3 = value;
    if (vcpu_is_paged())
        mount(value);
    vcpu_apply_control_registers();
    vcpu_skip_instruction();
}

static void write_cr4(uint32_t value)
{
    const uint32_t reserved = abi->checks_cr4 ? ~CR4_OF_GUESTS : CR4_VMXE;

    if ((value & reserved) != 0 || !guest_pdptes_are_valid(vcpu.cr3, vcpu_is_paged() ? value : 0)) {
        vcpu_inject(EXCEPTION_GP, 0);
        return;
    }
    vcpu.cr4 = value;
    vcpu_apply_control_registers();
    vcpu_skip_instruction();
}

/* Never a world switch, in any version. */
static void clear_task_switched(void)
{
    vcpu.cr0 &= ~CR0_TS;
    vcpu.effective_cr0 &= ~CR0_TS;
    vcpu_apply_control_registers();
    vcpu_skip_instruction();
}

/* Xen 3.x replaces all four low bits, PE included; a processor never clears PE. */
static uint32_t lmsw_value(uint32_t source)
{
    const uint32_t replaced = abi->lmsw_replaces_pe ? 0xfu : 0xeu;

    return (vcpu.cr0 & ~replaced) | (source & 0xfu);
}

void exit_cr_access(void)
{
    static void (*const writers[])(uint32_t) = {[0] = write_cr0, [3] = write_cr3, [4] = write_cr4};
    const uint32_t qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
    const uint32_t number = QUALIFICATION_REGISTER(qualification);
    const unsigned gpr = QUALIFICATION_GPR(qualification);

    switch (QUALIFICATION_TYPE(qualification)) {
    case MOV_TO_CR:
        if (number >= sizeof writers / sizeof writers[0] || writers[number] == NULL)
            report_end(TESTVISOR_END_UNSUPPORTED, "a write of a control register that is none");
        writers[number](vcpu_gpr(gpr));
        break;
    case MOV_FROM_CR:
        if (number != 3)
            report_end(TESTVISOR_END_UNSUPPORTED, "a read of a control register that is none");
        vcpu_set_gpr(gpr, vcpu.cr3);
        vcpu_skip_instruction();
        break;
    case CLTS:
        clear_task_switched();
        break;
    default:
        write_cr0(lmsw_value(QUALIFICATION_LMSW(qualification)));
        break;
    }
}
