/* The places where vCPUs are interpreted, and the loop that runs one.
 * Not here: how a vCPU comes in or goes out (transport.h), nor its platform (bus.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "vcpu.h"

#include "a20.h"
#include "bus.h"
#include "hardware.h"
#include "panic.h"
#include "statistics.h"
#include "transport.h"

#include <stddef.h>

/* Instructions between two updates of the statistics. */
#define SLICE 0x400u

extern uint8_t stack_0_top[], stack_1_top[], code_memory[], code_memory_end[];

struct vcpu vcpus[VCPU_COUNT];
static uint8_t *const stack_tops[] = {stack_0_top, stack_1_top};

_Static_assert(sizeof stack_tops / sizeof stack_tops[0] == VCPU_COUNT, "a stack for each vCPU");

void vcpu_start(void)
{
    for (unsigned n = 0; n < VCPU_COUNT; n++)
        processor_initialise(&vcpus[n].processor, &platform, &vcpus[n]);
#ifndef EMULATOR_TRACE /* which sees what is decoded */
    /* The first processor has nearly everything to do. */
    processor_keep_code(&vcpus[0].processor, code_memory, (size_t)(code_memory_end - code_memory));
#endif
}

struct vcpu *vcpu_take(void)
{
    for (unsigned n = 0;; n = (n + 1) % VCPU_COUNT) {
        if (!vcpus[n].in_use) {
            vcpus[n].in_use = true;
            return &vcpus[n];
        }
        __builtin_ia32_pause();
    }
}

void vcpu_release(struct vcpu *vcpu)
{
    vcpu->in_use = false;
}

void *vcpu_stack_top(const struct vcpu *vcpu)
{
    return stack_tops[vcpu - vcpus];
}

struct vcpu *vcpu_of_stack(const void *address)
{
    for (unsigned n = 0; n < VCPU_COUNT; n++) {
        uintptr_t depth = (uintptr_t)stack_tops[n] - (uintptr_t)address;

        if (depth - 1 < STACK_SIZE)
            return &vcpus[n];
    }
    return NULL;
}

void vcpu_keep_interrupt(struct vcpu *vcpu, uint8_t vector)
{
    vcpu->vector = vector;
    vcpu->interrupt_kept = true;
    processor_interrupt_accepted(&vcpu->processor);
}

void vcpu_drop_interrupt(struct vcpu *vcpu)
{
    vcpu->interrupt_kept = false;
    processor_interrupt_withdrawn(&vcpu->processor);
}

static void set_reset_state(struct vcpu *vcpu, uint16_t selector, uint32_t base, uint32_t eip)
{
    uint32_t registers[4] = {1, 0, 0, 0};

    processor_reset(&vcpu->processor);
    processor_save(&vcpu->processor, &vcpu->state);
    cpuid(registers);
    vcpu->state.gpr[EDX] = registers[0];
    vcpu->state.segment[CS].selector = selector;
    vcpu->state.segment[CS].base = base;
    vcpu->state.eip = eip;
    vcpu->state.a20 = a20_enabled();
}

void vcpu_reset(struct vcpu *vcpu)
{
    set_reset_state(vcpu, 0xf000, 0xf0000, 0xfff0);
}

void vcpu_start_up(struct vcpu *vcpu, uint8_t vector)
{
    set_reset_state(vcpu, (uint16_t)(vector << 8), (uint32_t)vector << 12, 0);
}

_Noreturn void vcpu_run(struct vcpu *vcpu)
{
    struct processor *p = &vcpu->processor;

    processor_load(p, &vcpu->state);
    statistics_begin(vcpu);
    for (;;) {
        enum exit_reason reason = processor_run(p, SLICE);

        statistics_update(vcpu);
        if (*(volatile uint32_t *)&statistics.report_wanted != 0)
            panic_asked(vcpu);
        switch (reason) {
        case PROCESSOR_ENTERABLE:
            processor_save(p, &vcpu->state);
            transport.leave(vcpu);
            break;
        case PROCESSOR_TRIPLE_FAULT:
            panic_triple_fault(vcpu);
        case PROCESSOR_HALTED:
            stop();
        case PROCESSOR_BUDGET:
        case PROCESSOR_STOPPED:
            break;
        }
    }
}
