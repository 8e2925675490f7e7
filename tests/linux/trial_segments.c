/* Segments of an LDT: limits, expand-down, not present, 16-bit code; LAR and LSL; a thread area.
 * Not here: what the silicon oracle tries with such segments (tests/oracle). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include "system.h"

enum contents { DATA, STACK, CODE };

/* struct user_desc. */
struct segment {
    uint32_t entry, base, limit;
    uint32_t wide : 1, contents : 2, read_only : 1, pages : 1, absent : 1, usable : 1;
};

#define SELECTOR(entry) ((uint32_t)(entry)*8 + 7)

static uint8_t bytes[4096] __attribute__((aligned(4096)));
static uint32_t resume;

static void on_fault(int signal, uint32_t *registers, uint32_t address)
{
    (void)address;
    say_value(" signal", (uint32_t)signal);
    say_value("  vector", registers[SIGNAL_TRAP]);
    say_value("  error", registers[SIGNAL_ERROR]);
    registers[SIGNAL_EIP] = resume;
}

static bool segment_set(struct segment segment)
{
    return system_call(CALL_MODIFY_LDT, 0x11, (uint32_t)&segment, sizeof(segment)) == 0;
}

/* Reads a byte through FS. */
static void look(const char *name, uint32_t selector, uint32_t offset)
{
    uint32_t value = 0xffffffff;

    say(name);
    say("\n");
    __asm__ volatile("movl $1f, %[resume]\n"
                     "movl %[selector], %%fs\n"
                     "movzbl %%fs:(%[offset]), %[value]\n"
                     "1: movl %[null], %%fs"
                     : [value] "+r"(value), [resume] "=m"(resume)
                     : [selector] "r"(selector), [offset] "r"(offset), [null] "r"(0)
                     : "memory");
    say_value(" value", value);
}

static void rights(uint32_t selector)
{
    uint32_t access = 0, limit = 0;

    __asm__ volatile("lar %2, %0\n lsl %2, %1" : "+r"(access), "+r"(limit) : "r"(selector) : "cc");
    say_value("rights", access);
    say_value("limit", limit);
}

/* MOV AX, 1234; ADD [BX], AX; RETF with a 32-bit operand size; a far call from 32-bit code. */
static void narrow_code(void)
{
    static const uint8_t code[] = {0xb8, 0x34, 0x12, 0x01, 0x07, 0x66, 0xcb};
    struct {
        uint32_t offset;
        uint16_t selector;
    } pointer = {0x100, (uint16_t)SELECTOR(3)};
    uint32_t value = 0xabcd0000, data = 0x2222;

    for (unsigned n = 0; n < sizeof(code); n++)
        bytes[0x100 + n] = code[n];
    *(volatile uint32_t *)(bytes + 0x200) = data;
    __asm__ volatile("push %%ds\n"
                     "movl %[data], %%ds\n"
                     "lcall *%%ss:(%[pointer])\n"
                     "pop %%ds"
                     : "+a"(value)
                     : [data] "d"(SELECTOR(0)), [pointer] "c"(&pointer), "b"(0x200)
                     : "memory", "cc");
    say_value("eax", value);
    say_value("memory", *(volatile uint32_t *)(bytes + 0x200));
}

static void thread_area(void)
{
    struct segment area = {(uint32_t)-1, (uint32_t)bytes, 0xfffff, 1, DATA, 0, 1, 0, 1};
    uint32_t value;

    trial("thread area");
    if (system_call(CALL_SET_THREAD_AREA, (uint32_t)&area, 0, 0) != 0) {
        unavailable();
        return;
    }
    __asm__ volatile("movl %1, %%gs\n movl %%gs:0x10, %0\n movl %2, %%gs"
                     : "=r"(value)
                     : "r"(area.entry * 8 + 3), "r"(0));
    say_value("value", value);
}

void trial_segments(void)
{
    for (unsigned n = 0; n < sizeof(bytes); n++)
        bytes[n] = (uint8_t)(n * 7);
    on_signal(SIGSEGV, on_fault);
    on_signal(SIGBUS, on_fault);
    trial("ldt");
    if (!segment_set((struct segment){0, (uint32_t)bytes, 0x3ff, 1, DATA, 0, 0, 0, 1})) {
        unavailable();
    } else {
        segment_set((struct segment){1, (uint32_t)bytes, 0x3ff, 1, STACK, 0, 0, 0, 1});
        segment_set((struct segment){2, (uint32_t)bytes, 0x3ff, 1, DATA, 1, 0, 1, 1});
        segment_set((struct segment){3, (uint32_t)bytes, 0xfff, 0, CODE, 0, 0, 0, 1});
        look("within", SELECTOR(0), 0x3ff);
        look("beyond", SELECTOR(0), 0x400);
        look("expanding down, within", SELECTOR(1), 0x400);
        look("expanding down, beyond", SELECTOR(1), 0x3ff);
        look("absent", SELECTOR(2), 0);
        look("outside the table", SELECTOR(1000), 0);
        look("null", 0, 0);
        for (unsigned n = 0; n < 4; n++)
            rights(SELECTOR(n));
        narrow_code();
    }
    thread_area();
}
