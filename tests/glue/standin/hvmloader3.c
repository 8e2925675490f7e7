/* A stand-in for hvmloader of Xen 3.0.2 to 3.2: says its name, copies a BIOS and a vmxassist to
 * where they belong, jumps into the latter. Not here: its entry (start3.S). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>

#define ROMBIOS_ADDRESS   0xf0000
#define VMXASSIST_ADDRESS 0xd0000

/* unsigned rombios[], vmxassist[]. */
#include "roms.h"

int main(void);

#ifdef OWN_MEMCPY
__attribute__((noinline)) static void *copy(void *to, const void *from, unsigned size)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return to;
}
#else
#define copy(to, from, size) __builtin_memcpy(to, from, size)
#endif

static void print(const char *text)
{
    for (; *text != '\0'; text++)
        __asm__ volatile("outb %0, $0xe9" : : "a"(*text));
}

int main(void)
{
    print("HVM Loader\n");
    copy((void *)ROMBIOS_ADDRESS, rombios, sizeof rombios);
    print("Loading VMXAssist ...\n");
    copy((void *)VMXASSIST_ADDRESS, vmxassist, sizeof vmxassist);
    print("Go\n");
    __asm__ volatile("jmp *%%eax" : : "a"(VMXASSIST_ADDRESS), "d"(0));
    return 0;
}
