/* What holds of a processor between any two instructions. Not here: what holds across one. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_STANDING_H
#define FUZZ_STANDING_H

#include "subject.h"

/* After each call of processor_run: registers, lazy flags, segment bounds, protocol, predicate. */
void check_standing(struct subject *s);

/* Each valid entry of the translation cache says what a walk says now. */
void check_translations(const struct subject *s);

/* platform.leave is asked: the state must be one that VM entry takes. enterable.c */
void check_leaving(const struct subject *s, const struct processor *p);
/* The predicate against the rules written independently in tests/testvisor. enterable.c */
void check_predicate(const struct subject *s, const struct guest_state *state);

/* close_interrupts says that the instruction is to be abandoned: nothing may have been done. */
void check_nothing_committed(struct subject *s);

/* After a retired instruction: EIP is the next one or lies within CS. */
void check_instruction_pointer(const struct subject *s);

/* CPL agrees with CS and SS, as it does but for the time after CR0.PE has been set. */
bool state_is_regular(const struct guest_state *state);

#endif
