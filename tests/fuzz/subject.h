/* A machine under test: one interpreter, its RAM and devices. Two run the same input side by side:
 * the exact one, where every access is seen, and the fast one, which gets whole pages of RAM.
 * Not here: what is checked (hooks.h and the headers it names), what an input means (scenario.h).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_SUBJECT_H
#define FUZZ_SUBJECT_H

#include <stddef.h>

#include "instruction.h"
#include "processor.h"

#define RAM_SIZE  0x00120000u /* from physical 0; beyond is a bus where nobody answers */
#define RAM_PAGES (RAM_SIZE / PAGE_SIZE)

/* An instruction that accesses memory more often is interrupted, and the input ends. */
#define ACCESS_LIMIT 4096u

/* What the exact machine did to the world, in order; the fast one must do the same, and gets the
 * same answers. */
enum journal_kind {
    JOURNAL_PORT_READ,
    JOURNAL_PORT_WRITE,
    JOURNAL_MMIO_READ, /* outside RAM */
    JOURNAL_MMIO_WRITE,
    JOURNAL_MSR_READ,
    JOURNAL_MSR_WRITE,
    JOURNAL_TSC,
    JOURNAL_PMC,
    JOURNAL_CACHES,
    JOURNAL_INTERRUPT,
};

struct journal_entry {
    enum journal_kind kind;
    unsigned width;
    uint64_t address; /* or port, or MSR */
    uint64_t value;
    uint64_t answer; /* of what answers */
};

#define JOURNAL_ENTRIES 65536u

struct journal {
    struct journal_entry entry[JOURNAL_ENTRIES];
    unsigned count;
    bool full; /* the input ends */
};

/* One access of the exact machine to memory. */
struct access {
    uint32_t linear;
    uint64_t physical;
    uint32_t before, after; /* of a write to RAM */
    uint8_t width;
    uint8_t privilege; /* ACCESS_USER, ACCESS_FETCH or 0 */
    bool write;
    bool walk; /* of the page walk, or of PDPTEs: `linear` has no meaning */
};

/* x87 and SIMD, as FXSAVE writes them. */
#define UNIT_IMAGE 512u
/* In it: the x87 pointers, of which units keep different things. */
#define UNIT_POINTERS     6u
#define UNIT_POINTERS_END 24u

/* What one call of processor_run consists of. */
enum phase {
    PHASE_BOUNDARY,    /* events before an instruction */
    PHASE_INSTRUCTION, /* from the start of decoding on */
    PHASE_DELIVERY,    /* of a fault */
};

/* The state at the start of a phase. */
struct snapshot {
    struct guest_state state;
    uint64_t pdpte[4];
    uint64_t retired;
    bool nmi_blocked;
    unsigned journal_count;
    uint8_t unit[UNIT_IMAGE];
};

struct walk_expectation {
    bool armed; /* a walk is under way */
    bool fault;
    uint16_t error;
    uint32_t linear;
};

struct scenario;

struct subject {
    struct processor processor;
    const struct scenario *scenario;
    struct journal *journal;
    unsigned journal_position; /* of the fast machine */
    bool exact;
    bool diverged; /* the fast machine did something else: */
    struct journal_entry other;
    uint8_t unit[UNIT_IMAGE]; /* while the host's unit is the other machine's */
    uint8_t *ram;
    void *code_memory; /* of the fast machine */
    uint8_t touched[RAM_PAGES];

    unsigned begun; /* instructions */
    bool interrupts_open;
    bool interrupt_done;  /* raised and accepted */
    int accepted;         /* vector accepted and not taken, or -1 */
    uint64_t msr[4];      /* EFER, SYSENTER_CS, _ESP, _EIP */
    uint32_t code_linear; /* where the scenario's code begins */

    /* The exact machine only. */
    enum phase phase;
    struct snapshot snapshot;
    struct instruction instruction; /* of PHASE_INSTRUCTION, once decoded */
    bool decoded;
    bool task_attempted;    /* a task switch was begun in this phase */
    uint16_t task_selector; /* its TSS */
    bool task_committed;    /* and has passed the point of no return */
    struct access access[2 * ACCESS_LIMIT];
    unsigned access_count;
    struct {
        uint32_t linear;
        uint64_t physical;
        unsigned access;
    } translated[2]; /* the last one, and the one before */
    bool in_walk;
    bool in_pdptes;
    struct walk_expectation expectation;
    uint8_t page_table_page[RAM_PAGES]; /* pages that walks have read entries from */
    bool page_table_written;            /* by the program, since the last look */
    bool alone;                         /* an interrupt came where only this machine can take one */
    bool too_long;                      /* ACCESS_LIMIT was reached */
    bool regular;                       /* CPL, CS.RPL and SS.DPL agree, as the modes keep them */
};

/* Both machines, made once and used for every input. */
struct subject *subject_create(bool exact, struct journal *journal);
/* RAM zeroed, processor at reset, nothing recorded. */
void subject_reset(struct subject *s, const struct scenario *scenario);

/* The fast machine's processor, made or copied from another, keeps code, and none yet. */
void subject_keep_code(struct subject *s);

/* RAM without side effects; outside RAM reads give what the empty bus gives, writes do nothing. */
uint32_t subject_peek(const struct subject *s, uint64_t physical, unsigned width);
void subject_poke(struct subject *s, uint64_t physical, unsigned width, uint32_t value);
/* `physical` with the A20 line applied. */
uint64_t subject_a20(const struct subject *s, uint64_t physical);

/* Has the script's interrupt, or NMI, still to come? */
bool subject_interrupt_due(const struct subject *s);
/* It comes at boundaries, where both machines take it; else also within an instruction. */
bool subject_interrupts_at_boundaries(const struct subject *s);
/* The interrupt line is looked at: true when it came. */
bool subject_look_at_interrupts(struct subject *s);

/* Records what the exact machine does, or compares what the fast one does and answers the same. */
struct journal_entry *journal_step(struct subject *s, enum journal_kind kind, uint64_t address,
                                   unsigned width, uint64_t value);

/* platform.run_native: native.c. */
int subject_run_native(void *context, const uint8_t *code, unsigned length,
                       struct native_call *call);
/* Its x87 and SIMD state: as after a reset, read, and that of another machine. */
void subject_unit_reset(struct subject *s);
void subject_unit_get(const struct subject *s, uint8_t image[UNIT_IMAGE]);
void subject_unit_copy(struct subject *s, const struct subject *from);

#endif
