/* Running one instruction both ways, and random units and memory for it.
 * Not here: any list of instructions. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "native_compare.h"

#include <cpuid.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "fault.h"

#define HLT         0xf4
#define WINDOW_BASE 0x00080000u /* in the machine */

/* Offsets in an FXSAVE image, SDM vol. 1, table 10-2. */
#define UNIT_CONTROL  0u
#define UNIT_STATUS   2u
#define UNIT_TAGS     4u
#define UNIT_POINTERS 6u /* opcode, instruction pointer, operand pointer */
#define UNIT_MXCSR    24u
#define UNIT_X87      32u
#define UNIT_XMM      160u

/* --- random ---------------------------------------------------------------------------------- */

uint64_t random_next(struct random *r)
{
    r->state ^= r->state >> 12;
    r->state ^= r->state << 25;
    r->state ^= r->state >> 27;
    return r->state * 0x2545f4914f6cdd1dull;
}

uint32_t random_below(struct random *r, uint32_t limit)
{
    return (uint32_t)((random_next(r) >> 32) * limit >> 32);
}

static void random_bytes(struct random *r, uint8_t *bytes, size_t length)
{
    for (size_t n = 0; n < length; n++)
        bytes[n] = (uint8_t)(random_next(r) >> 56);
}

/* Exponent and top of the significand of a `bits`-wide binary format: zeros, denormals, ordinary
 * values, infinities, NaNs; the sign is random. */
static uint64_t random_float(struct random *r, unsigned bits, unsigned exponent_bits)
{
    unsigned fraction_bits = bits - 1 - exponent_bits;
    uint64_t fraction_mask = (1ull << fraction_bits) - 1, ones = (1ull << exponent_bits) - 1;
    uint64_t exponent, fraction = random_next(r) & fraction_mask;

    switch (random_below(r, 6)) {
    case 0:
        exponent = 0;
        break;
    case 1:
        exponent = ones;
        break;
    case 2:
        exponent = random_next(r) & ones;
        break;
    default: /* around 1.0 */
        exponent = (ones >> 1) + random_below(r, 40) - 20;
        break;
    }
    if (random_below(r, 4) == 0)
        fraction = random_below(r, 2) ? 0 : fraction_mask ^ (fraction_mask >> 1);
    return (random_next(r) & 1) << (bits - 1) | exponent << fraction_bits | fraction;
}

static void random_extended(struct random *r, uint8_t bytes[10])
{
    uint64_t high = random_float(r, 16, 15), low = random_next(r);

    if (random_below(r, 8) != 0) /* else perhaps an unnormal or pseudo-denormal */
        low = (high & 0x7fff) == 0 ? low & ~(1ull << 63) : low | 1ull << 63;
    if (random_below(r, 4) == 0)
        low &= 1ull << 63;
    memcpy(bytes, &low, 8);
    memcpy(bytes + 8, &high, 2);
}

/* 16 bytes: two doubles, four singles, one extended, small integers, or anything. */
static void random_operand(struct random *r, uint8_t bytes[16])
{
    random_bytes(r, bytes, 16);
    switch (random_below(r, 5)) {
    case 0:
        for (unsigned n = 0; n < 16; n += 8) {
            uint64_t value = random_float(r, 64, 11);

            memcpy(bytes + n, &value, 8);
        }
        break;
    case 1:
        for (unsigned n = 0; n < 16; n += 4) {
            uint64_t value = random_float(r, 32, 8);

            memcpy(bytes + n, &value, 4);
        }
        break;
    case 2:
        random_extended(r, bytes);
        break;
    case 3:
        for (unsigned n = 0; n < 16; n++)
            bytes[n] = (uint8_t)(bytes[n] & 0x0f);
        break;
    default:
        break;
    }
}

static void random_unit(struct random *r, uint8_t unit[NATIVE_HOST_IMAGE])
{
    uint16_t control = (uint16_t)(0x40 | (random_next(r) & 0x0f00)), status, mxcsr;

    memset(unit, 0, NATIVE_HOST_IMAGE);
    /* All masked, none, or some; flags none, or some, which may then be pending. */
    control |= random_below(r, 2) ? 0x3f : (uint16_t)(random_next(r) & 0x3f);
    status = (uint16_t)(random_next(r) & 0x7f00);
    if (random_below(r, 4) == 0)
        status |= (uint16_t)(random_next(r) & 0x7f);
    mxcsr = (uint16_t)(random_next(r) & 0xe040);
    mxcsr |= random_below(r, 2) ? 0x1f80 : (uint16_t)(random_next(r) & 0x1f80);
    if (random_below(r, 4) == 0)
        mxcsr |= (uint16_t)(random_next(r) & 0x3f);
    memcpy(unit + UNIT_CONTROL, &control, 2);
    memcpy(unit + UNIT_STATUS, &status, 2);
    memcpy(unit + UNIT_MXCSR, &mxcsr, 2);
    unit[UNIT_TAGS] = random_below(r, 3) ? 0xff : (uint8_t)random_next(r);
    for (unsigned n = 0; n < 8; n++) {
        random_extended(r, unit + UNIT_X87 + 16 * n);
        random_operand(r, unit + UNIT_XMM + 16 * n);
    }
}

void trial_random(struct trial *t, struct random *r)
{
    memset(t, 0, sizeof(*t));
    random_unit(r, t->unit);
    for (unsigned n = 0; n < WINDOW; n += 16)
        random_operand(r, t->window + n);
    t->value = (uint32_t)random_next(r) >> random_below(r, 32);
    t->eflags = (uint32_t)random_next(r) & EFLAGS_STATUS;
}

/* --- directly -------------------------------------------------------------------------------- */

bool host_is_intel(void)
{
    uint32_t leaf = 0, ebx = 0, ecx = 0, edx = 0;

    return __get_cpuid(0, &leaf, &ebx, &ecx, &edx) && ebx == signature_INTEL_ebx &&
           ecx == signature_INTEL_ecx && edx == signature_INTEL_edx;
}

/* Two pages, the second one not accessible. */
static uint8_t *host_window(void)
{
    static uint8_t *window;

    if (window == NULL) {
        window = mmap(NULL, 2 * WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (window == MAP_FAILED || mprotect(window + WINDOW, WINDOW, PROT_NONE) != 0) {
            perror("window");
            abort();
        }
    }
    return window;
}

void run_directly(const struct trial *t, struct outcome *o)
{
    /* PUSHF; OR dword [RSP], AC; POPF and PUSHF; AND dword [RSP], ~AC; POPF */
    static const uint8_t set_ac[] = {0x9c, 0x81, 0x0c, 0x24, 0x00, 0x00, 0x04, 0x00, 0x9d};
    static const uint8_t clear_ac[] = {0x9c, 0x81, 0x24, 0x24, 0xff, 0xff, 0xfb, 0xff, 0x9d};
    uint8_t code[sizeof(set_ac) + sizeof(t->code) + sizeof(clear_ac)], *window = host_window();
    struct native_call call = {window + t->position, t->value, t->eflags & EFLAGS_STATUS};
    unsigned length = 0;

    memcpy(window, t->window, WINDOW);
    native_host_set(t->unit);
    if (t->eflags & EFLAGS_AC) {
        /* OR and AND change the flags, which then are not the instruction's to compare. */
        memcpy(code, set_ac, sizeof(set_ac));
        length = sizeof(set_ac);
    }
    memcpy(code + length, t->code, t->length);
    length += t->length;
    if (t->eflags & EFLAGS_AC) {
        memcpy(code + length, clear_ac, sizeof(clear_ac));
        length += sizeof(clear_ac);
    }
    o->vector = native_host_run(NULL, code, length, &call);
    if (o->vector == EXCEPTION_PF)
        o->vector = EXCEPTION_GP;
    o->value = call.value;
    o->eflags = call.eflags;
    native_host_get(o->unit);
    memcpy(o->window, window, WINDOW);
}

/* --- interpreted ----------------------------------------------------------------------------- */

struct machine *compare_machine(void)
{
    struct machine *m = machine_create();

    machine_protected(m, 3, 32);
    m->native = native_host_run;
    machine_save(m);
    m->state.cr0 |= CR0_NE | CR0_AM;
    m->state.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    machine_segment(m, DS, SELECTOR_DATA_3 | 3, WINDOW_BASE, WINDOW - 1, 0x40f3);
    machine_load(m);
    return m;
}

void run_interpreted(struct machine *m, const struct trial *t, struct outcome *o)
{
    struct guest_state before = m->state;
    uint32_t code = before.segment[CS].base + before.eip;

    native_host_set(t->unit);
    machine_write(m, code, t->code, t->length);
    machine_write_8(m, code + t->length, HLT);
    machine_write(m, WINDOW_BASE, t->window, WINDOW);
    m->state.gpr[EAX] = t->position;
    m->state.gpr[ECX] = t->value;
    m->state.eflags = (m->state.eflags & ~EFLAGS_STATUS) | t->eflags;
    machine_load(m);
    /* HLT is privileged: at CPL 3 it ends in the handler of #GP with EIP on it. */
    if (!machine_run_to_halt(m, t->length + 2u))
        fail_msg("the instruction did not end");
    o->vector = machine_vector(m);
    if (o->vector == EXCEPTION_GP && machine_stack(m, 1, 4) == before.eip + t->length)
        o->vector = -1;
    o->value = m->state.gpr[ECX];
    o->eflags = m->state.eflags & EFLAGS_STATUS;
    native_host_get(o->unit);
    memcpy(o->window, m->ram + WINDOW_BASE, WINDOW);
    m->state = before;
}

/* --- side by side ---------------------------------------------------------------------------- */

static void print_trial(const struct trial *t)
{
    fprintf(stderr, "instruction:");
    for (unsigned n = 0; n < t->length; n++)
        fprintf(stderr, " %02x", t->code[n]);
    fprintf(stderr,
            "; operand at %03x, ECX %08x, flags %05x, FCW %02x%02x, FSW %02x%02x, MXCSR %02x%02x\n",
            t->position, t->value, t->eflags, t->unit[1], t->unit[0], t->unit[3], t->unit[2],
            t->unit[UNIT_MXCSR + 1], t->unit[UNIT_MXCSR]);
}

/* Prints the first difference; true when there is one. */
static bool bytes_differ(const char *what, const uint8_t *direct, const uint8_t *interpreted,
                         uint32_t length)
{
    for (uint32_t n = 0; n < length; n++) {
        if (direct[n] == interpreted[n])
            continue;
        fprintf(stderr, "%s byte %u: %02x directly, %02x interpreted\n", what, n, direct[n],
                interpreted[n]);
        return true;
    }
    return false;
}

/* Makes equal what need not be. */
static void assimilate(uint8_t *direct, const uint8_t *interpreted, uint32_t first, uint32_t length,
                       uint32_t size)
{
    for (uint32_t n = first; n < first + length && n < size; n++)
        direct[n] = interpreted[n];
}

/* After a fault the host may have done part of its work, which the SDM does not promise and the
 * interpreter does not do: an operand of several parts (FSTP m80, FNSAVE) is written part by part,
 * and an MMX store that faults has already changed TOP and the tags. #XM is different: it tells
 * what happened in MXCSR, and what the unit did before it counts. */
static void undo_partial_work(const struct trial *t, struct outcome *direct)
{
    if (direct->vector == EXCEPTION_XM)
        return;
    native_host_set(t->unit);
    native_host_get(direct->unit);
    memcpy(direct->window, t->window, WINDOW);
}

static bool words_differ(const char *what, uint32_t direct, uint32_t interpreted)
{
    if (direct == interpreted)
        return false;
    fprintf(stderr, "%s: %08x directly, %08x interpreted\n", what, direct, interpreted);
    return true;
}

void compare(struct machine *m, const struct trial *t, struct unlike unlike)
{
    static struct outcome direct, interpreted;
    bool differ;

    run_directly(t, &direct);
    run_interpreted(m, t, &interpreted);
    differ = words_differ("vector", (uint32_t)direct.vector, (uint32_t)interpreted.vector);
    differ |= words_differ("ECX", direct.value, interpreted.value);
    if (!(t->eflags & EFLAGS_AC) && direct.vector < 0)
        differ |= words_differ("status flags", direct.eflags, interpreted.eflags);
    if (direct.vector >= 0)
        undo_partial_work(t, &direct);
    assimilate(direct.unit, interpreted.unit, UNIT_POINTERS, UNIT_MXCSR - UNIT_POINTERS,
               UNIT_VISIBLE);
    differ |= bytes_differ("unit", direct.unit, interpreted.unit, UNIT_VISIBLE);
    for (unsigned n = 0; n < 2; n++)
        assimilate(direct.window, interpreted.window, t->position + unlike.range[n].first,
                   unlike.range[n].length, WINDOW);
    differ |= bytes_differ("memory", direct.window, interpreted.window, WINDOW);
    if (!differ)
        return;
    print_trial(t);
    fail_msg("the interpreter and the host differ");
}
