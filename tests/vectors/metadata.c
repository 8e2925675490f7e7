/* A reader for as much JSON as metadata.json needs: objects, strings, numbers; arrays are skipped.
 * Not here: what the masks are applied to. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "metadata.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_LIMIT 8

struct json {
    const char *at;
    bool failed;
    unsigned depth;
    char path[DEPTH_LIMIT][32]; /* names of the objects that enclose the value */
    struct metadata *metadata;
};

void metadata_clear(struct metadata *metadata)
{
    memset(metadata->flags_mask, 0xff, sizeof(metadata->flags_mask));
}

/* "0F01" -> 256 + 1; "66D1" -> D1; false when it is no opcode. */
static bool opcode_index(const char *digits, size_t length, unsigned *index)
{
    unsigned bytes[4] = {0}, count = 0;

    if (length % 2 || length > 8 || !length)
        return false;
    for (size_t n = 0; n < length; n += 2) {
        char pair[3] = {digits[n], digits[n + 1], 0};

        if (!isxdigit((unsigned char)pair[0]) || !isxdigit((unsigned char)pair[1]))
            return false;
        bytes[count++] = (unsigned)strtoul(pair, NULL, 16);
    }
    *index = bytes[count - 1];
    if (count > 1 && bytes[count - 2] == 0x0f)
        *index += 256;
    return true;
}

static void skip_space(struct json *json)
{
    while (isspace((unsigned char)*json->at))
        json->at++;
}

static bool accept(struct json *json, char wanted)
{
    skip_space(json);
    if (*json->at != wanted)
        return false;
    json->at++;
    return true;
}

/* A string; too long ones are cut, which no name looked for is. */
static void read_string(struct json *json, char *text, size_t size)
{
    size_t length = 0;

    if (!accept(json, '"')) {
        json->failed = true;
        return;
    }
    while (*json->at && *json->at != '"') {
        if (*json->at == '\\' && json->at[1])
            json->at++;
        if (length + 1 < size)
            text[length++] = *json->at;
        json->at++;
    }
    text[length] = 0;
    if (!accept(json, '"'))
        json->failed = true;
}

/* opcodes.<opcode>.flags-mask or opcodes.<opcode>.reg.<n>.flags-mask */
static void found_number(struct json *json, unsigned long value)
{
    bool member = json->depth == 5 && !strcmp(json->path[2], "reg");
    unsigned index, row = 8;

    if ((json->depth != 3 && !member) || strcmp(json->path[0], "opcodes") ||
        strcmp(json->path[json->depth - 1], "flags-mask"))
        return;
    if (!opcode_index(json->path[1], strlen(json->path[1]), &index))
        return;
    if (member)
        row = (unsigned)strtoul(json->path[3], NULL, 10);
    if (row > 8 || value > 0xffff)
        json->failed = true;
    else
        json->metadata->flags_mask[index][row] = (uint16_t)value;
}

static void read_value(struct json *json);

static void read_object(struct json *json)
{
    if (json->depth == DEPTH_LIMIT) {
        json->failed = true;
        return;
    }
    json->depth++;
    if (!accept(json, '}')) {
        do {
            read_string(json, json->path[json->depth - 1], sizeof(json->path[0]));
            if (!accept(json, ':'))
                json->failed = true;
            if (!json->failed)
                read_value(json);
        } while (!json->failed && accept(json, ','));
        if (!accept(json, '}'))
            json->failed = true;
    }
    json->depth--;
}

static void read_array(struct json *json)
{
    if (json->depth == DEPTH_LIMIT) {
        json->failed = true;
        return;
    }
    json->depth++;
    json->path[json->depth - 1][0] = 0;
    if (!accept(json, ']')) {
        do
            read_value(json);
        while (!json->failed && accept(json, ','));
        if (!accept(json, ']'))
            json->failed = true;
    }
    json->depth--;
}

static void read_value(struct json *json)
{
    char text[32];

    skip_space(json);
    if (accept(json, '{')) {
        read_object(json);
    } else if (accept(json, '[')) {
        read_array(json);
    } else if (*json->at == '"') {
        read_string(json, text, sizeof(text));
    } else if (isdigit((unsigned char)*json->at)) {
        char *end;

        found_number(json, strtoul(json->at, &end, 10));
        json->at = end;
    } else {
        const char *start = json->at;

        while (isalnum((unsigned char)*json->at) || *json->at == '-' || *json->at == '.')
            json->at++;
        if (json->at == start)
            json->failed = true;
    }
}

bool metadata_read(const char *path, struct metadata *metadata, const char **error)
{
    FILE *input = fopen(path, "rb");
    struct json json = {.metadata = metadata};
    size_t size = 0, room = 1u << 20;
    char *text;

    metadata_clear(metadata);
    if (!input) {
        *error = "cannot be opened";
        return errno == ENOENT;
    }
    text = malloc(room + 1);
    if (text)
        size = fread(text, 1, room, input);
    fclose(input);
    if (!text || size == room) {
        free(text);
        *error = "too large";
        return false;
    }
    text[size] = 0;
    json.at = text;
    read_value(&json);
    skip_space(&json);
    if (*json.at)
        json.failed = true;
    free(text);
    *error = "not the JSON that was expected";
    return !json.failed;
}

uint16_t metadata_flags_mask(const struct metadata *metadata, const char *opcode)
{
    size_t digits = strspn(opcode, "0123456789abcdefABCDEF");
    unsigned index, row = 8;

    if (!opcode_index(opcode, digits, &index))
        return 0xffff;
    if (opcode[digits] == '.' && opcode[digits + 1] >= '0' && opcode[digits + 1] <= '7')
        row = (unsigned)(opcode[digits + 1] - '0');
    return metadata->flags_mask[index][row];
}
