/* x87: every instruction with the opcodes D8-DF, and FWAIT; FNSTENV and FNSAVE images in all
 * formats. Not here: MMX, SSE and FXSAVE (execute_simd.c); running code on the unit (native.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "native.h"

/* --- the pointers to the last instruction ---------------------------------------------------- */

/* SDM vol. 1, 8.1.8: control instructions leave the pointers alone, and an instruction without a
 * memory operand leaves the operand pointer. */
static void track_instruction(struct processor *p, const struct instruction *i)
{
    p->fpu_instruction_offset = p->instruction_eip;
    p->fpu_instruction_selector = p->segment[CS].selector;
    p->fpu_opcode = (uint16_t)((i->opcode & 7) << 8 | i->modrm);
}

static void track_operand(struct processor *p, const struct instruction *i, uint32_t offset)
{
    p->fpu_operand_offset = offset;
    p->fpu_operand_selector = p->segment[i->segment].selector;
}

/* After FNINIT, also as the second half of FNSAVE. */
static void clear_pointers(struct processor *p)
{
    p->fpu_instruction_offset = p->fpu_operand_offset = 0;
    p->fpu_instruction_selector = p->fpu_operand_selector = p->fpu_opcode = 0;
}

/* --- FNSTENV, FNSAVE, FLDENV, FRSTOR --------------------------------------------------------- */

#define UNIT_HEADER   28u /* bytes of the environment in the unit's own format */
#define REGISTER_FILE 80u /* what follows it in an FNSAVE image */

/* A guest image's seven words (16-bit format) or doublewords (32-bit). The words are the low halves
 * of the doublewords. SDM vol. 1, figures 8-9 to 8-12. */
enum image_field { CONTROL, STATUS, TAG, INSTRUCTION, INSTRUCTION_HIGH, OPERAND, OPERAND_HIGH };

/* Reserved upper halves read as ones. */
#define UPPER_ONES 0xffff0000u

static void pointers_to_image(const struct processor *p, uint32_t image[7])
{
    uint32_t instruction = p->fpu_instruction_offset, operand = p->fpu_operand_offset;

    if (real_style(p)) {
        /* Linear addresses, in two parts. */
        instruction += (uint32_t)p->fpu_instruction_selector << 4;
        operand += (uint32_t)p->fpu_operand_selector << 4;
        image[INSTRUCTION] = instruction | UPPER_ONES;
        image[INSTRUCTION_HIGH] = instruction >> 16 << 12 | p->fpu_opcode;
        image[OPERAND] = operand | UPPER_ONES;
        image[OPERAND_HIGH] = operand >> 16 << 12;
    } else {
        image[INSTRUCTION] = instruction;
        image[INSTRUCTION_HIGH] = (uint32_t)p->fpu_opcode << 16 | p->fpu_instruction_selector;
        image[OPERAND] = operand;
        image[OPERAND_HIGH] = UPPER_ONES | p->fpu_operand_selector;
    }
}

static void pointers_from_image(struct processor *p, const uint32_t image[7])
{
    uint32_t instruction = image[INSTRUCTION], operand = image[OPERAND];
    uint32_t instruction_high = image[INSTRUCTION_HIGH], operand_high = image[OPERAND_HIGH];

    clear_pointers(p);
    if (real_style(p)) {
        instruction = (instruction & 0xffff) | (instruction_high >> 12 & 0xffff) << 16;
        operand = (operand & 0xffff) | (operand_high >> 12 & 0xffff) << 16;
        p->fpu_opcode = instruction_high & 0x7ff;
    } else {
        p->fpu_instruction_selector = (uint16_t)instruction_high;
        p->fpu_operand_selector = (uint16_t)operand_high;
        p->fpu_opcode = instruction_high >> 16 & 0x7ff;
    }
    p->fpu_instruction_offset = instruction;
    p->fpu_operand_offset = operand;
}

/* The header in the unit's format at `header` becomes one of `width`-byte fields that ends where
 * the other ended, so that the registers behind it need not move; and back. */
static void header_to_guest(const struct processor *p, uint8_t *header, unsigned width)
{
    uint32_t image[7];

    for (unsigned n = CONTROL; n <= TAG; n++)
        image[n] = host_read(header + 4 * n, 2) | UPPER_ONES;
    pointers_to_image(p, image);
    header += UNIT_HEADER - 7 * width;
    for (unsigned n = 0; n < 7; n++)
        host_write(header + width * n, width, image[n]);
}

static void header_from_guest(struct processor *p, uint8_t *header, unsigned width)
{
    const uint8_t *guest = header + UNIT_HEADER - 7 * width;
    uint32_t image[7];

    for (unsigned n = 0; n < 7; n++)
        image[n] = host_read(guest + width * n, width);
    pointers_from_image(p, image);
    for (unsigned n = 0; n < 7; n++)
        host_write(header + 4 * n, 4, image[n]);
}

static void load_image(struct processor *p, const struct instruction *i, uint32_t offset,
                       uint8_t *buffer, uint32_t length)
{
    /* FNCLEX first: what is pending is about to be replaced. */
    const uint8_t code[] = {0xdb, 0xe2, i->opcode, 0x20};
    unsigned width = i->operand_size;

    native_wait(p);
    native_operand_check(p, i, offset, length, width, false);
    memory_read_bytes(p, i->segment, offset, buffer + UNIT_HEADER - 7 * width, length);
    header_from_guest(p, buffer, width);
    native_run(p, code, sizeof(code), buffer, NULL);
}

static void store_image(struct processor *p, const struct instruction *i, uint32_t offset,
                        uint8_t *buffer, uint32_t length)
{
    const uint8_t code[] = {i->opcode, 0x30};
    unsigned width = i->operand_size;

    native_operand_check(p, i, offset, length, width, true);
    native_run(p, code, sizeof(code), buffer, NULL);
    header_to_guest(p, buffer, width);
    memory_write_bytes(p, i->segment, offset, buffer + UNIT_HEADER - 7 * width, length);
    if (i->opcode == 0xdd)
        clear_pointers(p);
}

/* D9 and DD, /4 and /6. */
static void move_image(struct processor *p, const struct instruction *i, uint32_t offset)
{
    uint8_t buffer[UNIT_HEADER + REGISTER_FILE] __attribute__((aligned(16)));
    uint32_t length = 7u * i->operand_size + (i->opcode == 0xdd ? REGISTER_FILE : 0);

    if (i->reg == 4)
        load_image(p, i, offset, buffer, length);
    else
        store_image(p, i, offset, buffer, length);
}

/* --- memory operands ------------------------------------------------------------------------- */

/* Size of the memory operand in bytes, and what becomes of it. */
#define FORM_SIZE  0x0fu
#define FORM_STORE 0x10u
#define FORM_IMAGE 0x20u
#define FORM_WORD  0x40u /* FLDCW, FNSTCW, FNSTSW: control instructions */

enum {
    S2 = FORM_STORE | 2,
    S4 = FORM_STORE | 4,
    S8 = FORM_STORE | 8,
    S10 = FORM_STORE | 10,
    IM = FORM_IMAGE,
    CL = FORM_WORD | 2,
    CS2 = FORM_WORD | FORM_STORE | 2,
};

/* By the low three bits of the opcode and ModRM.reg; 0: #UD. SDM vol. 2, tables. */
static const uint8_t memory_forms[8][8] = {
    {4, 4, 4, 4, 4, 4, 4, 4}, {4, 0, S4, S4, IM, CL, IM, CS2},
    {4, 4, 4, 4, 4, 4, 4, 4}, {4, S4, S4, S4, 0, 10, 0, S10},
    {8, 8, 8, 8, 8, 8, 8, 8}, {8, S8, S8, S8, IM, 0, IM, CS2},
    {2, 2, 2, 2, 2, 2, 2, 2}, {2, S2, S2, S2, 10, 8, S10, S8},
};

/* FLDCW, FNSTCW and FNSTSW: control instructions; the stores do not wait. */
static void move_word(struct processor *p, const struct instruction *i, uint32_t offset, bool store)
{
    const uint8_t code[] = {i->opcode, (uint8_t)(i->reg << 3)};
    uint8_t buffer[16] __attribute__((aligned(16)));

    if (!store)
        native_wait(p);
    native_operand_check(p, i, offset, 2, 2, store);
    if (!store)
        memory_read_bytes(p, i->segment, offset, buffer, 2);
    native_run(p, code, sizeof(code), buffer, NULL);
    if (store)
        memory_write_bytes(p, i->segment, offset, buffer, 2);
}

static void load(struct processor *p, const struct instruction *i, uint32_t offset, unsigned size)
{
    const uint8_t code[] = {i->opcode, (uint8_t)(i->reg << 3)};
    uint8_t buffer[16] __attribute__((aligned(16)));

    native_wait(p);
    native_operand_check(p, i, offset, size, size == 10 ? 8 : size, false);
    memory_read_bytes(p, i->segment, offset, buffer, size);
    native_run(p, code, sizeof(code), buffer, NULL);
}

/* Exceptions that, unmasked, keep a store from storing (and popping); precision comes after it. */
#define STORE_EXCEPTIONS 0x19u /* IE, OE, UE; the same bits in the status and the control word */

/* Would this store reach memory? One that raises an unmasked exception does not, and causes no
 * fault there. SDM vol. 1, 8.5. The unit is left as it was. */
static bool reaches_memory(struct processor *p, const struct instruction *i)
{
    static const uint8_t save_code[] = {0x0f, 0xae, 0x00}, restore_code[] = {0x0f, 0xae, 0x08};
    /* The store; FNSTCW [EAX+16]; FNSTSW [EAX+18]. */
    const uint8_t code[] = {i->opcode, (uint8_t)(i->reg << 3), 0xd9, 0x78, 16, 0xdd, 0x78, 18};
    uint8_t image[512] __attribute__((aligned(16))), buffer[32] __attribute__((aligned(16)));

    native_run(p, save_code, sizeof(save_code), image, NULL);
    native_run(p, code, sizeof(code), buffer, NULL);
    native_run(p, restore_code, sizeof(restore_code), image, NULL);
    return !(host_read(buffer + 18, 2) & ~host_read(buffer + 16, 2) & STORE_EXCEPTIONS);
}

static void store(struct processor *p, const struct instruction *i, uint32_t offset, unsigned size)
{
    /* FWAIT; FNSTCW [EAX] */
    static const uint8_t wait_code[] = {0x9b, 0xd9, 0x38};
    const uint8_t code[] = {i->opcode, (uint8_t)(i->reg << 3)};
    uint8_t buffer[16] __attribute__((aligned(16)));
    bool reaches;

    native_run(p, wait_code, sizeof(wait_code), buffer, NULL);
    reaches = !(~host_read(buffer, 2) & STORE_EXCEPTIONS) || reaches_memory(p, i);
    if (reaches)
        native_operand_check(p, i, offset, size, size == 10 ? 8 : size, true);
    native_run(p, code, sizeof(code), buffer, NULL);
    if (reaches)
        memory_write_bytes(p, i->segment, offset, buffer, size);
}

static void memory_form(struct processor *p, const struct instruction *i)
{
    unsigned form = memory_forms[i->opcode & 7][i->reg], size = form & FORM_SIZE;
    uint32_t offset = effective_address(p, i);

    if (form == 0)
        raise_ud(p);
    if (form & FORM_IMAGE) {
        move_image(p, i, offset);
        return;
    }
    if (form & FORM_WORD) {
        move_word(p, i, offset, form & FORM_STORE);
        return;
    }
    if (form & FORM_STORE)
        store(p, i, offset, size);
    else
        load(p, i, offset, size);
    track_instruction(p, i);
    track_operand(p, i, offset);
}

/* --- register operands ----------------------------------------------------------------------- */

/* DF E0. The code may not write EAX, which is the pointer. */
static void store_status_in_ax(struct processor *p)
{
    static const uint8_t code[] = {0xdd, 0x38};
    uint8_t buffer[16] __attribute__((aligned(16)));

    native_run(p, code, sizeof(code), buffer, NULL);
    register_write(p, EAX, 2, host_read(buffer, 2));
}

static void register_form(struct processor *p, const struct instruction *i)
{
    const uint8_t code[] = {i->opcode, i->modrm};

    if (i->opcode == 0xdf && i->modrm == 0xe0) {
        store_status_in_ax(p);
        return;
    }
    native_run(p, code, sizeof(code), NULL, NULL);
    if (i->opcode == 0xdb && i->reg == 4) {
        /* FNCLEX, FNINIT and the 8087's and 80287's FNENI, FNDISI, FNSETPM. */
        if (i->modrm == 0xe3)
            clear_pointers(p);
        return;
    }
    track_instruction(p, i);
}

/* --------------------------------------------------------------------------------------------- */

void x87(struct processor *p, const struct instruction *i)
{
    if (p->cr0 & (CR0_EM | CR0_TS))
        raise_fault(p, EXCEPTION_NM);
    native_take_pointers(p);
    if (i->memory)
        memory_form(p, i);
    else
        register_form(p, i);
}

void fwait(struct processor *p, const struct instruction *i)
{
    (void)i;
    if ((p->cr0 & (CR0_MP | CR0_TS)) == (CR0_MP | CR0_TS))
        raise_fault(p, EXCEPTION_NM);
    native_wait(p);
}
