/* Fields, segments and records of Xen's HVM context.
 * Not here: getting one or loading one (xen.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "context.h"

#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4096u

struct field {
    const char *name;
    uint16_t offset, size;
};

#define FIELD(member)                                                                              \
    {                                                                                              \
#member, offsetof(struct hvm_hw_cpu, member), sizeof(((struct hvm_hw_cpu *)0)->member)     \
    }
#define SEGMENT(name)                                                                              \
    FIELD(name##_sel), FIELD(name##_limit), FIELD(name##_base), FIELD(name##_arbytes)

/* What a hand-off loads; handoff.h. */
static const struct field fields[] = {
    FIELD(rax),      FIELD(rbx),           FIELD(rcx),        FIELD(rdx),       FIELD(rbp),
    FIELD(rsi),      FIELD(rdi),           FIELD(rsp),        FIELD(r8),        FIELD(r9),
    FIELD(r10),      FIELD(r11),           FIELD(r12),        FIELD(r13),       FIELD(r14),
    FIELD(r15),      FIELD(rip),           FIELD(rflags),     FIELD(cr0),       FIELD(cr2),
    FIELD(cr3),      FIELD(cr4),           FIELD(dr0),        FIELD(dr1),       FIELD(dr2),
    FIELD(dr3),      FIELD(dr6),           FIELD(dr7),        SEGMENT(cs),      SEGMENT(ds),
    SEGMENT(es),     SEGMENT(fs),          SEGMENT(gs),       SEGMENT(ss),      SEGMENT(tr),
    SEGMENT(ldtr),   FIELD(idtr_base),     FIELD(idtr_limit), FIELD(gdtr_base), FIELD(gdtr_limit),
    FIELD(msr_efer), FIELD(pending_event), FIELD(error_code),
};

struct segment_place {
    const char *name;
    uint16_t selector, limit, base, attributes;
};

#define PLACE(title, name)                                                                         \
    {                                                                                              \
        title, offsetof(struct hvm_hw_cpu, name##_sel), offsetof(struct hvm_hw_cpu, name##_limit), \
            offsetof(struct hvm_hw_cpu, name##_base), offsetof(struct hvm_hw_cpu, name##_arbytes)  \
    }

static const struct segment_place places[CONTEXT_SEGMENT_COUNT] = {
    [CONTEXT_ES] = PLACE("ES", es),       [CONTEXT_CS] = PLACE("CS", cs),
    [CONTEXT_SS] = PLACE("SS", ss),       [CONTEXT_DS] = PLACE("DS", ds),
    [CONTEXT_FS] = PLACE("FS", fs),       [CONTEXT_GS] = PLACE("GS", gs),
    [CONTEXT_LDTR] = PLACE("LDTR", ldtr), [CONTEXT_TR] = PLACE("TR", tr),
};

static uint32_t get32(const struct hvm_hw_cpu *cpu, uint16_t offset)
{
    uint32_t value;

    memcpy(&value, (const uint8_t *)cpu + offset, sizeof value);
    return value;
}

static uint64_t get(const struct hvm_hw_cpu *cpu, const struct field *field)
{
    uint64_t value = 0;

    memcpy(&value, (const uint8_t *)cpu + field->offset, field->size);
    return value;
}

struct context_segment context_segment(const struct hvm_hw_cpu *cpu, enum context_segment_index n)
{
    struct context_segment s = {
        .selector = get32(cpu, places[n].selector),
        .limit = get32(cpu, places[n].limit),
        .attributes = get32(cpu, places[n].attributes),
    };

    memcpy(&s.base, (const uint8_t *)cpu + places[n].base, sizeof s.base);
    return s;
}

void context_merge(struct hvm_hw_cpu *live, const struct hvm_hw_cpu *wanted)
{
    for (unsigned n = 0; n < sizeof fields / sizeof fields[0]; n++)
        memcpy((uint8_t *)live + fields[n].offset, (const uint8_t *)wanted + fields[n].offset,
               fields[n].size);
}

const char *context_difference(const struct hvm_hw_cpu *a, const struct hvm_hw_cpu *b,
                               uint64_t *value_a, uint64_t *value_b)
{
    for (unsigned n = 0; n < sizeof fields / sizeof fields[0]; n++) {
        *value_a = get(a, &fields[n]);
        *value_b = get(b, &fields[n]);
        if (*value_a != *value_b)
            return fields[n].name;
    }
    return NULL;
}

void context_log(const char *title, const struct hvm_hw_cpu *cpu)
{
    log_line("%s state cr0=%08" PRIx64 " cr3=%08" PRIx64 " cr4=%08" PRIx64 " efer=%" PRIx64
             " rip=%08" PRIx64 " rsp=%08" PRIx64 " rflags=%08" PRIx64,
             title, cpu->cr0, cpu->cr3, cpu->cr4, cpu->msr_efer, cpu->rip, cpu->rsp, cpu->rflags);
    for (unsigned n = 0; n < CONTEXT_SEGMENT_COUNT; n++) {
        const struct context_segment s = context_segment(cpu, (enum context_segment_index)n);

        log_line("%s %s selector=%04x base=%08" PRIx64 " limit=%08x attributes=%03x", title,
                 places[n].name, s.selector, s.base, s.limit, s.attributes);
    }
    log_line("%s GDTR base=%08" PRIx64 " limit=%04x", title, cpu->gdtr_base, cpu->gdtr_limit);
    log_line("%s IDTR base=%08" PRIx64 " limit=%04x", title, cpu->idtr_base, cpu->idtr_limit);
}

/* --- records ------------------------------------------------------------------------------------
 */

static void add_bytes(struct context_image *image, const void *bytes, uint32_t size)
{
    while (!image->failed && image->capacity - image->size < size) {
        const uint32_t capacity = image->capacity == 0 ? FIRST_CAPACITY : image->capacity * 2;
        uint8_t *grown = realloc(image->bytes, capacity);

        image->failed = grown == NULL;
        if (grown != NULL) {
            image->bytes = grown;
            image->capacity = capacity;
        }
    }
    if (image->failed)
        return;
    memcpy(image->bytes + image->size, bytes, size);
    image->size += size;
}

void context_image_start(struct context_image *image, const struct hvm_save_header *header)
{
    image->size = 0;
    image->failed = false;
    context_image_add(image, HVM_SAVE_CODE(HEADER), 0, header, sizeof *header);
}

void context_image_add(struct context_image *image, uint16_t type, uint16_t instance,
                       const void *record, uint32_t size)
{
    const struct hvm_save_descriptor descriptor = {
        .typecode = type, .instance = instance, .length = size};

    add_bytes(image, &descriptor, sizeof descriptor);
    add_bytes(image, record, size);
}

bool context_image_end(struct context_image *image)
{
    context_image_add(image, HVM_SAVE_CODE(END), 0, "", 0);
    return !image->failed;
}

void context_image_free(struct context_image *image)
{
    free(image->bytes);
    *image = (struct context_image){.bytes = NULL};
}

const void *context_find(const uint8_t *bytes, uint32_t size, uint32_t *offset, uint16_t type,
                         uint16_t *instance, uint32_t *record_size)
{
    struct hvm_save_descriptor descriptor;

    while (*offset <= size && size - *offset >= sizeof descriptor) {
        const uint8_t *record = bytes + *offset + sizeof descriptor;

        memcpy(&descriptor, bytes + *offset, sizeof descriptor);
        if (descriptor.length > size - *offset - sizeof descriptor)
            return NULL;
        *offset += (uint32_t)sizeof descriptor + descriptor.length;
        if (descriptor.typecode == type) {
            *instance = descriptor.instance;
            *record_size = descriptor.length;
            return record;
        }
        if (descriptor.typecode == HVM_SAVE_CODE(END))
            return NULL;
    }
    return NULL;
}
