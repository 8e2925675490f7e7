/* Descriptors during a task switch: fetched from GDT and LDT, checked, loaded into the VMCS.
 * Not here: the TSS and the order of things (task_switch.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_TASK_SEGMENTS_H
#define TESTVISOR_TASK_SEGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest_memory.h"

/* A descriptor as it is in memory, and where. */
struct descriptor {
    uint32_t low;
    uint32_t high;
    uint32_t address; /* linear */
};

uint32_t descriptor_base(const struct descriptor *descriptor);
uint32_t descriptor_limit(const struct descriptor *descriptor);      /* in bytes */
uint32_t descriptor_attributes(const struct descriptor *descriptor); /* VMCS access rights */

/* Reads the descriptor of a selector that is not null. False with *fault = `vector` and the
 * selector as error code when it is beyond its table, or a page fault. */
bool descriptor_read(uint32_t selector, uint8_t vector, struct descriptor *descriptor,
                     struct guest_fault *fault);

/* Writes the byte with type, S, DPL and P back to memory. */
bool descriptor_write_type(const struct descriptor *descriptor, uint8_t byte,
                           struct guest_fault *fault);

/* Makes the register unusable but for its selector; DPL is kept at `cpl` for SS's sake. */
void segment_invalidate(unsigned segment, uint32_t selector, uint32_t cpl);

/* Loads LDTR, CS, SS or a data segment register as a task switch does, CPL being CS.RPL of the new
 * task. False with *fault when the new task must take an exception; the register is then unusable.
 * Source: SDM vol. 3, 7.3 and table 7-1. */
bool segment_load_ldtr(uint32_t selector, struct guest_fault *fault);
bool segment_load_cs(uint32_t selector, struct guest_fault *fault);
bool segment_load_ss(uint32_t selector, uint32_t cpl, struct guest_fault *fault);
bool segment_load_data(unsigned segment, uint32_t selector, uint32_t cpl,
                       struct guest_fault *fault);

/* Loads one of the six as virtual-8086 mode has them. */
void segment_load_vm86(unsigned segment, uint32_t selector);

#endif
