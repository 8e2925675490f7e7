/* Runs a workload on the processor itself: 16-bit code in segments of the LDT, CS base not 0.
 * Not here: workloads that need real mode (far transfers, interrupts). */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"

#define ARENA ((uint8_t *)0x40000000u)

/* Status of a host that does not let us make such segments. */
#define NOT_PERMITTED 3

/* LDT entries. */
enum { CODE, DATA, DATA_A, DATA_B, DATA_BIG, ENTRY_COUNT };

/* What the assembly code loads and keeps; addressed by name, hence not static. */
struct far_pointer {
    uint32_t offset;
    uint16_t selector;
};
extern struct far_pointer native_code, native_stack;
extern uint32_t native_host_esp;
extern uint16_t native_data, native_host_fs, native_host_gs;
struct far_pointer native_code, native_stack;
uint32_t native_host_esp;
uint16_t native_data, native_host_fs, native_host_gs;

uint32_t native_enter(void);
extern const char native_back[];

/* The far jump in, and the place that the workload's far jump comes back to. CS stays flat until
 * the jump and is flat again after it: all host data is reached through it until DS is back. */
__asm__(".text\n"
        ".globl native_enter, native_back\n"
        "native_enter:\n"
        "    push %ebx\n"
        "    push %esi\n"
        "    push %edi\n"
        "    push %ebp\n"
        "    push %ds\n"
        "    push %es\n"
        "    mov %esp, native_host_esp\n"
        "    mov %fs, native_host_fs\n"
        "    mov %gs, native_host_gs\n"
        "    mov %ss, %edx\n"
        "    cld\n"
        "    mov native_data, %es\n"
        "    mov native_data, %fs\n"
        "    mov native_data, %gs\n"
        "    xor %ebp, %ebp\n"
        "    mov %edx, native_host_ss\n"
        "    lss native_stack, %esp\n"
        "    mov %cs:native_data, %ds\n"
        "    ljmp *%cs:native_code\n"
        "native_back:\n"
        "    mov %cs:native_host_ss, %edx\n"
        "    mov %edx, %ss\n"
        "    mov %cs:native_host_esp, %esp\n"
        "    pop %es\n"
        "    pop %ds\n"
        "    mov native_host_fs, %fs\n"
        "    mov native_host_gs, %gs\n"
        "    pop %ebp\n"
        "    pop %edi\n"
        "    pop %esi\n"
        "    pop %ebx\n"
        "    ret\n"
        ".local native_host_ss\n"
        ".comm native_host_ss, 4, 4\n");

static uint16_t selector(unsigned entry)
{
    return (uint16_t)(entry << 3 | 7); /* LDT, RPL 3 */
}

static bool make_segment(unsigned entry, const uint8_t *base, uint32_t limit, bool code, bool pages)
{
    struct user_desc descriptor = {
        .entry_number = entry,
        .base_addr = (uint32_t)(uintptr_t)base,
        .limit = limit,
        .seg_32bit = pages,
        .contents = code ? MODIFY_LDT_CONTENTS_CODE : MODIFY_LDT_CONTENTS_DATA,
        .limit_in_pages = pages,
        .useable = 1,
    };

    return syscall(SYS_modify_ldt, 1, &descriptor, sizeof(descriptor)) == 0;
}

int main(int count, char **arguments)
{
    uint8_t *memory = host_load(count, arguments, ARENA);
    uint16_t host_code;
    uint32_t checksum;

    if (!make_segment(CODE, memory, 0xffff, true, false) ||
        !make_segment(DATA, memory, 0xffff, false, false) ||
        !make_segment(DATA_A, memory + SEGMENT_A, 0xffff, false, false) ||
        !make_segment(DATA_B, memory + SEGMENT_B, 0xffff, false, false) ||
        !make_segment(DATA_BIG, memory, MEMORY_SIZE / 4096 - 1, false, true)) {
        fprintf(stderr, "this host does not allow 16-bit segments\n");
        return NOT_PERMITTED;
    }
    __asm__("mov %%cs, %0" : "=r"(host_code));
    host_set_16(memory, PARAMETER_SEGMENTS, selector(DATA_A));
    host_set_16(memory, PARAMETER_SEGMENTS + 2, selector(DATA_B));
    host_set_16(memory, PARAMETER_SEGMENTS + 4, selector(DATA_BIG));
    host_set_16(memory, PARAMETER_NATIVE, 1);
    host_set_32(memory, PARAMETER_EXIT, (uint32_t)(uintptr_t)native_back);
    host_set_16(memory, PARAMETER_EXIT + 4, host_code);
    native_code = (struct far_pointer){ENTRY, selector(CODE)};
    native_stack = (struct far_pointer){STACK_TOP, selector(DATA)};
    native_data = selector(DATA);
    host_start();
    checksum = native_enter();
    host_stop();
    host_report(checksum);
    printf("\n");
    return 0;
}
