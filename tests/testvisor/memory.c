/* The three memory functions that the compiler itself may call.
 * Not here: access to guest memory through its page tables (guest_memory.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *target = to;
    size_t words = size / 4;
    size_t rest = size % 4;

    __asm__ volatile("rep movsl; mov %3, %2; rep movsb"
                     : "+D"(target), "+S"(from), "+c"(words)
                     : "r"(rest)
                     : "memory");
    return to;
}

void *memset(void *to, int value, size_t size)
{
    void *target = to;
    size_t words = size / 4;
    size_t rest = size % 4;

    __asm__ volatile("rep stosl; mov %2, %1; rep stosb"
                     : "+D"(target), "+c"(words)
                     : "r"(rest), "a"((uint8_t)value * 0x01010101u)
                     : "memory");
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const unsigned char *a = left;
    const unsigned char *b = right;

    for (; size > 0; size--, a++, b++)
        if (*a != *b)
            return *a - *b;
    return 0;
}
