/* Native code of both machines: the exact one runs it on the host's unit, after a look at which
 * operands it has; the fast one repeats what came out. Not here: the unit itself (native_host.c).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "subject.h"

#include <Zydis/Zydis.h>
#include <string.h>

#include "finding.h"
#include "native_host.h"

#define OPERAND_LIMIT 512u

/* Some instructions are left to the unit to refuse; what Zydis does not know is refused here. */
#define VECTOR_UD 6

static const ZydisDecoder *decoder(void)
{
    static ZydisDecoder decoder;
    static bool ready;

    if (!ready)
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ready = true;
    return &decoder;
}

/* The contract of platform.run_native: memory is [RAX], the general register is ECX. */
static void check_operand(const struct subject *s, const ZydisDecodedOperand *o, uint32_t *size)
{
    if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
        int64_t end = o->mem.disp.value + o->size / 8;

        if (o->mem.base != ZYDIS_REGISTER_RAX || o->mem.index != ZYDIS_REGISTER_NONE ||
            o->mem.disp.value < 0 || end > OPERAND_LIMIT)
            finding(s, "native code with a memory operand that is not [RAX]");
        if ((uint32_t)end > *size)
            *size = (uint32_t)end;
    }
    if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, o->reg.value) !=
            ZYDIS_REGISTER_RCX) {
        ZydisRegisterClass kind = ZydisRegisterGetClass(o->reg.value);

        if (kind == ZYDIS_REGCLASS_GPR8 || kind == ZYDIS_REGCLASS_GPR16 ||
            kind == ZYDIS_REGCLASS_GPR32 || kind == ZYDIS_REGCLASS_GPR64)
            finding(s, "native code with a general register that is not ECX");
    }
}

/* How many bytes of memory the code uses; -1 when it is not valid. */
static int memory_used(const struct subject *s, const uint8_t *code, unsigned length)
{
    uint32_t size = 0;

    if (length == 0 || length > 15)
        finding(s, "%u bytes of native code", length);
    for (unsigned at = 0; at < length;) {
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

        if (!ZYAN_SUCCESS(
                ZydisDecoderDecodeFull(decoder(), code + at, length - at, &instruction, operands)))
            return -1;
        for (unsigned n = 0; n < instruction.operand_count; n++)
            check_operand(s, &operands[n], &size);
        at += instruction.length;
    }
    return (int)size;
}

/* --- the unit ----------------------------------------------------------------------------------
 */

static struct subject *owner; /* whose state is in the unit, or NULL */

void subject_unit_reset(struct subject *s)
{
    if (owner == s)
        owner = NULL;
    native_host_reset();
    native_host_get(s->unit);
    if (owner != NULL)
        native_host_set(owner->unit);
}

void subject_unit_get(const struct subject *s, uint8_t image[UNIT_IMAGE])
{
    if (owner == s)
        native_host_get(image);
    else
        memcpy(image, s->unit, UNIT_IMAGE);
}

void subject_unit_copy(struct subject *s, const struct subject *from)
{
    if (owner == s)
        owner = NULL;
    subject_unit_get(from, s->unit);
}

static void take_unit(struct subject *s)
{
    if (owner == s)
        return;
    if (owner != NULL)
        native_host_get(owner->unit);
    native_host_set(s->unit);
    owner = s;
}

/* By way of a buffer: the sanitizer knows how long the handler's own is. */
int subject_run_native(void *context, const uint8_t *code, unsigned length,
                       struct native_call *call)
{
    static uint8_t buffer[OPERAND_LIMIT] __attribute__((aligned(16)));
    struct subject *s = context;
    int used = memory_used(s, code, length), vector;
    size_t size = used > 0 ? (size_t)used : 0;
    struct native_call host = *call;

    if ((size != 0 && call->operand == NULL) || (uintptr_t)call->operand % 16)
        finding(s, "native operand at %p", call->operand);
    if (used < 0)
        return VECTOR_UD;
    memset(buffer, 0, sizeof buffer);
    if (size != 0)
        memcpy(buffer, call->operand, size);
    host.operand = buffer;
    take_unit(s);
    vector = native_host_run(s, code, length, &host);
    if (size != 0)
        memcpy(call->operand, buffer, size);
    if (vector < 0) {
        call->value = host.value;
        call->eflags = host.eflags;
    }
    return vector;
}
