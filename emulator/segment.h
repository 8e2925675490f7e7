/* The one place that writes descriptor caches: loads in real and protected mode, LDTR, TR, imports.
 * Not here: far control flow's own checks (far.c), which end in segment_set_code here. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_SEGMENT_H
#define EMULATOR_SEGMENT_H

#include "memory.h"

/* System descriptor types, SDM vol. 3, table 3-2. */
enum system_type {
    TYPE_TSS16_AVAILABLE = 1,
    TYPE_LDT = 2,
    TYPE_TSS16_BUSY = 3,
    TYPE_CALL_GATE16 = 4,
    TYPE_TASK_GATE = 5,
    TYPE_INTERRUPT_GATE16 = 6,
    TYPE_TRAP_GATE16 = 7,
    TYPE_TSS32_AVAILABLE = 9,
    TYPE_TSS32_BUSY = 11,
    TYPE_CALL_GATE32 = 12,
    TYPE_INTERRUPT_GATE32 = 14,
    TYPE_TRAP_GATE32 = 15,
};

#define SELECTOR_TI  4u
#define SELECTOR_RPL 3u

static inline bool selector_null(uint16_t selector)
{
    return (selector & ~SELECTOR_RPL) == 0;
}

/* A descriptor as read from the GDT or LDT, unpacked. */
struct descriptor {
    uint32_t base;
    uint32_t limit;      /* byte granular */
    uint32_t attributes; /* VMCS layout; for gates type, S, DPL and P only */
    uint32_t low, high;  /* as in memory */
    uint32_t linear;     /* where it was read */
};

/* A selector as it stands in an error code: RPL cleared. */
static inline uint16_t selector_error(uint16_t selector)
{
    return selector & 0xfffcu;
}

static inline unsigned descriptor_dpl(const struct descriptor *d)
{
    return (d->attributes & ATTRIBUTE_DPL) >> ATTRIBUTE_DPL_SHIFT;
}

/* Type, with S as bit 4: 16.. are code and data, 0..15 system_type. */
static inline unsigned descriptor_type(const struct descriptor *d)
{
    return d->attributes & (ATTRIBUTE_S | ATTRIBUTE_TYPE);
}

static inline bool descriptor_is_code(const struct descriptor *d)
{
    return (d->attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE)) == (ATTRIBUTE_S | ATTRIBUTE_CODE);
}

static inline bool descriptor_is_conforming(const struct descriptor *d)
{
    return d->attributes & ATTRIBUTE_CONFORMING;
}

static inline bool descriptor_is_writable_data(const struct descriptor *d)
{
    return (d->attributes & (ATTRIBUTE_S | ATTRIBUTE_CODE | ATTRIBUTE_WRITABLE)) ==
           (ATTRIBUTE_S | ATTRIBUTE_WRITABLE);
}

static inline bool descriptor_present(const struct descriptor *d)
{
    return d->attributes & ATTRIBUTE_P;
}

/* Unpacks two descriptor words read from elsewhere (IDT gates). */
void descriptor_unpack(struct descriptor *descriptor, uint32_t low, uint32_t high);

/* Reads the descriptor of a non-null selector. False when it lies beyond the table's limit or the
 * LDT is unusable. May raise #PF. SDM vol. 3, 3.4.5. */
bool descriptor_read(struct processor *p, uint16_t selector, struct descriptor *descriptor);
/* Sets the accessed bit in memory (segment descriptors) when it is clear. */
void descriptor_set_accessed(struct processor *p, struct descriptor *descriptor);
/* Raises the page fault that setting or clearing one of the two bits would raise. */
void descriptor_probe(struct processor *p, const struct descriptor *descriptor);
/* Sets or clears the busy bit of a TSS descriptor in memory. */
void descriptor_set_busy(struct processor *p, struct descriptor *descriptor, bool busy);

/* MOV/POP/LDS... of ES, SS, DS, FS or GS in the current mode, with every check. Loading SS does not
 * begin a shadow; the instruction does. SDM vol. 2, MOV. */
void segment_load(struct processor *p, unsigned segment, uint16_t selector);
/* Real and virtual-8086 style: selector and base only; limit, G, D/B and AVL stay in real mode. */
void segment_load_real(struct processor *p, unsigned segment, uint16_t selector);
/* What a cache would hold after a load, without loading it (inner stacks). */
void segment_from_descriptor(struct segment *segment, uint16_t selector,
                             const struct descriptor *descriptor);
/* Into the cache without checks: for far control flow and task switches, which have made their own.
 * CPL is not touched. */
void segment_set(struct processor *p, unsigned segment, uint16_t selector,
                 const struct descriptor *descriptor);
/* Null selector into a data segment: unusable. */
void segment_set_null(struct processor *p, unsigned segment, uint16_t selector);
/* Virtual-8086 segment: base selector<<4, limit ffff, attributes f3. */
void segment_set_virtual_8086(struct processor *p, unsigned segment, uint16_t selector);
/* The base alone: WRMSR of FS_BASE and GS_BASE. */
void segment_set_base(struct processor *p, unsigned segment, uint32_t base);
/* Copies a saved cache in, exactly. */
void segment_import(struct processor *p, unsigned segment, const struct segment_state *state);
void segment_export(const struct processor *p, unsigned segment, struct segment_state *state);
/* On IRET/RET to an outer level: data segments that the new CPL may not hold become null. */
void segment_drop_inner(struct processor *p);
/* Computes read_bound and write_bound again (after CPL, CR0.AM, EFLAGS.AC or DR7 changes: all six).
 */
void segment_update_bounds(struct processor *p);

/* LLDT and LTR with every check (SDM vol. 2). The busy bit is set in memory by load_tr. */
void load_ldtr(struct processor *p, uint16_t selector);
void load_tr(struct processor *p, uint16_t selector);

/* CPL changes: translations are tagged with it, bounds depend on it. */
void set_cpl(struct processor *p, unsigned cpl);

#endif
