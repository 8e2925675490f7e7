/* Transport without any help from outside: one hand-off, at the guest's own MOV CR0 that turns
 * paging on. It is executed a second time, by the processor: before it nothing is paged, so every
 * cache can be loaded from descriptors in the blob, and the jump to it needs no page of the
 * guest's. Not here: the instructions that load the processor (native_switch.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "native_switch.h"

#include "console.h"
#include "guest_walk.h"
#include "hardware.h"
#include "layout.h"
#include "msr.h"
#include "native_paged.h"
#include "policy.h"
#include "statistics.h"
#include "transport.h"

#include <stddef.h>

#define MOV_TO_CR0_LENGTH 3u
#define SELECTOR_TI       4u
#define SELECTOR_RPL      3u
#define SELECTOR_INDEX    0xfff8u
#define CR0_WRITABLE                                                                               \
    (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
/* As Xen starts a processor, which the blob leaves alone. */
#define TR_ATTRIBUTES 0x8bu
#define TR_LIMIT      0x67u

/* Segments loaded in this order: an LDT of the blob's serves those with TI set, and goes before the
 * guest's own LDTR comes. */
static const uint8_t data_registers[] = {ES, SS, DS, FS, GS};

struct native_departure native_record;
static bool told;

static bool is_null(const struct segment_state *s)
{
    return (s->selector & ~SELECTOR_RPL) == 0;
}

static bool is_usable(const struct segment_state *s)
{
    return !(s->attributes & ATTRIBUTE_UNUSABLE);
}

/* --- the instruction ----------------------------------------------------------------------------
 */

/* `s` is the state after a MOV CR0: makes it the one before, with paging off. The instruction must
 * be where it is read with paging off and on, so that executing it again gives just this state,
 * even if it is not what has been executed last. */
static bool step_back(struct guest_state *s)
{
    const uint32_t eip = s->eip - MOV_TO_CR0_LENGTH;
    const uint32_t linear = s->segment[CS].base + eip;
    uint8_t code[MOV_TO_CR0_LENGTH];

    if (s->segment[CS].limit < s->eip || s->eip < MOV_TO_CR0_LENGTH ||
        !guest_read(s, linear, code, sizeof code))
        return false;
    for (uint32_t n = 0; n < MOV_TO_CR0_LENGTH; n++) {
        if (guest_walk(s, linear + n) != linear + n)
            return false;
    }
    if (code[0] != 0x0f || code[1] != 0x22 || (code[2] & 0x38))
        return false;
    if ((s->gpr[code[2] & 7] ^ s->cr0) & CR0_WRITABLE)
        return false;
    s->eip = eip;
    s->cr0 &= ~CR0_PG;
    s->efer &= ~(uint64_t)EFER_LMA;
    return true;
}

/* --- what can be loaded -------------------------------------------------------------------------
 */

/* A usable cache needs a selector that the processor reads a descriptor for. */
static bool data_loadable(const struct guest_state *s, unsigned n)
{
    const struct segment_state *segment = &s->segment[n];

    if (is_usable(segment))
        return !is_null(segment);
    return n != SS && is_null(segment);
}

static bool ldtr_loadable(const struct segment_state *s)
{
    return is_usable(s) ? !is_null(s) && !(s->selector & SELECTOR_TI) : is_null(s);
}

/* Never loaded: still as the processor has it. */
static bool tr_untouched(const struct segment_state *s)
{
    return s->selector == 0 && s->base == 0 && s->limit == TR_LIMIT &&
           s->attributes == TR_ATTRIBUTES;
}

static bool tr_loadable(const struct segment_state *s)
{
    return tr_untouched(s) || (is_usable(s) && !is_null(s) && !(s->selector & SELECTOR_TI));
}

static uint64_t descriptor_of(const struct segment_state *s)
{
    const uint32_t limit = s->attributes & ATTRIBUTE_G ? s->limit >> 12 : s->limit;
    const uint32_t low = s->base << 16 | (limit & 0xffffu);
    const uint32_t high = (s->base & 0xff000000u) | (s->base >> 16 & 0xffu) |
                          (s->attributes & 0xf0ffu) << 8 | (limit & 0xf0000u);

    return (uint64_t)high << 32 | low;
}

/* CS comes from the guest's own table, which must still say what the cache says. */
static bool cs_loadable(const struct guest_state *s)
{
    const struct segment_state *cs = &s->segment[CS], *ldtr = &s->segment[LDTR];
    const bool local = cs->selector & SELECTOR_TI;
    const uint32_t index = cs->selector & SELECTOR_INDEX;
    const uint32_t base = local ? ldtr->base : s->gdtr.base;
    const uint32_t limit = local ? ldtr->limit : s->gdtr.limit;
    uint64_t entry;

    if (is_null(cs) || (local && !is_usable(ldtr)) || limit < index + 7)
        return false;
    return guest_read(s, base + index, &entry, sizeof entry) && entry == descriptor_of(cs);
}

static bool loadable(const struct guest_state *s)
{
    for (unsigned n = 0; n < sizeof data_registers; n++) {
        if (!data_loadable(s, data_registers[n]))
            return false;
    }
    return ldtr_loadable(&s->segment[LDTR]) && tr_loadable(&s->segment[TR]) && cs_loadable(s) &&
           s->cpl == 0 && !(s->eflags & (EFLAGS_TF | EFLAGS_VM));
}

/* --- leaving ------------------------------------------------------------------------------------
 */

/* A table in which the selector finds this one descriptor, wherever its index would have it. */
static struct descriptor_table table_around(const uint64_t *descriptor, uint16_t selector)
{
    return (struct descriptor_table){0xffff, (uint32_t)descriptor - (selector & SELECTOR_INDEX)};
}

static void prepare_segment(const struct guest_state *s, unsigned n)
{
    const struct segment_state *from = &s->segment[n];
    struct native_segment *to = &native_record.segment[n];
    struct segment_state table;

    *to = (struct native_segment){.selector = from->selector, .descriptor = descriptor_of(from)};
    to->gdt = table_around(&to->descriptor, from->selector);
    if (n == TR)
        to->descriptor &= ~((uint64_t)ATTRIBUTE_BUSY << 40); /* LTR sets it */
    if (n > GS || !(from->selector & SELECTOR_TI) || !is_usable(from))
        return;
    table = (struct segment_state){NATIVE_LDT_SELECTOR, 0x82, to->gdt.base, 0xffff};
    to->table = descriptor_of(&table);
    to->gdt = table_around(&to->table, NATIVE_LDT_SELECTOR);
    to->local = 1;
}

static void prepare(const struct guest_state *s)
{
    for (unsigned n = ES; n <= TR; n++)
        prepare_segment(s, n);
    native_record.tr_untouched = tr_untouched(&s->segment[TR]);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        native_record.gpr[n] = s->gpr[n];
    native_record.eip = s->eip;
    native_record.last = (uint32_t)native_jump;
    native_record.eflags = s->eflags & ~EFLAGS_IF;
    native_record.cs_selector = s->segment[CS].selector;
    native_record.gdtr = (struct descriptor_table){(uint16_t)s->gdtr.limit, s->gdtr.base};
    native_record.idtr = (struct descriptor_table){(uint16_t)s->idtr.limit, s->idtr.base};
}

/* Paging of the blob off: it is where it seems to be. Then what C can load itself; with paging, the
 * blob is in these tables too. */
static void load_control(const struct guest_state *s)
{
    cr0_write(HOME_CR0 & ~CR0_PG);
    cr3_write(s->cr3);
    cr4_write(s->cr4);
    efer_write(s->efer);
    cr2_write(s->cr2);
    DEBUG_REGISTER_WRITE(0, s->dr[0]);
    DEBUG_REGISTER_WRITE(1, s->dr[1]);
    DEBUG_REGISTER_WRITE(2, s->dr[2]);
    DEBUG_REGISTER_WRITE(3, s->dr[3]);
    DEBUG_REGISTER_WRITE(6, s->dr[6]);
    DEBUG_REGISTER_WRITE(7, s->dr[7]);
    cr0_write(s->cr0);
}

static bool fits(void)
{
    return true;
}

static void start(struct vcpu *first)
{
    (void)first;
    policy_one_way();
}

static _Noreturn void depart(const struct guest_state *s)
{
    console_format("hvmassist: the one hand-off, at %8x\n", s->eip);
    statistics.handoffs++;
    load_control(s);
    native_depart();
}

static void leave(struct vcpu *vcpu)
{
    struct guest_state s = vcpu->state;

    if (step_back(&s) && !(s.eflags & EFLAGS_IF) && loadable(&s)) {
        prepare(&s);
        depart(&s);
    }
    s = vcpu->state;
    if (loadable(&s)) {
        prepare(&s);
        if (native_paged(&s))
            depart(&s);
    }
    if (!told)
        console_format("hvmassist: paging is on, and the guest is interpreted on\n");
    told = true;
    policy_refused(vcpu);
}

const struct transport native = {
    .name = "native",
    .fits = fits,
    .start = start,
    .leave = leave,
};
