/* The interpreter's public door: one struct processor = one vCPU; load a state, run, save the
 * state. Not here: how instructions work (execute_*.c), what the outside does (platform.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_PROCESSOR_H
#define EMULATOR_PROCESSOR_H

#include "code.h"
#include "platform.h"
#include "state.h"

#include <hvmassist/entry_rules.h>

/* Entries of the translation cache; a power of two. */
#ifndef TRANSLATION_ENTRIES
#define TRANSLATION_ENTRIES 32u
#endif

/* A segment register as the interpreter keeps it. Only segment.c writes one (but for the window).
 */
struct segment {
    uint16_t selector;
    uint32_t attributes;
    uint32_t base;
    uint32_t limit;
    /* Cached verdicts: an access of up to 8 bytes at an offset below the bound passes every segment
     * check. 0 sends each access to the full check. */
    uint32_t read_bound;
    uint32_t write_bound;
    /* The window, which only memory.c opens: an access of up to 4 bytes at an offset less than
     * `read_size` (for a write, `write_size`) beyond `window` passes every check, and its bytes are
     * plain RAM at `host` + offset. */
    uint32_t window;
    uint32_t read_size;
    uint32_t write_size;
    uintptr_t host;
};

/* One translated page. A tag is the linear page number in bits 31:12 with the processor's current
 * translation_tag below; an access matches when the tag of its last byte's page does. */
struct translation {
    uint32_t read_tag;
    uint32_t write_tag;
    uintptr_t host; /* host address minus linear address */
};

/* What must be looked at before the next instruction. */
#define EVENT_INTERRUPT 0x01u /* an external interrupt was accepted, see interrupt_waits */
#define EVENT_SHADOW    0x02u /* an STI or MOV-SS shadow ends after the next instruction */
#define EVENT_OPEN      0x04u /* external interrupts are to be opened at the next boundary */
#define EVENT_MODE      0x08u /* enterability may have changed */
#define EVENT_DEBUG     0x10u /* TF, a pending debug trap, or instruction breakpoints armed */
#define EVENT_NMI       0x20u
#define EVENT_STOP      0x40u /* processor_stop was called */
#define EVENT_HALTED    0x80u
#define EVENT_CODE      0x100u /* what follows may not be the code that was decoded */

/* An exception being raised. */
struct fault {
    uint8_t vector;
    bool has_error;
    uint16_t error;
};

enum exit_reason {
    PROCESSOR_ENTERABLE,    /* CR0.PE=1, the predicate says yes and platform.leave agreed */
    PROCESSOR_HALTED,       /* HLT with IF=0, and platform.halt returned */
    PROCESSOR_TRIPLE_FAULT, /* shutdown; the state is that of the faulting instruction */
    PROCESSOR_BUDGET,       /* the instruction budget is used up */
    PROCESSOR_STOPPED,      /* processor_stop */
};

struct processor {
    /* gpr[8] is always 0: "no base" and "no index" in an effective address. gpr[9] holds a memory
     * operand between two operations of one instruction. */
    uint32_t gpr[GENERAL_REGISTER_COUNT + 2];
    uint32_t events;              /* EVENT_*; set and cleared atomically */
    struct stretch *code_current; /* the decoded code under way */
    struct code *code;            /* NULL: none is kept */
    const uint8_t *granule_tag;   /* of code, or code_no_granules */
    int32_t code_left;   /* instructions that may still begin before the loop has to look at the
                            budget, less the longest stretch */
    uint32_t code_bound; /* EIP below this: a whole stretch lies within the CS limit */
    struct segment segment[SEGMENT_REGISTER_COUNT];

    uint8_t *write_host;  /* memory_read_for_write's target, see memory.h */
    uint32_t stack_mask;  /* the part of ESP that is the stack pointer, by SS.B */
    uint32_t eip;         /* while an instruction executes: of the next one */
    uint32_t flags;       /* the status flags; only flags.h and the operations know how */
    uint32_t eflags_rest; /* EFLAGS without the status flags; bit 1 set */
    uint32_t code_mode;   /* what decoding depends on besides the bytes */
    uint64_t code_end;    /* `retired` is this less code_left, plus the operation's ordinal */
    struct code_slot code_single[CODE_SINGLE_SLOTS]; /* an instruction that is not kept */
#ifdef EMULATOR_TRACE
    uint8_t traced[15]; /* the bytes of the instruction decoded last */
#endif
    uint32_t address_mask; /* A20: ffffffff or ffefffff, applied to physical addresses */
    /* The last run of RAM that the platform was asked for; empty when first is above last. While it
     * is not, linear addresses are physical. */
    uint32_t run_first, run_last;
    uintptr_t run_host; /* host address minus address */
    uint32_t translation_tag;
    struct translation translation[TRANSLATION_ENTRIES];

    uint32_t cr0, cr2, cr3, cr4;
    uint32_t dr[8];
    struct table_register gdtr, idtr;
    uint64_t efer;
    uint64_t address_reserved; /* bits of a page-table entry above physical addresses, to 62 */
    uint64_t pdpte[4];         /* PAE: loaded by MOV CR3 and friends, SDM vol. 3, 4.4.1 */
    uint32_t pending_debug;
    uint8_t cpl;
    uint8_t shadow;
    bool nmi_blocked;
    bool halted;
    bool interrupts_open;
    bool interrupt_waits; /* EVENT_INTERRUPT, until IF is set: nothing to look at before that */
    bool single_step;     /* the instruction under way began with TF=1 */
    bool repeating;       /* at a boundary between two iterations of a REP instruction */
    bool restart;         /* unwinding because of an accepted interrupt, not a fault */
    uint64_t shadow_end;  /* the shadow is over once `retired` reaches this */
    uint64_t resume_end;  /* RF is cleared once `retired` reaches this */
    uint64_t stop_at;     /* when `retired` reaches this, the budget is used up */

    /* Precise faults: where the instruction began, and what a fault restores. */
    uint32_t instruction_eip;
    struct fault fault;
    uint16_t delivering; /* event under delivery: vector + 1, 0x100 for a benign one, 0 for none */
    uint8_t chain;       /* faults in a row, each in the delivery of the one before */
    uint32_t write_linear; /* memory_read_for_write's target, see memory.h */
    void *unwind[5];       /* __builtin_setjmp buffer of processor_run */

    uint64_t retired;       /* instructions, a REP counted once */
    uint32_t mode_switches; /* times that CR0.PE has changed */
    uint64_t ask_at;        /* platform.leave is not asked while `retired` is less, in this mode */
    /* The last time that protected mode was not enterable: the rule, and the next instruction. */
    enum hvmassist_entry_rule refused_rule;
    uint32_t refused_address;
    uint64_t interrupts;
    uint64_t faults;
    uint32_t
        fetch_tag; /* the page that instructions are read from, and its host address - linear */
    uintptr_t fetch_host;
    uint32_t branch_source[8]; /* linear addresses of the last far or mode-changing transfers */
    uint32_t branch_index;

    /* x87 bookkeeping that the host's unit cannot know: last instruction and operand pointers. */
    uint32_t fpu_instruction_offset;
    uint32_t fpu_operand_offset;
    uint16_t fpu_instruction_selector;
    uint16_t fpu_operand_selector;
    uint16_t fpu_opcode;
    bool fpu_used;

    const struct platform *platform;
    void *context;
};

/* Makes *processor usable with this platform; the state is that of processor_reset. `platform` and
 * `context` stay the caller's and must outlive the processor. */
void processor_initialise(struct processor *processor, const struct platform *platform,
                          void *context);

/* Gives the processor `size` bytes at `memory`, aligned for a uint64_t, to keep decoded code in.
 * They stay the caller's and must outlive the processor. Without, or with less than
 * CODE_SIZE_LEAST, each instruction is decoded each time it runs. */
void processor_keep_code(struct processor *processor, void *memory, size_t size);

/* Memory may have been written by somebody else (a device, another processor, the guest itself when
 * it ran natively): code is checked against memory before it runs again. The interpreter says so
 * itself after every port and MMIO access, WRMSR and hypercall, at every interrupt and when
 * processor_run begins. */
void processor_distrust_code(struct processor *processor);

/* State after power-on or INIT (SDM vol. 3, 10.1.1): F000:FFF0, CS.base ffff0000, real mode. */
void processor_reset(struct processor *processor);

/* Takes over a state exactly; nothing is checked, any state can be interpreted. Flushes
 * translations. */
void processor_load(struct processor *processor, const struct guest_state *state);

/* Writes the current state out; *state is the caller's. */
void processor_save(const struct processor *processor, struct guest_state *state);

/* Interprets until there is a reason to stop, at most `budget` instructions (0: no limit). On
 * return the state is at an instruction boundary and external interrupts are closed. */
enum exit_reason processor_run(struct processor *processor, uint64_t budget);

/* From within platform.leave, which refuses: it need not be asked again within the next
 * `instructions`, at least 1, unless CR0.PE changes. processor_run returns then, with
 * PROCESSOR_BUDGET, if its own budget is not used up before. */
void processor_stay(struct processor *processor, uint64_t instructions);

/* An accepted external interrupt waits for take_interrupt. Safe from an interrupt handler. */
void processor_interrupt_accepted(struct processor *processor);

/* An accepted interrupt that has not been taken is none any more. */
void processor_interrupt_withdrawn(struct processor *processor);

/* An NMI is pending. Safe from an interrupt handler. */
void processor_signal_nmi(struct processor *processor);

/* Ask processor_run to return at the next boundary. Safe from an interrupt handler. */
void processor_stop(struct processor *processor);

/* The A20 line: false masks bit 20 of every physical address from the next access on. */
void processor_set_a20(struct processor *processor, bool enabled);
bool processor_a20(const struct processor *processor);

/* Forget all translations (and everything else cached from memory). */
void processor_flush_translations(struct processor *processor);

/* May VT-x without "unrestricted guest" enter this state? ENTRY_OK or the first broken rule of the
 * SDM's section 26.3.1, vol. 3. Pure. `pdpte`: the four PAE entries, or NULL to skip that rule. */
enum hvmassist_entry_rule entry_rule_broken(const struct guest_state *state, const uint64_t *pdpte);

/* Text of a rule, static. */
const char *entry_rule_text(enum hvmassist_entry_rule rule);

#endif
