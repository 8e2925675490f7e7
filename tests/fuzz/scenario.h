/* What the bytes of an input mean: an initial state, the memory around it, and the devices' script.
 * Not here: running it (lockstep.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_SCENARIO_H
#define FUZZ_SCENARIO_H

#include "subject.h"

#define SCENARIO_CODE_LIMIT 256u
#define SCENARIO_PATCHES    7u
#define PATCH_BYTES         8u

/* The first byte of an input, modulo MODE_COUNT. */
enum scenario_mode {
    MODE_REAL,
    MODE_BIG_REAL,
    MODE_PROTECTED_16,
    MODE_PROTECTED_32,
    MODE_VIRTUAL_8086,
    MODE_FLIPPED,          /* CR0.PE has just been set: real-mode caches */
    MODE_REAL_CACHES,      /* real mode with caches out of protected mode */
    MODE_PROTECTED_CACHES, /* protected mode with caches that no load could give */
    MODE_COUNT
};

/* Bytes of memory that an input replaces. */
struct patch {
    uint8_t region;
    uint8_t index;
    uint8_t bytes[PATCH_BYTES];
};

struct scenario {
    enum scenario_mode mode;
    uint8_t privilege; /* bits 1:0 CPL, 3:2 IOPL, 7:4 where the code begins */
    uint8_t paging;    /* bits 1:0 none, 32-bit, PSE, PAE; bit 2 WP; bit 3 NXE; 7:4 page rights */
    uint8_t cr0;       /* bits 0.. MP EM TS NE AM CD+NW */
    uint8_t cr4;       /* bits 0.. VME+PVI TSD DE PGE PCE OSFXSR OSXMMEXCPT */
    uint8_t options;   /* OPTION_ */
    uint8_t interrupt_at;
    uint8_t interrupt_vector;
    uint8_t
        mmio_pages; /* 0: none; else a pattern of RAM pages that the fast machine does not get */
    uint8_t chunk;  /* bits 2:0 instructions that the fast machine runs at a time; CHUNK_ */
    uint32_t eflags;
    uint8_t segment[6][3];
    uint8_t tables[4]; /* shapes of LDTR, TR, GDTR, IDTR */
    uint32_t gpr[GENERAL_REGISTER_COUNT];
    uint32_t dr7;
    uint8_t dr[4];
    uint8_t patch_count;
    struct patch patch[SCENARIO_PATCHES];
    uint8_t code[SCENARIO_CODE_LIMIT];
    unsigned code_length;
};

#define OPTION_A20_OFF        0x01u
#define OPTION_LEAVE          0x02u /* the platform would like to leave */
#define OPTION_NMI            0x04u /* in place of the interrupt */
#define OPTION_STRING         0x08u /* the interrupt may come within a REP instruction */
#define OPTION_HALT_IN_FAULTS 0x10u /* fault handlers halt instead of going on one byte further */
#define OPTION_SHADOW         0x20u /* begins in a MOV-SS shadow */
#define OPTION_GATES          0xc0u /* which gates the IDT has */

/* Code that changes: itself, by the registers that point at it, or behind the machines' backs. */
#define CHUNK_REWRITTEN 0x08u /* a byte of the code is another one from stride to stride */
#define CHUNK_AT_CODE   0x10u /* EBX and EDI, and what they address, are the code */
#define CHUNK_ON_CODE   0x20u /* the stack is in the code */
#define CHUNK_LOOP      0x40u /* a jump to the beginning follows the code */
#define CHUNK_LONG      0x80u /* eight times as many instructions */

/* Takes any bytes; what is missing at the end is 0. */
void scenario_parse(struct scenario *scenario, const uint8_t *bytes, size_t length);

/* Memory and processor state into a subject that has been reset. */
void scenario_load(struct subject *s, const struct scenario *scenario);

/* tables.c: descriptor tables, TSSs, page tables, handlers; then the patches and the code. */
void tables_build(struct subject *s, const struct scenario *scenario);
/* Code at a linear address as it is without paging, for a segment of 32 bits or 16. */
void tables_put_code(struct subject *s, const struct scenario *scenario, uint32_t linear,
                     bool wide);

/* Where tables_build puts things, linear and physical. */
#define AT_GDT         0x00010fe0u /* crosses a page */
#define AT_IDT         0x00012000u
#define AT_LDT         0x00012800u
#define AT_TSS         0x00013fd0u /* crosses a page */
#define AT_OTHER_TSS   0x00017000u /* one every 0x100 bytes */
#define AT_PAGES       0x00018000u /* directory; PAE: pointers, then directories */
#define AT_PAGE_TABLES 0x0001c000u
#define AT_CODE        0x00020000u
#define AT_DATA        0x00030000u
#define AT_STACK       0x00040000u
#define AT_STACK_0     0x0004f000u
#define AT_HANDLERS    0x00050000u /* 256, 16 bytes each */

#define GDT_ENTRIES 64u
#define LDT_ENTRIES 16u
#define TSS_SIZE    0x2089u

/* Indexes in the GDT. */
enum gdt_index {
    GDT_CODE_0 = 1,
    GDT_DATA_0,
    GDT_CODE_3,
    GDT_DATA_3,
    GDT_CODE_0_16,
    GDT_DATA_0_16,
    GDT_CODE_3_16,
    GDT_DATA_3_16,
    GDT_CODE_1,
    GDT_DATA_1,
    GDT_CODE_2,
    GDT_DATA_2,
    GDT_CONFORMING_0,
    GDT_CONFORMING_3,
    GDT_EXECUTE_ONLY_0,
    GDT_EXECUTE_ONLY_3,
    GDT_READ_ONLY_3,
    GDT_EXPAND_DOWN_3,
    GDT_EXPAND_DOWN_0_16,
    GDT_DATA_ABSENT,
    GDT_CODE_ABSENT,
    GDT_DATA_FRESH, /* accessed bit clear */
    GDT_CODE_FRESH,
    GDT_DATA_SHORT,
    GDT_DATA_PAGE,
    GDT_TSS, /* the current one */
    GDT_TSS_32,
    GDT_TSS_16,
    GDT_TSS_ABSENT,
    GDT_TSS_SHORT,
    GDT_TSS_BUSY, /* linked from the current one */
    GDT_TSS_VM,
    GDT_TSS_3,
    GDT_LDT,
    GDT_LDT_2,
    GDT_CALL_32,
    GDT_CALL_32_PARAMETERS,
    GDT_CALL_16,
    GDT_CALL_CONFORMING,
    GDT_CALL_1,
    GDT_TASK_32,
    GDT_TASK_16,
    GDT_TASK_3,
    GDT_SYSTEM_0,
    GDT_DATA_1_16,
    GDT_CODE_1_16,
    GDT_USED
};

/* A descriptor of the GDT as memory holds it, and the cache that loading it gives. */
void descriptor_at(const struct subject *s, unsigned index, struct segment_state *cache);

#endif
