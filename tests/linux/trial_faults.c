/* Exceptions of a user program as its signals show them: vector, error code, where, EFLAGS.
 * Not here: those of segments (trial_segments.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include "system.h"

#define TF    0x100u
#define RF    0x10000u
#define AC    0x40000u
#define STEPS 12

/* Where an exception goes on, and how far behind the start of the code it was. */
static uint32_t code_start, code_end, stack_before;
static unsigned steps_left;

static void on_fault(int signal, uint32_t *registers, uint32_t address)
{
    say_value("signal", (uint32_t)signal);
    say_value(" vector", registers[SIGNAL_TRAP]);
    say_value(" error", registers[SIGNAL_ERROR]);
    say_value(" eip", registers[SIGNAL_EIP] - code_start);
    say_value(" eflags", registers[SIGNAL_EFLAGS]);
    say_value(" esi", registers[SIGNAL_ESI]);
    say_value(" ecx", registers[SIGNAL_ECX]);
    if (registers[SIGNAL_TRAP] == 14)
        say_value(" cr2", address);
    registers[SIGNAL_EIP] = code_end;
    registers[SIGNAL_EFLAGS] &= ~(TF | AC);
}

/* Between two iterations RF is set (SDM vol. 3, 17.3.1.1), but not by AMD's processors. */
static void on_step(int signal, uint32_t *registers, uint32_t address)
{
    (void)signal;
    (void)address;
    say_value("eip", registers[SIGNAL_EIP] - code_start);
    say_value(" eflags", registers[SIGNAL_EFLAGS] & ~RF);
    say_value(" ecx", registers[SIGNAL_ECX]);
    if (--steps_left == 0)
        registers[SIGNAL_EFLAGS] &= ~TF;
}

/* ESI and ECX as given, EBX 0, EFLAGS with reserved and interrupt flag only; the code may change
 * EAX, EBX, ECX, EDX, ESI, EDI and leave by a signal. */
#define FAULT(name, esi, ecx, text)                                                                \
    do {                                                                                           \
        uint32_t source = (esi), count = (ecx);                                                    \
        trial(name);                                                                               \
        __asm__ volatile("movl $1f, %[start]\n movl $2f, %[end]\n movl %%esp, %[stack]\n"          \
                         "pushl $0x202\n popfl\n"                                                  \
                         "1: " text "\n"                                                           \
                         "2: cld\n movl %[stack], %%esp"                                           \
                         : "+S"(source), "+c"(count), [start] "=m"(code_start),                    \
                           [end] "=m"(code_end), [stack] "=m"(stack_before)                        \
                         : "b"(0)                                                                  \
                         : "eax", "edx", "edi", "memory", "cc");                                   \
    } while (0)

static void faults(void)
{
    static const uint32_t narrow[2] = {5, 7};
    static const uint16_t unmasked = 0x0340;
    static const uint32_t unmasked_sse = 0x1000;

    on_signal(SIGILL, on_fault);
    on_signal(SIGTRAP, on_fault);
    on_signal(SIGBUS, on_fault);
    on_signal(SIGFPE, on_fault);
    on_signal(SIGSEGV, on_fault);
    FAULT("divide", 1, 2, "xor %%edx, %%edx\n divl %%ebx");
    FAULT("breakpoint", 1, 2, "nop\n int3");
    FAULT("int 3", 1, 2, "nop\n .byte 0xcd, 3");
    FAULT("overflow", 1, 2, "mov $0x7f, %%al\n inc %%al\n into");
    FAULT("bound", (uint32_t)narrow, 2, "mov $8, %%eax\n bound %%eax, (%%esi)");
    FAULT("undefined", 1, 2, "ud2");
    FAULT("lock", 1, 2, ".byte 0xf0\n nop");
    FAULT("privileged", 1, 2, "stc\n hlt");
    FAULT("cli", 1, 2, "cli");
    FAULT("in", 1, 2, "in $0x60, %%al");
    FAULT("out string", (uint32_t)narrow, 2, "mov $0x80, %%dx\n rep outsb");
    FAULT("gate", 1, 2, "int $0x20");
    FAULT("control register", 1, 2, "mov %%cr0, %%eax");
    FAULT("null selector", 1, 2, "push %%fs\n mov %%ebx, %%fs\n mov %%fs:(%%ebx), %%al\n");
    FAULT("bad selector", 1, 2, "mov $0x1234, %%eax\n mov %%eax, %%es");
    FAULT("page read", 0x1000, 2, "mov 4(%%esi), %%eax");
    FAULT("page write", 0x1000, 2, "addl $1, 8(%%esi)");
    FAULT("page in a string", 0x1000, 2, "mov %%esp, %%edi\n rep lodsb");
    FAULT("alignment", (uint32_t)narrow, 2, "pushl $0x40202\n popfl\n mov 1(%%esi), %%eax");
    FAULT("x87", (uint32_t)&unmasked, 2,
          "fninit\n fldcw (%%esi)\n fld1\n fldz\n fdivrp\n fwait\n nop");
    FAULT("sse", (uint32_t)&unmasked_sse, 2,
          "fninit\n ldmxcsr (%%esi)\n xorps %%xmm0, %%xmm0\n divps %%xmm0, %%xmm0");
    FAULT("ldmxcsr", 0, 2, "push $0x1f80\n ldmxcsr (%%esp)\n pop %%eax\n fninit");
}

static void steps(void)
{
    static uint8_t bytes[4];

    on_signal(SIGTRAP, on_step);
    steps_left = STEPS;
    FAULT("steps", (uint32_t)bytes, 3,
          "mov %%esi, %%edi\n pushl $0x302\n popfl\n nop\n rep stosb\n"
          "pushfl\n popl %%eax\n and $0x100, %%eax\n mov %%ss, %%dx\n mov %%dx, %%ss\n nop\n"
          "jz 3f\n nop\n 3: nop\n nop\n nop\n nop\n nop");
}

void trial_faults(void)
{
    faults();
    steps();
}
