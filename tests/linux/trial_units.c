/* x87 and SSE registers of three processes that the timer switches between.
 * Not here: what the instructions do (tests/unit). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include "system.h"

#define PROCESSES 3u
#define ROUNDS    60000u

static volatile uint32_t *results; /* four words for each */

/* ST(0) goes through square roots and divisions, XMM0 through products. */
static int work(unsigned number)
{
    volatile uint32_t *result = results + 4 * number;
    uint32_t rounds = ROUNDS, seed = number + 3;
    float factor[4] = {1.0001f, 0.9998f, 1.00005f, 0.99991f};

    __asm__ volatile("fninit\n"
                     "push $0x1f80\n ldmxcsr (%%esp)\n add $4, %%esp\n"
                     "cvtsi2ss %[seed], %%xmm0\n shufps $0, %%xmm0, %%xmm0\n"
                     "movups %[factor], %%xmm1\n"
                     "fildl %[seed]\n"
                     "1: fld %%st(0)\n fsqrt\n fld1\n faddp\n fdivrp\n fildl %[seed]\n faddp\n"
                     "mulps %%xmm1, %%xmm0\n"
                     "dec %[rounds]\n jnz 1b\n"
                     "fstpl %[x87]\n movlps %%xmm0, %[sse]"
                     : [rounds] "+r"(rounds), [x87] "=m"(*(volatile double *)result),
                       [sse] "=m"(*(volatile double *)(result + 2))
                     : [seed] "m"(seed), [factor] "m"(factor)
                     : "memory", "cc");
    return (int)number + 1;
}

static int first(void)
{
    return work(0);
}

static int second(void)
{
    return work(1);
}

static int third(void)
{
    return work(2);
}

void trial_units(void)
{
    static int (*const works[PROCESSES])(void) = {first, second, third};
    int32_t processes[PROCESSES];

    trial("units");
    results = map(16 * PROCESSES, false, true);
    for (unsigned n = 0; n < PROCESSES; n++)
        processes[n] = child(works[n]);
    for (unsigned n = 0; n < PROCESSES; n++)
        say_value("status", (uint32_t)wait_for(processes[n]));
    for (unsigned n = 0; n < 4 * PROCESSES; n++)
        say_value("result", results[n]);
}
