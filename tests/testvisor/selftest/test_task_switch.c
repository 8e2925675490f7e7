/* Self-test: task switches by CALL, JMP, IRET and task gate, to 32- and 16-bit tasks.
 * Not here: the refusal of Xen 3.1 (scenarios.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "../hardware.h"
#include "blob.h"

#define TASK_STACK_SIZE 512u
#define SELECTOR_TASK16 (SELECTOR_TASKS + 24)
#define SELECTOR_CODE16 (SELECTOR_TASKS + 32)
#define TASK_GATE       0x0000850000000000ull

extern volatile uint32_t task_runs;
extern volatile uint32_t task_eflags;
extern volatile uint32_t task_tr;
extern volatile uint32_t task_error;

static uint32_t tasks[3][26];
static uint16_t task16[22];
static uint8_t stacks[4][TASK_STACK_SIZE] __attribute__((aligned(16)));

static void describe(uint32_t selector, const void *tss, uint32_t limit, uint32_t type)
{
    const uint32_t base = (uint32_t)tss;

    blob_gdt[selector / 8] = limit | (uint64_t)(base & 0xffffffu) << 16 | (uint64_t)type << 40 |
                             (uint64_t)(base >> 24) << 56;
}

static uint32_t descriptor_type(uint32_t selector)
{
    return (uint32_t)(blob_gdt[selector / 8] >> 40) & 0xfu;
}

static void make_task(unsigned number, const uint8_t *eip)
{
    uint32_t *tss = tasks[number];

    memset(tss, 0, sizeof tasks[number]);
    tss[8] = (uint32_t)eip;
    tss[9] = RFLAGS_FIXED;
    tss[14] = (uint32_t)stacks[number] + TASK_STACK_SIZE;
    tss[18] = SELECTOR_DATA;
    tss[19] = SELECTOR_CODE;
    tss[20] = SELECTOR_DATA;
    tss[21] = SELECTOR_DATA;
    describe(SELECTOR_TASKS + 8 * number, tss, 0x67, 0x89);
}

static void make_task16(void)
{
    const uint32_t base = (uint32_t)blob_base;

    memset(task16, 0, sizeof task16);
    task16[7] = (uint16_t)(task_code16 - blob_base);
    task16[8] = RFLAGS_FIXED;
    task16[13] = (uint16_t)((uint32_t)stacks[3] + TASK_STACK_SIZE);
    task16[17] = SELECTOR_DATA;
    task16[18] = SELECTOR_CODE16;
    task16[19] = SELECTOR_DATA;
    task16[20] = SELECTOR_DATA;
    describe(SELECTOR_TASK16, task16, 0x2b, 0x81);
    blob_gdt[SELECTOR_CODE16 / 8] =
        0x00009b000000ffffull | (uint64_t)(base & 0xffffffu) << 16 | (uint64_t)(base >> 24) << 56;
}

static void by_call(void)
{
    const uint32_t before = task_runs;

    call_task(0, SELECTOR_TASKS);
    check("CALL: the task ran", task_runs, before + 1);
    check("CALL: NT was set", task_eflags & RFLAGS_NT, RFLAGS_NT);
    check("CALL: TR was the task's", task_tr, SELECTOR_TASKS);
    check("CALL: back link", tasks[0][0], SELECTOR_TASK);
    check("CALL: not busy after IRET", descriptor_type(SELECTOR_TASKS), 9);
    check("CALL: the caller is busy", descriptor_type(SELECTOR_TASK), 11);
    check("CALL: CR0.TS", cr0_read() & CR0_TS, CR0_TS);
    check("CALL: NT cleared in the saved EFLAGS", tasks[0][9] & RFLAGS_NT, 0);
    __asm__ volatile("clts");
    call_task(0, SELECTOR_TASKS);
    check("CALL again goes on behind the IRET", task_runs, before + 2);
}

static void by_jump(void)
{
    const uint32_t before = task_runs;

    jump_task(0, SELECTOR_TASKS + 8);
    check("JMP: the task ran", task_runs, before + 1);
    check("JMP: not busy after the JMP back", descriptor_type(SELECTOR_TASKS + 8), 9);
    check("JMP: the caller is busy", descriptor_type(SELECTOR_TASK), 11);
}

static void by_gate(void)
{
    const uint64_t gate = gate_of(13);
    const uint32_t before = task_runs;

    set_gate(13, TASK_GATE | (SELECTOR_TASKS + 16) << 16);
    raise_gp();
    set_gate(13, gate);
    check("gate: the task ran", task_runs, before + 1);
    check("gate: error code", task_error, 0x7ff8);
    check("gate: RF in the saved EFLAGS", main_tss[9] & RFLAGS_RF, RFLAGS_RF);
}

static void to_16_bit(void)
{
    const uint32_t before = task_runs;

    call_task(0, SELECTOR_TASK16);
    check("16-bit TSS: the task ran", task_runs, before + 1);
    check("16-bit TSS: not busy after IRET", descriptor_type(SELECTOR_TASK16), 1);
    check("16-bit TSS: back link", task16[0], SELECTOR_TASK);
}

static void jump_to_absent(void)
{
    jump_task(0, SELECTOR_TASKS);
}

static void refused(void)
{
    describe(SELECTOR_TASKS, tasks[0], 0x67, 0x09);
    check("a TSS that is not present raises #NP", probe(jump_to_absent, 0, 0, 0), 11);
    check("with its selector", exception_error, SELECTOR_TASKS);
    describe(SELECTOR_TASKS, tasks[0], 0x66, 0x89);
    check("a TSS that is too small raises #TS", probe(jump_to_absent, 0, 0, 0), 10);
    make_task(0, task_by_call);
    tasks[0][23] = 0x7ff8;
    check("a bad GS raises #TS in the new task", probe(jump_to_absent, 0, 0, 0), 10);
    check("with the selector of GS", exception_error, 0x7ff8);
    __asm__ volatile("clts");
}

static void all_in_guest(void)
{
    by_call();
    by_jump();
    by_gate();
    to_16_bit();
    refused();
}

void test_task_switch(void)
{
    if (counters()->abi == TESTVISOR_ABI_3_1)
        return;
    make_task(0, task_by_call);
    make_task(1, task_by_jump);
    make_task(2, task_by_gate);
    make_task16();
    in_guest(all_in_guest);
}
