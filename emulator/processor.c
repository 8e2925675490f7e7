/* The processor as an object: initialisation, reset state, taking over and giving out guest state.
 * Not here: running it (run.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"

#define A20_BIT 0x00100000u

#define LEAF_EXTENDED      0x80000000u
#define LEAF_ADDRESS_SIZES 0x80000008u
#define LEAF_EXTENDED_LAST 0x8000ffffu /* what answers beyond has no extended leaves */
#define FEATURE_PAE        (1u << 6)   /* leaf 1, EDX */

/* How wide physical addresses are. SDM vol. 3, 4.1.4. */
static unsigned physical_address_bits(struct processor *p)
{
    uint32_t registers[4] = {LEAF_EXTENDED};

    p->platform->cpuid(p->context, registers);
    if (registers[0] >= LEAF_ADDRESS_SIZES && registers[0] <= LEAF_EXTENDED_LAST) {
        registers[0] = LEAF_ADDRESS_SIZES;
        registers[2] = 0;
        p->platform->cpuid(p->context, registers);
        return registers[0] & 0xff;
    }
    registers[0] = 1;
    registers[2] = 0;
    p->platform->cpuid(p->context, registers);
    return (registers[3] & FEATURE_PAE) ? 36 : 32;
}

/* Bits 62:n of a page-table entry, where bits n-1:12 are the address. */
static uint64_t reserved_address_bits(unsigned bits)
{
    return bits < 63 ? ~(uint64_t)0 >> 1 & ~(uint64_t)0 << bits : 0;
}

void processor_initialise(struct processor *p, const struct platform *platform, void *context)
{
    *p = (struct processor){
        .platform = platform, .context = context, .granule_tag = code_no_granules};
    p->translation_tag = 2; /* generation 1: tags of 0 never match */
    p->address_mask = 0xffffffffu;
    p->address_reserved = reserved_address_bits(physical_address_bits(p));
    processor_reset(p);
}

void processor_reset(struct processor *p)
{
    struct guest_state reset = {
        .eip = 0xfff0,
        .eflags = EFLAGS_FIXED,
        .cr0 = 0x60000010u,
        .dr = {[6] = DR6_FIXED, [7] = DR7_FIXED},
        .gdtr = {0, 0xffff},
        .idtr = {0, 0xffff},
        .a20 = true,
    };

    for (unsigned n = ES; n <= GS; n++)
        reset.segment[n] = (struct segment_state){.limit = 0xffff, .attributes = 0x93};
    reset.segment[CS].selector = 0xf000;
    reset.segment[CS].base = 0xffff0000u;
    reset.segment[LDTR] = (struct segment_state){.limit = 0xffff, .attributes = 0x82};
    reset.segment[TR] = (struct segment_state){.limit = 0xffff, .attributes = 0x8b};
    processor_load(p, &reset);
}

/* Fields that have no cache behind them, copied the same way in both directions. */
void processor_load(struct processor *p, const struct guest_state *s)
{
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        p->gpr[n] = s->gpr[n];
    for (unsigned n = 0; n < 8; n++)
        p->dr[n] = s->dr[n];
    p->eip = p->instruction_eip = s->eip;
    p->eflags_rest = (s->eflags & ~EFLAGS_STATUS) | EFLAGS_FIXED;
    flags_put_status(p, s->eflags);
    p->cr0 = s->cr0;
    p->cr2 = s->cr2;
    p->cr3 = s->cr3;
    p->cr4 = s->cr4;
    p->efer = s->efer;
    p->gdtr = s->gdtr;
    p->idtr = s->idtr;
    p->pending_debug = s->pending_debug;
    p->shadow = s->shadow;
    p->shadow_end = p->retired + 1;
    p->resume_end = p->retired + 1;
    p->halted = p->single_step = p->restart = false;
    p->delivering = p->chain = 0;
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        segment_import(p, n, &s->segment[n]);
    processor_set_a20(p, s->a20);
    set_cpl(p, s->cpl);
    processor_flush_translations(p);
    if ((s->cr0 & CR0_PG) && (s->cr4 & CR4_PAE))
        load_pdptes(p, s->cr3);
    event_clear(p, EVENT_HALTED | EVENT_SHADOW);
    event_set(p, EVENT_OPEN | EVENT_MODE | EVENT_DEBUG | (s->shadow ? EVENT_SHADOW : 0));
}

void processor_save(const struct processor *p, struct guest_state *s)
{
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        s->gpr[n] = p->gpr[n];
    for (unsigned n = 0; n < 8; n++)
        s->dr[n] = p->dr[n];
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        segment_export(p, n, &s->segment[n]);
    s->eip = p->eip;
    s->eflags = flags_eflags(p);
    s->cr0 = p->cr0;
    s->cr2 = p->cr2;
    s->cr3 = p->cr3;
    s->cr4 = p->cr4;
    s->efer = p->efer;
    s->gdtr = p->gdtr;
    s->idtr = p->idtr;
    s->pending_debug = p->pending_debug;
    s->cpl = p->cpl;
    s->shadow = p->shadow;
    s->a20 = processor_a20(p);
}

void processor_interrupt_accepted(struct processor *p)
{
    event_set(p, EVENT_INTERRUPT);
}

void processor_interrupt_withdrawn(struct processor *p)
{
    event_clear(p, EVENT_INTERRUPT);
    p->interrupt_waits = false;
}

void processor_signal_nmi(struct processor *p)
{
    event_set(p, EVENT_NMI);
}

void processor_stop(struct processor *p)
{
    event_set(p, EVENT_STOP);
}

void processor_set_a20(struct processor *p, bool enabled)
{
    uint32_t mask = enabled ? 0xffffffffu : ~A20_BIT;

    if (mask == p->address_mask)
        return;
    p->address_mask = mask;
    processor_flush_translations(p);
    event_set(p, EVENT_MODE);
}

bool processor_a20(const struct processor *p)
{
    return p->address_mask & A20_BIT;
}

void processor_flush_translations(struct processor *p)
{
    uint32_t generation = (p->translation_tag >> 1) + 1;

    /* The generation lives in bits 11:1 of a tag; when it wraps, old tags must go. */
    if (generation == 2048) {
        generation = 1;
        for (unsigned n = 0; n < TRANSLATION_ENTRIES; n++)
            p->translation[n].read_tag = p->translation[n].write_tag = 0;
        p->fetch_tag = 0;
    }
    p->translation_tag = generation << 1 | (p->translation_tag & 1);
    for (unsigned n = ES; n <= GS; n++)
        segment_close_window(&p->segment[n]);
    p->run_first = 1;
    p->run_last = 0;
    processor_distrust_code(p);
}
