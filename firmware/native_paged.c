/* The native hand-off of a guest that has paging on: page tables in the guest's format that have
 * the blob, and one page of the guest's where it has it itself. There, below its stack pointer,
 * where an interrupt would write just the same, are the last instructions: CR3, EAX, and the jump.
 * Not here: caches and registers (native.c, native_switch.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "native_paged.h"

#include "guest_walk.h"
#include "memory_map.h"
#include "native_switch.h"

#define ENTRY_P  0x001u
#define ENTRY_RW 0x002u
#define ENTRY_PS 0x080u
#define PAGE     0x1000u

#define MEGABYTES_4  0x400000u
#define MEGABYTES_2  0x200000u
#define SHIFT_4_KIB  12
#define SHIFT_2_MIB  21
#define SHIFT_4_MIB  22
#define SHIFT_1_GIB  30
#define INDEX_PAE    511u
#define INDEX_32_BIT 1023u

/* Room for the last instructions, aligned so that they are in one page. */
#define LAST_ROOM      32u
#define LAST_BELOW     64u
#define MOV_CR3_EAX    0xd8220fu
#define MOV_CR3_LENGTH 3u
#define MOV_EAX        0xb8
#define STI            0xfb
#define JMP_FAR        0xea

extern uint32_t page_table[];
extern const uint8_t image_start[];

static union {
    uint32_t words[PAGE / 4];
    uint64_t quads[PAGE / 8];
} tables[3] __attribute__((aligned(4096)));
static uint64_t pointers[4] __attribute__((aligned(32)));

static uint32_t around(uint32_t size)
{
    return (uint32_t)image_start & ~(size - 1);
}

/* 32-bit format: the blob by the table that it has itself. */
static uint32_t map_32_bit(uint32_t linear, uint32_t frame)
{
    const uint32_t blob = around(MEGABYTES_4);

    tables[0].words[blob >> SHIFT_4_MIB] = (uint32_t)page_table | ENTRY_RW | ENTRY_P;
    tables[0].words[linear >> SHIFT_4_MIB] = (uint32_t)&tables[1] | ENTRY_RW | ENTRY_P;
    tables[1].words[linear >> SHIFT_4_KIB & INDEX_32_BIT] = frame | ENTRY_RW | ENTRY_P;
    return (uint32_t)&tables[0];
}

/* PAE format: the blob by two large pages. */
static uint32_t map_pae(uint32_t linear, uint32_t frame)
{
    const uint32_t blob = around(MEGABYTES_4);
    const unsigned directory = linear >> SHIFT_1_GIB == blob >> SHIFT_1_GIB ? 0 : 1;

    for (uint32_t at = blob; at - blob < MEGABYTES_4; at += MEGABYTES_2)
        tables[0].quads[at >> SHIFT_2_MIB & INDEX_PAE] = at | ENTRY_PS | ENTRY_RW | ENTRY_P;
    pointers[blob >> SHIFT_1_GIB] = (uint32_t)&tables[0] | ENTRY_P;
    pointers[linear >> SHIFT_1_GIB] = (uint32_t)&tables[directory] | ENTRY_P;
    tables[directory].quads[linear >> SHIFT_2_MIB & INDEX_PAE] =
        (uint32_t)&tables[2] | ENTRY_RW | ENTRY_P;
    tables[2].quads[linear >> SHIFT_4_KIB & INDEX_PAE] = frame | ENTRY_RW | ENTRY_P;
    return (uint32_t)pointers;
}

static void put(volatile uint8_t **at, uint32_t value, unsigned size)
{
    for (unsigned n = 0; n < size; n++, value >>= 8)
        *(*at)++ = (uint8_t)value;
}

/* In flat 32-bit code. An STI lets nothing in before the jump is done. */
static void put_last(volatile uint8_t *at, const struct guest_state *s)
{
    put(&at, MOV_CR3_EAX, MOV_CR3_LENGTH);
    put(&at, MOV_EAX, 1);
    put(&at, s->gpr[EAX], 4);
    if (s->eflags & EFLAGS_IF)
        put(&at, STI, 1);
    put(&at, JMP_FAR, 1);
    put(&at, s->eip, 4);
    put(&at, s->segment[CS].selector, 2);
}

bool native_paged(struct guest_state *s)
{
    const struct segment_state *ss = &s->segment[SS];
    const uint32_t esp = ss->attributes & ATTRIBUTE_DB ? s->gpr[ESP] : s->gpr[ESP] & 0xffffu;
    const uint32_t linear = (ss->base + esp - LAST_BELOW) & ~(LAST_ROOM - 1);
    const uint64_t physical = guest_walk(s, linear);
    uint32_t frame;

    /* A page that cannot be executed would be seen too late; nor is the blob in 4-level tables. */
    if (s->efer & (EFER_LME | EFER_NXE))
        return false;
    if (!memory_is_ram(physical & ~(uint64_t)(PAGE - 1)) ||
        linear >> SHIFT_4_MIB == around(MEGABYTES_4) >> SHIFT_4_MIB)
        return false;
    frame = (uint32_t)physical & ~(PAGE - 1);
    put_last((volatile uint8_t *)(uint32_t)physical, s);
    native_record.last = linear;
    native_record.gpr[EAX] = s->cr3;
    s->cr3 = s->cr4 & CR4_PAE ? map_pae(linear, frame) : map_32_bit(linear, frame);
    return true;
}
