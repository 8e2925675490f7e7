/* Reader of MOO files: processor tests captured from hardware, plain or gzipped.
 * Not here: running them (run.c), the flag masks of a suite (metadata.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VECTORS_MOO_H
#define TESTS_VECTORS_MOO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers in the order of the RG32 chunk; REGS chunks are translated to it. */
enum moo_register {
    MOO_CR0,
    MOO_CR3,
    MOO_EAX,
    MOO_EBX,
    MOO_ECX,
    MOO_EDX,
    MOO_ESI,
    MOO_EDI,
    MOO_EBP,
    MOO_ESP,
    MOO_CS,
    MOO_DS,
    MOO_ES,
    MOO_FS,
    MOO_GS,
    MOO_SS,
    MOO_EIP,
    MOO_EFLAGS,
    MOO_DR6,
    MOO_DR7,
    MOO_REGISTER_COUNT
};

struct moo_registers {
    uint32_t present; /* one bit for each register given */
    uint32_t value[MOO_REGISTER_COUNT];
};

struct moo_byte {
    uint32_t address; /* linear */
    uint8_t value;
};

struct moo_memory {
    struct moo_byte *byte;
    uint32_t count;
};

struct moo_test {
    uint32_t index;
    char name[80];
    uint8_t bytes[16]; /* of the instruction; shorter ones leave the rest 0 */
    uint32_t byte_count;
    struct moo_registers initial, final;
    struct moo_registers mask; /* of this test alone; absent registers count as all ones */
    struct moo_memory initial_memory, final_memory;
    bool exception;
    uint8_t vector;
    uint32_t flags_address; /* linear address of the FLAGS that the exception pushed */
};

struct moo_file {
    char cpu[5];        /* "C286", "386E", ... */
    bool wide;          /* registers were captured with 32 bits */
    uint32_t announced; /* tests that the header promises */
    struct moo_registers mask;
    struct moo_test *test;
    uint32_t count;
};

/* Reads a whole file, gzipped or not. On failure returns false and puts the reason, without the
 * file's name, into `error`. On success the caller releases *file with moo_release. */
bool moo_read(const char *path, struct moo_file *file, char *error, size_t error_size);
void moo_release(struct moo_file *file);

/* The index in test->bytes of the first byte that is none of the `count` prefixes; byte_count when
 * there is none. */
uint32_t moo_opcode_position(const struct moo_test *test, const uint8_t *prefixes, size_t count);

#endif
