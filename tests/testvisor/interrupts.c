/* External interrupts: taken from the real 8259 or local APIC only when the guest would take them,
 * then injected with the guest's vector. Not here: 8259 ports and bases (pic.c).
 *
 * Nothing is acknowledged early: while the guest cannot take a pending interrupt,
 * external-interrupt exiting is off (IF=0 or the shadow holds the line back) and interrupt-window
 * exiting is on. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "interrupts.h"

#include <stdbool.h>
#include <stdint.h>

#include "exits.h"
#include "hardware.h"
#include "host.h"
#include "pic.h"
#include "report.h"
#include "vmcs.h"

#define APIC_GLOBAL_ENABLE   0x800u
#define APIC_BASE_MASK       0xfffff000u
#define APIC_SPURIOUS        0xf0u
#define APIC_SOFTWARE_ENABLE 0x100u
#define APIC_ISR             0x100u /* 8 registers of 32 vectors, 16 bytes apart */

void interrupts_init(void)
{
    vmcs_write(VMCS_PIN_CONTROLS, vmcs_read(VMCS_PIN_CONTROLS) | PIN_EXTERNAL_INTERRUPT_EXITING);
    pic_init();
}

/* Chooses between exiting on an interrupt and exiting once the guest could take one. */
static void wait_for_window(bool wait)
{
    const uint32_t pin = vmcs_read(VMCS_PIN_CONTROLS) & ~PIN_EXTERNAL_INTERRUPT_EXITING;
    const uint32_t processor = vmcs_read(VMCS_PROCESSOR_CONTROLS) & ~PROCESSOR_INTERRUPT_WINDOW;

    vmcs_write(VMCS_PIN_CONTROLS, wait ? pin : pin | PIN_EXTERNAL_INTERRUPT_EXITING);
    vmcs_write(VMCS_PROCESSOR_CONTROLS, wait ? processor | PROCESSOR_INTERRUPT_WINDOW : processor);
}

/* A vector in service at the local APIC came from it; one from the 8259 (ExtINT) is not there. */
static bool from_local_apic(uint32_t vector)
{
    const uint32_t base = (uint32_t)msr_read(MSR_APIC_BASE);
    const volatile uint8_t *apic = (const volatile uint8_t *)(base & APIC_BASE_MASK);

    if ((base & APIC_GLOBAL_ENABLE) == 0)
        return false;
    if ((*(const volatile uint32_t *)(apic + APIC_SPURIOUS) & APIC_SOFTWARE_ENABLE) == 0)
        return false;
    return (*(const volatile uint32_t *)(apic + APIC_ISR + vector / 32 * 16) >> vector % 32 & 1u) !=
           0;
}

static void take_and_inject(void)
{
    const int taken = host_take_interrupt();
    uint32_t vector;

    if (taken < 0)
        return;
    vector = (uint32_t)taken;
    if (vector >= PIC_PHYSICAL_BASE && vector < PIC_PHYSICAL_BASE + 16 && !from_local_apic(vector))
        vector = pic_vector(vector - PIC_PHYSICAL_BASE);
    vmcs_write(VMCS_ENTRY_EVENT, EVENT_VALID | EVENT_EXTERNAL_INTERRUPT | vector);
    vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
    statistics.interrupts++;
}

void exit_external_interrupt(void)
{
    const uint32_t shadow = INTERRUPTIBILITY_STI | INTERRUPTIBILITY_MOV_SS;

    if ((vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_IF) != 0 &&
        (vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) & shadow) == 0) {
        take_and_inject();
    } else {
        wait_for_window(true);
        statistics.held_interrupts++;
    }
}

void exit_interrupt_window(void)
{
    wait_for_window(false);
    take_and_inject();
}
