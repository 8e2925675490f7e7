/* Builds with EMULATOR_TRACE: one line of text for each instruction, to the testvisor's log.
 * Not here: reading the lines. */
/* SPDX-License-Identifier: GPL-2.0-only */
#if defined EMULATOR_TRACE && !defined FIRMWARE_PROFILE
#include "trace.h"

#include "emulator/flags.h"

#include "xen.h"

#define TRACE_SERVICE 0x48564d01u
#define LINE_SIZE     192u

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

void trace_instruction(void *context, struct processor *p, const uint8_t *bytes, unsigned length)
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
    xen_hypercall(TRACE_SERVICE, (uint32_t)line, used, 0, 0);
}
#endif
