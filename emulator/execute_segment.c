/* Segment registers and descriptors as operands: MOV Sreg, LES LDS LSS LFS LGS, LAR LSL VERR VERW,
 * ARPL, SLDT, STR. Not here: the loads themselves (segment.c), LLDT and LTR (far.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"
#include "width.h"

/* System descriptors that LAR and LSL look at: bit n is type n. SDM vol. 2, LAR and LSL. */
#define LAR_SYSTEM_TYPES                                                                           \
    (1u << TYPE_TSS16_AVAILABLE | 1u << TYPE_LDT | 1u << TYPE_TSS16_BUSY |                         \
     1u << TYPE_CALL_GATE16 | 1u << TYPE_TASK_GATE | 1u << TYPE_TSS32_AVAILABLE |                  \
     1u << TYPE_TSS32_BUSY | 1u << TYPE_CALL_GATE32)
#define LSL_SYSTEM_TYPES                                                                           \
    (1u << TYPE_TSS16_AVAILABLE | 1u << TYPE_LDT | 1u << TYPE_TSS16_BUSY |                         \
     1u << TYPE_TSS32_AVAILABLE | 1u << TYPE_TSS32_BUSY)

/* --- loads and stores --------------------------------------------------------------------------
 */

void mov_segment_rm(struct processor *p, const struct instruction *i)
{
    uint16_t selector;

    if (i->reg == CS || i->reg > GS)
        raise_ud(p);
    selector = (uint16_t)operand_read(p, i, 2);
    if (i->reg == SS)
        close_interrupts(p);
    segment_load(p, i->reg, selector);
    if (i->reg == SS)
        begin_shadow(p, SHADOW_MOV_SS);
}

/* Memory gets 16 bits whatever the operand size, a register the selector zero-extended. */
static void store_selector(struct processor *p, const struct instruction *i, unsigned width,
                           unsigned segment)
{
    operand_write(p, i, i->memory ? 2 : width, p->segment[segment].selector);
}

static void mov_rm_segment(struct processor *p, const struct instruction *i, unsigned width)
{
    if (i->reg > GS)
        raise_ud(p);
    store_selector(p, i, width, i->reg);
}

static void sldt(struct processor *p, const struct instruction *i, unsigned width)
{
    store_selector(p, i, width, LDTR);
}

static void str(struct processor *p, const struct instruction *i, unsigned width)
{
    store_selector(p, i, width, TR);
}

/* Offset, then selector, in memory. */
static void load_pointer(struct processor *p, const struct instruction *i, unsigned width,
                         unsigned segment)
{
    uint32_t offset = memory_read(p, i->segment, effective_address(p, i), width);
    uint32_t selector = memory_read(p, i->segment, operand_part_address(p, i, width), 2);

    segment_load(p, segment, (uint16_t)selector);
    register_write(p, i->reg, width, offset);
}

static void les(struct processor *p, const struct instruction *i, unsigned width)
{
    load_pointer(p, i, width, ES);
}

static void lss(struct processor *p, const struct instruction *i, unsigned width)
{
    load_pointer(p, i, width, SS);
}

static void lds(struct processor *p, const struct instruction *i, unsigned width)
{
    load_pointer(p, i, width, DS);
}

static void lfs(struct processor *p, const struct instruction *i, unsigned width)
{
    load_pointer(p, i, width, FS);
}

static void lgs(struct processor *p, const struct instruction *i, unsigned width)
{
    load_pointer(p, i, width, GS);
}

/* --- verification ------------------------------------------------------------------------------
 */

static void put_zf(struct processor *p, bool zf)
{
    flags_put_status(p, (flags_status(p) & ~EFLAGS_ZF) | (zf ? EFLAGS_ZF : 0));
}

/* May the program see this descriptor? Not null, in its table, of a type in question, and of no
 * higher privilege than CPL and RPL unless conforming. Whether it is present does not matter. */
static bool descriptor_visible(struct processor *p, uint16_t selector, uint32_t system_types,
                               struct descriptor *d)
{
    unsigned type;

    if (selector_null(selector) || !descriptor_read(p, selector, d))
        return false;
    type = descriptor_type(d);
    if (type < 16 && !((system_types >> type) & 1))
        return false;
    if (descriptor_is_code(d) && descriptor_is_conforming(d))
        return true;
    return p->cpl <= descriptor_dpl(d) && (selector & SELECTOR_RPL) <= descriptor_dpl(d);
}

/* Bits 19:16 of the result are undefined; processors leave the limit there. */
static void lar(struct processor *p, const struct instruction *i, unsigned width)
{
    struct descriptor d;
    bool visible = descriptor_visible(p, (uint16_t)operand_read(p, i, 2), LAR_SYSTEM_TYPES, &d);

    if (visible)
        register_write(p, i->reg, width, d.high & 0x00ffff00u);
    put_zf(p, visible);
}

static void lsl(struct processor *p, const struct instruction *i, unsigned width)
{
    struct descriptor d;
    bool visible = descriptor_visible(p, (uint16_t)operand_read(p, i, 2), LSL_SYSTEM_TYPES, &d);

    if (visible)
        register_write(p, i->reg, width, d.limit);
    put_zf(p, visible);
}

void verr(struct processor *p, const struct instruction *i)
{
    struct descriptor d;

    put_zf(p, descriptor_visible(p, (uint16_t)operand_read(p, i, 2), 0, &d) &&
                  (!descriptor_is_code(&d) || (d.attributes & ATTRIBUTE_READABLE)));
}

void verw(struct processor *p, const struct instruction *i)
{
    struct descriptor d;

    put_zf(p, descriptor_visible(p, (uint16_t)operand_read(p, i, 2), 0, &d) &&
                  descriptor_is_writable_data(&d));
}

/* Memory is written only when the RPL changes: otherwise it may be read-only. */
void arpl(struct processor *p, const struct instruction *i)
{
    uint32_t selector = operand_read(p, i, 2);
    uint32_t rpl = p->gpr[i->reg] & SELECTOR_RPL;
    bool raise = (selector & SELECTOR_RPL) < rpl;

    if (raise)
        operand_write(p, i, 2, (selector & ~SELECTOR_RPL) | rpl);
    put_zf(p, raise);
}

HANDLERS_V(mov_rm_segment)
HANDLERS_V(sldt)
HANDLERS_V(str)
HANDLERS_V(les)
HANDLERS_V(lds)
HANDLERS_V(lss)
HANDLERS_V(lfs)
HANDLERS_V(lgs)
HANDLERS_V(lar)
HANDLERS_V(lsl)
