/* All trials, and those of the kernel's own ways: SYSENTER, pipes, the timer.
 * Not here: the others (trial_*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include "system.h"

#define AUXILIARY_SYSINFO 32u
#define ALARMS            5

static int pipe_there[2], pipe_back[2];
static volatile int alarms;

/* The kernel's own entry for system calls, which is SYSENTER where the processor has it. */
static void fast_call(uint32_t *stack)
{
    uint32_t entry = 0;
    int32_t process;

    trial("sysenter");
    stack += 1 + stack[0] + 1;
    while (*stack)
        stack++;
    for (stack++; stack[0]; stack += 2) {
        if (stack[0] == AUXILIARY_SYSINFO)
            entry = stack[1];
    }
    if (entry == 0) {
        unavailable();
        return;
    }
    __asm__ volatile("call *%1" : "=a"(process) : "r"(entry), "0"(CALL_GETPID) : "memory");
    say_value("same", process == system_call(CALL_GETPID, 0, 0, 0));
}

static int answer(void)
{
    uint32_t value;

    while (system_call(CALL_READ, (uint32_t)pipe_there[0], (uint32_t)&value, 4) == 4 && value) {
        value *= 3;
        system_call(CALL_WRITE, (uint32_t)pipe_back[1], (uint32_t)&value, 4);
    }
    return 42;
}

static void pipes(void)
{
    uint32_t value = 1, sum = 0;
    int32_t process;

    trial("pipes");
    system_call(CALL_PIPE, (uint32_t)pipe_there, 0, 0);
    system_call(CALL_PIPE, (uint32_t)pipe_back, 0, 0);
    process = child(answer);
    for (unsigned n = 0; n < 200; n++) {
        system_call(CALL_WRITE, (uint32_t)pipe_there[1], (uint32_t)&value, 4);
        system_call(CALL_READ, (uint32_t)pipe_back[0], (uint32_t)&value, 4);
        sum = sum * 31 + value;
    }
    value = 0;
    system_call(CALL_WRITE, (uint32_t)pipe_there[1], (uint32_t)&value, 4);
    say_value("sum", sum);
    say_value("status", (uint32_t)wait_for(process));
}

static void on_alarm(int signal, uint32_t *registers, uint32_t address)
{
    (void)signal;
    (void)registers;
    (void)address;
    alarms++;
}

static uint32_t compute(void)
{
    uint32_t sum = 1;

    for (uint32_t n = 0; n < 20000; n++)
        sum = (sum << 5 | sum >> 27) ^ (sum + n);
    return sum;
}

/* Signals by the timer must not change what the interrupted loop finds. */
static void timer(void)
{
    static const uint32_t often[4] = {0, 4000, 0, 4000}, never[4];
    uint32_t sum = compute(), other = 0;

    trial("timer");
    on_signal(SIGALRM, on_alarm);
    system_call(CALL_SETITIMER, 0, (uint32_t)often, 0);
    while (alarms < ALARMS)
        other += compute() != sum;
    system_call(CALL_SETITIMER, 0, (uint32_t)never, 0);
    say_value("sum", sum);
    say_value("other sums", other);
}

static void trial_kernel(uint32_t *stack)
{
    fast_call(stack);
    pipes();
    timer();
}

void trial_all(uint32_t *stack)
{
    trial_faults();
    trial_segments();
    trial_memory();
    trial_units();
    trial_debugger();
    trial_kernel(stack);
}
