/* The same instruction twice: directly on the host, and interpreted; the results side by side.
 * Not here: which instructions are tried (x87_silicon.c, simd_silicon.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_NATIVE_COMPARE_H
#define TESTS_UNIT_NATIVE_COMPARE_H

#include "machine.h"
#include "native_host.h"

/* The memory that an instruction may reach: directly a page with nothing behind it, interpreted a
 * segment with just this limit. */
#define WINDOW 4096u
/* Bytes of an FXSAVE image that 32-bit code can see. */
#define UNIT_VISIBLE 288u

struct trial {
    uint8_t code[15]; /* memory operands are [EAX] without displacement */
    unsigned length;
    uint32_t position;               /* offset of the operand in the window, EAX */
    uint32_t value;                  /* ECX */
    uint32_t eflags;                 /* status flags, and EFLAGS_AC */
    uint8_t unit[NATIVE_HOST_IMAGE]; /* FXSAVE image */
    uint8_t window[WINDOW];
};

struct outcome {
    int vector; /* -1: none; running out of the window counts as EXCEPTION_GP */
    uint32_t value, eflags;
    uint8_t unit[NATIVE_HOST_IMAGE];
    uint8_t window[WINDOW];
};

/* Stored bytes that are different by nature and not compared: instruction and operand pointers, and
 * the XMM8 to XMM15 that FXSAVE has in 64-bit mode. From the operand's position on. */
struct unlike {
    struct {
        uint32_t first, length;
    } range[2];
};

/* A generator of its own: xorshift64*, the same everywhere. */
struct random {
    uint64_t state;
};
uint64_t random_next(struct random *r);
/* 0..limit-1 */
uint32_t random_below(struct random *r, uint32_t limit);

/* Random x87, MMX and XMM contents (with many special values), control words (masked, unmasked),
 * status (also pending exceptions) and memory. */
void trial_random(struct trial *t, struct random *r);

void run_directly(const struct trial *t, struct outcome *o);
/* The machine is one that compare_machine made. The unit is the host's, by native_host_run. */
void run_interpreted(struct machine *m, const struct trial *t, struct outcome *o);

/* Flat 32-bit code at CPL 3, CR0.NE, CR0.AM, CR4.OSFXSR and CR4.OSXMMEXCPT set, DS the window. */
struct machine *compare_machine(void);

/* What #AC covers beyond words, doublewords and quadwords is each maker's choice; the interpreter
 * follows Intel's, so only such a host can be compared with. */
bool host_is_intel(void);

/* Runs both; prints what differs and fails the cmocka test when anything does. */
void compare(struct machine *m, const struct trial *t, struct unlike unlike);

#endif
