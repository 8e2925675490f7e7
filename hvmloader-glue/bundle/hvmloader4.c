/* An hvmloader without vmxassist (Xen 3.3 and later): the MOV CR0 that starts the BIOS, and the
 * selectors of its GDT. Not here: an hvmloader of Xen 3.0.2 to 3.2 (hvmloader3.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvmloader.h"

#include <stdio.h>
#include <string.h>

/* How far before the MOV CR0 the code that copies it and jumps to the copy can be; and how far
 * behind the entry point LGDT and the jump to flat code. */
#define NEAR_BEFORE 96u
#define NEAR_ENTRY  64u

#define JMP_FAR        0xea
#define MOV_ESI        0xbe
#define CODE_MASK      0x9a /* of a descriptor's byte 5: P S, code, readable */
#define FLAGS_G        0x80 /* of byte 6 */
#define FLAGS_D        0x40
#define SELECTOR_RPLTI 7u

static bool no(struct elf_file *file, const char *reason)
{
    snprintf(file->reason, sizeof file->reason, "%s", reason);
    return false;
}

static uint32_t word_of(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof word);
    return word;
}

static uint16_t half_of(const uint8_t *bytes)
{
    uint16_t half;

    memcpy(&half, bytes, sizeof half);
    return half;
}

struct places {
    unsigned count;
    uint32_t first;
};

static bool count_place(void *context, uint32_t address)
{
    struct places *places = context;

    if (places->count++ == 0)
        places->first = address;
    return true;
}

/* MOV CR0, EAX; 16-bit far jump to the next instruction, in segment 0. */
static bool find_mov_cr0(struct elf_file *file, uint32_t *place)
{
    static const uint8_t pattern[HVMASSIST_ORIGIN_BYTES] = {0x0f, 0x22, 0xc0, JMP_FAR};
    static const uint8_t mask[HVMASSIST_ORIGIN_BYTES] = {1, 1, 1, 1, 0, 0, 1, 1};
    struct places places = {.count = 0};

    elf_file_search(file, pattern, mask, sizeof pattern, count_place, &places);
    if (places.count == 0)
        return no(file, "not an hvmloader, or of an unknown Xen: it does not start a BIOS");
    if (places.count > 1)
        return no(file, "of an unknown Xen: it switches to real mode in more than one place");
    *place = places.first;
    return true;
}

/* `size` bytes at `from`, before or behind which `byte` and the four bytes of `value` are. */
static const uint8_t *find_operand(const uint8_t *from, uint32_t size, uint8_t byte, uint32_t value)
{
    for (uint32_t n = 0; n + 5 <= size; n++) {
        if (from[n] == byte && word_of(from + n + 1) == value)
            return from + n;
    }
    return NULL;
}

/* The selector of a flat code segment with this D flag, in the GDT that the entry code loads. */
static bool is_flat_code(const uint8_t *gdt, uint32_t gdt_size, uint32_t selector, uint8_t d)
{
    const uint8_t *entry = gdt + selector;

    if ((selector & SELECTOR_RPLTI) || selector == 0 || selector + 8 > gdt_size)
        return false;
    return half_of(entry) == 0xffff && half_of(entry + 2) == 0 && entry[4] == 0 && entry[7] == 0 &&
           (entry[5] & ~1u) == CODE_MASK && entry[6] == (FLAGS_G | d | 0x0f);
}

/* LGDT with an absolute address, near the entry point. */
static const uint8_t *find_gdt(const struct elf_file *file, uint32_t *size)
{
    const uint8_t *entry = elf_file_at(file, file->header.e_entry, NEAR_ENTRY);

    for (unsigned n = 0; entry != NULL && n + 7 <= NEAR_ENTRY; n++) {
        const uint8_t *reg;

        if (entry[n] != 0x0f || entry[n + 1] != 0x01 || entry[n + 2] != 0x15)
            continue;
        reg = elf_file_at(file, word_of(entry + n + 3), 6);
        if (reg == NULL)
            return NULL;
        *size = half_of(reg) + 1u;
        return elf_file_at(file, word_of(reg + 2), *size);
    }
    return NULL;
}

static bool find_selectors(struct elf_file *file, struct hvmloader *found)
{
    const uint8_t *before = elf_file_at(file, found->place - NEAR_BEFORE, NEAR_BEFORE), *jump;
    uint32_t gdt_size = 0;
    const uint8_t *gdt = find_gdt(file, &gdt_size);

    if (before == NULL || gdt == NULL)
        return no(file, "of an unknown Xen: its descriptor table is not where it should be");
    /* What is copied to address 0 begins with the MOV CR0. */
    jump = find_operand(before, NEAR_BEFORE - 2, JMP_FAR, 0);
    if (jump == NULL || find_operand(before, NEAR_BEFORE, MOV_ESI, found->place) == NULL)
        return no(file, "of an unknown Xen: the start of the BIOS is not at address 0");
    found->code16_selector = half_of(jump + 5);
    if (!is_flat_code(gdt, gdt_size, found->code16_selector, 0))
        return no(file, "of an unknown Xen: the BIOS is started from an unknown segment");
    for (uint32_t selector = 8; selector + 8 <= gdt_size; selector += 8) {
        if (is_flat_code(gdt, gdt_size, selector, FLAGS_D)) {
            found->code32_selector = (uint16_t)selector;
            return true;
        }
    }
    return no(file, "of an unknown Xen: it has no flat 32-bit code segment");
}

static bool stop_at_first(void *context, uint32_t address)
{
    (void)address;
    *(bool *)context = true;
    return false;
}

static bool has(const struct elf_file *file, const char *text)
{
    uint8_t mask[32];
    bool seen = false;

    memset(mask, 1, sizeof mask);
    elf_file_search(file, (const uint8_t *)text, mask, (uint32_t)strlen(text), stop_at_first,
                    &seen);
    return seen;
}

bool hvmloader4_recognise(struct elf_file *file, struct hvmloader *found)
{
    found->kind = BUNDLE_XEN4;
    if (!find_mov_cr0(file, &found->place) || !find_selectors(file, found))
        return false;
    if (!has(file, "HVM Loader\n"))
        return no(file, "not an hvmloader: it does not say so");
    /* The domain builder hands over modules since 4.8; before that the BIOS was inside. */
    found->xen = has(file, "hvm_start_info") || has(file, "\x78\xc5\x6e\x33") ? "Xen 4.8 or later"
                                                                              : "Xen 3.3 to 4.7";
    return true;
}
