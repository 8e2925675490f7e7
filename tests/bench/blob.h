/* The door from a hosted program to the blob's interpreter, which has another calling convention.
 * Not here: either side (blob.c, blob_host.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_BLOB_H
#define BENCH_BLOB_H

#include <stdint.h>

/* As a C library's functions are called, whatever the flags of the caller. */
#define HOSTED __attribute__((regparm(0)))

struct blob_counts {
    uint64_t retired;       /* guest instructions, a REP counted once */
    uint64_t string_calls;  /* blocks of INS and OUTS that the platform was given */
    uint64_t string_bytes;  /* in these */
    uint64_t port_accesses; /* single ones */
};

/* Interprets from 0:`entry` on, in real mode, until HLT. Memory is RAM from physical 0 on. False:
 * the guest ended otherwise. */
HOSTED int blob_run(uint8_t *memory, uint32_t size, uint32_t entry, struct blob_counts *counts);

#endif
