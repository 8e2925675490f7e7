/* Builds with EMULATOR_TRACE: each instruction as a line of text to the testvisor's log, or as a
 * record into its ring; the linker chooses (module.mk). Not here: reading either. */
/* SPDX-License-Identifier: GPL-2.0-only */
#if defined EMULATOR_TRACE && !defined FIRMWARE_PROFILE
#include "trace.h"

#include "emulator/flags.h"

#include "xen.h"

#include <hvmassist/trace.h>

#include <stddef.h>

#define LINE_SIZE 192u

static char line[LINE_SIZE];
static unsigned used;

static void put(char c)
{
    if (used < LINE_SIZE)
        line[used++] = c;
}

static void put_hexadecimal(uint32_t value, unsigned digits)
{
    while (digits-- > 0)
        put("0123456789abcdef"[value >> (4 * digits) & 15]);
}

static void put_word(uint32_t value, unsigned digits)
{
    put(' ');
    put_hexadecimal(value, digits);
}

void trace_to_ring(void *context, struct processor *p, const uint8_t *bytes, unsigned length)
{
    static struct hvmassist_trace_ring *ring;
    const struct segment *cs = &p->segment[CS];
    struct hvmassist_trace_record *record;

    (void)context;
    if (ring == NULL)
        ring = (void *)xen_hypercall(HVMASSIST_TRACE_RING, 0, 0, 0, 0);
    record = &ring->record[ring->count++ % HVMASSIST_TRACE_RECORDS];
    record->selector = cs->selector;
    record->length = (uint8_t)length;
    record->width = cs->attributes & ATTRIBUTE_DB ? 32 : 16;
    record->eip = p->instruction_eip;
    record->linear = cs->base + p->instruction_eip;
    __builtin_memcpy(record->bytes, bytes, length);
    __builtin_memcpy(record->gpr, p->gpr, sizeof record->gpr);
    record->eflags = flags_eflags(p);
}

void trace_to_log(void *context, struct processor *p, const uint8_t *bytes, unsigned length)
{
    static const uint8_t order[] = {EAX, EBX, ECX, EDX, ESI, EDI, EBP, ESP};
    const struct segment *cs = &p->segment[CS];

    (void)context;
    used = 0;
    put('T');
    put(' ');
    put(cs->attributes & ATTRIBUTE_DB ? '3' : '1');
    put(cs->attributes & ATTRIBUTE_DB ? '2' : '6');
    put_word(cs->selector, 4);
    put_word(cs->base + p->instruction_eip, 8);
    put_word(p->instruction_eip, 8);
    put(' ');
    for (unsigned n = 0; n < length; n++)
        put_hexadecimal(bytes[n], 2);
    for (unsigned n = 0; n < sizeof order; n++)
        put_word(p->gpr[order[n]], 8);
    put_word(flags_eflags(p), 8);
    put('\n');
    xen_hypercall(HVMASSIST_TRACE_TEXT, (uint32_t)line, used, 0, 0);
}
#endif
