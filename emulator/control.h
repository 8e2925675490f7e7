/* Writes of CR0, CR3 and CR4 with everything that hangs on them.
 * Not here: the instructions (execute_control.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_CONTROL_H
#define EMULATOR_CONTROL_H

#include "processor.h"

/* Each checks `value` as MOV does, raises #GP(0) with nothing changed, else writes the register,
 * loads the PAE page-directory-pointer entries where the SDM says so, keeps EFER.LMA, and forgets
 * translations. CPL and descriptor caches are not touched. SDM vol. 2, "MOV-Move to/from Control
 * Registers"; vol. 3, 2.5 and 4.4.1. */
void control_register_write_cr0(struct processor *p, uint32_t value);
void control_register_write_cr3(struct processor *p, uint32_t value);
void control_register_write_cr4(struct processor *p, uint32_t value);

#endif
