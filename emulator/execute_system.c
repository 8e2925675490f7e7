/* System instructions: CLI STI HLT, LGDT LIDT SGDT SIDT, INVLPG INVD WBINVD, MSRs, CPUID, counters,
 * SYSENTER SYSEXIT, hypercalls. Not here: control and debug registers (execute_control.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "delivery.h"
#include "width.h"

#define MSR_SYSENTER_CS  0x174u
#define MSR_SYSENTER_ESP 0x175u
#define MSR_SYSENTER_EIP 0x176u
#define MSR_EFER         0xc0000080u
#define MSR_FS_BASE      0xc0000100u
#define MSR_GS_BASE      0xc0000101u

/* --- interrupt flag ----------------------------------------------------------------------------
 */

/* The flag that CLI and STI work on here, or #GP(0). SDM vol. 2, CLI, table "Decision Table". */
static uint32_t interrupt_flag(struct processor *p)
{
    uint32_t extension = virtual_8086_mode(p) ? CR4_VME : CR4_PVI;

    if (p->cpl <= iopl(p))
        return EFLAGS_IF;
    if (p->cpl == 3 && (p->cr4 & extension))
        return EFLAGS_VIF;
    raise_gp(p);
}

void cli(struct processor *p, const struct instruction *i)
{
    (void)i;
    eflags_write(p, 0, interrupt_flag(p));
}

void sti(struct processor *p, const struct instruction *i)
{
    uint32_t flag = interrupt_flag(p);

    (void)i;
    if (flag == EFLAGS_VIF && (p->eflags_rest & EFLAGS_VIP))
        raise_gp(p);
    if (flag == EFLAGS_IF && !(p->eflags_rest & EFLAGS_IF))
        begin_shadow(p, SHADOW_STI);
    eflags_write(p, flag, flag);
}

void hlt(struct processor *p, const struct instruction *i)
{
    (void)i;
    p->halted = true;
    event_set(p, EVENT_HALTED);
}

/* --- descriptor-table registers ----------------------------------------------------------------
 */

/* Limit, then base. With a 16-bit operand the base has 24 bits. */
static void load_table(struct processor *p, const struct instruction *i, unsigned width,
                       struct table_register *table)
{
    uint32_t limit = memory_read(p, i->segment, effective_address(p, i), 2);
    uint32_t base = memory_read(p, i->segment, operand_part_address(p, i, 2), 4);

    table->limit = limit;
    table->base = width == 2 ? base & 0x00ffffffu : base;
}

/* All 32 bits of the base whatever the operand size. */
static void store_table(struct processor *p, const struct instruction *i,
                        const struct table_register *table)
{
    uint32_t offset = operand_part_address(p, i, 2);

    /* Neither half is written when the other cannot be. */
    linear_probe(p, segment_linear(p, i->segment, offset, 4, true), 4,
                 ACCESS_WRITE | access_privilege(p));
    memory_write(p, i->segment, effective_address(p, i), 2, table->limit);
    memory_write(p, i->segment, offset, 4, table->base);
}

static void lgdt(struct processor *p, const struct instruction *i, unsigned width)
{
    load_table(p, i, width, &p->gdtr);
}

static void lidt(struct processor *p, const struct instruction *i, unsigned width)
{
    load_table(p, i, width, &p->idtr);
}

void sgdt(struct processor *p, const struct instruction *i)
{
    store_table(p, i, &p->gdtr);
}

void sidt(struct processor *p, const struct instruction *i)
{
    store_table(p, i, &p->idtr);
}

/* --- caches ------------------------------------------------------------------------------------
 */

/* More than the page asked for may go (SDM vol. 3, 4.10.4.1), so that large pages need no care. */
void invlpg(struct processor *p, const struct instruction *i)
{
    (void)i;
    processor_flush_translations(p);
}

void wbinvd(struct processor *p, const struct instruction *i)
{
    (void)i;
    p->platform->flush_caches(p->context);
}

/* Lines that were not written back are never lost: INVD is WBINVD. */
void invd(struct processor *p, const struct instruction *i)
{
    wbinvd(p, i);
}

/* --- hypercalls ---------------------------------------------------------------------------------
 */

#define MODRM_VMCALL  0xc1u
#define MODRM_VMMCALL 0xd9u

void vmcall(struct processor *p, const struct instruction *i)
{
    const bool vmmcall = i->modrm == MODRM_VMMCALL;

    if (i->modrm != MODRM_VMCALL && !vmmcall)
        raise_ud(p);
    if (p->platform->hypercall == NULL || !p->platform->hypercall(p->context, p, vmmcall))
        raise_ud(p);
}

/* --- model-specific registers, identification, counters ----------------------------------------
 */

static void put_edx_eax(struct processor *p, uint64_t value)
{
    p->gpr[EAX] = (uint32_t)value;
    p->gpr[EDX] = (uint32_t)(value >> 32);
}

static bool is_segment_base(uint32_t index)
{
    return index == MSR_FS_BASE || index == MSR_GS_BASE;
}

static unsigned segment_of_msr(uint32_t index)
{
    return index == MSR_FS_BASE ? FS : GS;
}

/* EFER and the segment bases are the guest's; whether they exist the platform says. */
static uint64_t read_msr(struct processor *p, uint32_t index)
{
    uint64_t value;

    if (!p->platform->read_msr(p->context, index, &value))
        raise_gp(p);
    if (is_segment_base(index))
        return p->segment[segment_of_msr(index)].base;
    return index == MSR_EFER ? p->efer : value;
}

/* The base must be canonical (SDM vol. 3, 3.4.4.1). Only its low half matters outside 64-bit mode,
 * and only that is kept. */
static void write_segment_base(struct processor *p, uint32_t index, uint64_t value)
{
    int64_t top = (int64_t)value >> 47;

    read_msr(p, index);
    if (top != 0 && top != -1)
        raise_gp(p);
    segment_set_base(p, segment_of_msr(index), (uint32_t)value);
}

void rdmsr(struct processor *p, const struct instruction *i)
{
    (void)i;
    put_edx_eax(p, read_msr(p, p->gpr[ECX]));
}

void wrmsr(struct processor *p, const struct instruction *i)
{
    uint64_t value = (uint64_t)p->gpr[EDX] << 32 | p->gpr[EAX];
    bool efer = p->gpr[ECX] == MSR_EFER;

    (void)i;
    if (is_segment_base(p->gpr[ECX])) {
        write_segment_base(p, p->gpr[ECX], value);
        return;
    }
    if (efer) {
        if (value & ~(uint64_t)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
            raise_gp(p);
        /* LMA is the processor's own; LME is fixed while paging is on (SDM vol. 3, 10.8.5). */
        value = (value & ~(uint64_t)EFER_LMA) | (p->efer & EFER_LMA);
        if (((value ^ p->efer) & EFER_LME) && (p->cr0 & CR0_PG))
            raise_gp(p);
    }
    if (!p->platform->write_msr(p->context, p->gpr[ECX], value))
        raise_gp(p);
    if (efer) {
        p->efer = value;
        processor_flush_translations(p);
    }
}

void cpuid(struct processor *p, const struct instruction *i)
{
    uint32_t registers[4] = {p->gpr[EAX], 0, p->gpr[ECX], 0};

    (void)i;
    p->platform->cpuid(p->context, registers);
    p->gpr[EAX] = registers[0];
    p->gpr[EBX] = registers[1];
    p->gpr[ECX] = registers[2];
    p->gpr[EDX] = registers[3];
}

void rdtsc(struct processor *p, const struct instruction *i)
{
    (void)i;
    if ((p->cr4 & CR4_TSD) && p->cpl != 0)
        raise_gp(p);
    put_edx_eax(p, p->platform->read_tsc(p->context));
}

void rdpmc(struct processor *p, const struct instruction *i)
{
    uint64_t value;

    (void)i;
    if (!(p->cr4 & CR4_PCE) && p->cpl != 0)
        raise_gp(p);
    if (!p->platform->read_pmc(p->context, p->gpr[ECX], &value))
        raise_gp(p);
    put_edx_eax(p, value);
}

/* --- fast system calls --------------------------------------------------------------------------
 */

/* Flat segments from no table: code at `selector`, the stack in the next descriptor. */
static void set_flat_segments(struct processor *p, uint16_t selector, unsigned cpl)
{
    struct descriptor d;
    uint16_t stack_selector = (uint16_t)(selector + 8);

    set_cpl(p, cpl);
    descriptor_unpack(&d, 0x0000ffff, 0x00cf9b00 | cpl << 13);
    segment_set(p, CS, selector | (uint16_t)cpl, &d);
    descriptor_unpack(&d, 0x0000ffff, 0x00cf9300 | cpl << 13);
    segment_set(p, SS, stack_selector | (uint16_t)cpl, &d);
}

/* #UD where the processor has no SYSENTER, #GP(0) in real mode or without a selector. */
static uint16_t sysenter_selector(struct processor *p)
{
    uint64_t selector;

    if (!p->platform->read_msr(p->context, MSR_SYSENTER_CS, &selector))
        raise_ud(p);
    if (!protected_mode(p) || (selector & 0xfffc) == 0)
        raise_gp(p);
    return selector & 0xfffc;
}

/* SDM vol. 2, SYSENTER. */
void sysenter(struct processor *p, const struct instruction *i)
{
    uint16_t selector = sysenter_selector(p);
    uint32_t eip = (uint32_t)read_msr(p, MSR_SYSENTER_EIP);
    uint32_t esp = (uint32_t)read_msr(p, MSR_SYSENTER_ESP);

    (void)i;
    eflags_write(p, 0, EFLAGS_VM | EFLAGS_IF | EFLAGS_RF);
    record_branch(p);
    set_flat_segments(p, selector, 0);
    p->eip = eip;
    p->gpr[ESP] = esp;
}

/* SDM vol. 2, SYSEXIT. */
void sysexit(struct processor *p, const struct instruction *i)
{
    uint16_t selector = sysenter_selector(p);

    (void)i;
    if (p->cpl != 0)
        raise_gp(p);
    record_branch(p);
    set_flat_segments(p, (uint16_t)(selector + 16), 3);
    p->eip = p->gpr[EDX];
    p->gpr[ESP] = p->gpr[ECX];
}

HANDLERS_V(lgdt)
HANDLERS_V(lidt)
