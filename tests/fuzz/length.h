/* Is an instruction as long as Zydis says? Not here: what it does. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FUZZ_LENGTH_H
#define FUZZ_LENGTH_H

#include "subject.h"

/* A decoded instruction: 1 to 15 bytes, and as many as Zydis takes when both accept it. */
void check_length(const struct subject *s);
/* Decoding faulted: Zydis must not find an instruction in the bytes that can be fetched. */
void check_fetch_fault(const struct subject *s);

/* Writes the instruction at CS:EIP as text. */
void length_print(const struct subject *s, char *text, size_t size);

#endif
