/* Turns the trace records in a testvisor log (standard input) into a disassembled trace (standard
 * output). Not here: who writes the records, nor when (the blob's trace build). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Zydis/Zydis.h>

/* A record is one line:
 *   T WIDTH CS LINEAR EIP BYTES EAX EBX ECX EDX ESI EDI EBP ESP EFLAGS
 * WIDTH is the code size, 16 or 32; the rest is hexadecimal, BYTES without spaces. */
#define PREFIX     "T "
#define MOST_BYTES 15u
#define LINE_SIZE  512

enum {
    EAX,
    EBX,
    ECX,
    EDX,
    ESI,
    EDI,
    EBP,
    ESP,
    EFLAGS,
    REGISTER_COUNT,
};
static const char *const register_names[REGISTER_COUNT] = {
    "eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp", "efl",
};

struct record {
    unsigned width;
    uint32_t cs;
    uint32_t linear;
    uint32_t eip;
    uint8_t bytes[MOST_BYTES];
    size_t length;
    uint32_t registers[REGISTER_COUNT];
};

static bool parse_bytes(const char *text, struct record *record)
{
    const size_t digits = strlen(text);

    if (digits == 0 || digits % 2 != 0 || digits / 2 > MOST_BYTES)
        return false;
    record->length = digits / 2;
    for (size_t i = 0; i < record->length; i++)
        if (sscanf(text + 2 * i, "%2hhx", &record->bytes[i]) != 1)
            return false;
    return true;
}

/* Reads one record; false when the line is none. */
static bool parse(const char *line, struct record *record)
{
    char bytes[2 * MOST_BYTES + 1];
    int used = 0;

    if (sscanf(line, PREFIX "%u %" SCNx32 " %" SCNx32 " %" SCNx32 " %30[0-9a-fA-F]%n",
               &record->width, &record->cs, &record->linear, &record->eip, bytes, &used) != 5)
        return false;
    if ((record->width != 16 && record->width != 32) || !parse_bytes(bytes, record))
        return false;
    for (int i = 0; i < REGISTER_COUNT; i++) {
        int more = 0;

        if (sscanf(line + used, "%" SCNx32 "%n", &record->registers[i], &more) != 1)
            return false;
        used += more;
    }
    return true;
}

static void print(const ZydisFormatter *formatter, const struct record *record)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[128] = "(undefined opcode)";
    const bool wide = record->width == 32;

    ZydisDecoderInit(&decoder, wide ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
                     wide ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, record->bytes, record->length, &instruction,
                                            operands)))
        ZydisFormatterFormatInstruction(formatter, &instruction, operands,
                                        instruction.operand_count_visible, text, sizeof text,
                                        record->eip, ZYAN_NULL);
    printf("%04" PRIx32 ":%08" PRIx32 " %08" PRIx32 " ", record->cs, record->eip, record->linear);
    for (size_t i = 0; i < MOST_BYTES; i++)
        if (i < record->length)
            printf("%02x", record->bytes[i]);
        else if (i < 8)
            printf("  ");
    printf(" %-40s", text);
    for (int i = 0; i < REGISTER_COUNT; i++)
        printf(" %s=%08" PRIx32, register_names[i], record->registers[i]);
    putchar('\n');
}

int main(void)
{
    ZydisFormatter formatter;
    char line[LINE_SIZE];
    unsigned long number = 0;
    int status = EXIT_SUCCESS;

    if (ZYAN_FAILED(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL))) {
        fprintf(stderr, "disassemble: Zydis does not start\n");
        return 2;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct record record;

        number++;
        if (strncmp(line, PREFIX, strlen(PREFIX)) != 0)
            continue;
        if (strchr(line, '\n') == NULL && feof(stdin))
            break; /* the run was stopped in the middle of a record */
        if (parse(line, &record))
            print(&formatter, &record);
        else {
            fprintf(stderr, "disassemble: line %lu is no trace record: %s", number, line);
            status = EXIT_FAILURE;
        }
    }
    return status;
}
