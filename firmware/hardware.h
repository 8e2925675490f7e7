/* One function per instruction that C cannot say: ports, control and debug registers, MSRs, CPUID.
 * Not here: what to do with them. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_HARDWARE_H
#define FIRMWARE_HARDWARE_H

#include <stdbool.h>
#include <stdint.h>

static inline uint8_t port_in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t port_in16(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t port_in32(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* EAX[31:8] is 0, so that what a guest writes to port 0xE9 never looks like the blob's own text. */
static inline void port_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %b0, %1" : : "a"((uint32_t)value), "Nd"(port));
}

static inline void port_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %w0, %1" : : "a"((uint32_t)value), "Nd"(port));
}

static inline void port_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* A register is 0 to 7 and a constant. */
#define DEBUG_REGISTER_READ(number, value)                                                         \
    __asm__ volatile("movl %%dr" #number ", %0" : "=r"(value))
#define DEBUG_REGISTER_WRITE(number, value) __asm__ volatile("movl %0, %%dr" #number : : "r"(value))

static inline uint32_t cr2_read(void)
{
    uint32_t value;

    __asm__ volatile("movl %%cr2, %0" : "=r"(value));
    return value;
}

static inline void cr2_write(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr2" : : "r"(value));
}

static inline void cr3_write(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr3" : : "r"(value) : "memory");
}

static inline void cr4_write(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr4" : : "r"(value) : "memory");
}

static inline void cr0_write(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr0" : : "r"(value) : "memory");
}

/* registers: EAX, EBX, ECX, EDX; the leaf goes in in [0], the subleaf in [2]. */
static inline void cpuid(uint32_t registers[4])
{
    __asm__ volatile("cpuid"
                     : "+a"(registers[0]), "=b"(registers[1]), "+c"(registers[2]),
                       "=d"(registers[3]));
}

static inline uint64_t tsc_read(void)
{
    uint64_t value;

    __asm__ volatile("rdtsc" : "=A"(value));
    return value;
}

/* An instruction at 1 that may raise #GP: then `done` stays 0 (see traps.c on the table). */
#define CHECKED_INSTRUCTION(instruction)                                                           \
    "xorl %k0, %k0\n"                                                                              \
    "1: " instruction "\n"                                                                         \
    "incl %k0\n"                                                                                   \
    "2:\n"                                                                                         \
    ".pushsection .fixups, \"a\"\n"                                                                \
    ".long 1b, 2b\n"                                                                               \
    ".popsection\n"

/* False: #GP; then *value is 0. */
static inline bool msr_read(uint32_t index, uint64_t *value)
{
    uint32_t done;
    uint64_t read = 0;

    __asm__ volatile(CHECKED_INSTRUCTION("rdmsr") : "=&r"(done), "+A"(read) : "c"(index));
    *value = read;
    return done != 0;
}

static inline bool msr_write(uint32_t index, uint64_t value)
{
    uint32_t done;

    __asm__ volatile(CHECKED_INSTRUCTION("wrmsr")
                     : "=&r"(done)
                     : "A"(value), "c"(index)
                     : "memory");
    return done != 0;
}

static inline bool counter_read(uint32_t index, uint64_t *value)
{
    uint32_t done;
    uint64_t read = 0;

    __asm__ volatile(CHECKED_INSTRUCTION("rdpmc") : "=&r"(done), "+A"(read) : "c"(index));
    *value = read;
    return done != 0;
}

/* Interrupts off; returns EFLAGS as it was. */
static inline uint32_t interrupts_save(void)
{
    uint32_t eflags;

    __asm__ volatile("pushfl; popl %0; cli" : "=r"(eflags) : : "memory");
    return eflags;
}

static inline void interrupts_restore(uint32_t eflags)
{
    __asm__ volatile("pushl %0; popfl" : : "r"(eflags) : "memory", "cc");
}

/* Nothing runs any more; an NMI does not change that. A hypervisor ends the guest here. */
static inline _Noreturn void stop(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

#endif
