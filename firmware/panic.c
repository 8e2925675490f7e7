/* The end: the reason and the guest's whole state on the console, then nothing more.
 * Not here: deciding that it is the end. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "panic.h"

#include "console.h"
#include "hardware.h"
#include "memory_map.h"
#include "traps.h"

#include <stddef.h>

#define CODE_BYTES   16u
#define BRANCH_COUNT (sizeof((struct processor *)0)->branch_source / sizeof(uint32_t))

static const char segment_names[SEGMENT_REGISTER_COUNT][5] = {"es", "cs", "ss",   "ds",
                                                              "fs", "gs", "ldtr", "tr"};

static void print_general(const struct guest_state *s)
{
    console_format("eax=%8x ebx=%8x ecx=%8x edx=%8x\n", s->gpr[EAX], s->gpr[EBX], s->gpr[ECX],
                   s->gpr[EDX]);
    console_format("esi=%8x edi=%8x ebp=%8x esp=%8x\n", s->gpr[ESI], s->gpr[EDI], s->gpr[EBP],
                   s->gpr[ESP]);
    console_format("eip=%8x eflags=%8x cpl=%u shadow=%u a20=%u pending_debug=%8x\n", s->eip,
                   s->eflags, (uint32_t)s->cpl, (uint32_t)s->shadow, (uint32_t)s->a20,
                   s->pending_debug);
}

static void print_control(const struct guest_state *s)
{
    console_format("cr0=%8x cr2=%8x cr3=%8x cr4=%8x efer=%8x\n", s->cr0, s->cr2, s->cr3, s->cr4,
                   (uint32_t)s->efer);
    console_format("dr0=%8x dr1=%8x dr2=%8x dr3=%8x dr6=%8x dr7=%8x\n", s->dr[0], s->dr[1],
                   s->dr[2], s->dr[3], s->dr[6], s->dr[7]);
    for (unsigned n = 0; n < SEGMENT_REGISTER_COUNT; n++)
        console_format("%s: selector=%4x base=%8x limit=%8x attributes=%8x\n", segment_names[n],
                       (uint32_t)s->segment[n].selector, s->segment[n].base, s->segment[n].limit,
                       s->segment[n].attributes);
    console_format("gdtr: base=%8x limit=%4x\nidtr: base=%8x limit=%4x\n", s->gdtr.base,
                   s->gdtr.limit, s->idtr.base, s->idtr.limit);
}

/* Where paging is off, or the page of the last fetch is still known. */
static void print_code(const struct processor *p, const struct guest_state *s)
{
    const uint32_t linear = s->segment[CS].base + s->eip;

    console_format("code at %8x:", linear);
    for (uint32_t n = 0; n < CODE_BYTES; n++) {
        const uint32_t address = linear + n;

        if ((p->fetch_tag ^ address) < 4096)
            console_format(" %2x", (uint32_t) * (const uint8_t *)(p->fetch_host + address));
        else if (!(s->cr0 & CR0_PG) && memory_is_ram(address))
            console_format(" %2x", (uint32_t) * (const uint8_t *)(uintptr_t)address);
        else
            console_format(" --");
    }
    console_format("\n");
}

static void print_branches(const struct processor *p)
{
    console_format("last far branches, newest first:");
    for (uint32_t n = 1; n <= BRANCH_COUNT && n <= p->branch_index; n++)
        console_format(" %8x", p->branch_source[(p->branch_index - n) % BRANCH_COUNT]);
    console_format("\n");
}

static void print_guest(struct vcpu *vcpu)
{
    const struct processor *p = &vcpu->processor;

    processor_save(p, &vcpu->state);
    print_general(&vcpu->state);
    print_control(&vcpu->state);
    print_code(p, &vcpu->state);
    print_branches(p);
    console_format("%u instructions interpreted; interrupt kept: %u\n", (uint32_t)p->retired,
                   (uint32_t)vcpu->interrupt_kept);
    console_format("last not enterable by rule %u, at %8x\n", (uint32_t)p->refused_rule,
                   p->refused_address);
}

_Noreturn void panic_bug(struct vcpu *vcpu, const char *reason)
{
    __asm__ volatile("cli");
    console_format("hvmassist: panic: %s\n", reason);
    if (vcpu != NULL)
        print_guest(vcpu);
    stop();
}

_Noreturn void panic_exception(struct vcpu *vcpu, unsigned vector, uint32_t error, uint32_t eip,
                               uint32_t eflags)
{
    console_format("hvmassist: exception %u error=%4x eip=%8x eflags=%8x cr2=%8x\n", vector, error,
                   eip, eflags, cr2_read());
    panic_bug(vcpu, "exception in the blob");
}

_Noreturn void panic_asked(struct vcpu *vcpu)
{
    console_format("hvmassist: asked for the guest's state\n");
    print_guest(vcpu);
    stop();
}

_Noreturn void panic_triple_fault(struct vcpu *vcpu)
{
    static const struct descriptor_table nothing = {0, 0};

    console_format("hvmassist: the guest triple-faults\n");
    print_guest(vcpu);
    __asm__ volatile("lidt %0; int3" : : "m"(nothing));
    stop();
}
