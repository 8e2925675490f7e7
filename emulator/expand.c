/* Instructions become operations: a memory operand is loaded before and stored after the operation,
 * which sees registers only. Not here: decoding (decode.c), what the operations do (operate_*.c).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "expand.h"
#include "operate.h"

#define OPCODE_LOOP 0xe2

struct builder {
    struct operation *next; /* to be written */
    struct operation *first;
    const struct instruction *i;
    const struct code *code;
    uint32_t linear; /* of the stretch */
    unsigned offset, ordinal;
};

static uint8_t register_offset(unsigned number)
{
    return (uint8_t)(number * sizeof(uint32_t));
}

/* With AH to BH as the registers 4 to 7 of bytes. */
static uint8_t operand_offset(unsigned number, unsigned width)
{
    if (width == 1 && number >= 4 && number < GENERAL_REGISTER_COUNT)
        return (uint8_t)(register_offset(number - 4) + 1);
    return register_offset(number);
}

static struct operation *emit(struct builder *b, operate *run)
{
    struct operation *o = b->next++;

    o->run = run;
    o->value = b->i->immediate;
    o->scale = o == b->first ? 0 : OPERATION_MIDDLE;
    o->length = b->i->length;
    o->offset = (uint8_t)b->offset;
    o->ordinal = (uint8_t)b->ordinal;
    return o;
}

/* What has a memory operand: `number` is the register, of `width` bytes, on the other side. */
static void emit_address(struct builder *b, operate *run, unsigned width, unsigned number)
{
    const struct instruction *i = b->i;
    bool wide = i->address_size == 4;
    struct operation *o = emit(b, run);

    o->value = i->displacement;
    o->to = operand_offset(number, width);
    o->from = (uint8_t)(i->segment * sizeof(struct segment));
    o->base = register_offset(i->base);
    o->index = register_offset(i->index);
    o->scale |=
        (uint8_t)(i->scale | (wide ? OPERATION_ADDRESS_32 : 0) | width << OPERATION_WIDTH_SHIFT);
}

/* Load, modify or store. */
static void emit_memory(struct builder *b, operate *const runs[2][3], unsigned width,
                        unsigned number)
{
    emit_address(b, runs[b->i->address_size == 4][width / 2], width, number);
}

/* The instruction as its handler runs it. */
static void emit_handler(struct builder *b, operate *run)
{
    struct operation *o = emit(b, run);
    struct instruction *copy = (struct instruction *)(o + 1);

    *copy = *b->i;
    b->next = (struct operation *)((struct code_slot *)copy + INSTRUCTION_SLOTS);
}

static unsigned operation_index(const struct instruction *i, unsigned index)
{
    switch (index) {
    case INDEX_OPCODE:
        return (i->opcode >> 3) & 7;
    case INDEX_REG:
        return i->reg;
    case INDEX_ADDRESS_SIZE:
        return i->address_size == 4;
    default:
        return 0;
    }
}

static void emit_branch(struct builder *b, operate *run)
{
    struct operation *o = emit(b, run);

    o->value = b->linear + b->offset + b->i->length + b->i->immediate;
    o->entry = b->code == NULL ? 0 : code_entry_of(b->code, o->value);
}

/* A row with a shape. */
static void emit_shaped(struct builder *b, const struct opcode *row)
{
    const struct instruction *i = b->i;
    const struct shape *shape = &shapes[row->shape];
    unsigned width = row->form & FORM_BYTE ? 1 : i->operand_size;
    unsigned source = shape->source_width ? shape->source_width : width;
    operate *run = row->execute[i->operand_size == 4].operations[operation_index(i, shape->index)];
    /* By enum operand. */
    const uint8_t numbers[] = {EAX, i->memory ? MEMORY_REGISTER : i->rm, i->reg, EAX,
                               i->opcode & 7};
    unsigned to = numbers[shape->to], from = numbers[shape->from];
    struct operation *o;

    if (shape->memory == MEMORY_MOVE_IN && i->memory) {
        emit_memory(b, operation_load, width, to);
        return;
    }
    if (shape->memory == MEMORY_MOVE_OUT && i->memory && shape->from != OPERAND_NONE) {
        emit_memory(b, operation_store, width, from);
        return;
    }
    if (shape->memory == MEMORY_ADDRESS) {
        emit_address(b, run, width, to);
        return;
    }
    if (i->memory && shape->memory == MEMORY_LOAD)
        emit_memory(b, operation_load, source, MEMORY_REGISTER);
    else if (i->memory && shape->memory == MEMORY_MODIFY)
        emit_memory(b, operation_modify, width, MEMORY_REGISTER);
    if (shape->count == COUNT_CL)
        emit(b, operation_count_cl);
    o = emit(b, run);
    o->to = operand_offset(to, width);
    o->from = operand_offset(from, source);
    if (shape->count == 1)
        o->value = 1;
    if (i->memory && shape->memory == MEMORY_MODIFY)
        emit_memory(b, operation_write_back, width, MEMORY_REGISTER);
    else if (i->memory && shape->memory == MEMORY_MOVE_OUT)
        emit_memory(b, operation_store, width, MEMORY_REGISTER);
}

/* Decodes the instruction at EIP and appends it; returns true when it may go elsewhere. */
static bool expand(struct processor *p, struct builder *b)
{
    struct instruction i;
    const struct opcode *row = decode(p, &i);
    unsigned size = p->segment[CS].attributes & ATTRIBUTE_DB ? 4 : 2;
    bool ends = row->attributes & ATTRIBUTE_ENDS;
    operate *run = ends ? operation_handler_end : operation_handler;

#ifdef EMULATOR_TRACE
    __builtin_memcpy(p->traced, i.bytes, sizeof p->traced);
#endif
    b->i = &i;
    b->first = b->next;
    if (row->shape == SHAPE_RELATIVE && i.execute == NULL) {
        bool conditional = i.two_byte || i.opcode < 0x80;

        /* A branch whose target may have to be cut to another size is its handler's. */
        if (i.operand_size == size && i.address_size == size) {
            emit_branch(b, row->execute[1].operations[conditional ? i.opcode & 15 : 0]);
            /* What is behind a jump forwards is likely to run; behind the end of a loop it is not,
             * yet. */
            ends = !conditional || (i.immediate >> 31);
        } else {
            i.execute = row->execute[0].handler;
        }
    }
    if (row->shape == SHAPE_FAST && i.execute == NULL) {
        i.execute = row->execute[0].handler;
        if (i.operand_size == 2)
            run = row->execute[1].operations[0];
    }
    if (i.execute != NULL)
        emit_handler(b, run);
    else if (row->shape != SHAPE_RELATIVE)
        emit_shaped(b, row);
    b->offset += i.length;
    b->ordinal++;
    return ends;
}

/* What stands behind the last instruction. */
static void emit_end(struct builder *b, operate *run)
{
    static const struct instruction none;

    b->i = &none;
    b->first = b->next;
    if (run == operation_end)
        emit_branch(b, run);
    else
        emit(b, run);
}

static struct builder start(const struct processor *p, struct stretch *s)
{
    return (struct builder){
        .next = (struct operation *)((struct code_slot *)s + 1),
        .code = p->code,
        .linear = s->linear,
    };
}

static unsigned slots_used(const struct builder *b, const struct stretch *s)
{
    return (unsigned)(b->next - stretch_first(s));
}

void expand_single(struct processor *p, struct stretch *s)
{
    struct builder b = start(p, s);

    expand(p, &b);
    emit_end(&b, operation_leave);
}

/* What has to be left when an instruction is begun: for its operations, the end of the stretch, the
 * header and the bytes. */
#define SLOTS_LEFT (4 + INSTRUCTION_SLOTS + 1 + 1 + STRETCH_BYTES / sizeof(struct code_slot) + 1)
_Static_assert(SLOTS_LEFT < CODE_STRETCH_SLOTS_LEAST, "a stretch has room for an instruction");

void expand_stretch(struct processor *p, struct stretch *s, uint32_t linear, struct expansion *e)
{
    uint32_t start_eip = p->eip;
    unsigned most = e->slots < CODE_STRETCH_SLOTS ? e->slots : CODE_STRETCH_SLOTS;
    unsigned room = most - (unsigned)SLOTS_LEFT;
    struct builder b;
    bool ends;

    s->linear = linear;
    b = start(p, s);
    do {
        p->instruction_eip = start_eip + b.offset;
        ends = expand(p, &b);
    } while (!ends && b.ordinal < STRETCH_INSTRUCTIONS &&
             b.offset <= STRETCH_BYTES - INSTRUCTION_LENGTH_LIMIT &&
             (linear + b.offset) % PAGE_SIZE <= PAGE_SIZE - INSTRUCTION_LENGTH_LIMIT &&
             (linear + b.offset) / PAGE_SIZE == linear / PAGE_SIZE && slots_used(&b, s) < room &&
             !may_be_too_long((const uint8_t *)(p->fetch_host + linear + b.offset)));
    p->instruction_eip = start_eip;
    emit_end(&b, operation_end);
    e->slots = slots_used(&b, s);
    e->bytes = b.offset;
}
