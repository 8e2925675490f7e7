/* The blob's own text, to port 0xE9: characters and a tiny printf.
 * Not here: what is said (main.c, panic.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "console.h"

#include <stdarg.h>

/* In EAX[31:8] with each character: tells whoever traps the port that this is not the guest's text.
 */
#define MARK 0x48564d00u

void console_character(char c)
{
    __asm__ volatile("outb %%al, $0xe9" : : "a"(MARK | (uint8_t)c));
}

static void write_string(const char *text)
{
    for (; *text != '\0'; text++)
        console_character(*text);
}

static void write_number(uint32_t value, uint32_t radix, unsigned digits)
{
    char text[11]; /* 10 decimal digits and the end */
    char *first = text + sizeof text - 1;

    *first = '\0';
    do {
        *--first = "0123456789abcdef"[value % radix];
        value /= radix;
    } while (value != 0);
    while (text + sizeof text - 1 - first < (int)digits)
        *--first = '0';
    write_string(first);
}

void console_format(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        unsigned digits = 0;

        if (*format != '%') {
            console_character(*format);
            continue;
        }
        format++;
        if (*format >= '1' && *format <= '8')
            digits = (unsigned)(*format++ - '0');
        if (*format == 's')
            write_string(va_arg(arguments, const char *));
        else if (*format == 'u')
            write_number(va_arg(arguments, uint32_t), 10, digits);
        else if (*format == 'x')
            write_number(va_arg(arguments, uint32_t), 16, digits);
        else
            console_character(*format);
    }
    va_end(arguments);
}
