/* Puts code that can be interrupted into the shared machine.
 * Not here: the scripted interrupt itself (machine.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "interruptible.h"

#include "case.h"

void start_interruptible(const uint8_t *code, size_t length, uint32_t eflags)
{
    machine_real_mode(m);
    m->state.eflags = EFLAGS_FIXED | eflags;
    machine_load(m);
    machine_code(m, code, length);
    machine_write_8(m, HANDLER(IRQ), IRET);
}
