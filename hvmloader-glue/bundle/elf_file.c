/* Reading and checking an ELF file that nobody vouches for, and looking things up in it.
 * Not here: what an hvmloader looks like (hvmloader*.c), writing (compose.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hvmloader.h"

#include <libelf.h>
#include <stdio.h>
#include <string.h>

/* Far beyond any hvmloader, and no sum of two offsets below it wraps. */
#define MAX_FILE 0x10000000u

static bool no(struct elf_file *file, const char *reason)
{
    snprintf(file->reason, sizeof file->reason, "%s", reason);
    return false;
}

static bool within(const struct elf_file *file, uint32_t offset, uint32_t size)
{
    return size <= file->size && offset <= file->size - size;
}

static bool is_loaded(const Elf32_Phdr *segment)
{
    return segment->p_type == PT_LOAD && segment->p_memsz != 0;
}

static bool check_header(struct elf_file *file, Elf *elf)
{
    const Elf32_Ehdr *header;

    if (elf_kind(elf) != ELF_K_ELF)
        return no(file, "not an ELF file");
    if (file->size < sizeof *header)
        return no(file, "truncated: not even an ELF header");
    if (file->bytes[EI_CLASS] == ELFCLASS64)
        return no(file, "a 64-bit ELF file; hvmloader is a 32-bit one");
    if (file->bytes[EI_CLASS] != ELFCLASS32 || file->bytes[EI_DATA] != ELFDATA2LSB)
        return no(file, "not a 32-bit little-endian ELF file");
    header = elf32_getehdr(elf);
    if (header == NULL)
        return no(file, "corrupt: the ELF header cannot be read");
    file->header = *header;
    if (header->e_machine != EM_386 || header->e_type != ET_EXEC)
        return no(file, "not an x86 executable");
    return true;
}

static bool check_segment(struct elf_file *file, const Elf32_Phdr *segment)
{
    if (!is_loaded(segment))
        return true;
    if (segment->p_filesz > segment->p_memsz)
        return no(file, "corrupt: a segment is larger in the file than in memory");
    if (!within(file, segment->p_offset, segment->p_filesz))
        return no(file, "truncated: a segment reaches beyond the end of the file");
    if (segment->p_memsz > UINT32_MAX - segment->p_paddr)
        return no(file, "corrupt: a segment reaches beyond 4 GiB");
    return true;
}

static bool check_segments(struct elf_file *file)
{
    const Elf32_Ehdr *header = &file->header;

    if (header->e_phentsize != sizeof(Elf32_Phdr) || header->e_phnum == 0)
        return no(file, "no program headers: nothing of it would be loaded");
    if (header->e_phnum >= MAX_PROGRAM_HEADERS)
        return no(file, "too many program headers for an hvmloader");
    if (!within(file, header->e_phoff, header->e_phnum * (uint32_t)sizeof(Elf32_Phdr)))
        return no(file, "truncated: the program headers are beyond the end of the file");
    file->segment_count = header->e_phnum;
    memcpy(file->segments, file->bytes + header->e_phoff,
           file->segment_count * sizeof file->segments[0]);
    for (unsigned n = 0; n < file->segment_count; n++) {
        if (!check_segment(file, &file->segments[n]))
            return false;
    }
    if (elf_file_at(file, header->e_entry, 1) == NULL)
        return no(file, "the entry point is not in the file");
    return true;
}

bool elf_file_open(struct elf_file *file, const void *bytes, size_t size)
{
    Elf *elf;
    bool good;

    *file = (struct elf_file){.bytes = bytes};
    if (size > MAX_FILE)
        return no(file, "far too large for an hvmloader");
    if (size < SELFMAG)
        return no(file, "not an ELF file");
    file->size = (uint32_t)size;
    elf_version(EV_CURRENT);
    /* libelf wants it writable, and writes nothing. */
    elf = elf_memory((char *)(uintptr_t)bytes, size);
    if (elf == NULL)
        return no(file, "not an ELF file");
    good = check_header(file, elf);
    elf_end(elf);
    return good && check_segments(file);
}

const uint8_t *elf_file_at(const struct elf_file *file, uint32_t address, uint32_t size)
{
    for (unsigned n = 0; n < file->segment_count; n++) {
        const Elf32_Phdr *segment = &file->segments[n];
        const uint32_t offset = address - segment->p_paddr;

        if (is_loaded(segment) && size <= segment->p_filesz && offset <= segment->p_filesz - size)
            return file->bytes + segment->p_offset + offset;
    }
    return NULL;
}

uint32_t elf_file_end(const struct elf_file *file)
{
    uint32_t end = 0;

    for (unsigned n = 0; n < file->segment_count; n++) {
        const Elf32_Phdr *segment = &file->segments[n];

        if (is_loaded(segment) && segment->p_paddr + segment->p_memsz > end)
            end = segment->p_paddr + segment->p_memsz;
    }
    return end;
}

static bool matches(const uint8_t *bytes, const uint8_t *pattern, const uint8_t *mask,
                    uint32_t size)
{
    for (uint32_t n = 0; n < size; n++) {
        if (mask[n] != 0 && bytes[n] != pattern[n])
            return false;
    }
    return true;
}

void elf_file_search(const struct elf_file *file, const uint8_t *pattern, const uint8_t *mask,
                     uint32_t size, bool (*visit)(void *context, uint32_t address), void *context)
{
    for (unsigned n = 0; n < file->segment_count; n++) {
        const Elf32_Phdr *segment = &file->segments[n];
        const uint8_t *bytes = file->bytes + segment->p_offset;

        if (!is_loaded(segment))
            continue;
        for (uint32_t at = 0; at + size <= segment->p_filesz; at++) {
            if (matches(bytes + at, pattern, mask, size) && !visit(context, segment->p_paddr + at))
                return;
        }
    }
}
