/* The memory functions that the compiler may call on its own.
 * Not here: anything else of a C library; the blob has none. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    void *result = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    return result;
}

void *memset(void *to, int value, size_t count)
{
    void *result = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
    return result;
}

int memcmp(const void *left, const void *right, size_t count)
{
    const unsigned char *l = left, *r = right;

    for (; count > 0; count--, l++, r++) {
        if (*l != *r)
            return *l - *r;
    }
    return 0;
}
