/* VM exits: the dispatcher and the handlers it calls, one line each.
 * Not here: what the handlers do (the file named beside each). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_EXITS_H
#define TESTVISOR_EXITS_H

#include <stdint.h>

#include "vcpu.h"

/* Called by start.S at each VM exit; the guest is resumed when it returns. */
__attribute__((regparm(1))) void vmx_exit_handler(struct guest_registers *registers);

/* Name of a basic exit reason, as enum exit_reason has it without EXIT_; "reserved" for one that is
 * none. */
const char *exit_reason_name(uint32_t reason);

void exit_cr_access(void);          /* control_registers.c */
void exit_cpuid(void);              /* cpuid.c */
void exit_rdmsr(void);              /* msr.c */
void exit_wrmsr(void);              /* msr.c */
void exit_io(void);                 /* ports.c */
void exit_vmcall(void);             /* hypercall.c */
void exit_external_interrupt(void); /* interrupts.c */
void exit_interrupt_window(void);   /* interrupts.c */
void exit_task_switch(void);        /* task_switch.c */
void exit_hlt(void);                /* exits.c and below */
void exit_entry_failure(void);      /* entry_failure.c */

#endif
