/* Runs a workload in Unicorn, which leaves real mode's interrupts to its user.
 * Not here: any other hook; the workload needs none. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "host.h"

#define EFLAGS_TF_IF 0x300u

static uint8_t *memory;

/* INT n, SDM vol. 3, 21.1.4: FLAGS, CS and IP to the stack, CS:IP from the vector table. */
static void interrupt(uc_engine *engine, uint32_t vector, void *unused)
{
    int name[] = {UC_X86_REG_EFLAGS, UC_X86_REG_CS, UC_X86_REG_IP, UC_X86_REG_SS, UC_X86_REG_SP};
    uint32_t value[5] = {0};
    void *pointer[] = {&value[0], &value[1], &value[2], &value[3], &value[4]};

    (void)unused;
    uc_reg_read_batch(engine, name, pointer, 5);
    for (unsigned n = 0; n < 3; n++) {
        value[4] = (value[4] - 2) & 0xffff;
        host_set_16(memory, (value[3] << 4) + value[4], (uint16_t)value[n]);
    }
    value[0] &= ~EFLAGS_TF_IF;
    value[1] = host_get_32(memory, vector * 4) >> 16;
    value[2] = host_get_32(memory, vector * 4) & 0xffff;
    uc_reg_write_batch(engine, name, pointer, 5);
}

int main(int count, char **arguments)
{
    uint32_t stack = STACK_TOP;
    uc_engine *engine;
    uc_hook hook;

    memory = host_load(count, arguments, NULL);
    if (uc_open(UC_ARCH_X86, UC_MODE_16, &engine) ||
        uc_mem_map_ptr(engine, 0, MEMORY_SIZE, UC_PROT_ALL, memory) ||
        uc_hook_add(engine, &hook, UC_HOOK_INTR, (void *)interrupt, NULL, 1, 0) ||
        uc_reg_write(engine, UC_X86_REG_ESP, &stack))
        host_fail("Unicorn does not start");
    host_start();
    if (uc_emu_start(engine, ENTRY, MEMORY_SIZE, 0, 0)) /* until HLT */
        host_fail("Unicorn stopped with an error");
    host_stop();
    host_report(host_get_32(memory, CHECKSUM));
    printf("\n");
    return 0;
}
