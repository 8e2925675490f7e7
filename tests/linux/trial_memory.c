/* Pages that are copied when they are written, that come when they are touched; code that the
 * program writes. Not here: faults that end in a signal (trial_faults.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include "system.h"

#define PAGE  4096u
#define PAGES 1024u

static volatile uint32_t *memory;
static uint32_t faults, last_address;

/* One word of page `n`, each time at another place in it. */
static volatile uint32_t *word_of_page(unsigned n)
{
    return &memory[n * PAGE / 4 + n % (PAGE / 4)];
}

static uint32_t sum_of_pages(void)
{
    uint32_t sum = 0;

    for (unsigned n = 0; n < PAGES; n++)
        sum = (sum << 7 | sum >> 25) + *word_of_page(n);
    return sum;
}

static int write_all(void)
{
    for (unsigned n = 0; n < PAGES; n += 3)
        *word_of_page(n) ^= 0x5a5a5a5a;
    return (int)(sum_of_pages() & 0x7f);
}

static void copy_on_write(void)
{
    int32_t process;

    trial("copy on write");
    memory = map(PAGES * PAGE, false, false);
    say_value("fresh", sum_of_pages());
    for (unsigned n = 0; n < PAGES; n++)
        *word_of_page(n) = n * 0x01010101u;
    process = child(write_all);
    say_value("child", (uint32_t)wait_for(process));
    say_value("own", sum_of_pages());
    system_call(CALL_MUNMAP, (uint32_t)memory, PAGES * PAGE, 0);
}

/* Makes the page writable, and lets the instruction run again. */
static void on_protected(int signal, uint32_t *registers, uint32_t address)
{
    (void)signal;
    faults++;
    last_address = address - (uint32_t)memory;
    say_value("error", registers[SIGNAL_ERROR]);
    say_value(" ecx", registers[SIGNAL_ECX]);
    system_call(CALL_MPROTECT, address & ~(PAGE - 1), PAGE, 3);
}

/* A string over pages of which two are read-only. */
static void string_restarted(void)
{
    const uint32_t count = 4 * PAGE / 4 - 1;
    uint32_t words = count, to;

    trial("string restarted");
    memory = map(4 * PAGE, false, false);
    for (unsigned n = 0; n < 4; n++)
        memory[n * PAGE / 4] = n;
    on_signal(SIGSEGV, on_protected);
    system_call(CALL_MPROTECT, (uint32_t)memory + PAGE, 2 * PAGE, 1);
    to = (uint32_t)memory + 2; /* so that elements lie across the pages' ends */
    __asm__ volatile("rep stosl" : "+D"(to), "+c"(words) : "a"(0x11223344) : "memory");
    say_value("faults", faults);
    say_value("last at", last_address);
    say_value("edi", to - (uint32_t)memory);
    say_value("last", memory[4 * PAGE / 4 - 2]);
}

/* MOV EAX, imm32; RET, with another value each time; and code that rewrites what follows it. */
static void written_code(void)
{
    static const uint8_t ahead[] = {
        0xb0, 0x11,                               /* mov al, 11 */
        0xc6, 0x05, 0x00, 0x00, 0x00, 0x00, 0x77, /* mov byte [behind], 77 */
        0xb4, 0x22,                               /* mov ah, 22: 22 becomes 77 */
        0xc3,
    };
    uint8_t *code = map(PAGE, true, false);
    uint32_t sum = 0, value;

    trial("written code");
    if (code == NULL) {
        unavailable();
        return;
    }
    code[0] = 0xb8;
    code[5] = 0xc3;
    for (uint32_t n = 0; n < 2000; n++) {
        *(volatile uint32_t *)(code + 1) = n * 0x9e3779b9u;
        __asm__ volatile("call *%1" : "=a"(value) : "r"(code) : "memory");
        sum = (sum << 3 | sum >> 29) ^ value;
    }
    say_value("sum", sum);
    for (unsigned n = 0; n < sizeof(ahead); n++)
        code[n] = ahead[n];
    *(volatile uint32_t *)(code + 4) = (uint32_t)(code + 10);
    for (unsigned n = 0; n < 3; n++) {
        code[10] = 0x22;
        __asm__ volatile("call *%1" : "=a"(value) : "r"(code), "0"(0) : "memory");
        say_value("value", value);
    }
}

void trial_memory(void)
{
    copy_on_write();
    string_restarted();
    written_code();
}
