/* The list of differences between makers, and how an instruction is found in it.
 * Not here: taking a failing case apart (minimise.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "vendor.h"

#include <cpuid.h>
#include <string.h>

#include "arena.h"
#include "child.h"

/* What an instruction must have for an entry to be about it. */
#define LOCKED   1u
#define REPEATED 2u
#define WIDE     4u  /* 32-bit operands */
#define REGISTER 8u  /* no memory operand */
#define STEPPED  16u /* EFLAGS.TF */

struct difference {
    bool two_byte;
    uint8_t first, last;
    int reg; /* ModRM.reg, or -1 */
    unsigned condition;
    unsigned kinds; /* of differences, bits by enum difference_kind */
    const char *text;
};

#define KIND(k) (1u << (k))
#define ANY     (~0u) /* what it wrote, or where it went, shows in all that follows */
#define FAULT   (KIND(DIFFERENT_FAULT) | KIND(DIFFERENT_MEMORY))

/* Each entry was met on an EPYC and is not so on Intel's. AMD64 Architecture Programmer's Manual
 * (APM), vol. 3, where it says so; the order of checks within an instruction it leaves open. */
static const struct difference amd[] = {
    {false, 0x06, 0x06, -1, WIDE, ANY, "PUSH ES writes four bytes"},
    {false, 0x0e, 0x0e, -1, WIDE, ANY, "PUSH CS writes four bytes"},
    {false, 0x16, 0x16, -1, WIDE, ANY, "PUSH SS writes four bytes"},
    {false, 0x1e, 0x1e, -1, WIDE, ANY, "PUSH DS writes four bytes"},
    {true, 0xa0, 0xa0, -1, WIDE, ANY, "PUSH FS writes four bytes"},
    {true, 0xa8, 0xa8, -1, WIDE, ANY, "PUSH GS writes four bytes"},
    {false, 0x07, 0x07, -1, WIDE, FAULT, "POP ES reads four bytes"},
    {false, 0x17, 0x17, -1, WIDE, FAULT, "POP SS reads four bytes"},
    {false, 0x1f, 0x1f, -1, WIDE, FAULT, "POP DS reads four bytes"},
    {true, 0xa1, 0xa1, -1, WIDE, FAULT, "POP FS reads four bytes"},
    {true, 0xa9, 0xa9, -1, WIDE, FAULT, "POP GS reads four bytes"},
    {false, 0xca, 0xcb, -1, 0, FAULT, "RET far reads the whole frame before it looks at it"},
    {false, 0xcf, 0xcf, -1, 0, FAULT, "IRET reads the whole frame before it looks at it"},
    {false, 0x62, 0x62, -1, 0, FAULT, "BOUND reads both bounds before it compares"},
    {false, 0xe8, 0xe8, -1, 0, FAULT, "CALL checks its target before it pushes"},
    {false, 0x9a, 0x9a, -1, 0, FAULT, "CALL far checks its target before it pushes"},
    {false, 0xff, 0xff, 2, 0, FAULT, "CALL checks its target before it pushes"},
    {false, 0xff, 0xff, 3, 0, FAULT, "CALL far checks its target before it pushes"},
    {false, 0xa6, 0xa7, -1, REPEATED, KIND(DIFFERENT_FLAGS),
     "REP CMPS: a fault finds the flags of the element before"},
    {false, 0xae, 0xaf, -1, REPEATED, KIND(DIFFERENT_FLAGS),
     "REP SCAS: a fault finds the flags of the element before"},
    {false, 0xa6, 0xa7, -1, REPEATED, FAULT, "CMPS reads its first operand first"},
    {false, 0xa4, 0xaf, -1, REPEATED | STEPPED, KIND(DIFFERENT_FLAGS),
     "a single step between two elements of REP: RF is clear"},
    {false, 0xe0, 0xe1, -1, REPEATED, ANY,
     "LOOPE and LOOPNE with a REP prefix take the condition from it"},
    {false, 0xf1, 0xf1, -1, 0, KIND(DIFFERENT_FAULT),
     "INT1 below a hypervisor: EIP is on the instruction"},
    {true, 0x0d, 0x0d, -1, REGISTER, FAULT, "PREFETCH of a register is #UD (APM: PREFETCH)"},
    {true, 0xb9, 0xb9, -1, 0, KIND(DIFFERENT_FAULT), "UD1 has no ModRM byte"},
    {true, 0xff, 0xff, -1, 0, KIND(DIFFERENT_FAULT), "UD0 has no ModRM byte (APM: UD0)"},
    {true, 0x20, 0x22, -1, LOCKED, KIND(DIFFERENT_FAULT),
     "LOCK MOV CR0 means CR8 (APM: MOV CRn), and is #GP at CPL 3"},
    {true, 0x00, 0x00, -1, LOCKED, KIND(DIFFERENT_FAULT), "LOCK is looked at after the operand"},
};
#define AMD_COUNT (sizeof(amd) / sizeof(amd[0]))

static bool is_amd;
static uint64_t *met; /* per entry, by all processes */

void vendor_initialise(void)
{
    uint32_t leaf = 0, ebx = 0, ecx = 0, edx = 0;

    is_amd = __get_cpuid(0, &leaf, &ebx, &ecx, &edx) && ebx == signature_AMD_ebx;
    met = child_shared(sizeof(amd) / sizeof(amd[0]) * sizeof(*met));
}

static bool is_prefix(uint8_t byte)
{
    return (byte & 0xe7) == 0x26 || (byte >= 0x64 && byte <= 0x67) || byte == 0xf0 ||
           byte == 0xf2 || byte == 0xf3;
}

struct parsed {
    bool two_byte;
    uint8_t opcode, modrm;
    unsigned has;
};

static struct parsed parse(const uint8_t *code, uint32_t length, bool wide)
{
    struct parsed p = {.has = wide ? WIDE : 0};
    uint32_t n = 0;

    for (; n < length && is_prefix(code[n]); n++) {
        if (code[n] == 0xf0)
            p.has |= LOCKED;
        if (code[n] == 0xf2 || code[n] == 0xf3)
            p.has |= REPEATED;
        if (code[n] == 0x66)
            p.has = (p.has & ~WIDE) | (wide ? 0 : WIDE);
    }
    if (n < length && code[n] == 0x0f) {
        p.two_byte = true;
        n++;
    }
    p.opcode = n < length ? code[n] : 0;
    p.modrm = n + 1 < length ? code[n + 1] : 0;
    if (p.modrm >= 0xc0)
        p.has |= REGISTER;
    return p;
}

static const struct difference *find(const struct parsed *p, enum difference_kind kind)
{
    for (unsigned n = 0; n < AMD_COUNT; n++) {
        const struct difference *d = &amd[n];

        if (d->two_byte == p->two_byte && p->opcode >= d->first && p->opcode <= d->last &&
            (d->reg < 0 || d->reg == (p->modrm >> 3 & 7)) &&
            (p->has & d->condition) == d->condition && d->kinds & KIND(kind))
            return d;
    }
    return NULL;
}

const char *vendor_excuse(const struct oracle_case *test, const struct comparison *comparison)
{
    const struct arena_segment *code = arena_find(test->start.selector[CS]);
    uint32_t count = test->instruction_count;
    bool stepped = (comparison->emulated.registers.eflags | test->start.eflags) & EFLAGS_TF;

    if (!is_amd)
        return NULL;
    /* Any that is left in the case may be the one. Of a kept case nobody knows where they begin. */
    for (uint32_t n = 0; n < (count ? count : test->code_length); n++) {
        uint32_t at = count ? test->boundary[n] : n;
        struct parsed p = parse(test->code + at, test->code_length - at, code && code->wide);
        const struct difference *d;

        p.has |= stepped ? STEPPED : 0;
        d = find(&p, comparison->kind);
        if (d) {
            met[d - amd]++;
            return d->text;
        }
    }
    return NULL;
}

void vendor_report(FILE *output)
{
    for (unsigned n = 0; n < AMD_COUNT; n++) {
        if (met[n])
            fprintf(output, "%8llu as AMD's does it: %s\n", (unsigned long long)met[n],
                    amd[n].text);
    }
}
