/* Reports. Not here: anything that decides. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "length.h"
#include "scenario.h"

static void print_state(const char *title, const struct guest_state *g)
{
    static const char *const segments[] = {"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR"};
    static const char *const registers[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};

    fprintf(stderr, "%s:\n ", title);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        fprintf(stderr, " %s %08x", registers[n], g->gpr[n]);
    fprintf(stderr, "\n  EIP %08x EFLAGS %08x CPL %u shadow %u pending debug %x A20 %d\n", g->eip,
            g->eflags, g->cpl, g->shadow, g->pending_debug, g->a20);
    fprintf(stderr, "  CR0 %08x CR2 %08x CR3 %08x CR4 %08x EFER %llx\n", g->cr0, g->cr2, g->cr3,
            g->cr4, (unsigned long long)g->efer);
    fprintf(stderr, "  DR0 %08x %08x %08x %08x DR6 %08x DR7 %08x\n", g->dr[0], g->dr[1], g->dr[2],
            g->dr[3], g->dr[6], g->dr[7]);
    fprintf(stderr, "  GDTR %08x %04x IDTR %08x %04x\n", g->gdtr.base, g->gdtr.limit, g->idtr.base,
            g->idtr.limit);
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        fprintf(stderr, "  %-4s %04x base %08x limit %08x attributes %05x\n", segments[n],
                g->segment[n].selector, g->segment[n].base, g->segment[n].limit,
                g->segment[n].attributes);
}

_Noreturn void finding(const struct subject *s, const char *format, ...)
{
    static const char *const phases[] = {"boundary", "instruction", "delivery"};
    struct guest_state now;
    char text[160];
    va_list arguments;

    fprintf(stderr, "\nFINDING (%s machine, %s, instruction %u): ", s->exact ? "exact" : "fast",
            phases[s->phase], s->begun);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    length_print(s, text, sizeof text);
    fprintf(stderr, "\nscenario mode %u; at CS:EIP: %s\n", s->scenario->mode, text);
    if (s->exact)
        print_state("at the start of the phase", &s->snapshot.state);
    processor_save(&s->processor, &now);
    print_state("now", &now);
    fprintf(stderr, "last fault: vector %u, error code %x\n", s->processor.fault.vector,
            s->processor.fault.error);
    abort();
}

/* --- tracing -----------------------------------------------------------------------------------
 */

static bool tracing(void)
{
    static int wanted = -1;

    if (wanted < 0)
        wanted = getenv("FUZZ_TRACE") != NULL;
    return wanted;
}

void finding_trace(const struct subject *s)
{
    const struct processor *p = &s->processor;
    char text[160];

    if (!tracing())
        return;
    length_print(s, text, sizeof text);
    fprintf(stderr, "%s %3u CPL %u %04x:%08x %s\n", s->exact ? "exact" : " fast", s->begun, p->cpl,
            p->segment[CS].selector, p->eip, text);
}

void finding_trace_fault(const struct subject *s)
{
    const struct processor *p = &s->processor;

    if (tracing())
        fprintf(stderr, "%s     vector %u error code %x CR2 %08x\n", s->exact ? "exact" : " fast",
                p->fault.vector, p->fault.error, p->cr2);
}
