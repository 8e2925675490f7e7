/* What a 32-bit Linux program needs without a C library: system calls, signals, text.
 * Not here: what it tries (trial*.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LINUX_SYSTEM_H
#define TESTS_LINUX_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum system_call {
    CALL_EXIT = 1,
    CALL_FORK = 2,
    CALL_READ = 3,
    CALL_WRITE = 4,
    CALL_WAITPID = 7,
    CALL_GETPID = 20,
    CALL_PTRACE = 26,
    CALL_KILL = 37,
    CALL_PIPE = 42,
    CALL_REBOOT = 88,
    CALL_MUNMAP = 91,
    CALL_SETITIMER = 104,
    CALL_MODIFY_LDT = 123,
    CALL_MPROTECT = 125,
    CALL_RT_SIGACTION = 174,
    CALL_MMAP2 = 192,
    CALL_SET_THREAD_AREA = 243,
};

/* Returns what the kernel does: less than 0 is an error. Unused arguments are 0. */
int32_t system_call(enum system_call call, uint32_t a, uint32_t b, uint32_t c);
int32_t system_call_6(enum system_call call, uint32_t a, uint32_t b, uint32_t c, uint32_t d,
                      uint32_t e, uint32_t f);

/* Private memory of the process, or shared with its children; NULL when there is none. */
void *map(size_t size, bool executable, bool shared);

/* A child runs `work` and ends with its result. Returns its process number. */
int32_t child(int (*work)(void));
/* The status of a process, as waitpid(2) gives it. */
int32_t wait_for(int32_t process);

enum signal {
    SIGILL = 4,
    SIGTRAP = 5,
    SIGBUS = 7,
    SIGFPE = 8,
    SIGKILL = 9,
    SIGSEGV = 11,
    SIGALRM = 14,
    SIGSTOP = 19,
};

/* Registers of a signal's frame, in the order of struct sigcontext. */
enum signal_register {
    SIGNAL_GS,
    SIGNAL_FS,
    SIGNAL_ES,
    SIGNAL_DS,
    SIGNAL_EDI,
    SIGNAL_ESI,
    SIGNAL_EBP,
    SIGNAL_ESP,
    SIGNAL_EBX,
    SIGNAL_EDX,
    SIGNAL_ECX,
    SIGNAL_EAX,
    SIGNAL_TRAP,
    SIGNAL_ERROR,
    SIGNAL_EIP,
    SIGNAL_CS,
    SIGNAL_EFLAGS,
    SIGNAL_REGISTERS
};

/* `registers` may be changed; the program goes on with them. `address` is CR2. */
typedef void signal_handler(int signal, uint32_t *registers, uint32_t address);
void on_signal(int signal, signal_handler *handler);

/* To standard output: a text, or a name and eight digits. */
void say(const char *text);
void say_value(const char *name, uint32_t value);
/* The heading of a trial. */
void trial(const char *name);
/* This kernel, or what it runs on, has not what the trial needs. */
void unavailable(void);

#endif
