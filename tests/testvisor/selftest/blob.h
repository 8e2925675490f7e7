/* The self-test blob: its checks, its two worlds, its tables.
 * Not here: the tests themselves (test_*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_SELFTEST_BLOB_H
#define TESTVISOR_SELFTEST_BLOB_H

#include <stdbool.h>
#include <stdint.h>

#include <hvmassist/handoff.h>
#include <hvmassist/world_switch.h>

#include "../statistics.h"

#define SELECTOR_CODE  0x08u
#define SELECTOR_DATA  0x10u
#define SELECTOR_TASK  0x18u
#define SELECTOR_TASKS 0x20u /* four more TSS descriptors */

/* Where the runner puts the number of the scenario before the machine starts. */
#define SCENARIO_ADDRESS 0x7000u

/* A scenario leaves a mark here before it resets the machine. */
#define RESET_MARK_ADDRESS 0x200000u

/* One line in the log: "ok NAME" or "not ok NAME: got X, want Y". */
void check(const char *name, uint32_t got, uint32_t want);
void check_true(const char *name, bool condition);
void say(const char *text);
void say_number(const char *text, uint32_t number);
unsigned checks_done(void);

/* Ends the run in the orderly way. */
__attribute__((noreturn)) void shut_down(void);

/* The testvisor's counters, found at the end of visible memory. */
const volatile struct testvisor_statistics *counters(void);
uint32_t visible_memory(void);

/* GDT, IDT and TSS of both worlds. */
extern uint64_t blob_gdt[16];
extern uint32_t main_tss[26];
void tables_init(void);
void set_gate(unsigned vector, uint64_t gate);
uint64_t gate_of(unsigned vector);

/* A flat 32-bit state with our own tables that starts at `eip`. */
struct world_switch_context flat_context(const void *eip);

/* Makes the blob's world known to the other side: the first INVOKE, or HANDOFF_REGISTER. */
void enter_blob_world(void);

/* Runs a guest state until it clears PE; *context is then what the other side saved (CR0 as
 * written). False when the request was refused, with status and rule in handoff_block. */
bool run_guest(struct world_switch_context *context);

/* Runs a C function in the guest world, on the flat state. */
void in_guest(void (*function)(void));

/* The blob's side of the hand-off; state_from_context() fills all of a block's state. */
extern struct handoff_block handoff_block;
extern struct handoff_block register_block;
extern struct world_switch_context new_context;
extern struct world_switch_context old_context;
void state_from_context(struct hvm_hw_cpu *cpu, const struct world_switch_context *context);

/* Exceptions and interrupts as they arrive in either world. */
extern volatile uint32_t exception_vector;
extern volatile uint32_t exception_error;
extern volatile uint32_t exception_address;
extern volatile uint32_t interrupt_count[256];

/* blob.S */
extern uint32_t start_registers[6];
extern uint8_t start_gdtr[8];
extern uint8_t start_idtr[8];
extern uint32_t probe_eax;
extern uint32_t probe_edx;
extern uint32_t returned_esp;
extern uint32_t restore_cr0;
extern void (*guest_function)(void);
extern uint8_t blob_base[];
extern uint8_t blob_end[];
extern uint8_t blob_stack_top[];
extern uint8_t guest_stack_top[];
extern uint8_t header_magic[];
extern uint8_t idt_stubs[];
extern uint8_t guest_leave[];
extern uint8_t guest_left[];
extern uint8_t guest_leave16[];
extern uint8_t guest_left16[];
extern uint8_t guest_call[];
extern uint8_t guest_lmsw[];
extern uint8_t guest_lmsw_end[];
extern uint8_t guest_sti_leave[];
extern uint8_t guest_step_leave[];
extern uint8_t guest_step_left[];
extern uint8_t task_by_call[];
extern uint8_t task_by_jump[];
extern uint8_t task_by_gate[];
extern uint8_t task_code16[];
void load_tables(const void *gdtr, const void *idtr);
void invoke_self(void);
void run_by_world_switch(void);
bool run_by_hypercall(struct handoff_block *block);
void blob_returned(void);
uint32_t hypercall(uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx, uint32_t edi);
uint32_t probe(void (*instruction)(void), uint32_t eax, uint32_t ecx, uint32_t edx);
void probe_rdmsr(void);
void probe_wrmsr(void);
void probe_vmxoff(void);
void probe_xsetbv(void);
void probe_invd(void);
void probe_mov_cr0(void);
void probe_mov_cr3(void);
void probe_mov_cr4(void);
void probe_fpu(void);
void probe_rep_insb(void);
void probe_rep_outsb(void);
void probe_single_step_cpuid(void);
void raise_gp(void);
void call_task(uint32_t offset, uint32_t selector);
void jump_task(uint32_t offset, uint32_t selector);

/* The tests, in the order they run. */
void test_start_state(void);
void test_services(void);
void test_world_switch(void);
void test_control_registers(void);
void test_handoff(void);
void test_interrupts(void);
void test_ports(void);
void test_task_switch(void);
void test_speed(void);

/* The scenarios that end the run in another way; `number` from 1. */
void run_scenario(uint32_t number);

#define NO_EXCEPTION 0xffffffffu

#endif
