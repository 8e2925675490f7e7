/* Instruction lengths against Zydis. Not here: any difference in what is valid, which is a matter
 * of processor models. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "length.h"

#include <Zydis/Zydis.h>
#include <stdio.h>

#include "fault.h"
#include "finding.h"
#include "opcodes.h"
#include "walk.h"

#define LENGTH_LIMIT 15u

static const ZydisDecoder *decoder(bool wide)
{
    static ZydisDecoder decoders[2];
    static bool ready;

    if (!ready) {
        ZydisDecoderInit(&decoders[0], ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
        ZydisDecoderInit(&decoders[1], ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    }
    ready = true;
    return &decoders[wide];
}

/* The bytes that can be fetched at the instruction under way; how many. */
static unsigned fetch(const struct subject *s, uint8_t bytes[LENGTH_LIMIT])
{
    const struct processor *p = &s->processor;
    const struct segment *cs = &p->segment[CS];
    unsigned access = ACCESS_FETCH | (p->cpl == 3 ? ACCESS_USER : 0);

    for (unsigned n = 0; n < LENGTH_LIMIT; n++) {
        uint64_t offset = (uint64_t)p->eip + n;

        if (offset > cs->limit || !walk_read(s, cs->base + (uint32_t)offset, access, &bytes[n]))
            return n;
    }
    return LENGTH_LIMIT;
}

static bool decode_other(const struct subject *s, const uint8_t *bytes, unsigned count,
                         ZydisDecodedInstruction *instruction)
{
    bool wide = s->processor.segment[CS].attributes & ATTRIBUTE_DB;

    return count != 0 && ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(decoder(wide), NULL, bytes,
                                                                    count, instruction));
}

/* VEX, EVEX and XOP begin with opcodes that are #UD to a P6 in these forms. */
static bool later_encoding(const ZydisDecodedInstruction *instruction)
{
    return instruction->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY;
}

void check_length(const struct subject *s)
{
    const struct instruction *i = &s->instruction;
    ZydisDecodedInstruction other;
    uint8_t bytes[LENGTH_LIMIT];
    unsigned count = fetch(s, bytes);

    if (i->length < 1 || i->length > LENGTH_LIMIT || i->length > count)
        finding(s, "an instruction of %u bytes, where %u can be fetched", i->length, count);
    if (i->execute != ud && decode_other(s, bytes, count, &other) && !later_encoding(&other) &&
        other.length != i->length)
        finding(s, "an instruction of %u bytes, Zydis says %u", i->length, other.length);
}

void check_fetch_fault(const struct subject *s)
{
    ZydisDecodedInstruction other;
    uint8_t bytes[LENGTH_LIMIT];
    unsigned count = fetch(s, bytes);

    if (count == LENGTH_LIMIT && s->processor.fault.vector == EXCEPTION_PF)
        finding(s, "#PF while 15 bytes can be fetched");
    if (decode_other(s, bytes, count, &other) && !later_encoding(&other))
        finding(s, "a fetch fault in an instruction of which Zydis needs %u of %u bytes",
                other.length, count);
}

void length_print(const struct subject *s, char *text, size_t size)
{
    ZydisDecodedInstruction other;
    uint8_t bytes[LENGTH_LIMIT];
    unsigned count = fetch(s, bytes);
    int used = 0;

    text[0] = '\0';
    for (unsigned n = 0; n < count && (size_t)used < size; n++)
        used += snprintf(text + used, size - (size_t)used, "%02x ", bytes[n]);
    if (decode_other(s, bytes, count, &other) && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, "(%s, %u bytes)",
                 ZydisMnemonicGetString(other.mnemonic), other.length);
}
