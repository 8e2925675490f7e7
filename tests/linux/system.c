/* The program's start, INT 80 and the frames of signals; and its end: it restarts the machine when
 * it is the first process. Not here: what it tries (trial*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "system.h"

#include "trial.h"

#define PROTECTION_READ    1u
#define PROTECTION_WRITE   2u
#define PROTECTION_EXECUTE 4u
#define MAP_SHARED         0x01u
#define MAP_PRIVATE        0x02u
#define MAP_ANONYMOUS      0x20u
#define SIGNAL_COUNT       32
#define SA_SIGINFO         0x00000004u
#define SA_RESTORER        0x04000000u
#define SA_NODEFER         0x40000000u
#define RESTART            0x01234567u

struct signal_frame_context {
    uint32_t flags, link, stack[3];
    uint32_t registers[SIGNAL_REGISTERS];
    uint32_t esp_at_signal, ss, fpu, mask;
    uint32_t address;
};

struct signal_action {
    void (*handler)(int, void *, struct signal_frame_context *);
    uint32_t flags;
    void (*restorer)(void);
    uint32_t mask[2];
};

static signal_handler *handlers[SIGNAL_COUNT];

void start(uint32_t *stack);
void signal_return(void);

__asm__(".globl _start\n"
        "_start: mov %esp, %eax\n"
        "    push %eax\n"
        "    call start\n"
        ".globl signal_return\n"
        "signal_return: mov $173, %eax\n" /* rt_sigreturn */
        "    int $0x80\n");

int32_t system_call_6(enum system_call call, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                      uint32_t e, uint32_t f)
{
    const uint32_t arguments[] = {a, f};
    int32_t result;

    /* EBP, the sixth argument, cannot be named. */
    __asm__ volatile("push %%ebx\n push %%ebp\n"
                     "mov 4(%%ebx), %%ebp\n mov (%%ebx), %%ebx\n"
                     "int $0x80\n"
                     "pop %%ebp\n pop %%ebx"
                     : "=a"(result)
                     : "0"(call), "b"(arguments), "c"(b), "d"(c), "S"(d), "D"(e)
                     : "memory");
    return result;
}

int32_t system_call(enum system_call call, uint32_t a, uint32_t b, uint32_t c)
{
    return system_call_6(call, a, b, c, 0, 0, 0);
}

void *map(size_t size, bool executable, bool shared)
{
    uint32_t protection =
        PROTECTION_READ | PROTECTION_WRITE | (executable ? PROTECTION_EXECUTE : 0);
    int32_t at =
        system_call_6(CALL_MMAP2, 0, size, protection,
                      MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), (uint32_t)-1, 0);

    return at < 0 && at > -4096 ? NULL : (void *)at;
}

int32_t child(int (*work)(void))
{
    int32_t process = system_call(CALL_FORK, 0, 0, 0);

    if (process == 0)
        system_call(CALL_EXIT, (uint32_t)work(), 0, 0);
    return process;
}

int32_t wait_for(int32_t process)
{
    int32_t status = -1;

    system_call(CALL_WAITPID, (uint32_t)process, (uint32_t)&status, 0);
    return status;
}

static void signal_entry(int signal, void *information, struct signal_frame_context *context)
{
    (void)information;
    handlers[signal](signal, context->registers, context->address);
}

void on_signal(int signal, signal_handler *handler)
{
    struct signal_action action = {
        signal_entry, SA_SIGINFO | SA_RESTORER | SA_NODEFER, signal_return, {0, 0}};

    handlers[signal] = handler;
    system_call_6(CALL_RT_SIGACTION, (uint32_t)signal, (uint32_t)&action, 0, sizeof(action.mask), 0,
                  0);
}

void say(const char *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    system_call(CALL_WRITE, 1, (uint32_t)text, length);
}

void say_value(const char *name, uint32_t value)
{
    char digits[10];

    for (unsigned n = 0; n < 8; n++)
        digits[n] = "0123456789abcdef"[value >> (28 - 4 * n) & 15];
    digits[8] = '\n';
    digits[9] = 0;
    say(name);
    say(" ");
    say(digits);
}

void trial(const char *name)
{
    say("== ");
    say(name);
    say("\n");
}

void unavailable(void)
{
    say("unavailable\n");
}

void start(uint32_t *stack)
{
    trial_all(stack);
    trial("end");
    if (system_call(CALL_GETPID, 0, 0, 0) == 1)
        system_call_6(CALL_REBOOT, 0xfee1dead, 672274793, RESTART, 0, 0, 0);
    system_call(CALL_EXIT, 0, 0, 0);
}
