/* Parses the chunk lists of a MOO file; every length is checked against its parent.
 * Not here: what the fields are for (moo.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "moo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define FILE_SIZE_LIMIT (512u << 20)

/* A piece of the file; `failed` sticks once something did not fit. */
struct slice {
    const uint8_t *data;
    size_t size;
    bool *failed;
};

struct chunk {
    char type[5];
    struct slice payload;
};

static const uint8_t *take(struct slice *from, size_t size)
{
    const uint8_t *data = from->data;

    if (size > from->size) {
        *from->failed = true;
        from->size = 0;
        return NULL;
    }
    from->data += size;
    from->size -= size;
    return data;
}

static uint32_t take_u32(struct slice *from)
{
    const uint8_t *data = take(from, 4);

    if (!data)
        return 0;
    return (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
           (uint32_t)data[3] << 24;
}

static uint16_t take_u16(struct slice *from)
{
    const uint8_t *data = take(from, 2);

    return data ? (uint16_t)(data[0] | data[1] << 8) : 0;
}

static uint8_t take_u8(struct slice *from)
{
    const uint8_t *data = take(from, 1);

    return data ? *data : 0;
}

/* The next chunk of a list; false at its end. */
static bool next_chunk(struct slice *list, struct chunk *chunk)
{
    const uint8_t *type;
    uint32_t size;

    if (!list->size)
        return false;
    type = take(list, 4);
    size = take_u32(list);
    if (!type || *list->failed)
        return false;
    memcpy(chunk->type, type, 4);
    chunk->type[4] = 0;
    chunk->payload = (struct slice){take(list, size), size, list->failed};
    return !*list->failed;
}

static bool is(const struct chunk *chunk, const char *type)
{
    return !strcmp(chunk->type, type);
}

static void read_registers(struct slice *from, bool wide, struct moo_registers *registers)
{
    /* The 16-bit order: ax bx cx dx cs ss ds es sp bp si di ip flags. */
    static const uint8_t narrow_order[] = {
        MOO_EAX, MOO_EBX, MOO_ECX, MOO_EDX, MOO_CS,  MOO_SS,  MOO_DS,
        MOO_ES,  MOO_ESP, MOO_EBP, MOO_ESI, MOO_EDI, MOO_EIP, MOO_EFLAGS,
    };
    unsigned count = wide ? MOO_REGISTER_COUNT : sizeof(narrow_order);
    uint32_t bitmap = wide ? take_u32(from) : take_u16(from);

    if (bitmap >> count)
        *from->failed = true;
    for (unsigned bit = 0; bit < count; bit++) {
        unsigned which = wide ? bit : narrow_order[bit];

        if (bitmap & 1u << bit) {
            registers->present |= 1u << which;
            registers->value[which] = wide ? take_u32(from) : take_u16(from);
        }
    }
}

static void read_memory(struct slice *from, struct moo_memory *memory)
{
    uint32_t count = take_u32(from);

    if (*from->failed || count > from->size / 5) {
        *from->failed = true;
        return;
    }
    free(memory->byte);
    memory->byte = calloc(count ? count : 1, sizeof(*memory->byte));
    memory->count = memory->byte ? count : 0;
    if (!memory->byte)
        *from->failed = true;
    for (uint32_t n = 0; n < memory->count; n++) {
        memory->byte[n].address = take_u32(from);
        memory->byte[n].value = take_u8(from);
    }
}

static void read_state(struct slice list, struct moo_file *file, struct moo_registers *registers,
                       struct moo_memory *memory, struct moo_registers *mask)
{
    struct chunk chunk;

    while (next_chunk(&list, &chunk)) {
        if (is(&chunk, "RG32")) {
            file->wide = true;
            read_registers(&chunk.payload, true, registers);
        } else if (is(&chunk, "REGS")) {
            read_registers(&chunk.payload, false, registers);
        } else if (is(&chunk, "RAM ")) {
            read_memory(&chunk.payload, memory);
        } else if (is(&chunk, "RM32")) {
            read_registers(&chunk.payload, true, mask);
        } else if (is(&chunk, "RMSK")) {
            read_registers(&chunk.payload, false, mask);
        }
    }
}

static void read_name(struct slice *from, struct moo_test *test)
{
    uint32_t size = take_u32(from);
    const uint8_t *text = take(from, size);

    if (!text)
        return;
    if (size >= sizeof(test->name))
        size = sizeof(test->name) - 1;
    memcpy(test->name, text, size);
    test->name[size] = 0;
}

static void read_bytes(struct slice *from, struct moo_test *test)
{
    uint32_t size = take_u32(from);
    const uint8_t *bytes = take(from, size);

    if (!bytes)
        return;
    if (size > sizeof(test->bytes))
        size = sizeof(test->bytes);
    memcpy(test->bytes, bytes, size);
    test->byte_count = size;
}

static void read_test(struct slice list, struct moo_file *file, struct moo_test *test)
{
    struct chunk chunk;

    test->index = take_u32(&list);
    while (next_chunk(&list, &chunk)) {
        if (is(&chunk, "NAME")) {
            read_name(&chunk.payload, test);
        } else if (is(&chunk, "BYTS")) {
            read_bytes(&chunk.payload, test);
        } else if (is(&chunk, "INIT")) {
            read_state(chunk.payload, file, &test->initial, &test->initial_memory, &test->mask);
        } else if (is(&chunk, "FINA")) {
            read_state(chunk.payload, file, &test->final, &test->final_memory, &test->mask);
        } else if (is(&chunk, "EXCP")) {
            test->exception = true;
            test->vector = take_u8(&chunk.payload);
            test->flags_address = take_u32(&chunk.payload);
        }
    }
}

static struct moo_test *new_test(struct moo_file *file, uint32_t *room)
{
    if (file->count == *room) {
        uint32_t wanted = *room ? *room * 2 : 512;
        struct moo_test *grown = realloc(file->test, wanted * sizeof(*grown));

        if (!grown)
            return NULL;
        file->test = grown;
        *room = wanted;
    }
    memset(&file->test[file->count], 0, sizeof(file->test[0]));
    return &file->test[file->count++];
}

static bool parse(struct slice list, struct moo_file *file, const char **reason)
{
    uint32_t room = 0;
    struct chunk chunk;

    if (!next_chunk(&list, &chunk) || !is(&chunk, "MOO ") || chunk.payload.size < 12) {
        *reason = "not a MOO file";
        return false;
    }
    take(&chunk.payload, 4);
    file->announced = take_u32(&chunk.payload);
    memcpy(file->cpu, chunk.payload.data, 4);
    while (next_chunk(&list, &chunk)) {
        if (is(&chunk, "RM32")) {
            read_registers(&chunk.payload, true, &file->mask);
        } else if (is(&chunk, "RMSK")) {
            read_registers(&chunk.payload, false, &file->mask);
        } else if (is(&chunk, "TEST")) {
            struct moo_test *test = new_test(file, &room);

            if (!test) {
                *reason = "out of memory";
                return false;
            }
            read_test(chunk.payload, file, test);
        }
    }
    if (*list.failed) {
        *reason = "a chunk does not fit (file cut short or damaged)";
        return false;
    }
    if (!file->count || file->count != file->announced) {
        *reason = "the number of tests is not the one in the header";
        return false;
    }
    return true;
}

static uint8_t *read_all(const char *path, size_t *size, const char **reason)
{
    gzFile input = gzopen(path, "rb");
    uint8_t *data = NULL;
    size_t room = 0;

    *size = 0;
    if (!input) {
        *reason = "cannot be opened";
        return NULL;
    }
    for (;;) {
        int got;

        if (*size == room) {
            uint8_t *grown;

            room = room ? room * 2 : 1u << 20;
            grown = room <= FILE_SIZE_LIMIT ? realloc(data, room) : NULL;
            if (!grown) {
                *reason = "too large";
                break;
            }
            data = grown;
        }
        got = gzread(input, data + *size, (unsigned)(room - *size));
        if (got < 0) {
            *reason = "damaged gzip data";
            break;
        }
        *size += (size_t)got;
        if (got == 0) {
            gzclose(input);
            return data;
        }
    }
    gzclose(input);
    free(data);
    return NULL;
}

bool moo_read(const char *path, struct moo_file *file, char *error, size_t error_size)
{
    const char *reason = NULL;
    bool failed = false, good;
    size_t size;
    uint8_t *data = read_all(path, &size, &reason);

    memset(file, 0, sizeof(*file));
    good = data && parse((struct slice){data, size, &failed}, file, &reason);
    free(data);
    if (!good) {
        moo_release(file);
        snprintf(error, error_size, "%s", reason);
    }
    return good;
}

void moo_release(struct moo_file *file)
{
    for (uint32_t n = 0; n < file->count; n++) {
        free(file->test[n].initial_memory.byte);
        free(file->test[n].final_memory.byte);
    }
    free(file->test);
    memset(file, 0, sizeof(*file));
}

uint32_t moo_opcode_position(const struct moo_test *test, const uint8_t *prefixes, size_t count)
{
    uint32_t at = 0;

    while (at < test->byte_count && memchr(prefixes, test->bytes[at], count))
        at++;
    return at;
}
