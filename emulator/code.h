/* What the interpreter keeps of decoded code: where, and how it is found again.
 * Not here: what a decoded operation is (operation.h), decoding (decode.c, expand.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_CODE_H
#define EMULATOR_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct operation;
struct processor;
struct stretch;

/* Stretches that are found at once, a power of two: as many as fit a processor with little room for
 * code, and with much. */
#define CODE_ENTRIES_LEAST 128u
#define CODE_ENTRIES_MOST  1024u
/* Each for this many slots. */
#define CODE_SLOTS_OF_ENTRY 6u
#define CODE_TRUSTED        31u
/* Guest memory is watched in granules; a power of two of them is told apart. */
#define CODE_GRANULES      256u
#define CODE_GRANULE_SHIFT 4u
/* Slots of a stretch, header and bytes included: at most, and what one must at least have. */
#define CODE_STRETCH_SLOTS       80u
#define CODE_STRETCH_SLOTS_LEAST 32u
/* Slots that one instruction executed by itself needs at most, header included. */
#define CODE_SINGLE_SLOTS 9u

/* The room of one operation, or of a stretch's header. On 32-bit hosts 16 bytes. */
struct code_slot {
    uintptr_t word;
    uint32_t half[3];
};

/* The stretch that begins at a linear address. Where `linear` does not match, the stretch has to be
 * looked at again. */
struct code_entry {
    uint32_t linear;
    struct stretch *stretch;
};

struct code {
    /* Entries that may match, when they are few. */
    uint16_t trusted[CODE_TRUSTED];
    uint32_t trusted_count; /* more than CODE_TRUSTED: too many to know */
    /* Which bytes have been decoded: per granule a tag (0: none) and a bit per byte. */
    uint8_t granule_tag[CODE_GRANULES];
    uint16_t granule_bytes[CODE_GRANULES];
    uintptr_t first, end; /* host addresses that all of them lie between */

    uint64_t fills, checks, writes; /* stretches decoded, compared with memory, written over */
    uint64_t transfers;             /* far ones that needed no handler */

    /* The stretches, one behind the other; all are thrown away when there is no more room. */
    struct code_slot *store;
    uint32_t slots, used;

    uint32_t entry_mask;
    struct code_entry entry[]; /* by hash of the linear address, see code_entry_of */
};

#define CODE_SIZE_LEAST                                                                            \
    (sizeof(struct code) + CODE_ENTRIES_LEAST * sizeof(struct code_entry) +                        \
     2 * CODE_STRETCH_SLOTS * sizeof(struct code_slot))

/* For a processor that keeps no code. */
extern const uint8_t code_no_granules[CODE_GRANULES];

/* The first operation of the stretch at EIP: found, checked or decoded. NULL when the instruction
 * there has to be executed by itself (no memory to keep code in, MMIO, page or limit near). Raises
 * what fetching the first instruction's bytes raises. */
const struct operation *code_find(struct processor *p);

/* The instruction at EIP, alone. Raises what fetching it raises. */
const struct operation *code_single(struct processor *p);

/* Says whether decoding depends on something that has just changed: call after writing CS, CPL,
 * CR0.PE or EFLAGS.VM. */
void code_mode_changed(struct processor *p);

/* `length` >= 1 bytes at the host address have been, or are about to be written. */
void code_written(struct processor *p, const uint8_t *host, uint32_t length);

/* After something that other parties can have written memory in: the next instruction is looked at
 * again. */
void code_distrust_next(struct processor *p);

#endif
