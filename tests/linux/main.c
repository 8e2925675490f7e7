/* linux KERNEL BZIMAGE INITRAMFS STORE: a Linux, wholly interpreted; COM1 is standard output.
 * Not here: the machine (board.c), whether what it says is right (check.py). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"

#define INSTRUCTIONS 2000000000ull /* many times what it takes */
#define STORE_MOST   (1u << 20)

/* The kernel's Documentation/x86/boot.rst and zero-page.rst. */
#define BOOT_PARAMETERS 0x00090000u
#define COMMAND_LINE    0x00098000u
#define INITRAMFS       0x0c000000u
#define GDT             0x00008000u
#define CODE_SELECTOR   0x10u
#define DATA_SELECTOR   0x18u
#define HEADER          0x1f1u
#define HEADER_MAGIC    0x202u
#define HEADER_LENGTH   0x201u
#define TYPE_OF_LOADER  0x210u
#define RAMDISK         0x218u
#define RAMDISK_SIZE    0x21cu
#define COMMAND_POINTER 0x228u
#define E820_ENTRIES    0x1e8u
#define E820_TABLE      0x2d0u
#define E820_RAM        1u
#define BELOW_EBDA      0x0009fc00u
#define EXTENDED        0x00100000u

/* No self-tests of its cryptography, which are much of the boot. */
static const char command_line[] =
    "console=ttyS0,115200 nokaslr tsc=reliable lpj=200000 noapic nolapic acpi=off pci=off panic=-1 "
    "reboot=kbd quiet cryptomgr.notests=1";

struct file {
    uint8_t *bytes;
    size_t size;
};

static _Noreturn void fail(const char *file, const char *what)
{
    fprintf(stderr, "linux: %s: %s\n", file, what);
    exit(1);
}

static struct file file_read(const char *name)
{
    struct file f = {NULL, 0};
    FILE *stream = fopen(name, "rb");
    long size;

    if (stream == NULL || fseek(stream, 0, SEEK_END) || (size = ftell(stream)) <= 0)
        fail(name, "cannot be read");
    rewind(stream);
    f.size = (size_t)size;
    f.bytes = malloc(f.size);
    if (f.bytes == NULL || fread(f.bytes, 1, f.size, stream) != f.size)
        fail(name, "cannot be read");
    fclose(stream);
    return f;
}

/* Returns the entry point. */
static uint32_t load_kernel(struct board *board, const char *name)
{
    struct file f = file_read(name);
    Elf32_Ehdr header;
    uint32_t entry;

    if (f.size < sizeof(header) || memcmp(f.bytes, ELFMAG, SELFMAG))
        fail(name, "no ELF file");
    memcpy(&header, f.bytes, sizeof(header));
    for (unsigned n = 0; n < header.e_phnum; n++) {
        Elf32_Phdr part;

        if (header.e_phoff + (n + 1) * sizeof(part) > f.size)
            fail(name, "truncated");
        memcpy(&part, f.bytes + header.e_phoff + n * sizeof(part), sizeof(part));
        if (part.p_type != PT_LOAD)
            continue;
        if ((uint64_t)part.p_offset + part.p_filesz > f.size)
            fail(name, "truncated");
        if ((uint64_t)part.p_paddr + part.p_memsz > INITRAMFS)
            fail(name, "does not fit");
        memcpy(board->ram + part.p_paddr, f.bytes + part.p_offset, part.p_filesz);
    }
    entry = header.e_entry;
    free(f.bytes);
    return entry;
}

static void put(struct board *board, uint32_t physical, uint32_t value)
{
    memcpy(board->ram + physical, &value, sizeof(value));
}

static void put_memory(struct board *board, unsigned index, uint32_t base, uint32_t size)
{
    uint32_t entry = BOOT_PARAMETERS + E820_TABLE + index * 20;

    put(board, entry, base);
    put(board, entry + 8, size);
    put(board, entry + 16, E820_RAM);
    board->ram[BOOT_PARAMETERS + E820_ENTRIES] = (uint8_t)(index + 1);
}

/* The set-up header, which only the compressed image has, and what the loader adds to it. */
static void load_parameters(struct board *board, const char *image, const char *initramfs)
{
    struct file f = file_read(image), archive = file_read(initramfs);
    size_t end;

    if (f.size < 0x400 || memcmp(f.bytes + HEADER_MAGIC, "HdrS", 4))
        fail(image, "no kernel");
    end = HEADER_MAGIC + f.bytes[HEADER_LENGTH];
    memcpy(board->ram + BOOT_PARAMETERS + HEADER, f.bytes + HEADER, end - HEADER);
    if (archive.size > BOARD_RAM_SIZE - INITRAMFS)
        fail(initramfs, "does not fit");
    memcpy(board->ram + INITRAMFS, archive.bytes, archive.size);
    memcpy(board->ram + COMMAND_LINE, command_line, sizeof(command_line));
    board->ram[BOOT_PARAMETERS + TYPE_OF_LOADER] = 0xff;
    put(board, BOOT_PARAMETERS + RAMDISK, INITRAMFS);
    put(board, BOOT_PARAMETERS + RAMDISK_SIZE, (uint32_t)archive.size);
    put(board, BOOT_PARAMETERS + COMMAND_POINTER, COMMAND_LINE);
    put_memory(board, 0, 0, BELOW_EBDA);
    put_memory(board, 1, EXTENDED, BOARD_RAM_SIZE - EXTENDED);
    free(f.bytes);
    free(archive.bytes);
}

static void start_at(struct board *board, uint32_t entry)
{
    struct guest_state state;

    put(board, GDT + CODE_SELECTOR, 0x0000ffff);
    put(board, GDT + CODE_SELECTOR + 4, 0x00cf9b00);
    put(board, GDT + DATA_SELECTOR, 0x0000ffff);
    put(board, GDT + DATA_SELECTOR + 4, 0x00cf9300);
    processor_save(&board->processor, &state);
    state.cr0 = CR0_PE | CR0_ET;
    state.gdtr = (struct table_register){.base = GDT, .limit = DATA_SELECTOR + 7};
    for (unsigned n = ES; n <= GS; n++) {
        struct segment_state *segment = &state.segment[n];

        segment->selector = n == CS ? CODE_SELECTOR : DATA_SELECTOR;
        segment->base = 0;
        segment->limit = 0xffffffff;
        segment->attributes = n == CS ? 0xc09b : 0xc093;
    }
    state.eip = entry;
    state.gpr[ESI] = BOOT_PARAMETERS;
    processor_load(&board->processor, &state);
}

static void report(const struct board *board, enum board_end end)
{
    static const char *const ends[] = {"reset", "halted for ever", "triple fault", "too long"};
    struct guest_state state;

    processor_save(&board->processor, &state);
    fprintf(stderr, "%s after %llu instructions, %llu interrupts, %llu faults", ends[end],
            (unsigned long long)board->processor.retired,
            (unsigned long long)board->processor.interrupts,
            (unsigned long long)board->processor.faults);
    if (end != BOARD_RESET)
        fprintf(stderr, "; at %04x:%08x, CR0 %08x CR2 %08x CR3 %08x CR4 %08x",
                state.segment[CS].selector, state.eip, state.cr0, state.cr2, state.cr3, state.cr4);
    fprintf(stderr, "\n");
}

int main(int count, char **arguments)
{
    static uint64_t store[STORE_MOST / sizeof(uint64_t)];
    struct board *board;
    enum board_end end;
    size_t size;

    if (count != 5) {
        fprintf(stderr, "usage: linux KERNEL BZIMAGE INITRAMFS STORE\n"
                        "KERNEL is what is packed in BZIMAGE, STORE the bytes for decoded code\n");
        return 1;
    }
    size = strtoul(arguments[4], NULL, 10);
    if (size > STORE_MOST)
        fail(arguments[4], "more bytes than there are");
    board = board_create(stdout, store, size);
    load_parameters(board, arguments[2], arguments[3]);
    start_at(board, load_kernel(board, arguments[1]));
    end = board_run(board, INSTRUCTIONS);
    fflush(stdout);
    report(board, end);
    board_destroy(board);
    return end == BOARD_RESET ? 0 : 1;
}
