/* Xen's struct hvm_hw_cpu as the helper sees it: which fields a hand-off loads, the segment
 * registers, and the records that XEN_DOMCTL_sethvmcontext takes. Not here: whether a state may be
 * loaded. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_CONTEXT_H
#define HELPER_CONTEXT_H

#include <hvmassist/handoff.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ES to GS are those of virtual-8086 mode. */
enum context_segment_index {
    CONTEXT_ES,
    CONTEXT_CS,
    CONTEXT_SS,
    CONTEXT_DS,
    CONTEXT_FS,
    CONTEXT_GS,
    CONTEXT_LDTR,
    CONTEXT_TR,
    CONTEXT_SEGMENT_COUNT
};

struct context_segment {
    uint64_t base;
    uint32_t selector;
    uint32_t limit;      /* in bytes */
    uint32_t attributes; /* Xen's compact form, see handoff.h */
};

struct context_segment context_segment(const struct hvm_hw_cpu *cpu, enum context_segment_index n);

/* Replaces in `live` what a hand-off loads by what `wanted` has (handoff.h says which fields). */
void context_merge(struct hvm_hw_cpu *live, const struct hvm_hw_cpu *wanted);

/* One of the fields that a hand-off loads, in which the two differ; NULL: they are equal. */
const char *context_difference(const struct hvm_hw_cpu *a, const struct hvm_hw_cpu *b,
                               uint64_t *value_a, uint64_t *value_b);

/* The state as lines of text, each with the title before it, in the manner of the hand-off logs. */
void context_log(const char *title, const struct hvm_hw_cpu *cpu);

/* A sequence of records being put together, in memory of its own. */
struct context_image {
    uint8_t *bytes;
    uint32_t size;     /* so far */
    uint32_t capacity; /* bytes that `bytes` has */
    bool failed;       /* out of memory: what follows is ignored */
};

/* The size, within the record of XSAVE state, that Xen 4.1 to 4.21 need at most. */
#define CONTEXT_XSAVE_MAX 16384u

/* HEADER, with the time stamp counter's frequency as a header that Xen gave has it. Empties. */
void context_image_start(struct context_image *image, const struct hvm_save_header *header);
void context_image_add(struct context_image *image, uint16_t type, uint16_t instance,
                       const void *record, uint32_t size);
/* END. False: it did not work out. */
bool context_image_end(struct context_image *image);
void context_image_free(struct context_image *image);

/* The next record of a type in what context_all gave, from *offset on; NULL: no more. Its instance
 * and size are written; *offset is behind it. Never reads beyond `size`. */
const void *context_find(const uint8_t *bytes, uint32_t size, uint32_t *offset, uint16_t type,
                         uint16_t *instance, uint32_t *record_size);

#endif
