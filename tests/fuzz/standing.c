/* Registers, flags, bounds, translations: each against its own second description.
 * Not here: the entry rules (enterable.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "standing.h"

#include "fault.h"
#include "finding.h"
#include "limits.h"
#include "precise.h"
#include "walk.h"

#define CR0_EXISTING 0xe005003fu
#define CR4_EXISTING 0x000007ffu
#define DR6_CONSTANT 0xffff1ff0u /* bits 3:0 and 15:13 are the ones that change */
#define DR7_EXISTING 0xffff27ffu

/* --- registers ---------------------------------------------------------------------------------
 */

static void check_eflags(const struct subject *s, const struct guest_state *state)
{
    if ((state->eflags & ~EFLAGS_DEFINED) || !(state->eflags & EFLAGS_FIXED))
        finding(s, "EFLAGS is %08x", state->eflags);
    if ((state->eflags & EFLAGS_VM) && !(state->cr0 & CR0_PE))
        finding(s, "EFLAGS.VM in real mode");
    if (s->processor.gpr[NO_REGISTER] != 0)
        finding(s, "the register that is always 0 is %08x", s->processor.gpr[NO_REGISTER]);
}

static void check_control(const struct subject *s, const struct guest_state *state)
{
    if ((state->cr0 & ~CR0_EXISTING) || !(state->cr0 & CR0_ET) ||
        (state->cr0 & (CR0_PG | CR0_PE)) == CR0_PG || (state->cr0 & (CR0_CD | CR0_NW)) == CR0_NW)
        finding(s, "CR0 is %08x", state->cr0);
    if (state->cr4 & ~CR4_EXISTING)
        finding(s, "CR4 is %08x", state->cr4);
    if (!!(state->efer & EFER_LMA) != ((state->efer & EFER_LME) && (state->cr0 & CR0_PG)))
        finding(s, "EFER is %llx with CR0 %08x", (unsigned long long)state->efer, state->cr0);
    if ((state->dr[6] & DR6_CONSTANT) != (DR6_FIXED & DR6_CONSTANT) ||
        !(state->dr[7] & DR7_FIXED) || (state->dr[7] & ~DR7_EXISTING))
        finding(s, "DR6 is %08x, DR7 %08x", state->dr[6], state->dr[7]);
    if (state->gdtr.limit > 0xffff || state->idtr.limit > 0xffff)
        finding(s, "GDTR or IDTR has a limit above ffff");
}

static bool usable(const struct segment_state *segment)
{
    return !(segment->attributes & ATTRIBUTE_UNUSABLE);
}

static unsigned dpl_of(const struct segment_state *segment)
{
    return (segment->attributes & ATTRIBUTE_DPL) >> ATTRIBUTE_DPL_SHIFT;
}

bool state_is_regular(const struct guest_state *state)
{
    const struct segment_state *cs = &state->segment[CS], *ss = &state->segment[SS];

    if (!(state->cr0 & CR0_PE))
        return state->cpl == 0;
    if (state->eflags & EFLAGS_VM)
        return state->cpl == 3;
    if ((cs->selector & 3) != state->cpl)
        return false;
    return !usable(ss) || (dpl_of(ss) == state->cpl && (ss->selector & 3) == state->cpl);
}

static void check_privilege(struct subject *s, const struct guest_state *state)
{
    bool was_protected = s->snapshot.state.cr0 & CR0_PE;

    /* Setting CR0.PE keeps real-mode selectors and caches, which agree with nothing. */
    if (!was_protected && (state->cr0 & CR0_PE))
        s->regular = false;
    if (!(state->cr0 & CR0_PE) && state->cpl == 0)
        s->regular = true;
    if (state->cpl > 3 || ((state->eflags & EFLAGS_VM) && state->cpl != 3))
        finding(s, "CPL is %u, EFLAGS %08x", state->cpl, state->eflags);
    if (s->exact && s->regular && !state_is_regular(state))
        finding(s, "CPL %u, CS %04x, SS %04x with DPL %u", state->cpl, state->segment[CS].selector,
                state->segment[SS].selector, dpl_of(&state->segment[SS]));
}

/* --- flags -------------------------------------------------------------------------------------
 */

/* SDM vol. 1, appendix B. */
static bool condition(uint32_t status, unsigned code)
{
    bool cf = status & EFLAGS_CF, pf = status & EFLAGS_PF, zf = status & EFLAGS_ZF;
    bool sf = status & EFLAGS_SF, of = status & EFLAGS_OF;
    const bool holds[8] = {of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of};

    return holds[code / 2] != (code & 1);
}

/* The lazy form must mean one value of the six flags, however it is asked. */
static void check_lazy_flags(const struct subject *s)
{
    static struct processor scratch;
    uint32_t status = flags_status(&s->processor);

    if (status & ~EFLAGS_STATUS)
        finding(s, "status flags are %08x", status);
    flags_put_status(&scratch, status);
    if (flags_status(&scratch) != status)
        finding(s, "status flags %08x come back as %08x", status, flags_status(&scratch));
    for (unsigned code = 0; code < 16; code++)
        if (flags_condition(&s->processor, code) != condition(status, code))
            finding(s, "condition %u of status flags %08x", code, status);
}

/* --- segment bounds ----------------------------------------------------------------------------
 */

/* A bound may only promise what the full rules grant: 8 bytes at the last offset below it. */
static void check_bound(const struct subject *s, const struct guest_state *state, unsigned segment,
                        uint32_t bound, bool write)
{
    const struct segment_state *cache = &state->segment[segment];
    bool watched = (state->dr[7] & 0xff) ||
                   (state->cpl == 3 && (state->cr0 & CR0_AM) && (state->eflags & EFLAGS_AC));

    if (bound == 0)
        return;
    if (watched)
        finding(s, "segment register %u has a bound of %08x, but accesses are watched", segment,
                bound);
    if (!cache_allows(state, cache, segment == CS, bound - 1, 8, write) ||
        !cache_allows(state, cache, segment == CS, 0, 8, write))
        finding(s, "segment register %u: %s bound %08x, limit %08x, attributes %x", segment,
                write ? "write" : "read", bound, cache->limit, cache->attributes);
}

static void check_bounds(const struct subject *s, const struct guest_state *state)
{
    for (unsigned n = ES; n <= GS; n++) {
        check_bound(s, state, n, s->processor.segment[n].read_bound, false);
        check_bound(s, state, n, s->processor.segment[n].write_bound, true);
    }
}

/* --- translations ------------------------------------------------------------------------------
 */

static void check_tag(const struct subject *s, uint32_t tag, uintptr_t host, unsigned access)
{
    const struct processor *p = &s->processor;
    uint32_t linear = tag & ~(PAGE_SIZE - 1);
    struct walk w;

    /* Bits 11:1 are the generation, bit 0 is set for CPL 3. */
    if (((tag ^ p->translation_tag) & (PAGE_SIZE - 2)) != 0)
        return;
    access |= tag & 1 ? ACCESS_USER : 0;
    w = walk(s, linear, access);
    if (w.fault)
        finding(s, "linear %08x is cached for access %u, but a walk faults", linear, access);
    if ((uint8_t *)(host + linear) != s->ram + subject_a20(s, w.physical))
        finding(s, "linear %08x is cached as RAM at %llx, a walk gives %llx", linear,
                (unsigned long long)((uint8_t *)(host + linear) - s->ram),
                (unsigned long long)w.physical);
    if (!w.accessed || ((access & ACCESS_WRITE) && !w.dirty))
        finding(s, "linear %08x is cached for access %u with A or D clear", linear, access);
}

void check_translations(const struct subject *s)
{
    const struct processor *p = &s->processor;

    for (unsigned n = 0; n < TRANSLATION_ENTRIES; n++) {
        const struct translation *t = &p->translation[n];

        check_tag(s, t->read_tag, t->host, 0);
        check_tag(s, t->write_tag, t->host, ACCESS_WRITE);
    }
    check_tag(s, p->fetch_tag, p->fetch_host, ACCESS_FETCH);
}

/* --- protocol ----------------------------------------------------------------------------------
 */

static void check_protocol(const struct subject *s)
{
    const struct processor *p = &s->processor;

    if (s->interrupts_open || p->interrupts_open)
        finding(s, "processor_run returns with interrupts open");
    if (p->restart)
        finding(s, "a restart is left over");
    if (p->shadow > SHADOW_MOV_SS || (p->shadow && !(p->events & EVENT_SHADOW)))
        finding(s, "shadow %u, events %02x", p->shadow, p->events);
    if (s->accepted >= 0 && !(p->events & EVENT_INTERRUPT) && !p->interrupt_waits)
        finding(s, "an accepted interrupt has been forgotten");
    if (((p->eflags_rest & (EFLAGS_TF | EFLAGS_RF)) || p->pending_debug) &&
        !(p->events & EVENT_DEBUG))
        finding(s, "EFLAGS %08x, pending debug traps %x, events %02x", p->eflags_rest,
                p->pending_debug, p->events);
}

void check_nothing_committed(struct subject *s)
{
    uint32_t eip = s->processor.eip;

    if (s->phase != PHASE_INSTRUCTION || !s->decoded || s->processor.retired != s->snapshot.retired)
        return;
    /* The interpreter rolls back EIP itself once it is unwound. */
    s->processor.eip = s->snapshot.state.eip;
    check_fault(s);
    s->processor.eip = eip;
}

void check_instruction_pointer(const struct subject *s)
{
    const struct processor *p = &s->processor;
    uint32_t before = s->snapshot.state.eip;

    if (p->eip != before + s->instruction.length && p->eip != before &&
        p->eip > p->segment[CS].limit)
        finding(s, "EIP %08x beyond the CS limit %08x, came from %08x", p->eip,
                p->segment[CS].limit, before);
}

/* --- all of it ---------------------------------------------------------------------------------
 */

void check_standing(struct subject *s)
{
    struct guest_state state;

    processor_save(&s->processor, &state);
    check_eflags(s, &state);
    check_control(s, &state);
    check_privilege(s, &state);
    check_lazy_flags(s);
    check_bounds(s, &state);
    check_protocol(s);
    check_predicate(s, &state);
}
