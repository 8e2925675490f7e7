/* Bytes of one instruction, and the registers and memory that make its operands interesting.
 * Not here: the values themselves (values.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "encode.h"

#include <string.h>

#include "arena.h"
#include "opcodes.h"

#define INSTRUCTION_ROOM 24u

/* One instruction under construction. */
struct builder {
    const struct instruction_choice *choice;
    struct random *random;
    struct oracle_case *test;
    struct encoded *encoded;
    uint8_t bytes[INSTRUCTION_ROOM];
    unsigned length;
    unsigned operand_size, address_size;
    int count; /* of a shift, or -1 */
    uint8_t modrm;
};

static void put(struct builder *b, uint32_t value, unsigned width)
{
    for (unsigned n = 0; n < width && b->length < INSTRUCTION_ROOM; n++)
        b->bytes[b->length++] = (uint8_t)(value >> (n * 8));
}

static bool is_one(const struct builder *b, uint8_t first, uint8_t last)
{
    const struct row *r = b->choice->row;

    return !r->two_byte && r->opcode >= first && r->opcode <= last;
}

static bool is_two(const struct builder *b, uint8_t first, uint8_t last)
{
    const struct row *r = b->choice->row;

    return r->two_byte && r->opcode >= first && r->opcode <= last;
}

/* The segment register that a prefix byte names. */
static unsigned override_segment(uint8_t prefix)
{
    switch (prefix) {
    case 0x26:
        return ES;
    case 0x2e:
        return CS;
    case 0x36:
        return SS;
    case 0x64:
        return FS;
    case 0x65:
        return GS;
    default:
        return DS;
    }
}

static uint16_t memory_selector(const struct builder *b, bool stack_default)
{
    unsigned segment = stack_default ? SS : DS;

    if (b->choice->segment)
        segment = override_segment(b->choice->segment);
    return b->test->start.selector[segment];
}

/* Interesting bytes where the memory operand will be: values, and a far pointer of either size. */
static void fill_operand(struct builder *b, uint16_t selector, uint32_t offset)
{
    uint8_t bytes[12];
    uint32_t low = interesting_value(b->random), high = interesting_value(b->random);
    uint16_t pointer = interesting_selector(b->random);

    memcpy(bytes, &low, 4);
    memcpy(bytes + 4, &high, 4);
    memcpy(bytes + 8, &low, 4);
    if (random_once_in(b->random, 2)) {
        uint16_t target = (uint16_t)random_below(b->random, 0x1100);

        memcpy(bytes, &target, 2);
        memset(bytes + 2, 0, 2);
        memcpy(bytes + b->operand_size, &pointer, 2);
    } else if (random_once_in(b->random, 2)) {
        memcpy(bytes, &pointer, 2);
    }
    if (b->address_size == 2)
        offset &= 0xffff;
    case_patch(b->test, case_linear(selector, offset), bytes, sizeof(bytes));
}

static void set_gpr(struct builder *b, unsigned number, uint32_t value)
{
    if (!b->choice->first)
        return;
    if (b->address_size == 2)
        b->test->start.gpr[number] = (b->test->start.gpr[number] & 0xffff0000u) | (value & 0xffff);
    else
        b->test->start.gpr[number] = value;
}

static void memory_16(struct builder *b, unsigned mod, unsigned rm)
{
    static const uint8_t base_of[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
    static const uint8_t index_of[4] = {ESI, EDI, ESI, EDI};
    const uint32_t *gpr = b->test->start.gpr;
    bool direct = mod == 0 && rm == 6;
    uint16_t selector = memory_selector(b, !direct && (rm == 2 || rm == 3 || rm == 6));
    uint32_t target = interesting_offset(b->random, selector) & 0xffff;
    uint32_t index = rm < 4 ? gpr[index_of[rm]] : 0, displacement = 0;

    if (direct) {
        put(b, target, 2);
    } else if (mod == 2 && !(b->choice->first && random_once_in(b->random, 2))) {
        put(b, target - gpr[base_of[rm]] - index, 2);
    } else {
        if (mod)
            displacement = random_32(b->random);
        if (mod == 1)
            displacement = sign_extend(displacement, 1);
        set_gpr(b, base_of[rm], target - index - displacement);
        put(b, displacement, mod);
    }
    fill_operand(b, selector, target);
}

static void memory_32(struct builder *b, unsigned mod, unsigned rm)
{
    const uint32_t *gpr = b->test->start.gpr;
    unsigned base = rm, index = 4, scale = 0;
    uint32_t scaled = 0, displacement = 0, target;
    uint16_t selector;
    bool no_base;

    if (rm == 4) {
        scale = random_below(b->random, 4);
        index = random_below(b->random, 8);
        base = random_below(b->random, 8);
        put(b, scale << 6 | index << 3 | base, 1);
        if (index != 4)
            scaled = gpr[index] << scale;
    }
    no_base = base == 5 && mod == 0;
    selector = memory_selector(b, !no_base && (base == ESP || base == EBP));
    target = interesting_offset(b->random, selector);
    if (no_base) {
        put(b, target - scaled, 4);
    } else if (mod == 2) {
        put(b, target - gpr[base] - scaled, 4);
    } else {
        if (mod == 1)
            displacement = sign_extend(random_32(b->random), 1);
        if (base != ESP && base != index)
            set_gpr(b, base, target - scaled - displacement);
        put(b, displacement, mod);
    }
    fill_operand(b, selector, target);
}

/* Values for the registers of an instruction that comes first. */
static void register_operands(struct builder *b, unsigned reg, unsigned rm)
{
    uint32_t *gpr = b->test->start.gpr;

    if (!b->choice->first)
        return;
    if (b->choice->row->reg == NO_GROUP && reg != ESP)
        gpr[reg] = interesting_value(b->random);
    if (rm < 8 && rm != ESP)
        gpr[rm] = random_once_in(b->random, 3) ? interesting_selector(b->random)
                                               : interesting_value(b->random);
    if (is_two(b, 0xa3, 0xa3) || is_two(b, 0xab, 0xab) || is_two(b, 0xb3, 0xb3) ||
        is_two(b, 0xbb, 0xbb)) {
        /* A bit offset addresses memory: keep it near. */
        if (reg != ESP && !random_once_in(b->random, 4))
            gpr[reg] = sign_extend(random_32(b->random), 1);
    }
}

static void put_modrm(struct builder *b)
{
    const struct row *r = b->choice->row;
    unsigned mod = b->choice->form >> 3, rm = b->choice->form & 7;
    unsigned reg = r->reg;

    if (reg == NO_GROUP)
        reg = random_below(b->random, b->choice->gentle && !random_once_in(b->random, 6) ? 3 : 8);
    if (b->choice->gentle && mod == 3 && rm > EDX && !random_once_in(b->random, 6))
        rm = random_below(b->random, 3);
    b->modrm = (uint8_t)(mod << 6 | reg << 3 | rm);
    put(b, b->modrm, 1);
    if (mod == 3) {
        register_operands(b, reg, rm);
        return;
    }
    register_operands(b, reg, 8);
    if (b->address_size == 2)
        memory_16(b, mod, rm);
    else
        memory_32(b, mod, rm);
}

static void put_relative(struct builder *b, unsigned width)
{
    uint32_t value = interesting_value(b->random);

    /* Mostly into the page: what is not the case's own code there is HLT. */
    if (width > 1 && !random_once_in(b->random, 4))
        value = random_below(b->random, 0x1000) - b->test->code_offset;
    b->encoded->relative_at = b->test->code_length + b->length;
    b->encoded->relative_size = (uint8_t)width;
    put(b, value, width);
}

static bool is_relative(const struct builder *b)
{
    return is_one(b, 0x70, 0x7f) || is_one(b, 0xe0, 0xe3) || is_one(b, 0xe8, 0xe9) ||
           is_one(b, 0xeb, 0xeb) || is_two(b, 0x80, 0x8f);
}

static void put_imm8(struct builder *b)
{
    uint32_t value = interesting_value(b->random);

    if (is_relative(b)) {
        put_relative(b, 1);
        return;
    }
    if (is_one(b, 0xcd, 0xcd) && (value & 0xff) == 0x80)
        value = 4;
    if (is_one(b, 0xc0, 0xc1) || is_two(b, 0xa4, 0xa4) || is_two(b, 0xac, 0xac)) {
        /* Beyond the operand's size the result of SHLD and SHRD is undefined. */
        if (b->choice->row->two_byte && b->operand_size == 2 && (value & 31) > 16)
            value &= ~0x10u;
        b->count = (int)(value & 31);
    }
    put(b, value, 1);
}

static void put_far_pointer(struct builder *b)
{
    uint32_t offset = random_once_in(b->random, 4) ? interesting_value(b->random)
                                                   : random_below(b->random, 0x1000);

    put(b, offset, b->operand_size);
    put(b, interesting_selector(b->random), 2);
}

static void put_enter(struct builder *b)
{
    uint32_t level = random_below(b->random, 5);

    if (random_once_in(b->random, 4))
        level = random_32(b->random);
    put(b,
        random_once_in(b->random, 4) ? interesting_value(b->random) : random_below(b->random, 64),
        2);
    put(b, level, 1);
}

static void put_operands(struct builder *b)
{
    unsigned form = b->choice->row->form;

    if (form & FORM_MODRM)
        put_modrm(b);
    if (form & FORM_IMM8)
        put_imm8(b);
    if (form & FORM_IMMZ) {
        if (is_relative(b))
            put_relative(b, b->operand_size);
        else
            put(b, interesting_value(b->random), b->operand_size);
    }
    if (form & FORM_IMM16)
        put(b,
            random_once_in(b->random, 2) ? random_below(b->random, 32)
                                         : interesting_value(b->random),
            2);
    if (form & FORM_MOFFS) {
        uint16_t selector = memory_selector(b, false);
        uint32_t target = interesting_offset(b->random, selector);

        put(b, target, b->address_size);
        fill_operand(b, selector, target);
    }
    if (form & FORM_FAR)
        put_far_pointer(b);
    if (form & FORM_ENTER)
        put_enter(b);
}

/* String instructions, XLAT, LOOP: the registers that they address with. */
static void implicit_operands(struct builder *b)
{
    uint32_t *gpr = b->test->start.gpr;
    const uint16_t *selector = b->test->start.selector;
    bool string = is_one(b, 0xa4, 0xa7) || is_one(b, 0xaa, 0xaf) || is_one(b, 0x6c, 0x6f);

    if (!b->choice->first)
        return;
    if (string) {
        uint16_t source = memory_selector(b, false);

        set_gpr(b, ESI, interesting_offset(b->random, source));
        set_gpr(b, EDI, interesting_offset(b->random, selector[ES]));
        fill_operand(b, source, gpr[ESI]);
        if (random_once_in(b->random, 2)) {
            uint32_t value = gpr[EAX];

            case_patch(b->test, case_linear(selector[ES], gpr[EDI]), &value, sizeof(value));
        }
        if (!random_once_in(b->random, 4))
            gpr[ECX] = random_below(b->random, random_once_in(b->random, 2) ? 8 : 300);
        if (random_once_in(b->random, 4))
            gpr[ECX] |= 0x10000;
    }
    if (is_one(b, 0xd7, 0xd7))
        set_gpr(b, EBX,
                interesting_offset(b->random, memory_selector(b, false)) - (gpr[EAX] & 0xff));
    if (is_one(b, 0xe0, 0xe3) && random_once_in(b->random, 2))
        gpr[ECX] = random_below(b->random, 3) | (random_32(b->random) & 0x10000);
    /* Divisions that succeed, now and then. */
    if (is_one(b, 0xf6, 0xf7) && random_once_in(b->random, 2)) {
        gpr[EDX] = random_once_in(b->random, 2) ? 0 : 0xffffffffu;
        gpr[EAX] = random_once_in(b->random, 2) ? gpr[EAX] & 0x7f : gpr[EAX];
    }
    if (is_one(b, 0xd2, 0xd3) || is_two(b, 0xa5, 0xa5) || is_two(b, 0xad, 0xad)) {
        if (b->choice->row->two_byte && b->operand_size == 2 && (gpr[ECX] & 31) > 16)
            gpr[ECX] &= ~0x10u;
        b->count = (int)(gpr[ECX] & 31);
    }
}

/* What a return, POP or POPF may find: targets in the code page, selectors, flags. */
static void stack_contents(struct builder *b)
{
    uint32_t words[4];
    uint8_t bytes[16];
    unsigned width = b->operand_size;
    uint32_t pointer = b->test->start.gpr[ESP];
    const struct arena_segment *stack = arena_find(b->test->start.selector[SS]);

    if (!b->choice->first || !stack)
        return;
    if (random_once_in(b->random, 3)) {
        pointer = interesting_offset(b->random, b->test->start.selector[SS]);
        b->test->start.gpr[ESP] = pointer;
    }
    if (random_once_in(b->random, 4))
        b->test->start.gpr[EBP] = interesting_offset(b->random, b->test->start.selector[SS]);
    words[0] = random_once_in(b->random, 2) ? random_below(b->random, 0x1100)
                                            : interesting_value(b->random);
    words[1] = interesting_selector(b->random) | (random_32(b->random) & 0xffff0000u);
    words[2] = random_32(b->random);
    if (!random_once_in(b->random, 8))
        words[2] &= ~EFLAGS_TF;
    if (is_one(b, 0x07, 0x07) || is_one(b, 0x17, 0x17) || is_one(b, 0x1f, 0x1f) ||
        is_two(b, 0xa1, 0xa1) || is_two(b, 0xa9, 0xa9) || is_one(b, 0x8f, 0x8f))
        words[0] = words[1];
    if (is_one(b, 0x9d, 0x9d))
        words[0] = words[2];
    words[3] = interesting_value(b->random);
    for (unsigned n = 0; n < 4; n++)
        memcpy(bytes + n * width, &words[n], width);
    if (!stack->wide)
        pointer &= 0xffff;
    case_patch(b->test, case_linear(b->test->start.selector[SS], pointer), bytes, 4 * width);
}

static bool uses_stack(const struct builder *b)
{
    return is_one(b, 0x06, 0x07) || is_one(b, 0x0e, 0x0e) || is_one(b, 0x16, 0x17) ||
           is_one(b, 0x1e, 0x1f) || is_one(b, 0x50, 0x61) || is_one(b, 0x68, 0x6a) ||
           is_one(b, 0x8f, 0x8f) || is_one(b, 0x9a, 0x9a) || is_one(b, 0x9c, 0x9d) ||
           is_one(b, 0xc2, 0xc3) || is_one(b, 0xc8, 0xcb) || is_one(b, 0xcf, 0xcf) ||
           is_one(b, 0xe8, 0xe8) || is_one(b, 0xff, 0xff) || is_two(b, 0xa0, 0xa1) ||
           is_two(b, 0xa8, 0xa9);
}

static void put_prefixes(struct builder *b)
{
    const struct instruction_choice *c = b->choice;
    uint8_t prefixes[INSTRUCTION_ROOM];
    unsigned count = 0;

    for (unsigned n = 0; n < c->extra_prefixes; n++)
        prefixes[count++] = c->segment ? c->segment : 0x3e;
    if (c->operand_prefix)
        prefixes[count++] = 0x66;
    if (c->address_prefix)
        prefixes[count++] = 0x67;
    if (c->repeat)
        prefixes[count++] = c->repeat;
    if (c->lock)
        prefixes[count++] = 0xf0;
    /* Any order; the last segment prefix counts, and all are the same. */
    for (unsigned n = 0; n < count; n++) {
        unsigned other = random_below(b->random, count);
        uint8_t swap = prefixes[n];

        prefixes[n] = prefixes[other];
        prefixes[other] = swap;
    }
    for (unsigned n = 0; n < count; n++)
        put(b, prefixes[n], 1);
    if (c->segment)
        put(b, c->segment, 1);
}

static unsigned shift_width(const struct builder *b)
{
    return !b->choice->row->two_byte && !(b->choice->row->opcode & 1) ? 1 : b->operand_size;
}

/* Bookkeeping of undefined flags: what they are when the case ends before, and after, this one. */
static void record_flags(struct builder *b)
{
    struct oracle_case *test = b->test;
    uint32_t before = test->undefined_flags[test->instruction_count];
    struct row_flags flags = b->choice->row->flags;
    bool divide = (is_one(b, 0xf6, 0xf7) && b->choice->row->reg >= 6) || is_one(b, 0xd4, 0xd4);

    row_shift(b->choice->row, b->modrm >> 3 & 7, b->count, shift_width(b), &flags);
    if (b->choice->repeat && (is_one(b, 0xa6, 0xa7) || is_one(b, 0xae, 0xaf)))
        flags.writes = 0; /* with a count of 0 nothing happens */
    if (divide)
        test->undefined_flags[test->instruction_count] = before | EFLAGS_STATUS;
    test->undefined_flags[test->instruction_count + 1] = (before & ~flags.writes) | flags.undefined;
}

/* Byte pairs that would enter the kernel if they were ever executed. */
static bool enters_kernel(const uint8_t *bytes, uint32_t length)
{
    for (uint32_t n = 0; n + 1 < length; n++) {
        if ((bytes[n] == 0xcd && bytes[n + 1] == 0x80) ||
            (bytes[n] == 0x0f && (bytes[n + 1] == 0x05 || bytes[n + 1] == 0x34)))
            return true;
    }
    return false;
}

bool encode(const struct instruction_choice *choice, struct random *random,
            struct oracle_case *test, struct encoded *encoded)
{
    struct builder b = {
        .choice = choice,
        .random = random,
        .test = test,
        .encoded = encoded,
        .operand_size = choice->wide != choice->operand_prefix ? 4 : 2,
        .address_size = choice->wide != choice->address_prefix ? 4 : 2,
        .count = -1,
    };
    uint32_t at = test->code_length;

    encoded->relative_size = 0;
    if (test->instruction_count == CASE_INSTRUCTION_LIMIT ||
        at + INSTRUCTION_ROOM > CASE_CODE_LIMIT)
        return false;
    /* One that is too long and runs out of the page: whether the processor meets the missing page
     * or the length first depends on how it came there. */
    if (choice->extra_prefixes && !choice->first &&
        test->code_offset + at + INSTRUCTION_ROOM > ARENA_PAGE)
        return false;
    put_prefixes(&b);
    if (choice->row->two_byte)
        put(&b, 0x0f, 1);
    put(&b, choice->row->opcode, 1);
    put_operands(&b);
    if (row_left_out(choice->row, choice->form < 24, choice->repeat, b.modrm))
        return false;
    memcpy(test->code + at, b.bytes, b.length);
    if (enters_kernel(test->code, at + b.length))
        return false;
    implicit_operands(&b);
    if (uses_stack(&b))
        stack_contents(&b);
    record_flags(&b);
    test->boundary[test->instruction_count] = (uint8_t)at;
    test->row[test->instruction_count] = (uint16_t)(choice->row - row);
    test->instruction_count++;
    test->code_length += b.length;
    test->boundary[test->instruction_count] = (uint8_t)test->code_length;
    return true;
}
