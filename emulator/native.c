/* Code on the host's unit: exceptions become the guest's, x87 pointers change hands.
 * Not here: which code (execute_x87.c, execute_simd.c), how the platform runs it. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "native.h"

/* Bits of the x87 status word: exception flags, stack fault, error summary; busy. */
#define STATUS_EXCEPTIONS 0x80ffu

/* Returns the exception's vector, or -1. */
static int attempt(struct processor *p, const uint8_t *code, unsigned length, void *operand,
                   uint32_t *value)
{
    struct native_call call = {.operand = operand, .eflags = flags_status(p)};
    int vector;

    if (value != NULL)
        call.value = *value;
    vector = p->platform->run_native(p->context, code, length, &call);
    if (vector >= 0)
        return vector;
    if (value != NULL)
        *value = call.value;
    flags_put_status(p, call.eflags);
    return -1;
}

/* FNSTENV (ModRM /6) and FLDENV (/4), which raise nothing: no exception is left pending by the
 * first, which masks them all, and the second always follows it. */
static void environment(struct processor *p, unsigned modrm, struct x87_environment *environment)
{
    const uint8_t code[] = {0xd9, (uint8_t)modrm};

    attempt(p, code, sizeof(code), environment, NULL);
}

static void environment_get(struct processor *p, struct x87_environment *e)
{
    environment(p, 0x30, e);
}

static void environment_put(struct processor *p, struct x87_environment *e)
{
    environment(p, 0x20, e);
}

/* The code with the pending exceptions hidden from it; they stay pending. */
static int attempt_ignoring(struct processor *p, const uint8_t *code, unsigned length,
                            void *operand, uint32_t *value)
{
    struct x87_environment e;
    uint16_t pending;
    int vector;

    environment_get(p, &e);
    pending = e.status & STATUS_EXCEPTIONS;
    e.status ^= pending;
    environment_put(p, &e);
    vector = attempt(p, code, length, operand, value);
    environment_get(p, &e);
    e.status |= pending;
    environment_put(p, &e);
    return vector;
}

void native_run(struct processor *p, const uint8_t *code, unsigned length, void *operand,
                uint32_t *value)
{
    int vector = attempt(p, code, length, operand, value);

    if (vector == EXCEPTION_MF && !(p->cr0 & CR0_NE))
        vector = attempt_ignoring(p, code, length, operand, value);
    if (vector < 0)
        return;
    if (vector == EXCEPTION_GP)
        raise_gp(p);
    /* SDM vol. 1, 11.5.1: without CR4.OSXMMEXCPT an unmasked SIMD exception is an invalid opcode.
     */
    if (vector == EXCEPTION_XM && !(p->cr4 & CR4_OSXMMEXCPT))
        raise_ud(p);
    raise_fault(p, (enum exception)vector);
}

void native_wait(struct processor *p)
{
    static const uint8_t fwait_code[] = {0x9b};

    native_run(p, fwait_code, sizeof(fwait_code), NULL, NULL);
}

void native_operand_check(struct processor *p, const struct instruction *i, uint32_t offset,
                          uint32_t length, unsigned alignment, bool write)
{
    uint32_t linear = segment_linear(p, i->segment, offset, length, write);

    if (alignment != 16)
        segment_linear(p, i->segment, offset, alignment, write);
    else if (linear % 16)
        raise_gp(p);
    if (write)
        linear_probe(p, linear, length, ACCESS_WRITE | access_privilege(p));
}

void native_take_pointers(struct processor *p)
{
    struct x87_environment e;

    if (p->fpu_used)
        return;
    environment_get(p, &e);
    environment_put(p, &e);
    p->fpu_instruction_offset = e.instruction_offset;
    p->fpu_instruction_selector = e.instruction_selector;
    p->fpu_opcode = e.opcode;
    p->fpu_operand_offset = e.operand_offset;
    p->fpu_operand_selector = e.operand_selector;
    p->fpu_used = true;
}

void native_give_pointers(struct processor *p)
{
    struct x87_environment e;

    if (!p->fpu_used)
        return;
    environment_get(p, &e);
    e.instruction_offset = p->fpu_instruction_offset;
    e.instruction_selector = p->fpu_instruction_selector;
    e.opcode = p->fpu_opcode;
    e.operand_offset = p->fpu_operand_offset;
    e.operand_selector = p->fpu_operand_selector;
    environment_put(p, &e);
    p->fpu_used = false;
}
