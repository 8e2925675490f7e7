/* Far jumps into guest code; a signal is the way back, and brings every register along.
 * Not here: what is run. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "silicon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

/* Not in the C library's headers. With it the kernel uses the signal stack whatever guest code has
 * in ESP; each signal disarms it. */
#define SIGNAL_STACK_AUTODISARM (1u << 31)
#define SIGNAL_STACK_SIZE       0x20000u

/* Ticks of the watchdog that one case may see. */
#define WATCHDOG_TICKS        3u
#define WATCHDOG_MICROSECONDS 6000

/* What the assembly code loads and keeps; addressed by name, hence not static. */
struct far_pointer {
    uint32_t offset;
    uint16_t selector;
    uint16_t unused;
};
extern struct far_pointer silicon_code, silicon_stack;
extern uint32_t silicon_gpr[GENERAL_REGISTER_COUNT], silicon_eflags, silicon_host_esp;
extern uint16_t silicon_selector[GS + 1], silicon_host_fs, silicon_host_gs;
struct far_pointer silicon_code, silicon_stack;
uint32_t silicon_gpr[GENERAL_REGISTER_COUNT], silicon_eflags, silicon_host_esp;
uint16_t silicon_selector[GS + 1], silicon_host_fs, silicon_host_gs;

void silicon_enter(void);
void silicon_signal(int number, siginfo_t *info, void *context);
bool silicon_caught(int number, const ucontext_t *context);

/* silicon_enter: callee-saved registers to the stack, guest registers in, far jump. DS goes last
 * but for CS, and is read through CS, which stays flat until the jump. silicon_signal: host
 * segments and flags back; a fault of guest code unwinds to silicon_enter's caller, a watchdog tick
 * that is not the last one returns into guest code. */
__asm__(".text\n"
        ".globl silicon_enter\n"
        "silicon_enter:\n"
        "    push %ebx\n"
        "    push %esi\n"
        "    push %edi\n"
        "    push %ebp\n"
        "    mov %esp, silicon_host_esp\n"
        "    mov %fs, silicon_host_fs\n"
        "    mov %gs, silicon_host_gs\n"
        "    mov silicon_selector + 0, %es\n"
        "    mov silicon_selector + 8, %fs\n"
        "    mov silicon_selector + 10, %gs\n"
        "    pushl silicon_eflags\n"
        "    popfl\n"
        "    mov silicon_gpr + 0, %eax\n"
        "    mov silicon_gpr + 4, %ecx\n"
        "    mov silicon_gpr + 8, %edx\n"
        "    mov silicon_gpr + 12, %ebx\n"
        "    mov silicon_gpr + 20, %ebp\n"
        "    mov silicon_gpr + 24, %esi\n"
        "    mov silicon_gpr + 28, %edi\n"
        "    lss silicon_stack, %esp\n"
        "    mov %cs:silicon_selector + 6, %ds\n"
        "    ljmp *%cs:silicon_code\n"
        ".globl silicon_signal\n"
        "silicon_signal:\n"
        "    pushl $0x202\n"
        "    popfl\n"
        "    mov %cs:silicon_host_fs, %fs\n"
        "    mov %cs:silicon_host_gs, %gs\n"
        "    mov 12(%esp), %eax\n"
        "    mov 4(%esp), %edx\n"
        "    push %eax\n"
        "    push %edx\n"
        "    call silicon_caught\n"
        "    add $8, %esp\n"
        "    test %al, %al\n"
        "    jz 1f\n"
        "    mov silicon_host_esp, %esp\n"
        "    pop %ebp\n"
        "    pop %edi\n"
        "    pop %esi\n"
        "    pop %ebx\n"
        "1:  ret\n");

static struct outcome *volatile current; /* NULL while host code runs */
static volatile unsigned ticks;

/* An exception that did not come from guest code is a bug of this program or of the emulator. */
static _Noreturn void host_fault(int number, const ucontext_t *context)
{
    fprintf(stderr, "oracle: signal %d in host code at %08x, address %08x\n", number,
            (unsigned)context->uc_mcontext.gregs[REG_EIP], (unsigned)context->uc_mcontext.cr2);
    signal(number, SIG_DFL);
    raise(number);
    abort();
}

/* True when the case is over. */
bool silicon_caught(int number, const ucontext_t *context)
{
    static const uint8_t order[] = {REG_EAX, REG_ECX, REG_EDX, REG_EBX,
                                    REG_ESP, REG_EBP, REG_ESI, REG_EDI};
    static const uint8_t segments[] = {REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS};
    const greg_t *registers = context->uc_mcontext.gregs;
    struct outcome *outcome = current;

    if (number == SIGVTALRM) {
        if (!outcome || ++ticks < WATCHDOG_TICKS)
            return false;
        outcome->timeout = true;
        return true;
    }
    if (!outcome)
        host_fault(number, context);
    for (unsigned n = 0; n < sizeof(order); n++)
        outcome->registers.gpr[n] = (uint32_t)registers[order[n]];
    for (unsigned n = 0; n < sizeof(segments); n++)
        outcome->registers.selector[n] = (uint16_t)registers[segments[n]];
    outcome->registers.eip = (uint32_t)registers[REG_EIP];
    outcome->registers.eflags = (uint32_t)registers[REG_EFL];
    outcome->vector = (uint32_t)registers[REG_TRAPNO];
    outcome->error = (uint32_t)registers[REG_ERR];
    outcome->cr2 = outcome->vector == 14 ? (uint32_t)context->uc_mcontext.cr2 : 0;
    return true;
}

static void arm_signal_stack(void)
{
    static uint8_t memory[SIGNAL_STACK_SIZE] __attribute__((aligned(64)));
    static const stack_t stack = {
        .ss_sp = memory, .ss_size = sizeof(memory), .ss_flags = (int)SIGNAL_STACK_AUTODISARM};

    if (sigaltstack(&stack, NULL)) {
        perror("sigaltstack");
        exit(2);
    }
}

void silicon_run(const struct registers *start, struct outcome *outcome)
{
    memset(outcome, 0, sizeof(*outcome));
    memcpy(silicon_gpr, start->gpr, sizeof(silicon_gpr));
    memcpy(silicon_selector, start->selector, sizeof(silicon_selector));
    silicon_eflags = start->eflags;
    silicon_code = (struct far_pointer){start->eip, start->selector[CS], 0};
    silicon_stack = (struct far_pointer){start->gpr[ESP], start->selector[SS], 0};
    arm_signal_stack();
    ticks = 0;
    current = outcome;
    silicon_enter();
    current = NULL;
}

void silicon_initialise(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGVTALRM};
    struct sigaction action;
    struct itimerval timer = {{0, WATCHDOG_MICROSECONDS}, {0, WATCHDOG_MICROSECONDS}};

    arm_signal_stack();
    __asm__("mov %%fs, %0\n\tmov %%gs, %1" : "=m"(silicon_host_fs), "=m"(silicon_host_gs));
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = silicon_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
    for (unsigned n = 0; n < sizeof(signals) / sizeof(signals[0]); n++) {
        if (sigaction(signals[n], &action, NULL)) {
            perror("sigaction");
            exit(2);
        }
    }
    if (setitimer(ITIMER_VIRTUAL, &timer, NULL)) {
        perror("setitimer");
        exit(2);
    }
}
