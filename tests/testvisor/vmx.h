/* VMX operation: switched on, one VMCS with its controls and host area, first VM entry.
 * Not here: exits (exits.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_VMX_H
#define TESTVISOR_VMX_H

#include <stdint.h>

#include "vcpu.h"

/* Enters VMX operation, and fills the current VMCS but for guest state and I/O bitmaps. host_init()
 * comes first. A processor that cannot do it ends the run with a message. */
void vmx_init(void);

/* Writes the state of a new vCPU that hvmloader left by `jmp *eax` to the blob at `entry`. */
void vmx_set_start_state(uint32_t entry);

/* First VM entry, with these GPRs. */
__attribute__((noreturn)) void vmx_launch(const struct guest_registers *registers);

/* Called by start.S when VMLAUNCH or VMRESUME itself failed. */
__attribute__((noreturn)) void vmx_instruction_failed(uint32_t eflags);

#endif
