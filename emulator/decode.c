/* Instruction fetch and decoding, driven by the opcode table.
 * Not here: what instructions do (execute_*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "decode.h"
#include "opcodes.h"

/* Instruction bytes: taken in place when 15 of them lie within the page and the limit, else
 * gathered one by one, so that a byte that is not needed is not touched. */
struct cursor {
    struct processor *p;
    const uint8_t *bytes;
    unsigned length;
    unsigned available;
    uint8_t gathered[INSTRUCTION_LENGTH_LIMIT];
};

/* One byte at `linear` for execution, by the slow way. */
static uint8_t fetch_byte(struct processor *p, uint32_t linear)
{
    unsigned access = ACCESS_FETCH | access_privilege(p);

    return (uint8_t)physical_read(p, translate(p, linear, access), 1);
}

/* Makes bytes[length] available. */
static void cursor_extend(struct cursor *c)
{
    struct processor *p = c->p;
    const struct segment *cs = &p->segment[CS];
    uint32_t offset = p->instruction_eip + c->length;

    if (c->length == INSTRUCTION_LENGTH_LIMIT || offset > cs->limit || offset < c->length)
        raise_gp(p);
    if (c->bytes != c->gathered) {
        for (unsigned n = 0; n < c->length; n++)
            c->gathered[n] = c->bytes[n];
        c->bytes = c->gathered;
    }
    c->gathered[c->length] = fetch_byte(p, cs->base + offset);
    c->available = c->length + 1;
}

bool fetch_page(struct processor *p, uint32_t linear)
{
    uint64_t physical = translate(p, linear, ACCESS_FETCH | access_privilege(p));
    uint8_t *host;

    physical &= ~(uint64_t)(PAGE_SIZE - 1);
    host = p->platform->ram_page(p->context, physical & (p->address_mask | ~0xffffffffull));
    if (host == NULL)
        return false;
    p->fetch_tag = translation_tag(p, linear);
    p->fetch_host = (uintptr_t)host - (linear & ~(PAGE_SIZE - 1));
    return true;
}

static void cursor_start(struct cursor *c, struct processor *p)
{
    const struct segment *cs = &p->segment[CS];
    uint32_t linear = cs->base + p->instruction_eip;
    uint32_t in_limit = cs->limit - p->instruction_eip, in_page = PAGE_SIZE - linear % PAGE_SIZE;

    c->p = p;
    c->length = 0;
    c->available = 0;
    c->bytes = c->gathered;
    if (p->instruction_eip > cs->limit)
        raise_gp(p);
    if (p->fetch_tag != translation_tag(p, linear) && !fetch_page(p, linear))
        return;
    c->bytes = (const uint8_t *)(p->fetch_host + linear);
    c->available = in_page;
    if (in_limit < c->available)
        c->available = in_limit + 1;
    if (c->available > INSTRUCTION_LENGTH_LIMIT)
        c->available = INSTRUCTION_LENGTH_LIMIT;
}

ALWAYS_INLINE uint8_t next_byte(struct cursor *c)
{
    if (__builtin_expect(c->length >= c->available, 0))
        cursor_extend(c);
    return c->bytes[c->length++];
}

static uint32_t next_value(struct cursor *c, unsigned width)
{
    uint32_t value = next_byte(c);

    if (width >= 2)
        value |= (uint32_t)next_byte(c) << 8;
    if (width == 4) {
        value |= (uint32_t)next_byte(c) << 16;
        value |= (uint32_t)next_byte(c) << 24;
    }
    return value;
}

/* Base and index of 16-bit addressing, SDM vol. 2, table 2-1. */
static const uint8_t base_16[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
static const uint8_t index_16[8] = {ESI,         EDI,         ESI,         EDI,
                                    NO_REGISTER, NO_REGISTER, NO_REGISTER, NO_REGISTER};

/* The memory operand that ModRM (and SIB) name. Sets everything but a segment override. */
static void decode_memory_16(struct cursor *c, struct instruction *i, unsigned mod)
{
    if (mod == 0 && i->rm == 6) {
        i->displacement = next_value(c, 2);
        return;
    }
    i->base = base_16[i->rm];
    i->index = index_16[i->rm];
    if (i->base == EBP)
        i->segment = SS;
    if (mod == 1)
        i->displacement = sign_extend(next_byte(c), 1);
    else if (mod == 2)
        i->displacement = next_value(c, 2);
}

static void decode_memory_32(struct cursor *c, struct instruction *i, unsigned mod)
{
    unsigned base = i->rm;

    if (base == ESP) {
        uint8_t sib = next_byte(c);

        base = sib & 7;
        i->scale = sib >> 6;
        i->index = (sib >> 3) & 7;
        if (i->index == ESP)
            i->index = NO_REGISTER;
    }
    if (mod == 0 && base == EBP) {
        i->displacement = next_value(c, 4);
        return;
    }
    i->base = (uint8_t)base;
    if (base == EBP || base == ESP)
        i->segment = SS;
    if (mod == 1)
        i->displacement = sign_extend(next_byte(c), 1);
    else if (mod == 2)
        i->displacement = next_value(c, 4);
}

static void decode_modrm(struct cursor *c, struct instruction *i, unsigned attributes)
{
    unsigned mod;

    i->modrm = next_byte(c);
    mod = i->modrm >> 6;
    i->reg = (i->modrm >> 3) & 7;
    i->rm = i->modrm & 7;
    if (mod == 3 || (attributes & ATTRIBUTE_REGISTER_FORM))
        return;
    i->memory = true;
    if (i->address_size == 2)
        decode_memory_16(c, i, mod);
    else
        decode_memory_32(c, i, mod);
}

static void decode_immediates(struct cursor *c, struct instruction *i, unsigned form)
{
    if (form & FORM_IMM8)
        i->immediate = sign_extend(next_byte(c), 1);
    else if (form & FORM_IMMZ)
        i->immediate = sign_extend(next_value(c, i->operand_size), i->operand_size);
    else if (form & FORM_IMM16)
        i->immediate = next_value(c, 2);
    else if (form & FORM_MOFFS) {
        i->displacement = next_value(c, i->address_size);
        i->memory = true;
    } else if (form & FORM_FAR) {
        i->immediate = next_value(c, i->operand_size);
        i->immediate2 = (uint16_t)next_value(c, 2);
    } else if (form & FORM_ENTER) {
        i->immediate = next_value(c, 2);
        i->immediate2 = next_byte(c);
    }
}

/* One bit per byte value. */
static const uint32_t prefixes[8] = {
    [0x26 / 32] = 1u << (0x26 % 32) | 1u << (0x2e % 32) | 1u << (0x36 % 32) | 1u << (0x3e % 32),
    [0x64 / 32] = 1u << (0x64 % 32) | 1u << (0x65 % 32) | 1u << (0x66 % 32) | 1u << (0x67 % 32),
    [0xf0 / 32] = 1u << (0xf0 % 32) | 1u << (0xf2 % 32) | 1u << (0xf3 % 32),
};

static bool is_prefix(uint8_t byte)
{
    return prefixes[byte / 32] >> byte % 32 & 1;
}

/* Takes the prefixes; returns the first opcode byte. *segment: the override, or -1. */
static uint8_t decode_prefixes(struct cursor *c, struct instruction *i, int *segment)
{
    unsigned size = c->p->segment[CS].attributes & ATTRIBUTE_DB ? 4 : 2;

    i->operand_size = i->address_size = (uint8_t)size;
    for (;;) {
        uint8_t byte = next_byte(c);

        if (!is_prefix(byte))
            return byte;
        switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            *segment = (byte >> 3) & 3; /* ES CS SS DS */
            break;
        case 0x64:
        case 0x65:
            *segment = byte - 0x64 + FS;
            break;
        case 0x66:
            i->operand_prefix = true;
            i->operand_size = (uint8_t)(6 - size);
            break;
        case 0x67:
            i->address_size = (uint8_t)(6 - size);
            break;
        case 0xf0:
            i->lock = true;
            break;
        default:
            i->repeat = byte; /* REPEAT_ */
            break;
        }
    }
}

/* Two bytes of opcode, ModRM, SIB, displacement and immediate are twelve. */
#define PREFIXES_THAT_FIT 3u

bool may_be_too_long(const uint8_t *bytes)
{
    unsigned count = 0;

    while (count <= PREFIXES_THAT_FIT && is_prefix(bytes[count]))
        count++;
    return count > PREFIXES_THAT_FIT;
}

/* #GP(0): a privileged instruction outside CPL 0. */
static void privileged(struct processor *p, const struct instruction *i)
{
    (void)i;
    raise_gp(p);
}

/* The handler that the rules of the row allow; NULL when operations do it. SDM vol. 2, each
 * instruction's exceptions. */
static handler *allowed_handler(const struct processor *p, const struct instruction *i,
                                const struct opcode *row)
{
    const union execution *execute = &row->execute[i->operand_size == 4];
    unsigned attributes = row->attributes;

    if (row->shape == SHAPE_HANDLER && execute->handler == NULL)
        return ud;
    if (i->lock && !((attributes & ATTRIBUTE_LOCKABLE) && i->memory))
        return ud;
    if ((attributes & ATTRIBUTE_MEMORY_ONLY) && !i->memory)
        return attributes & ATTRIBUTE_HYPERCALL ? vmcall : ud;
    if ((attributes & ATTRIBUTE_PROTECTED) && real_style(p))
        return ud;
    if ((attributes & ATTRIBUTE_CPL0) && p->cpl != 0)
        return privileged;
    return row->shape == SHAPE_HANDLER ? execute->handler : NULL;
}

const struct opcode *decode(struct processor *p, struct instruction *i)
{
    struct cursor c;
    const struct opcode *row;
    int segment = -1;

    i->displacement = i->immediate = 0;
    i->immediate2 = 0;
    i->modrm = i->reg = i->rm = i->scale = i->repeat = 0;
    i->segment = DS;
    i->base = i->index = NO_REGISTER;
    i->memory = i->operand_prefix = i->lock = i->two_byte = false;
    cursor_start(&c, p);
    i->opcode = decode_prefixes(&c, i, &segment);
    row = opcode_row(MAP_ONE + i->opcode);
    if (i->opcode == 0x0f) {
        i->two_byte = true;
        i->opcode = next_byte(&c);
        row = opcode_row(MAP_TWO + i->opcode);
    }
    if (row->form & FORM_MODRM)
        decode_modrm(&c, i, row->attributes);
    if (row->attributes & ATTRIBUTE_GROUP) {
        unsigned form = row->form;

        row = opcode_member(row, i->reg);
        decode_immediates(&c, i, form | row->form);
    } else {
        decode_immediates(&c, i, row->form);
    }
    if (segment >= 0)
        i->segment = (uint8_t)segment;
    i->length = (uint8_t)c.length;
#ifdef EMULATOR_TRACE
    for (unsigned n = 0; n < c.length; n++)
        i->bytes[n] = c.bytes[n];
#endif
    i->execute = allowed_handler(p, i, row);
    return row;
}
