/* The list of differences; each with the SDM's word on it. Nothing else is excused.
 * Not here: how a difference is applied (run.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "differences.h"

#include <string.h>

#include "state.h"

#define LOCK       0xf0u
#define LENGTH_286 10u
#define POPPED                                                                                     \
    (1u << MOO_EAX | 1u << MOO_ECX | 1u << MOO_EDX | 1u << MOO_EBX | 1u << MOO_EBP |               \
     1u << MOO_ESI | 1u << MOO_EDI)
#define STRING_INDEXES    (1u << MOO_ESI | 1u << MOO_EDI | 1u << MOO_ECX)
#define GENERAL_REGISTERS (POPPED | 1u << MOO_ESP)
#define POPA_REGISTERS                                                                             \
    (1u << MOO_EDI | 1u << MOO_ESI | 1u << MOO_EBP | 1u << MOO_EBX | 1u << MOO_EDX | 1u << MOO_ECX)

/* Position of the opcode behind the prefixes that a 286 knows. */
static uint32_t opcode_position(const struct moo_test *test)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, LOCK, 0xf2, 0xf3};

    return moo_opcode_position(test, prefixes, sizeof(prefixes));
}

static bool has_prefix(const struct moo_test *test, uint8_t prefix)
{
    return memchr(test->bytes, prefix, opcode_position(test)) != NULL;
}

/* The last segment override, or 0. */
static uint8_t override(const struct moo_test *test)
{
    uint8_t found = 0;

    for (uint32_t at = 0; at < opcode_position(test); at++) {
        if ((test->bytes[at] & 0xe7) == 0x26)
            found = test->bytes[at];
    }
    return found;
}

static uint8_t code(const struct moo_test *test, uint32_t behind)
{
    uint32_t at = opcode_position(test) + behind;

    return at < test->byte_count ? test->bytes[at] : 0;
}

/* Opcodes with a ModRM byte, of those that a 286 has. */
static bool has_modrm(uint8_t opcode)
{
    return (opcode < 0x40 && (opcode & 7) < 4) || opcode == 0x62 || opcode == 0x63 ||
           opcode == 0x69 || opcode == 0x6b || (opcode >= 0x80 && opcode <= 0x8f) ||
           opcode == 0xc0 || opcode == 0xc1 || (opcode >= 0xc4 && opcode <= 0xc7) ||
           (opcode >= 0xd0 && opcode <= 0xd3) || (opcode >= 0xd8 && opcode <= 0xdf) ||
           opcode == 0xf6 || opcode == 0xf7 || opcode == 0xfe || opcode == 0xff;
}

static bool has_memory_operand(const struct moo_test *test)
{
    return has_modrm(code(test, 0)) && code(test, 1) < 0xc0;
}

static bool locked_without_need(const struct moo_test *test)
{
    uint8_t opcode = code(test, 0), reg = (code(test, 1) >> 3) & 7;
    bool lockable = (opcode < 0x38 && (opcode & 7) < 2) ||
                    (opcode >= 0x80 && opcode <= 0x83 && reg != 7) || opcode == 0x86 ||
                    opcode == 0x87 || ((opcode & 0xfe) == 0xf6 && (reg == 2 || reg == 3)) ||
                    ((opcode & 0xfe) == 0xfe && reg < 2);

    return has_prefix(test, LOCK) && !(lockable && has_memory_operand(test));
}

static bool too_long_for_286(const struct moo_test *test)
{
    /* The last of the bytes is the HLT behind the instruction. */
    return test->exception && test->vector == 13 && test->byte_count - 1 > LENGTH_286;
}

static bool names_fs_or_gs(const struct moo_test *test)
{
    unsigned reg = (code(test, 1) >> 3) & 7;

    return test->exception && test->vector == 6 && (reg == 4 || reg == 5);
}

static bool memory_through_stack_segment(const struct moo_test *test)
{
    uint8_t modrm = code(test, 1), segment = override(test);
    unsigned mod = modrm >> 6, rm = modrm & 7;

    return segment ? segment == 0x36 : rm == 2 || rm == 3 || (rm == 6 && mod != 0);
}

/* Pops and returns; a push that does not fit shuts a 286 down and is not in the suite. */
static bool is_pop(uint8_t opcode)
{
    static const uint8_t pops[] = {0x07, 0x17, 0x1f, 0x61, 0x9d, 0xc2,
                                   0xc3, 0xc9, 0xca, 0xcb, 0xcf};

    return (opcode >= 0x58 && opcode <= 0x5f) || memchr(pops, opcode, sizeof(pops));
}

/* In MOVS and CMPS with SS as the source: whether the source is what runs over the end of its
 * segment. The destination's segment is ES; on a tie the source is read first. */
static bool string_source_first(const struct moo_test *test)
{
    uint32_t source = test->initial.value[MOO_ESI], destination = test->initial.value[MOO_EDI];
    uint32_t step = test->initial.value[MOO_EFLAGS] & EFLAGS_DF ? 0xfffe : 2;

    for (unsigned n = 0; n < 0x8000; n++) {
        if ((source & 0xffff) == 0xffff)
            return true;
        if ((destination & 0xffff) == 0xffff)
            return false;
        source += step;
        destination += step;
    }
    return false;
}

static bool through_stack_segment(const struct moo_test *test)
{
    uint8_t opcode = code(test, 0);
    static const uint8_t implicit[] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6,
                                       0xa7, 0xac, 0xad, 0x6e, 0x6f, 0xd7};

    if (!test->exception || test->vector != 13 || too_long_for_286(test))
        return false;
    if (has_memory_operand(test))
        return memory_through_stack_segment(test);
    if (opcode == 0xa5 || opcode == 0xa7)
        return override(test) == 0x36 && string_source_first(test);
    return is_pop(opcode) || (memchr(implicit, opcode, sizeof(implicit)) && override(test) == 0x36);
}

static bool operand_fault(const struct moo_test *test)
{
    return test->exception && test->vector == 13 && !too_long_for_286(test);
}

static bool divide_fault(const struct moo_test *test)
{
    return test->exception && test->vector == 0;
}

/* C7 with ModRM.reg other than 0 does not exist; with displacement and immediate it would be longer
 * than the bytes that the test lists. */
static bool undefined_mov(const struct moo_test *test)
{
    return test->exception && test->vector == 13 && (code(test, 1) & 0x38) != 0;
}

static bool repeated_operand_fault(const struct moo_test *test)
{
    return operand_fault(test) && (has_prefix(test, 0xf2) || has_prefix(test, 0xf3));
}

/* IDIV r/m8 of a register: the quotient does not fit, and there was no #DE all the same. */
static bool quotient_lost(const struct moo_test *test)
{
    static const uint8_t registers[] = {MOO_EAX, MOO_ECX, MOO_EDX, MOO_EBX};
    unsigned rm = code(test, 1) & 7;
    uint32_t value = test->initial.value[registers[rm & 3]];
    int divisor = (int8_t)(rm & 4 ? value >> 8 : value);
    int quotient, dividend = (int16_t)test->initial.value[MOO_EAX];

    if (test->exception || has_memory_operand(test) || !divisor)
        return false;
    quotient = dividend / divisor;
    return quotient < -128 || quotient > 127;
}

/* The bytes of a 386's instruction from the opcode on; `wide` says whether the operand is 32 bits,
 * `locked` whether there is a LOCK. NULL: its opcode is not a two-byte one. */
static const uint8_t *two_byte_opcode(const struct moo_test *test, bool *wide, bool *locked)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
                                       0x66, 0x67, LOCK, 0xf2, 0xf3};
    uint32_t at = moo_opcode_position(test, prefixes, sizeof(prefixes));

    *wide = memchr(test->bytes, 0x66, at) != NULL;
    *locked = memchr(test->bytes, LOCK, at) != NULL;
    return at + 2 < test->byte_count && test->bytes[at] == 0x0f ? &test->bytes[at] : NULL;
}

/* LOCK BT with a bit string in memory. */
static bool locked_bit_test(const struct moo_test *test)
{
    bool wide, locked;
    const uint8_t *code = two_byte_opcode(test, &wide, &locked);

    if (!code || !locked || code[2] >= 0xc0)
        return false;
    return code[1] == 0xa3 || (code[1] == 0xba && (code[2] & 0x38) == 0x20);
}

/* SHLD and SHRD of 16 bits by more than 16. The count in an immediate is the last byte before the
 * HLT. */
static bool shifted_out(const struct moo_test *test)
{
    bool wide, locked;
    const uint8_t *code = two_byte_opcode(test, &wide, &locked);
    uint32_t count;

    if (!code || wide || (code[1] & 0xf6) != 0xa4)
        return false;
    count = code[1] & 1 ? test->initial.value[MOO_ECX] : test->bytes[test->byte_count - 2];
    return (count & 31) > 16;
}

/* BSF and BSR of 0, which ZF tells. */
static bool no_bit_found(const struct moo_test *test)
{
    bool wide, locked;
    const uint8_t *code = two_byte_opcode(test, &wide, &locked);
    uint32_t flags = test->final.present & 1u << MOO_EFLAGS ? test->final.value[MOO_EFLAGS]
                                                            : test->initial.value[MOO_EFLAGS];

    return code && (code[1] & 0xfe) == 0xbc && !test->exception && (flags & EFLAGS_ZF);
}

static bool shift_count_above_one(const struct moo_test *test)
{
    return test->byte_count >= 2 && (test->bytes[test->byte_count - 2] & 31) != 1;
}

#define LENGTH_REFERENCE "SDM vol. 2, 2.3.11 and vol. 3, 23.31: 15 bytes on the P6"
#define STACK_REFERENCE  "SDM vol. 3, 6.15, interrupt 12: limit violations through SS, real mode too"
#define IMAGE_REFERENCE                                                                            \
    "SDM vol. 3, 23.17.2 and 20.1: bits 14:12 of FLAGS are plain bits in real mode on a P6"
#define REPEAT_REFERENCE  "SDM vol. 2, REP: EFLAGS are restored to the state before the instruction"
#define POPA_REFERENCE    "SDM vol. 2, POPA: register by register; the silicon oracle shows it"
#define RESTART_REFERENCE "SDM vol. 3, 6.6: a fault leaves the state before the instruction"

const struct difference differences[] = {
    {"C286", "9D", NULL, EFLAGS_IOPL | EFLAGS_NT, 0, 0, false,
     "a 286 keeps IOPL and NT at 0 in real mode", IMAGE_REFERENCE},
    {"C286", "CF", NULL, EFLAGS_IOPL | EFLAGS_NT, 0, 0, false,
     "a 286 keeps IOPL and NT at 0 in real mode", IMAGE_REFERENCE},
    {"C286", "", locked_without_need, 0, 0, 0, true,
     "a 286 allows LOCK everywhere; #UD but for writes to memory", "SDM vol. 2, LOCK"},
    {"C286", "", too_long_for_286, 0, 0, 0, true, "a 286 faults beyond 10 bytes", LENGTH_REFERENCE},
    {"C286", "8C", names_fs_or_gs, 0, 0, 0, true, "a 286 has no FS and GS", "SDM vol. 2, MOV"},
    {"C286", "8E", names_fs_or_gs, 0, 0, 0, true, "a 286 has no FS and GS", "SDM vol. 2, MOV"},
    {"C286", "", through_stack_segment, 0, 0, 12, false,
     "a 286 takes vector 13 where SS is the segment", STACK_REFERENCE},
    {"C286", "A4", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "A5", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "A6", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "A7", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "AB", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "AD", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "AF", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "6D", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "6F", operand_fault, 0, STRING_INDEXES, 0, false,
     "a 286 leaves index and count registers advanced", RESTART_REFERENCE},
    {"C286", "61", operand_fault, 0, POPPED, 0, false,
     "a 286 keeps all registers; later ones have those that were read before the fault",
     "SDM vol. 2, POPA: register by register; seen by the silicon oracle"},
    {"C286", "61", operand_fault, 0, POPA_REGISTERS, 0, false,
     "a 286 keeps its registers when a later element of POPA faults", POPA_REFERENCE},
    {"C286", "8F", operand_fault, 0, 0, 0, true,
     "a 286 leaves SP advanced when the destination faults", RESTART_REFERENCE},
    {"C286", "C0.", shift_count_above_one, EFLAGS_OF, 0, 0, false,
     "OF after a shift by other than 1 (not in the suite's masks)", "SDM vol. 2, SAL and RCL"},
    {"C286", "A7", repeated_operand_fault, EFLAGS_STATUS, 0, 0, false,
     "a 286 shows the flags of the last comparison that worked", REPEAT_REFERENCE},
    {"C286", "AF", repeated_operand_fault, EFLAGS_STATUS, 0, 0, false,
     "a 286 shows the flags of the last comparison that worked", REPEAT_REFERENCE},
    {"C286", "C7", undefined_mov, 0, 0, 0, true,
     "a 286 faults on the length of an instruction that does not exist", LENGTH_REFERENCE},
    {"C286", "F6.7", quotient_lost, 0, 0, 0, true, "a 286 misses some quotients below -128",
     "SDM vol. 2, IDIV: #DE when it does not fit"},
    {"C286", "D4", divide_fault, EFLAGS_STATUS, 0, 0, false,
     "a 286 changes flags before it finds the divisor 0", RESTART_REFERENCE},
    {"386E", "", locked_bit_test, 0, 0, 0, true, "a 386 allows LOCK BT, which writes nothing",
     "SDM vol. 2, LOCK; 80386 Programmer's Reference Manual, LOCK"},
    {"386E", "", shifted_out, EFLAGS_STATUS, 0, 0, true, "all bits come from beyond the operands",
     "SDM vol. 2, SHLD and SHRD: the result is undefined"},
    {"386E", "", no_bit_found, 0, GENERAL_REGISTERS, 0, false, "a register without a bit to name",
     "SDM vol. 2, BSF and BSR: the destination is undefined"},
};
const unsigned difference_count = sizeof(differences) / sizeof(differences[0]);

bool difference_applies(const struct difference *difference, const char *cpu, const char *opcode,
                        const struct moo_test *test)
{
    size_t length = strlen(difference->opcode);
    bool group = length && difference->opcode[length - 1] == '.';

    return !strcmp(difference->cpu, cpu) &&
           (!length || (group ? !strncmp(difference->opcode, opcode, length)
                              : !strcmp(difference->opcode, opcode))) &&
           (!difference->applies || difference->applies(test));
}
