/* The guest's x87, MMX and SSE state lives in the host's unit: running code on it, and the few
 * things the unit cannot know. Not here: which code (execute_x87.c, execute_simd.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_NATIVE_H
#define EMULATOR_NATIVE_H

#include "instruction.h"

/* What FNSTENV and FLDENV move in 32-bit protected mode, which is how the host's unit is always
 * addressed. SDM vol. 1, 8.1.10, figure 8-9. */
struct x87_environment {
    uint16_t control, reserved_1;
    uint16_t status, reserved_2;
    uint16_t tag, reserved_3;
    uint32_t instruction_offset;
    uint16_t instruction_selector;
    uint16_t opcode; /* bits 10:0; the rest is 0 */
    uint32_t operand_offset;
    uint16_t operand_selector, reserved_4;
} __attribute__((aligned(16)));

/* Runs `length` bytes whose memory operand, if any, is [EAX] = `operand` (16-byte aligned) and
 * whose general register, if any, is ECX = *value; both may be NULL when there is none; both may be
 * changed, and so may the status flags. An exception becomes the guest's: #MF with CR0.NE=1, #XM by
 * CR4.OSXMMEXCPT (else #UD), #GP(0), #UD; then nothing has changed but, with #XM, the flags in
 * MXCSR and TOP and tags of an MMX operand. With CR0.NE=0 a pending x87 exception is ignored, as by
 * a processor whose IGNNE# is asserted (SDM vol. 3, 2.5 "CR0.NE"): there is no FERR# pin whose
 * interrupt could be raised from here. */
void native_run(struct processor *p, const uint8_t *code, unsigned length, void *operand,
                uint32_t *value);

/* #MF when an unmasked x87 exception is pending; comes before anything an instruction does with its
 * memory operand. */
void native_wait(struct processor *p);

/* The checks of a memory operand of `length` bytes that come before its page faults (SDM vol. 2,
 * "Protected Mode Exceptions" of the instruction): segment; then, `alignment` 16: #GP(0) unless
 * aligned so, else #AC(0) by `alignment` (1, 2, 4, 8). For `write` also those page faults;
 * afterwards memory_write_bytes cannot fault. */
void native_operand_check(struct processor *p, const struct instruction *i, uint32_t offset,
                          uint32_t length, unsigned alignment, bool write);

/* The x87 instruction and operand pointers that the guest sees are those in struct processor while
 * fpu_used is set; else those of the unit. Before an instruction that reads or writes them:
 * native_take_pointers. native_give_pointers puts them into the unit; it is due when the hardware
 * is about to take over (PROCESSOR_ENTERABLE). Neither can fault. */
void native_take_pointers(struct processor *p);
void native_give_pointers(struct processor *p);

#endif
