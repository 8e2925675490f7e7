/* The only writer of descriptor caches: loads in every mode, null, accessed and busy bits, imports.
 * Not here: the checks of far control flow (far.c, delivery.c, task.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"

/* --- verdicts ----------------------------------------------------------------------------------
 */

/* Anything that must look at each access sends it the slow way. */
static bool accesses_watched(const struct processor *p)
{
    return (p->dr[7] & 0xff) || (p->cpl == 3 && (p->cr0 & CR0_AM) && (p->eflags_rest & EFLAGS_AC));
}

/* The fast path covers expand-up segments whose limit leaves room for an 8-byte access. */
static void update_bounds(const struct processor *p, struct segment *s)
{
    uint32_t type = s->attributes & ATTRIBUTE_TYPE;
    bool expand_down = (type & (ATTRIBUTE_CODE | ATTRIBUTE_EXPAND_DOWN)) == ATTRIBUTE_EXPAND_DOWN;
    uint32_t bound = s->limit >= 7 ? s->limit - 6 : 0;

    if ((s->attributes & ATTRIBUTE_UNUSABLE) || expand_down || accesses_watched(p))
        bound = 0;
    s->read_bound = type & ATTRIBUTE_CODE && !(type & ATTRIBUTE_READABLE) ? 0 : bound;
    s->write_bound = !(type & ATTRIBUTE_CODE) && (type & ATTRIBUTE_WRITABLE) ? bound : 0;
}

void segment_update_bounds(struct processor *p)
{
    for (unsigned n = ES; n <= GS; n++)
        update_bounds(p, &p->segment[n]);
}

/* Every write of a cache ends here. */
static void changed(struct processor *p, unsigned segment)
{
    update_bounds(p, &p->segment[segment]);
    if (protected_mode(p)) /* in real mode nothing is enterable; setting CR0.PE asks again */
        event_set(p, EVENT_MODE);
}

/* --- descriptors -------------------------------------------------------------------------------
 */

void descriptor_unpack(struct descriptor *d, uint32_t low, uint32_t high)
{
    d->low = low;
    d->high = high;
    d->base = (low >> 16) | (high & 0xff) << 16 | (high & 0xff000000u);
    d->limit = (low & 0xffff) | (high & 0xf0000u);
    d->attributes = (high >> 8) & 0xf0ff;
    if ((d->attributes & ATTRIBUTE_G))
        d->limit = d->limit << 12 | 0xfff;
}

bool descriptor_read(struct processor *p, uint16_t selector, struct descriptor *d)
{
    const struct segment *ldtr = &p->segment[LDTR];
    bool local = selector & SELECTOR_TI;
    uint32_t base = local ? ldtr->base : p->gdtr.base;
    uint32_t limit = local ? ldtr->limit : p->gdtr.limit, index = selector & 0xfff8u;

    if ((local && (ldtr->attributes & ATTRIBUTE_UNUSABLE)) || index + 7 > limit)
        return false;
    d->linear = base + index;
    descriptor_unpack(d, linear_read(p, d->linear, 4, 0), linear_read(p, d->linear + 4, 4, 0));
    return true;
}

/* The byte with the type, which is all that is ever written. */
static uint32_t type_byte(const struct descriptor *d)
{
    return d->linear + 5;
}

void descriptor_probe(struct processor *p, const struct descriptor *d)
{
    linear_probe(p, type_byte(d), 1, ACCESS_WRITE);
}

static void descriptor_set_type_bit(struct processor *p, struct descriptor *d, uint32_t bit,
                                    bool set)
{
    uint32_t high = set ? d->high | bit << 8 : d->high & ~(bit << 8);

    if (high == d->high)
        return;
    d->high = high;
    d->attributes = (high >> 8) & 0xf0ff;
    linear_write(p, type_byte(d), 1, (high >> 8) & 0xff, 0);
}

void descriptor_set_accessed(struct processor *p, struct descriptor *d)
{
    descriptor_set_type_bit(p, d, ATTRIBUTE_ACCESSED, true);
}

void descriptor_set_busy(struct processor *p, struct descriptor *d, bool busy)
{
    descriptor_set_type_bit(p, d, ATTRIBUTE_BUSY, busy);
}

/* --- caches ------------------------------------------------------------------------------------
 */

void segment_from_descriptor(struct segment *s, uint16_t selector, const struct descriptor *d)
{
    s->selector = selector;
    s->base = d->base;
    s->limit = d->limit;
    s->attributes = d->attributes;
    s->read_bound = s->write_bound = 0;
}

void segment_set(struct processor *p, unsigned segment, uint16_t selector,
                 const struct descriptor *d)
{
    segment_from_descriptor(&p->segment[segment], selector, d);
    changed(p, segment);
}

void segment_set_null(struct processor *p, unsigned segment, uint16_t selector)
{
    struct segment *s = &p->segment[segment];

    /* Limit, G and D/B outlive a null load, as on Intel processors. */
    s->selector = selector;
    s->base = 0;
    s->attributes = (s->attributes & (ATTRIBUTE_G | ATTRIBUTE_DB)) | ATTRIBUTE_UNUSABLE;
    changed(p, segment);
}

void segment_load_real(struct processor *p, unsigned segment, uint16_t selector)
{
    struct segment *s = &p->segment[segment];

    /* Limit, G, D/B and AVL stay: this is what makes big real mode. */
    s->selector = selector;
    s->base = (uint32_t)selector << 4;
    s->attributes = (s->attributes & (ATTRIBUTE_G | ATTRIBUTE_DB | ATTRIBUTE_AVL)) | ATTRIBUTE_P |
                    ATTRIBUTE_S | ATTRIBUTE_WRITABLE | ATTRIBUTE_ACCESSED;
    changed(p, segment);
}

void segment_set_virtual_8086(struct processor *p, unsigned segment, uint16_t selector)
{
    struct segment *s = &p->segment[segment];

    s->selector = selector;
    s->base = (uint32_t)selector << 4;
    s->limit = 0xffff;
    s->attributes = 0xf3;
    changed(p, segment);
}

void segment_set_base(struct processor *p, unsigned segment, uint32_t base)
{
    p->segment[segment].base = base;
    changed(p, segment);
}

void segment_import(struct processor *p, unsigned segment, const struct segment_state *state)
{
    struct segment *s = &p->segment[segment];

    s->selector = state->selector;
    s->base = state->base;
    s->limit = state->limit;
    s->attributes = state->attributes;
    changed(p, segment);
}

void segment_export(const struct processor *p, unsigned segment, struct segment_state *state)
{
    const struct segment *s = &p->segment[segment];

    state->selector = s->selector;
    state->base = s->base;
    state->limit = s->limit;
    state->attributes = s->attributes;
}

/* --- loads with checks -------------------------------------------------------------------------
 */

/* MOV to SS: SDM vol. 2, MOV, "IF SS is loaded". */
static void check_stack_segment(struct processor *p, uint16_t selector, const struct descriptor *d)
{
    uint16_t error = selector_error(selector);

    if ((selector & SELECTOR_RPL) != p->cpl || !descriptor_is_writable_data(d) ||
        descriptor_dpl(d) != p->cpl)
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!descriptor_present(d))
        raise_fault_code(p, EXCEPTION_SS, error);
}

static bool readable(const struct descriptor *d)
{
    return (d->attributes & ATTRIBUTE_S) &&
           (!descriptor_is_code(d) || (d->attributes & ATTRIBUTE_READABLE));
}

static void check_data_segment(struct processor *p, uint16_t selector, const struct descriptor *d)
{
    uint16_t error = selector_error(selector);
    unsigned dpl = descriptor_dpl(d);

    if (!readable(d))
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!(descriptor_is_code(d) && descriptor_is_conforming(d)) &&
        ((selector & SELECTOR_RPL) > dpl || p->cpl > dpl))
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!descriptor_present(d))
        raise_fault_code(p, EXCEPTION_NP, error);
}

static void segment_load_protected(struct processor *p, unsigned segment, uint16_t selector)
{
    struct descriptor d;

    if (selector_null(selector)) {
        if (segment == SS)
            raise_gp(p);
        segment_set_null(p, segment, selector);
        return;
    }
    if (!descriptor_read(p, selector, &d))
        raise_fault_code(p, EXCEPTION_GP, selector_error(selector));
    if (segment == SS)
        check_stack_segment(p, selector, &d);
    else
        check_data_segment(p, selector, &d);
    descriptor_set_accessed(p, &d);
    segment_set(p, segment, selector, &d);
}

void segment_load(struct processor *p, unsigned segment, uint16_t selector)
{
    if (!protected_mode(p))
        segment_load_real(p, segment, selector);
    else if (virtual_8086_mode(p))
        segment_set_virtual_8086(p, segment, selector);
    else
        segment_load_protected(p, segment, selector);
}

void segment_drop_inner(struct processor *p)
{
    static const uint8_t data[] = {ES, DS, FS, GS};

    for (unsigned n = 0; n < sizeof data; n++) {
        const struct segment *s = &p->segment[data[n]];
        unsigned dpl = (s->attributes & ATTRIBUTE_DPL) >> ATTRIBUTE_DPL_SHIFT;
        bool conforming = (s->attributes & (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING)) ==
                          (ATTRIBUTE_CODE | ATTRIBUTE_CONFORMING);

        if (!(s->attributes & ATTRIBUTE_UNUSABLE) && !conforming && dpl < p->cpl)
            segment_set_null(p, data[n], 0);
    }
}

void load_ldtr(struct processor *p, uint16_t selector)
{
    struct descriptor d;
    uint16_t error = selector_error(selector);

    if (selector_null(selector)) {
        segment_set_null(p, LDTR, selector);
        return;
    }
    if ((selector & SELECTOR_TI) || !descriptor_read(p, selector, &d) ||
        descriptor_type(&d) != TYPE_LDT)
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!descriptor_present(&d))
        raise_fault_code(p, EXCEPTION_NP, error);
    segment_set(p, LDTR, selector, &d);
}

void load_tr(struct processor *p, uint16_t selector)
{
    struct descriptor d;
    uint16_t error = selector_error(selector);

    if (selector_null(selector))
        raise_gp(p);
    if ((selector & SELECTOR_TI) || !descriptor_read(p, selector, &d) ||
        (descriptor_type(&d) != TYPE_TSS16_AVAILABLE &&
         descriptor_type(&d) != TYPE_TSS32_AVAILABLE))
        raise_fault_code(p, EXCEPTION_GP, error);
    if (!descriptor_present(&d))
        raise_fault_code(p, EXCEPTION_NP, error);
    descriptor_set_busy(p, &d, true);
    segment_set(p, TR, selector, &d);
}

void set_cpl(struct processor *p, unsigned cpl)
{
    p->cpl = (uint8_t)cpl;
    p->translation_tag = (p->translation_tag & ~1u) | (cpl == 3);
    segment_update_bounds(p);
}
