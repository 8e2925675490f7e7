/* Control and debug registers: MOV CR, MOV DR, LMSW, SMSW, CLTS.
 * Not here: what paging does with them (paging.c), MSRs (execute_system.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "control.h"
#include "segment.h"
#include "width.h"

/* Bits of CR0 that exist; others stay 0 when written. */
#define CR0_DEFINED                                                                                \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD |     \
     CR0_PG)
#define CR0_MSW (CR0_PE | CR0_MP | CR0_EM | CR0_TS)

#define DR6_WRITABLE 0x0000e00fu
#define DR6_BD       0x00002000u
#define DR7_WRITABLE 0xffff23ffu
#define DR7_ENABLES  0x000000ffu
#define DR7_GD       0x00002000u

/* --- control registers -------------------------------------------------------------------------
 */

/* What is cached under the old mode goes. */
static void mode_changed(struct processor *p)
{
    processor_flush_translations(p);
    segment_update_bounds(p);
    event_set(p, EVENT_MODE);
}

/* PAE paging keeps its four top entries in the processor: loaded here, #GP(0) when malformed. */
static void pae_load(struct processor *p, uint32_t cr0, uint32_t cr3, uint32_t cr4)
{
    bool pae = (cr0 & CR0_PG) && (cr4 & CR4_PAE) && !(p->efer & EFER_LME);

    if (pae && !load_pdptes(p, cr3))
        raise_gp(p);
}

void control_register_write_cr0(struct processor *p, uint32_t value)
{
    uint32_t changed;

    value = (value & CR0_DEFINED) | CR0_ET;
    changed = value ^ p->cr0;
    /* "If an attempt is made to set the PG flag to 1 when the PE flag is set to 0"; "If an attempt
     * is made to write invalid bit combinations in CR0 (such as [...] NW=1, CD=0)." */
    if ((value & (CR0_PG | CR0_PE)) == CR0_PG || (value & (CR0_CD | CR0_NW)) == CR0_NW)
        raise_gp(p);
    /* Entering IA-32e mode needs PAE, and a code segment without L. SDM vol. 3, 10.8.5. */
    if ((changed & value & CR0_PG) && (p->efer & EFER_LME) &&
        (!(p->cr4 & CR4_PAE) || (p->segment[CS].attributes & ATTRIBUTE_L)))
        raise_gp(p);
    if (changed & (CR0_PG | CR0_CD | CR0_NW))
        pae_load(p, value, p->cr3, p->cr4);
    if (changed & CR0_PE) {
        p->mode_switches++;
        p->ask_at = 0;
    }
    p->cr0 = value;
    p->efer &= ~(uint64_t)EFER_LMA;
    if ((value & CR0_PG) && (p->efer & EFER_LME))
        p->efer |= EFER_LMA;
    mode_changed(p);
}

void control_register_write_cr3(struct processor *p, uint32_t value)
{
    pae_load(p, p->cr0, value, p->cr4);
    p->cr3 = value;
    mode_changed(p);
}

/* The bits of CR4 that the processor has, by CPUID.1:EDX. A bit that is set already came with the
 * state, so it exists. */
static uint32_t cr4_defined(struct processor *p)
{
    static const struct {
        uint16_t cr4;
        uint8_t edx;
    } features[] = {
        {CR4_VME | CR4_PVI, 1}, {CR4_DE, 2},   {CR4_PSE, 3},     {CR4_TSD, 4},         {CR4_PAE, 6},
        {CR4_MCE, 7},           {CR4_PGE, 13}, {CR4_OSFXSR, 24}, {CR4_OSXMMEXCPT, 25},
    };
    uint32_t registers[4] = {1}, defined = p->cr4 | CR4_PCE;

    p->platform->cpuid(p->context, registers);
    for (unsigned n = 0; n < sizeof features / sizeof features[0]; n++) {
        if ((registers[3] >> features[n].edx) & 1)
            defined |= features[n].cr4;
    }
    return defined;
}

void control_register_write_cr4(struct processor *p, uint32_t value)
{
    if (value & ~cr4_defined(p))
        raise_gp(p);
    if ((p->efer & EFER_LMA) && !(value & CR4_PAE))
        raise_gp(p);
    if ((value ^ p->cr4) & (CR4_PAE | CR4_PSE | CR4_PGE))
        pae_load(p, p->cr0, p->cr3, value);
    p->cr4 = value;
    mode_changed(p);
}

/* A register that does not exist is #UD at every privilege level, before #GP(0) outside CPL 0. */
static void check_control_register(struct processor *p, unsigned number)
{
    if (number != 0 && (number < 2 || number > 4))
        raise_ud(p);
    if (p->cpl != 0)
        raise_gp(p);
}

void mov_r_cr(struct processor *p, const struct instruction *i)
{
    const uint32_t values[] = {p->cr0, 0, p->cr2, p->cr3, p->cr4};

    check_control_register(p, i->reg);
    p->gpr[i->rm] = values[i->reg];
}

void mov_cr_r(struct processor *p, const struct instruction *i)
{
    uint32_t value = p->gpr[i->rm];

    check_control_register(p, i->reg);
    if (i->reg == 0)
        control_register_write_cr0(p, value);
    else if (i->reg == 2)
        p->cr2 = value;
    else if (i->reg == 3)
        control_register_write_cr3(p, value);
    else
        control_register_write_cr4(p, value);
}

/* "The LMSW instruction can set the PE flag [...] it cannot clear it." */
void lmsw(struct processor *p, const struct instruction *i)
{
    uint32_t value = operand_read(p, i, 2) & CR0_MSW;

    control_register_write_cr0(p, (p->cr0 & (~CR0_MSW | CR0_PE)) | value);
}

/* A 32-bit register gets the whole of CR0; memory always 16 bits. */
static void smsw(struct processor *p, const struct instruction *i, unsigned width)
{
    operand_write(p, i, i->memory ? 2 : width, p->cr0);
}

void clts(struct processor *p, const struct instruction *i)
{
    (void)i;
    p->cr0 &= ~CR0_TS;
}

HANDLERS_V(smsw)

/* --- debug registers ---------------------------------------------------------------------------
 */

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE says that they do not exist; DR7.GD guards them all.
 * SDM vol. 3, 17.2.2 and 17.2.4. */
static unsigned debug_register(struct processor *p, const struct instruction *i)
{
    unsigned number = i->reg;

    if (number == 4 || number == 5) {
        if (p->cr4 & CR4_DE)
            raise_ud(p);
        number += 2;
    }
    if (p->dr[7] & DR7_GD) {
        /* "The processor clears the GD flag upon entering the debug exception handler." */
        p->dr[7] &= ~DR7_GD;
        p->dr[6] |= DR6_BD;
        raise_fault(p, EXCEPTION_DB);
    }
    return number;
}

void mov_r_dr(struct processor *p, const struct instruction *i)
{
    p->gpr[i->rm] = p->dr[debug_register(p, i)];
}

void mov_dr_r(struct processor *p, const struct instruction *i)
{
    unsigned number = debug_register(p, i);
    uint32_t value = p->gpr[i->rm];

    if (number == 6)
        value = (value & DR6_WRITABLE) | DR6_FIXED;
    else if (number == 7)
        value = (value & DR7_WRITABLE) | DR7_FIXED;
    p->dr[number] = value;
    if (p->dr[7] & DR7_ENABLES)
        event_set(p, EVENT_DEBUG);
    segment_update_bounds(p);
}
