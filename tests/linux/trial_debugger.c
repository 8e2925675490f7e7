/* Another process under a debugger: instruction and data breakpoints, single steps.
 * Not here: debug exceptions of the program itself (trial_faults.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include "system.h"

#define STOPPED 0x7fu /* low byte of a status */
#define RF      0x10000u

#define PTRACE_TRACE_ME    0
#define PTRACE_PEEK_USER   3
#define PTRACE_POKE_USER   6
#define PTRACE_CONTINUE    7
#define PTRACE_SINGLE_STEP 9

/* Offsets in struct user. */
#define USER_ECX    4u
#define USER_EIP    48u
#define USER_EFLAGS 56u
#define USER_DEBUG  252u

/* The string goes elsewhere: when a data breakpoint stops one is the processor's own affair. */
static volatile uint32_t watched __attribute__((used)), unwatched __attribute__((used));

void debugged(void);
extern const char debugged_execute[], debugged_string[];

__asm__("debugged: sub %ecx, %ecx\n"
        "    mov $3, %ecx\n"
        "    movl $1, watched\n"
        "debugged_execute: incl watched\n"
        "    cmpl $5, watched\n"
        "    mov $unwatched, %edi\n"
        "    xor %eax, %eax\n"
        "debugged_string: rep stosb\n"
        "    nop\n"
        "    mov watched, %eax\n"
        "    ret\n");

static int debuggee(void)
{
    if (system_call_6(CALL_PTRACE, PTRACE_TRACE_ME, 0, 0, 0, 0, 0) != 0)
        return 1;
    system_call(CALL_KILL, (uint32_t)system_call(CALL_GETPID, 0, 0, 0), SIGSTOP, 0);
    debugged();
    return 7;
}

static uint32_t peek(int32_t process, uint32_t offset)
{
    uint32_t value = 0;

    system_call_6(CALL_PTRACE, PTRACE_PEEK_USER, (uint32_t)process, offset, (uint32_t)&value, 0, 0);
    return value;
}

static bool poke_debug(int32_t process, unsigned number, uint32_t value)
{
    return system_call_6(CALL_PTRACE, PTRACE_POKE_USER, (uint32_t)process, USER_DEBUG + 4 * number,
                         value, 0, 0) == 0;
}

/* Lets it go on by `request`; false when it has ended. */
static bool go_on(int32_t process, uint32_t request)
{
    uint32_t status, eip, ignored;

    system_call_6(CALL_PTRACE, request, (uint32_t)process, 0, 0, 0, 0);
    status = (uint32_t)wait_for(process);
    if ((status & 0xff) != STOPPED) {
        say_value("ended", status);
        return false;
    }
    say_value("stopped", status);
    eip = peek(process, USER_EIP);
    /* Between two iterations RF is set (SDM vol. 3, 17.3.1.1), but not by AMD's processors. Before
     * the first instruction the flags are whatever the call left. */
    ignored = eip == (uint32_t)debugged_string ? RF : eip == (uint32_t)debugged ? 0xffffu : 0;
    say_value(" eip", eip - (uint32_t)debugged);
    say_value(" ecx", peek(process, USER_ECX));
    say_value(" eflags", peek(process, USER_EFLAGS) & ~ignored);
    say_value(" dr6", peek(process, USER_DEBUG + 4 * 6) & 0xf);
    return true;
}

static void end(int32_t process)
{
    system_call(CALL_KILL, (uint32_t)process, SIGKILL, 0);
    wait_for(process);
}

/* DR0 an instruction, DR1 writes to a word, DR2 reads and writes of a byte behind it. */
static void breakpoints(void)
{
    int32_t process = child(debuggee);

    trial("breakpoints");
    wait_for(process);
    if (!poke_debug(process, 0, (uint32_t)debugged_execute) ||
        !poke_debug(process, 1, (uint32_t)&watched) ||
        !poke_debug(process, 2, (uint32_t)&watched + 2) ||
        !poke_debug(process, 7, 1u << 0 | 1u << 2 | 1u << 4 | 0xdu << 20 | 0x3u << 24)) {
        unavailable();
        end(process);
        return;
    }
    while (go_on(process, PTRACE_CONTINUE))
        continue;
}

static void single_steps(void)
{
    int32_t process = child(debuggee);
    unsigned left = 12;

    trial("single steps");
    wait_for(process);
    if (!poke_debug(process, 0, (uint32_t)debugged) || !poke_debug(process, 7, 1)) {
        unavailable();
        end(process);
        return;
    }
    go_on(process, PTRACE_CONTINUE);
    while (left-- && go_on(process, PTRACE_SINGLE_STEP))
        continue;
    end(process);
}

void trial_debugger(void)
{
    breakpoints();
    single_steps();
}
