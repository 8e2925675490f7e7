/* platform.run_native on an x86-64 host: a private code page, FXSAVE around it, signals become
 * vectors. Not here: any expectation about what the code does. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "native_host.h"
#include "state.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifndef __x86_64__
#error "The native host is x86-64: FXSAVE images of both worlds, signal frames with trap numbers."
#endif

#define CODE_LIMIT 64u
#define CODE_PAGE  4096u
#define RET        0xc3
/* In an FXSAVE image. */
#define POINTERS_OFFSET 6
#define POINTERS_SIZE   18
#define MXCSR_OFFSET    24
#define MXCSR_MASK      28

/* Everything that native_host_enter reads and writes; its offsets are in the assembly below. */
struct native_frame {
    uint8_t host[NATIVE_HOST_IMAGE]; /* this program's unit meanwhile */
    uint8_t guest[NATIVE_HOST_IMAGE];
    void *code;
    void *operand;
    uint64_t eflags;
    uint64_t stack;
    uint32_t value;
    int vector;
    uint8_t environment[28]; /* as FNSTENV stores it */
} __attribute__((aligned(16)));

_Static_assert(offsetof(struct native_frame, guest) == 512, "see native_host_enter");
_Static_assert(offsetof(struct native_frame, code) == 1024, "see native_host_enter");
_Static_assert(offsetof(struct native_frame, operand) == 1032, "see native_host_enter");
_Static_assert(offsetof(struct native_frame, eflags) == 1040, "see native_host_enter");
_Static_assert(offsetof(struct native_frame, stack) == 1048, "see native_host_enter");
_Static_assert(offsetof(struct native_frame, value) == 1056, "see native_host_enter");
_Static_assert(offsetof(struct native_frame, environment) == 1064, "see native_host_enter");

/* FXSAVE without REX, so that a guest image has the 32-bit layout. An exception in the code resumes
 * at native_host_resume with RBX and RSP put right. AMD's FXSAVE and FXRSTOR leave the pointers
 * alone while no exception is pending (APM vol. 2, 11.4.4); FNSTENV and FLDENV carry them
 * everywhere. */
void native_host_enter(struct native_frame *frame);
extern const char native_host_resume[];

__asm__(".pushsection .text\n"
        ".globl native_host_enter, native_host_resume\n"
        "native_host_enter:\n"
        "    push %rbx\n"
        "    mov %rdi, %rbx\n"
        "    fxsave64 (%rbx)\n"
        "    fxrstor 512(%rbx)\n"
        "    fnstenv 1064(%rbx)\n"
        "    mov 520(%rbx), %eax\n" /* instruction pointer, its selector, opcode */
        "    mov %eax, 1076(%rbx)\n"
        "    mov 524(%rbx), %ax\n"
        "    mov %ax, 1080(%rbx)\n"
        "    mov 518(%rbx), %ax\n"
        "    mov %ax, 1082(%rbx)\n"
        "    mov 528(%rbx), %eax\n" /* operand pointer, its selector */
        "    mov %eax, 1084(%rbx)\n"
        "    mov 532(%rbx), %ax\n"
        "    mov %ax, 1088(%rbx)\n"
        "    fldenv 1064(%rbx)\n"
        "    mov %rsp, 1048(%rbx)\n"
        "    mov 1032(%rbx), %rax\n"
        "    mov 1056(%rbx), %ecx\n"
        "    pushq 1040(%rbx)\n"
        "    popfq\n"
        "    call *1024(%rbx)\n"
        "native_host_resume:\n"
        "    pushfq\n"
        "    popq 1040(%rbx)\n"
        "    cld\n"
        "    mov %ecx, 1056(%rbx)\n"
        "    fnstenv 1064(%rbx)\n"
        "    fldenv 1064(%rbx)\n"
        "    fxsave 512(%rbx)\n"
        "    mov 1076(%rbx), %eax\n"
        "    mov %eax, 520(%rbx)\n"
        "    mov 1080(%rbx), %ax\n"
        "    mov %ax, 524(%rbx)\n"
        "    mov 1082(%rbx), %ax\n"
        "    and $0x7ff, %ax\n"
        "    mov %ax, 518(%rbx)\n"
        "    mov 1084(%rbx), %eax\n"
        "    mov %eax, 528(%rbx)\n"
        "    mov 1088(%rbx), %ax\n"
        "    mov %ax, 532(%rbx)\n"
        "    fxrstor64 (%rbx)\n"
        "    pop %rbx\n"
        "    ret\n"
        ".popsection\n");

static const int caught_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#define CAUGHT_COUNT (sizeof(caught_signals) / sizeof(caught_signals[0]))
static struct sigaction earlier[CAUGHT_COUNT];

static __thread struct native_frame frame;
static __thread struct native_frame *running; /* &frame while its code runs */
static __thread uint8_t *code_page;

static _Noreturn void fail(const char *what)
{
    perror(what);
    abort();
}

/* A signal that is not ours goes where it went before. */
static void pass_on(int number, siginfo_t *information, void *context)
{
    for (unsigned n = 0; n < CAUGHT_COUNT; n++) {
        const struct sigaction *action = &earlier[n];

        if (caught_signals[n] != number)
            continue;
        if (action->sa_flags & SA_SIGINFO) {
            action->sa_sigaction(number, information, context);
        } else if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN) {
            action->sa_handler(number);
        } else {
            /* Its default action follows when the instruction faults again. */
            signal(number, SIG_DFL);
        }
    }
}

static void on_signal(int number, siginfo_t *information, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t rip = (uintptr_t)registers[REG_RIP];

    if (running == NULL || rip < (uintptr_t)code_page || rip >= (uintptr_t)code_page + CODE_LIMIT) {
        pass_on(number, information, context);
        return;
    }
    /* The signal frame holds the guest's unit, and puts it back on return. */
    running->vector = (int)registers[REG_TRAPNO];
    registers[REG_RIP] = (greg_t)(uintptr_t)native_host_resume;
    registers[REG_RBX] = (greg_t)(uintptr_t)running;
    registers[REG_RSP] = (greg_t)running->stack;
    registers[REG_EFL] &= ~(greg_t)(EFLAGS_TF | EFLAGS_DF | EFLAGS_AC);
}

static void catch_signals(void)
{
    struct sigaction action, present;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    for (unsigned n = 0; n < CAUGHT_COUNT; n++) {
        if (sigaction(caught_signals[n], &action, &present) != 0)
            fail("native host: sigaction");
        if (!(present.sa_flags & SA_SIGINFO) || present.sa_sigaction != on_signal)
            earlier[n] = present;
    }
}

/* FCW and MXCSR after FNINIT and a processor reset; the rest of the image is zero: all empty. */
static void initial_image(void)
{
    memset(frame.guest, 0, sizeof(frame.guest));
    frame.guest[0] = 0x7f;
    frame.guest[1] = 0x03;
    frame.guest[MXCSR_OFFSET] = 0x80;
    frame.guest[MXCSR_OFFSET + 1] = 0x1f;
}

static void prepare(void)
{
    if (code_page != NULL)
        return;
    code_page = mmap(NULL, CODE_PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code_page == MAP_FAILED)
        fail("native host: no page may be writable and executable");
    catch_signals();
    initial_image();
}

/* Through the unit once, so that native_host_get gives what the unit keeps of an image. */
static void pass_through_unit(void)
{
    static const uint8_t no_operation[] = {0x90};
    struct native_call call = {0};

    native_host_run(NULL, no_operation, sizeof(no_operation), &call);
}

/* The bits of MXCSR that this processor has: bit 17 is AMD's. 0 is an old processor's way of saying
 * ffbf. SDM vol. 1, 11.6.6. */
static uint32_t mxcsr_mask(void)
{
    static uint32_t mask;

    if (mask == 0) {
        uint8_t image[NATIVE_HOST_IMAGE] __attribute__((aligned(16))) = {0};

        __asm__ volatile("fxsave %0" : "+m"(image));
        memcpy(&mask, image + MXCSR_MASK, sizeof(mask));
        if (mask == 0)
            mask = 0xffbf;
    }
    return mask;
}

void native_host_reset(void)
{
    prepare();
    catch_signals();
    initial_image();
    pass_through_unit();
}

void native_host_get(uint8_t image[NATIVE_HOST_IMAGE])
{
    prepare();
    memcpy(image, frame.guest, NATIVE_HOST_IMAGE);
}

void native_host_set(const uint8_t image[NATIVE_HOST_IMAGE])
{
    uint32_t mxcsr;

    prepare();
    catch_signals();
    memcpy(&mxcsr, image + MXCSR_OFFSET, sizeof(mxcsr));
    if (mxcsr & ~mxcsr_mask())
        fail("native host: reserved bits of MXCSR in an image");
    memcpy(frame.guest, image, NATIVE_HOST_IMAGE);
    pass_through_unit();
}

int native_host_run(void *context, const uint8_t *code, unsigned length, struct native_call *call)
{
    uint8_t pointers[POINTERS_SIZE];

    (void)context;
    prepare();
    memcpy(pointers, frame.guest + POINTERS_OFFSET, sizeof(pointers));
    if (length >= CODE_LIMIT)
        fail("native host: too much code");
    memcpy(code_page, code, length);
    code_page[length] = RET;
    frame.code = code_page;
    frame.operand = call->operand;
    frame.value = call->value;
    frame.eflags = (call->eflags & EFLAGS_STATUS) | EFLAGS_FIXED | EFLAGS_IF;
    frame.vector = -1;
    running = &frame;
    native_host_enter(&frame);
    running = NULL;
    if (frame.vector < 0) {
        call->value = frame.value;
        call->eflags = (uint32_t)frame.eflags & EFLAGS_STATUS;
    } else {
        /* The signal has taken them from the unit. */
        memcpy(frame.guest + POINTERS_OFFSET, pointers, sizeof(pointers));
    }
    return frame.vector;
}
