/* What the tests put into the machine: descriptor tables, IVT, IDT, TSS, page tables, code.
 * Not here: the machine itself (machine.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine.h"

#include <string.h>

#define HLT 0xf4

static void general_defaults(struct machine *m)
{
    struct guest_state *state = machine_save(m);

    memset(state->gpr, 0, sizeof(state->gpr));
    state->eflags = EFLAGS_FIXED;
    state->a20 = true;
    state->shadow = 0;
    state->pending_debug = 0;
}

void machine_segment(struct machine *m, unsigned segment, uint16_t selector, uint32_t base,
                     uint32_t limit, uint32_t attributes)
{
    m->state.segment[segment] = (struct segment_state){selector, attributes, base, limit};
}

static void handlers(struct machine *m, uint32_t where)
{
    for (unsigned vector = 0; vector < 256; vector++)
        machine_write_8(m, where + vector * 16, HLT);
}

void machine_real_mode(struct machine *m)
{
    machine_reset(m);
    general_defaults(m);
    m->state.cr0 = CR0_ET;
    m->state.cpl = 0;
    machine_segment(m, CS, 0x1000, 0x10000, 0xffff, ATTRIBUTES_REAL);
    machine_segment(m, SS, 0x2000, 0x20000, 0xffff, ATTRIBUTES_REAL);
    machine_segment(m, DS, 0x3000, 0x30000, 0xffff, ATTRIBUTES_REAL);
    machine_segment(m, ES, 0x3000, 0x30000, 0xffff, ATTRIBUTES_REAL);
    machine_segment(m, FS, 0x4000, 0x40000, 0xffff, ATTRIBUTES_REAL);
    machine_segment(m, GS, 0x4000, 0x40000, 0xffff, ATTRIBUTES_REAL);
    m->state.eip = 0;
    m->state.gpr[ESP] = 0x8000;
    m->state.idtr = (struct table_register){0, 0x3ff};
    handlers(m, 0x50000);
    for (unsigned vector = 0; vector < 256; vector++)
        machine_write_32(m, vector * 4, 0x50000000u | (vector * 16));
    machine_load(m);
}

void machine_descriptor(struct machine *m, uint32_t table, uint16_t selector, uint32_t base,
                        uint32_t limit, uint32_t attributes)
{
    uint32_t units = attributes & ATTRIBUTE_G ? limit >> 12 : limit;
    uint32_t where = table + (selector & 0xfff8u);

    machine_write_32(m, where, (units & 0xffff) | base << 16);
    machine_write_32(m, where + 4,
                     ((base >> 16) & 0xff) | (attributes & 0xf0ff) << 8 | (units & 0xf0000) |
                         (base & 0xff000000u));
}

uint64_t machine_descriptor_read(const struct machine *m, uint32_t table, uint16_t selector)
{
    uint32_t where = table + (selector & 0xfff8u);

    return machine_read_32(m, where) | (uint64_t)machine_read_32(m, where + 4) << 32;
}

void machine_gate(struct machine *m, uint32_t table, unsigned index, uint16_t selector,
                  uint32_t offset, uint32_t attributes, unsigned parameters)
{
    machine_write_32(m, table + index * 8, (offset & 0xffff) | (uint32_t)selector << 16);
    machine_write_32(m, table + index * 8 + 4,
                     (parameters & 31) | (attributes & 0xff) << 8 | (offset & 0xffff0000u));
}

static void flat_gdt(struct machine *m)
{
    static const struct {
        uint16_t selector;
        uint32_t attributes;
        uint32_t limit;
    } flat[] = {
        {SELECTOR_CODE_0, ATTRIBUTES_CODE_0, 0xffffffff},
        {SELECTOR_DATA_0, ATTRIBUTES_DATA_0, 0xffffffff},
        {SELECTOR_CODE_3, ATTRIBUTES_CODE_3, 0xffffffff},
        {SELECTOR_DATA_3, ATTRIBUTES_DATA_3, 0xffffffff},
        {SELECTOR_CODE_0_16, 0x9b, 0xffff},
        {SELECTOR_DATA_0_16, 0x93, 0xffff},
        {SELECTOR_CODE_3_16, 0xfb, 0xffff},
        {SELECTOR_DATA_3_16, 0xf3, 0xffff},
    };

    for (unsigned n = 0; n < sizeof(flat) / sizeof(flat[0]); n++) {
        bool narrow = flat[n].limit == 0xffff;
        uint32_t base = 0;

        if (narrow)
            base = flat[n].attributes & ATTRIBUTE_CODE ? MACHINE_CODE : 0x40000;
        machine_descriptor(m, MACHINE_GDT, flat[n].selector, base, flat[n].limit,
                           flat[n].attributes);
    }
    machine_descriptor(m, MACHINE_GDT, SELECTOR_TSS, MACHINE_TSS, 0x67, 0x8b);
    machine_descriptor(m, MACHINE_GDT, SELECTOR_LDT, MACHINE_LDT, 0xff, ATTRIBUTES_LDT);
}

void machine_protected(struct machine *m, unsigned cpl, unsigned bits)
{
    bool wide = bits == 32;
    uint16_t code = cpl ? SELECTOR_CODE_3 | 3 : SELECTOR_CODE_0;
    uint16_t data = cpl ? SELECTOR_DATA_3 | 3 : SELECTOR_DATA_0;
    uint32_t dpl = cpl ? ATTRIBUTE_DPL : 0;

    machine_reset(m);
    general_defaults(m);
    flat_gdt(m);
    handlers(m, MACHINE_HANDLERS);
    for (unsigned vector = 0; vector < 256; vector++)
        machine_gate(m, MACHINE_IDT, vector, SELECTOR_CODE_0, MACHINE_HANDLERS + vector * 16,
                     GATE_INTERRUPT_32 | GATE_DPL_3, 0);
    machine_write_32(m, MACHINE_TSS + 4, MACHINE_STACK_0);
    machine_write_16(m, MACHINE_TSS + 8, SELECTOR_DATA_0);
    machine_write_16(m, MACHINE_TSS + 0x66, 0x68); /* no I/O bitmap: beyond the limit */

    m->state.cr0 = CR0_PE | CR0_ET | CR0_NE;
    m->state.cpl = (uint8_t)cpl;
    m->state.gdtr = (struct table_register){MACHINE_GDT, 64 * 8 - 1};
    m->state.idtr = (struct table_register){MACHINE_IDT, 256 * 8 - 1};
    machine_segment(m, LDTR, SELECTOR_LDT, MACHINE_LDT, 0xff, ATTRIBUTES_LDT);
    machine_segment(m, TR, SELECTOR_TSS, MACHINE_TSS, 0x67, 0x8b);
    for (unsigned segment = ES; segment <= GS; segment++)
        machine_segment(m, segment, data, 0, 0xffffffff, ATTRIBUTES_DATA_0 | dpl);
    if (wide) {
        machine_segment(m, CS, code, 0, 0xffffffff, ATTRIBUTES_CODE_0 | dpl);
        m->state.eip = MACHINE_CODE;
        m->state.gpr[ESP] = MACHINE_STACK;
    } else {
        code = cpl ? SELECTOR_CODE_3_16 | 3 : SELECTOR_CODE_0_16;
        data = cpl ? SELECTOR_DATA_3_16 | 3 : SELECTOR_DATA_0_16;
        machine_segment(m, CS, code, MACHINE_CODE, 0xffff, 0x9b | dpl);
        machine_segment(m, SS, data, 0x40000, 0xffff, 0x93 | dpl);
        m->state.eip = 0;
        m->state.gpr[ESP] = MACHINE_STACK - 0x40000;
    }
    machine_load(m);
}

uint32_t machine_page_entry(uint32_t linear)
{
    return MACHINE_TABLES + MACHINE_PAGE_SIZE + linear / MACHINE_PAGE_SIZE * 4;
}

void machine_paging(struct machine *m)
{
    for (uint32_t linear = 0; linear < MACHINE_RAM_SIZE; linear += MACHINE_PAGE_SIZE)
        machine_write_32(m, machine_page_entry(linear), linear | 7);
    for (uint32_t table = 0; table < MACHINE_RAM_SIZE >> 22; table++)
        machine_write_32(m, MACHINE_TABLES + table * 4,
                         (MACHINE_TABLES + (table + 1) * MACHINE_PAGE_SIZE) | 7);
    machine_save(m);
    m->state.cr3 = MACHINE_TABLES;
    m->state.cr0 |= CR0_PG;
    machine_load(m);
}

void machine_code(struct machine *m, const void *bytes, size_t length)
{
    machine_save(m);
    machine_write(m, m->state.segment[CS].base + m->state.eip, bytes, length);
}

int machine_vector(const struct machine *m)
{
    uint32_t where = m->state.segment[CS].base + m->state.eip - 1;
    uint32_t start = m->state.cr0 & CR0_PE ? MACHINE_HANDLERS : 0x50000;

    if (where < start || where >= start + 256 * 16 || where % 16)
        return -1;
    return (int)((where - start) / 16);
}

uint32_t machine_stack(const struct machine *m, unsigned index, unsigned width)
{
    bool wide = m->state.segment[SS].attributes & ATTRIBUTE_DB;
    uint32_t offset = m->state.gpr[ESP] + index * width;
    uint32_t linear = m->state.segment[SS].base + (wide ? offset : offset & 0xffff);

    return width == 2 ? machine_read_16(m, linear) : machine_read_32(m, linear);
}
