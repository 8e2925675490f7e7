/* Port I/O: IN OUT INS OUTS, the I/O permission bitmap and I/O breakpoints.
 * Not here: what a port does (platform.h), the REP loop (execute_string.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "repeat.h"

#define TSS_32_LAST           0x67u /* the smallest limit of a 32-bit TSS */
#define TSS_32_IO_BITMAP_BASE 0x66u

/* SDM vol. 1, 19.5.2 "I/O Permission Bit Map". */
void check_port(struct processor *p, uint16_t port, unsigned width)
{
    const struct segment *tr = &p->segment[TR];
    uint32_t type = tr->attributes & (ATTRIBUTE_TYPE & ~ATTRIBUTE_BUSY), offset;

    if (!protected_mode(p) || (p->cpl <= iopl(p) && !virtual_8086_mode(p)))
        return;
    /* Only a 32-bit TSS has a bitmap. */
    if ((tr->attributes & ATTRIBUTE_UNUSABLE) || type != 9 || tr->limit < TSS_32_LAST)
        raise_gp(p);
    offset = linear_read(p, tr->base + TSS_32_IO_BITMAP_BASE, 2, 0) + port / 8u;
    /* Two bytes are always read, so that a port at the end of a byte needs no special case. */
    if (offset + 1 > tr->limit)
        raise_gp(p);
    if ((linear_read(p, tr->base + offset, 2, 0) >> (port & 7)) & ((1u << width) - 1))
        raise_gp(p);
}

/* SDM vol. 3, 17.2.4: R/W = 10 with CR4.DE=1. */
void port_breakpoint(struct processor *p, uint16_t port, unsigned width)
{
    if (!(p->cr4 & CR4_DE))
        return;
    for (unsigned n = 0; n < 4; n++) {
        unsigned kind = (p->dr[7] >> (16 + 4 * n)) & 3, size = (p->dr[7] >> (18 + 4 * n)) & 3;
        uint32_t start = p->dr[n] & ~size;

        if ((p->dr[7] & (3u << (2 * n))) && kind == 2 && size != 2 && port <= start + size &&
            port + width > start) {
            p->pending_debug |= 1u << n;
            event_set(p, EVENT_DEBUG);
        }
    }
}

/* --- one element -------------------------------------------------------------------------------
 */

static void in(struct processor *p, uint16_t port, unsigned width)
{
    check_port(p, port, width);
    code_distrust_next(p);
    register_write(p, EAX, width, p->platform->port_read(p->context, port, width));
    port_breakpoint(p, port, width);
}

static void out(struct processor *p, uint16_t port, unsigned width, uint32_t value)
{
    code_distrust_next(p);
    p->platform->port_write(p->context, port, width, value);
    port_breakpoint(p, port, width);
}

static uint16_t port_in_dx(const struct processor *p)
{
    return (uint16_t)p->gpr[EDX];
}

static void in_a_imm(struct processor *p, const struct instruction *i, unsigned width)
{
    in(p, i->immediate & 0xff, width);
}

static void in_a_dx(struct processor *p, const struct instruction *i, unsigned width)
{
    (void)i;
    in(p, port_in_dx(p), width);
}

static void out_imm_a(struct processor *p, const struct instruction *i, unsigned width)
{
    uint16_t port = i->immediate & 0xff;

    check_port(p, port, width);
    out(p, port, width, register_read(p, EAX, width));
}

static void out_dx_a(struct processor *p, const struct instruction *i, unsigned width)
{
    (void)i;
    check_port(p, port_in_dx(p), width);
    out(p, port_in_dx(p), width, register_read(p, EAX, width));
}

/* --- strings -----------------------------------------------------------------------------------
 */

static uint32_t ins_block(struct processor *p, const struct instruction *i, unsigned width,
                          uint32_t count)
{
    uint8_t *to;

    if ((p->eflags_rest & EFLAGS_DF) || (p->dr[7] & 0xff))
        return 0;
    to = string_span(p, i, ES, EDI, width, true, &count);
    if (to == NULL)
        return 0;
    code_written(p, to, count * width);
    code_distrust_next(p);
    p->platform->port_read_string(p->context, port_in_dx(p), width, to, count);
    string_advance(p, i, EDI, width, count);
    return count;
}

static uint32_t outs_block(struct processor *p, const struct instruction *i, unsigned width,
                           uint32_t count)
{
    const uint8_t *from;

    if ((p->eflags_rest & EFLAGS_DF) || (p->dr[7] & 0xff))
        return 0;
    from = string_span(p, i, i->segment, ESI, width, false, &count);
    if (from == NULL)
        return 0;
    code_distrust_next(p);
    p->platform->port_write_string(p->context, port_in_dx(p), width, from, count);
    string_advance(p, i, ESI, width, count);
    return count;
}

/* The permission is checked before the count: REP with a count of 0 faults, too. */
static void ins(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t offset = address_register(p, i, EDI), value;
    unsigned access = access_privilege(p);

    check_port(p, port_in_dx(p), width);
    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, ins_block, false);
        return;
    }
    /* A port gives its value once: the destination must be known to be writable before. */
    linear_probe(p, segment_linear(p, ES, offset, width, true), width, ACCESS_WRITE | access);
    code_distrust_next(p);
    value = p->platform->port_read(p->context, port_in_dx(p), width);
    string_write(p, i, width, value);
    string_advance(p, i, EDI, width, 1);
    port_breakpoint(p, port_in_dx(p), width);
}

static void outs(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t value;

    check_port(p, port_in_dx(p), width);
    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, outs_block, false);
        return;
    }
    value = string_read(p, i, i->segment, ESI, width);
    out(p, port_in_dx(p), width, value);
    string_advance(p, i, ESI, width, 1);
}

HANDLERS_8_V(in_a_imm)
HANDLERS_8_V(in_a_dx)
HANDLERS_8_V(out_imm_a)
HANDLERS_8_V(out_dx_a)
HANDLERS_8_V(ins)
HANDLERS_8_V(outs)
