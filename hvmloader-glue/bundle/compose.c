/* The bundled file: the old one, with a few bytes changed, a segment more, and program headers that
 * say so, behind its end. Not here: recognising the old one (hvmloader*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "compose.h"

#include <hvmassist/world_switch.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 0x1000u
/* Guest memory where an hvmloader with its segment must fit: before anything that builders put
 * behind it, in the smallest guest. */
#define LAST_ADDRESS 0x400000u

#define JMP_SHORT  0xeb
#define OPERAND_16 0x66
#define JMP_FAR    0xea
#define MOV_EAX    0xb8
#define JMP_EAX    0xe0ff
#define SHIM_CODE  20u /* offset, behind the header */
#define SHIM_SIZE  27u

extern const uint8_t embedded_stub3[], embedded_stub4[], embedded_blob3[], embedded_blob4[];
extern const uint32_t embedded_stub3_size, embedded_stub4_size, embedded_blob3_size,
    embedded_blob4_size;

struct payload payload_of(enum bundle_kind kind)
{
    if (kind == BUNDLE_XEN3)
        return (struct payload){embedded_stub3, embedded_blob3, embedded_stub3_size,
                                embedded_blob3_size};
    return (struct payload){embedded_stub4, embedded_blob4, embedded_stub4_size,
                            embedded_blob4_size};
}

static void *no(struct elf_file *file, const char *reason)
{
    snprintf(file->reason, sizeof file->reason, "%s", reason);
    return NULL;
}

static uint32_t rounded(uint32_t value)
{
    return (value + PAGE - 1) & ~(PAGE - 1);
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof value);
}

/* Where in the file what is loaded at `address` is. */
static uint8_t *place_in(uint8_t *bytes, const struct elf_file *file, uint32_t address,
                         uint32_t size)
{
    const uint8_t *old = elf_file_at(file, address, size);

    return old == NULL ? NULL : bytes + (old - file->bytes);
}

/* What the blob says about itself; false: it is of the low layout, or not a blob. */
static bool describe(const struct payload *payload, uint32_t *offset, struct hvmassist_image *image)
{
    for (uint32_t n = 0; n + sizeof *image <= payload->blob_size; n += 4) {
        uint32_t pointer;

        memcpy(image, payload->blob + n, sizeof *image);
        memcpy(&pointer, payload->blob + HVMASSIST_IMAGE_POINTER, sizeof pointer);
        if (image->magic == HVMASSIST_IMAGE_MAGIC && image->version == HVMASSIST_IMAGE_VERSION &&
            pointer - image->base == n) {
            *offset = n;
            return true;
        }
    }
    return false;
}

/* --- changes in hvmloader itself ----------------------------------------------------------------
 */

/* The MOV CR0 becomes a far jump of the same length, from the 16-bit segment into flat code. */
static void change_xen4(uint8_t *at, const struct hvmloader *found, uint32_t entry)
{
    at[0] = OPERAND_16;
    at[1] = JMP_FAR;
    put32(at + 2, entry);
    put16(at + 6, found->code32_selector);
}

/* hvmloader copies so many bytes of its vmxassist as that has, and enters it. What it copies is now
 * a jump to the stub; so it does not matter how many bytes they are. */
static void change_xen3(uint8_t *at, uint32_t entry)
{
    memset(at, 0, SHIM_CODE);
    at[0] = JMP_SHORT;
    at[1] = SHIM_CODE - 2;
    put32(at + offsetof(struct world_switch_header, magic), WORLD_SWITCH_MAGIC);
    at[SHIM_CODE] = MOV_EAX;
    put32(at + SHIM_CODE + 1, entry);
    put16(at + SHIM_CODE + 5, JMP_EAX);
}

/* --- the segment --------------------------------------------------------------------------------
 */

static uint32_t sum_of(const uint8_t *bytes, uint32_t size)
{
    uint32_t sum = 0, word;

    for (uint32_t n = 0; n + sizeof word <= size; n += (uint32_t)sizeof word) {
        memcpy(&word, bytes + n, sizeof word);
        sum += word;
    }
    return sum;
}

static struct bundle_segment segment_for(const struct elf_file *file, const struct hvmloader *found,
                                         const struct payload *payload, uint32_t address)
{
    struct bundle_segment s = {
        .magic = SEGMENT_MAGIC,
        .version = SEGMENT_VERSION,
        .kind = found->kind,
        .blob = (uint32_t)sizeof s + payload->stub_size,
        .blob_size = payload->blob_size,
        .checksum = sum_of(payload->blob, payload->blob_size),
        .hvmloader_entry = file->header.e_entry,
        .changed = found->place,
        .entry = MOV_EBP_IMMEDIATE,
        .address = address,
    };

    s.file_size = s.blob + s.blob_size;
    s.memory_size = rounded(s.file_size) + SEGMENT_STACK;
    return s;
}

static void put_segment(uint8_t *at, const struct bundle_segment *s, const struct payload *payload)
{
    memcpy(at, s, sizeof *s);
    memcpy(at + sizeof *s, payload->stub, payload->stub_size);
    memcpy(at + s->blob, payload->blob, payload->blob_size);
}

/* The old headers, and one for the segment. */
static void put_headers(uint8_t *bytes, const struct elf_file *file, uint32_t headers,
                        uint32_t offset, const struct bundle_segment *s)
{
    const Elf32_Phdr added = {
        .p_type = PT_LOAD,
        .p_offset = offset,
        .p_vaddr = s->address,
        .p_paddr = s->address,
        .p_filesz = s->file_size,
        .p_memsz = s->memory_size,
        .p_flags = PF_R | PF_W | PF_X,
        .p_align = PAGE,
    };
    Elf32_Ehdr header = file->header;

    memcpy(bytes + headers, file->segments, file->segment_count * sizeof added);
    memcpy(bytes + headers + file->segment_count * sizeof added, &added, sizeof added);
    header.e_phoff = headers;
    header.e_phnum = (Elf32_Half)(file->segment_count + 1);
    if (s->kind == BUNDLE_XEN4)
        header.e_entry = s->address + SEGMENT_ENTRY;
    memcpy(bytes, &header, sizeof header);
}

uint8_t *compose(struct elf_file *file, const struct hvmloader *found,
                 const struct payload *payload, uint32_t wait_milliseconds, uint32_t *size)
{
    const bool xen4 = found->kind == BUNDLE_XEN4;
    const uint32_t address = rounded(elf_file_end(file));
    const uint32_t headers = (file->size + 3) & ~3u;
    const uint32_t offset =
        rounded(headers + (file->segment_count + 1) * (uint32_t)sizeof(Elf32_Phdr));
    const uint32_t changed_size = xen4 ? HVMASSIST_ORIGIN_BYTES : SHIM_SIZE;
    struct bundle_segment s = segment_for(file, found, payload, address);
    struct hvmassist_image image = {.magic = 0};
    uint8_t *bytes, *changed;

    if (found->ours != NULL)
        return no(file, "already bundled");
    if (address > LAST_ADDRESS || s.memory_size > LAST_ADDRESS - address)
        return no(file, "its end is too high in memory for anything behind it");
    if (xen4 && !describe(payload, &s.image, &image))
        return no(file, "the blob to be bundled does not say where it belongs");
    s.image += s.blob;
    bytes = calloc(1, offset + s.file_size);
    if (bytes == NULL)
        return no(file, "out of memory");
    memcpy(bytes, file->bytes, file->size);
    changed = place_in(bytes, file, found->place, changed_size);
    if (changed == NULL) {
        free(bytes);
        return no(file, "the place to be changed is not in the file");
    }
    if (xen4) {
        s.origin = (struct hvmassist_origin){.code_selector = found->code16_selector,
                                             .wait_milliseconds = wait_milliseconds};
        memcpy(s.origin.bytes, changed, sizeof s.origin.bytes);
        change_xen4(changed, found, image.entry);
    } else {
        change_xen3(changed, address + SEGMENT_ENTRY);
    }
    put_segment(bytes + offset, &s, payload);
    put_headers(bytes, file, headers, offset, &s);
    *size = offset + s.file_size;
    return bytes;
}
