/* A case as one line of text, and back.
 * Not here: the file of kept cases (regressions.txt), which main.c reads. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

static const char *const gpr_name[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
static const char *const segment_name[] = {"es", "cs", "ss", "ds", "fs", "gs"};

static void print_bytes(FILE *output, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t n = 0; n < length; n++)
        fprintf(output, "%02x", bytes[n]);
}

void case_print(FILE *output, const struct oracle_case *test)
{
    const struct registers *start = &test->start;
    uint32_t undefined = 0;

    fprintf(output, "code=");
    print_bytes(output, test->code, test->code_length);
    fprintf(output, " at=%x eip=%x eflags=%x memory=%" PRIx64, test->code_offset, start->eip,
            start->eflags, test->memory_seed);
    for (unsigned n = 0; n <= GS; n++)
        fprintf(output, " %s=%x", segment_name[n], start->selector[n]);
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++)
        fprintf(output, " %s=%x", gpr_name[n], start->gpr[n]);
    for (uint32_t n = 0; n <= test->instruction_count; n++)
        undefined |= test->undefined_flags[n];
    fprintf(output, " undefined=%x", undefined);
    for (uint32_t n = 0; n < test->patch_count; n++) {
        fprintf(output, " patch=%x:", test->patch[n].offset);
        print_bytes(output, test->patch[n].bytes, test->patch[n].length);
    }
    fputc('\n', output);
}

static bool parse_number(const char *text, uint64_t *value, uint64_t limit)
{
    char *end;

    *value = strtoull(text, &end, 16);
    return end != text && !*end && *value <= limit;
}

static bool parse_bytes(const char *text, uint8_t *bytes, uint32_t room, uint32_t *length)
{
    size_t digits = strlen(text);

    if (digits % 2 || digits / 2 > room)
        return false;
    for (size_t n = 0; n < digits; n += 2) {
        char pair[3] = {text[n], text[n + 1], 0}, *end;

        bytes[n / 2] = (uint8_t)strtoul(pair, &end, 16);
        if (*end)
            return false;
    }
    *length = (uint32_t)(digits / 2);
    return true;
}

static bool parse_patch(char *text, struct oracle_case *test)
{
    struct case_patch *patch = &test->patch[test->patch_count];
    char *colon = strchr(text, ':');
    uint64_t offset;
    uint32_t length;

    if (!colon || test->patch_count == CASE_PATCH_LIMIT)
        return false;
    *colon = 0;
    if (!parse_number(text, &offset, 0xffff) ||
        !parse_bytes(colon + 1, patch->bytes, sizeof(patch->bytes), &length))
        return false;
    patch->offset = (uint32_t)offset;
    patch->length = (uint8_t)length;
    test->patch_count++;
    return true;
}

static bool parse_register(const char *name, uint64_t number, struct oracle_case *test)
{
    for (unsigned n = 0; n < GENERAL_REGISTER_COUNT; n++) {
        if (!strcmp(name, gpr_name[n])) {
            test->start.gpr[n] = (uint32_t)number;
            return true;
        }
    }
    for (unsigned n = 0; n <= GS; n++) {
        if (!strcmp(name, segment_name[n])) {
            test->start.selector[n] = (uint16_t)number;
            return number <= 0xffff;
        }
    }
    return false;
}

static bool parse_field(const char *name, char *value, struct oracle_case *test)
{
    uint64_t number;

    if (!strcmp(name, "code"))
        return parse_bytes(value, test->code, CASE_CODE_LIMIT, &test->code_length);
    if (!strcmp(name, "patch"))
        return parse_patch(value, test);
    if (!strcmp(name, "memory"))
        return parse_number(value, &test->memory_seed, UINT64_MAX);
    if (!parse_number(value, &number, 0xffffffffu))
        return false;
    if (!strcmp(name, "at"))
        test->code_offset = (uint32_t)number & 0xfff;
    else if (!strcmp(name, "eip"))
        test->start.eip = (uint32_t)number;
    else if (!strcmp(name, "eflags"))
        test->start.eflags = (uint32_t)number;
    else if (!strcmp(name, "undefined"))
        test->undefined_flags[0] = (uint32_t)number;
    else
        return parse_register(name, number, test);
    return true;
}

bool case_parse(const char *line, struct oracle_case *test)
{
    char copy[2048], *save, *word;

    memset(test, 0, sizeof(*test));
    if (strlen(line) >= sizeof(copy))
        return false;
    strcpy(copy, line);
    for (word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
        char *equals = strchr(word, '=');

        if (!equals)
            return false;
        *equals = 0;
        if (!parse_field(word, equals + 1, test))
            return false;
    }
    return test->code_length != 0;
}
