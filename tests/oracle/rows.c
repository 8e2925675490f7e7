/* Rows from the interpreter's table; effects and exclusions from the lists below.
 * Not here: anything about operands. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "opcodes.h"

#define ALL EFLAGS_STATUS
#define CF  EFLAGS_CF
#define PF  EFLAGS_PF
#define AF  EFLAGS_AF
#define ZF  EFLAGS_ZF
#define SF  EFLAGS_SF
#define OF  EFLAGS_OF
#define ANY EVERY_REG
#define ONE false
#define TWO true

struct row row[ROW_LIMIT];
unsigned row_count;

struct effect {
    bool two_byte;
    uint8_t first, last, reg;
    uint32_t reads, writes, undefined;
};

/* SDM vol. 2, "Flags Affected" of each; the last entry that fits counts. Shifts depend on their
 * count and are in row_shift. */
static const struct effect effects[] = {
    {ONE, 0x00, 0x05, ANY, 0, ALL, 0},
    {ONE, 0x08, 0x0d, ANY, 0, ALL, AF},
    {ONE, 0x10, 0x15, ANY, CF, ALL, 0},
    {ONE, 0x18, 0x1d, ANY, CF, ALL, 0},
    {ONE, 0x20, 0x25, ANY, 0, ALL, AF},
    {ONE, 0x28, 0x2d, ANY, 0, ALL, 0},
    {ONE, 0x30, 0x35, ANY, 0, ALL, AF},
    {ONE, 0x38, 0x3d, ANY, 0, ALL, 0},
    {ONE, 0x27, 0x27, ANY, AF | CF, ALL, OF},
    {ONE, 0x2f, 0x2f, ANY, AF | CF, ALL, OF},
    {ONE, 0x37, 0x37, ANY, AF, ALL, OF | SF | ZF | PF},
    {ONE, 0x3f, 0x3f, ANY, AF, ALL, OF | SF | ZF | PF},
    {ONE, 0x40, 0x4f, ANY, 0, ALL & ~CF, 0},
    {ONE, 0x63, 0x63, ANY, 0, ZF, 0},
    {ONE, 0x69, 0x69, ANY, 0, ALL, SF | ZF | AF | PF},
    {ONE, 0x6b, 0x6b, ANY, 0, ALL, SF | ZF | AF | PF},
    {ONE, 0x70, 0x7f, ANY, ALL, 0, 0},
    {ONE, 0x80, 0x83, ANY, 0, ALL, 0},
    {ONE, 0x80, 0x83, 1, 0, ALL, AF},
    {ONE, 0x80, 0x83, 2, CF, ALL, 0},
    {ONE, 0x80, 0x83, 3, CF, ALL, 0},
    {ONE, 0x80, 0x83, 4, 0, ALL, AF},
    {ONE, 0x80, 0x83, 6, 0, ALL, AF},
    {ONE, 0x84, 0x85, ANY, 0, ALL, AF},
    {ONE, 0x9c, 0x9c, ANY, ALL, 0, 0},
    {ONE, 0x9d, 0x9d, ANY, 0, ALL, 0},
    {ONE, 0x9e, 0x9e, ANY, 0, ALL & ~OF, 0},
    {ONE, 0x9f, 0x9f, ANY, ALL, 0, 0},
    {ONE, 0xa6, 0xa7, ANY, 0, ALL, 0},
    {ONE, 0xae, 0xaf, ANY, 0, ALL, 0},
    {ONE, 0xa8, 0xa9, ANY, 0, ALL, AF},
    {ONE, 0xce, 0xce, ANY, OF, 0, 0},
    {ONE, 0xcf, 0xcf, ANY, 0, ALL, 0},
    {ONE, 0xd4, 0xd5, ANY, 0, ALL, OF | AF | CF},
    {ONE, 0xd6, 0xd6, ANY, CF, 0, 0},
    {ONE, 0xe0, 0xe1, ANY, ZF, 0, 0},
    {ONE, 0xf5, 0xf5, ANY, CF, CF, 0},
    {ONE, 0xf8, 0xf9, ANY, 0, CF, 0},
    {ONE, 0xf6, 0xf7, 0, 0, ALL, AF},
    {ONE, 0xf6, 0xf7, 1, 0, ALL, AF},
    {ONE, 0xf6, 0xf7, 3, 0, ALL, 0},
    {ONE, 0xf6, 0xf7, 4, 0, ALL, SF | ZF | AF | PF},
    {ONE, 0xf6, 0xf7, 5, 0, ALL, SF | ZF | AF | PF},
    {ONE, 0xf6, 0xf7, 6, 0, ALL, ALL},
    {ONE, 0xf6, 0xf7, 7, 0, ALL, ALL},
    {ONE, 0xfe, 0xff, 0, 0, ALL & ~CF, 0},
    {ONE, 0xfe, 0xff, 1, 0, ALL & ~CF, 0},
    {TWO, 0x00, 0x00, 4, 0, ZF, 0},
    {TWO, 0x00, 0x00, 5, 0, ZF, 0},
    {TWO, 0x02, 0x03, ANY, 0, ZF, 0},
    {TWO, 0x40, 0x4f, ANY, ALL, 0, 0},
    {TWO, 0x80, 0x9f, ANY, ALL, 0, 0},
    {TWO, 0xa3, 0xa3, ANY, 0, CF, OF | SF | AF | PF},
    {TWO, 0xab, 0xab, ANY, 0, CF, OF | SF | AF | PF},
    {TWO, 0xb3, 0xb3, ANY, 0, CF, OF | SF | AF | PF},
    {TWO, 0xba, 0xbb, ANY, 0, CF, OF | SF | AF | PF},
    {TWO, 0xaf, 0xaf, ANY, 0, ALL, SF | ZF | AF | PF},
    {TWO, 0xb0, 0xb1, ANY, 0, ALL, 0},
    {TWO, 0xbc, 0xbd, ANY, 0, ALL, CF | OF | SF | AF | PF},
    {TWO, 0xc0, 0xc1, ANY, 0, ALL, 0},
    {TWO, 0xc7, 0xc7, 1, 0, ZF, 0},
};

struct exclusion {
    bool two_byte;
    uint8_t first, last, reg;
    const char *reason;
};

/* Rows that this processor does differently from the P6, or that user mode cannot compare. */
static const struct exclusion exclusions[] = {
    {ONE, 0x9b, 0x9b, ANY, "x87 state is compared by the unit tests"},
    {ONE, 0xd8, 0xdf, ANY, "x87 state is compared by the unit tests"},
    {TWO, 0x00, 0x00, 0, "SLDT shows the host's own tables, or the kernel answers (UMIP)"},
    {TWO, 0x00, 0x00, 1, "STR shows the host's own tables, or the kernel answers (UMIP)"},
    {TWO, 0x01, 0x01, 0, "SGDT shows the host's own tables, or the kernel answers (UMIP)"},
    {TWO, 0x01, 0x01, 1, "SIDT shows the host's own tables, or the kernel answers (UMIP)"},
    {TWO, 0x01, 0x01, 4, "SMSW shows the host's CR0, or the kernel answers (UMIP)"},
    {TWO, 0x01, 0x01, 5, "newer processors have SERIALIZE and CET instructions here"},
    {TWO, 0x05, 0x05, ANY, "SYSCALL enters the kernel"},
    {TWO, 0x07, 0x07, ANY, "SYSRET: newer processors"},
    {TWO, 0x0e, 0x0f, ANY, "3DNow!: some hosts have it"},
    {TWO, 0x10, 0x17, ANY, "SIMD state is compared by the unit tests"},
    {TWO, 0x28, 0x2f, ANY, "SIMD state is compared by the unit tests"},
    {TWO, 0x31, 0x31, ANY, "RDTSC: time differs"},
    {TWO, 0x33, 0x33, ANY, "RDPMC: the host decides"},
    {TWO, 0x34, 0x35, ANY, "SYSENTER enters the kernel"},
    {TWO, 0x37, 0x3f, ANY, "newer processors have SMX, SSSE3, SSE4 and MOVBE here"},
    {TWO, 0x50, 0x7f, ANY, "SIMD state is compared by the unit tests"},
    {TWO, 0xa2, 0xa2, ANY, "CPUID: the platform decides"},
    {TWO, 0xa6, 0xa7, ANY, "some hosts have PadLock here"},
    {TWO, 0xae, 0xae, ANY, "SIMD and XSAVE state"},
    {TWO, 0xb8, 0xb8, ANY, "newer processors have POPCNT here"},
    {TWO, 0xc2, 0xc2, ANY, "SIMD state is compared by the unit tests"},
    {TWO, 0xc4, 0xc6, ANY, "SIMD state is compared by the unit tests"},
    {TWO, 0xc7, 0xc7, 3, "newer processors have XRSTORS here"},
    {TWO, 0xc7, 0xc7, 4, "newer processors have XSAVEC here"},
    {TWO, 0xc7, 0xc7, 5, "newer processors have XSAVES here"},
    {TWO, 0xc7, 0xc7, 6, "newer processors have RDRAND and VMX here"},
    {TWO, 0xc7, 0xc7, 7, "newer processors have RDSEED and RDPID here"},
    {TWO, 0xd0, 0xfe, ANY, "SIMD state is compared by the unit tests"},
};

static bool fits(bool two_byte, uint8_t first, uint8_t last, uint8_t reg, const struct row *r)
{
    return two_byte == r->two_byte && r->opcode >= first && r->opcode <= last &&
           (reg == ANY || reg == r->reg);
}

static void describe(struct row *r)
{
    for (unsigned n = 0; n < sizeof(effects) / sizeof(effects[0]); n++) {
        const struct effect *e = &effects[n];

        if (fits(e->two_byte, e->first, e->last, e->reg, r)) {
            r->flags = (struct row_flags){e->reads, e->writes, e->undefined};
        }
    }
    for (unsigned n = 0; n < sizeof(exclusions) / sizeof(exclusions[0]); n++) {
        const struct exclusion *e = &exclusions[n];

        if (fits(e->two_byte, e->first, e->last, e->reg, r))
            r->excluded = e->reason;
    }
}

static void add_row(bool two_byte, unsigned opcode, unsigned reg, unsigned form,
                    const struct opcode *source)
{
    struct row *r = &row[row_count];

    if (row_count == ROW_LIMIT) {
        fprintf(stderr, "oracle: more rows than ROW_LIMIT\n");
        exit(2);
    }
    row_count++;
    r->two_byte = two_byte;
    r->opcode = (uint8_t)opcode;
    r->reg = (uint8_t)reg;
    r->form = (uint8_t)(form | source->form);
    r->listed = source->execute[0] != NULL;
    r->lockable = source->attributes & ATTRIBUTE_LOCKABLE;
    describe(r);
}

static bool is_prefix(unsigned opcode)
{
    return (opcode & 0xe7) == 0x26 || (opcode >= 0x64 && opcode <= 0x67) || opcode == 0xf0 ||
           opcode == 0xf2 || opcode == 0xf3 || opcode == 0x0f;
}

void rows_initialise(void)
{
    for (unsigned index = 0; index < 512; index++) {
        const struct opcode *source = opcode_row(index);
        bool two_byte = index >= MAP_TWO;
        unsigned opcode = index & 0xff;

        if (!two_byte && is_prefix(opcode))
            continue;
        if (!(source->attributes & ATTRIBUTE_GROUP)) {
            /* What does not exist is given operands all the same. */
            add_row(two_byte, opcode, NO_GROUP,
                    source->execute[0] || !two_byte ? FORM_NONE : FORM_MODRM, source);
            continue;
        }
        for (unsigned reg = 0; reg < 8; reg++)
            add_row(two_byte, opcode, reg, source->form, opcode_row(source->group + reg));
    }
}

const char *row_left_out(const struct row *r, bool memory, uint8_t repeat, uint8_t modrm)
{
    if (r->excluded)
        return r->excluded;
    if (!r->two_byte && !memory && (r->opcode == 0xc4 || r->opcode == 0xc5 || r->opcode == 0x62))
        return "VEX and EVEX prefixes of newer processors";
    if (!r->two_byte && (r->opcode == 0xc6 || r->opcode == 0xc7) && modrm == 0xf8)
        return "XABORT and XBEGIN of newer processors";
    if (!r->two_byte && r->opcode == 0x8f && r->reg != 0)
        return "XOP of some newer processors";
    if (r->two_byte && repeat == 0xf3 && (r->opcode == 0xbc || r->opcode == 0xbd))
        return "TZCNT and LZCNT of newer processors";
    if (r->two_byte && r->opcode == 0x01 && !memory)
        return "newer processors have instructions without memory operand here";
    if (r->two_byte && repeat && (r->opcode == 0x1a || r->opcode == 0x1b || r->opcode == 0x1e))
        return "MPX and CET instructions of newer processors";
    return NULL;
}

bool row_shift(const struct row *r, unsigned reg, int count, unsigned width,
               struct row_flags *flags)
{
    bool shift = !r->two_byte && (r->opcode == 0xc0 || r->opcode == 0xc1 ||
                                  (r->opcode >= 0xd0 && r->opcode <= 0xd3));
    bool twice = r->two_byte &&
                 (r->opcode == 0xa4 || r->opcode == 0xa5 || r->opcode == 0xac || r->opcode == 0xad);
    bool rotate = shift && reg < 4, arithmetic = reg == 7;

    if (!shift && !twice)
        return false;
    if (r->opcode == 0xd0 || r->opcode == 0xd1)
        count = 1;
    *flags = (struct row_flags){shift && ((reg & 6) == 2 || reg == NO_GROUP) ? CF : 0, 0, 0};
    if (count == 0)
        return true;
    flags->undefined = count == 1 ? 0 : OF;
    if (!rotate)
        flags->undefined |= AF;
    if (shift && !rotate && !arithmetic && (count < 0 || count >= (int)width * 8))
        flags->undefined |= width == 4 ? 0 : CF;
    if (count > 0)
        flags->writes = rotate ? CF | OF : ALL;
    return true;
}

void row_name(const struct row *r, char *text, unsigned size)
{
    if (r->reg == NO_GROUP)
        snprintf(text, size, "%s%02x", r->two_byte ? "0f " : "", r->opcode);
    else
        snprintf(text, size, "%s%02x /%u", r->two_byte ? "0f " : "", r->opcode, r->reg);
}
