/* The log on the parallel port, and the formatting of its text.
 * Not here: what is worth logging. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"

#include <stdarg.h>

#include "hardware.h"
#include "report.h"

#define PARALLEL_DATA    0x378
#define PARALLEL_CONTROL 0x37a
#define CONTROL_READY    0x0c /* initialised and selected, no interrupt */
#define CONTROL_STROBE   0x01
#define CONTROL_KEPT     0x1e /* what a guest may have set, without the strobe */

#define LINE_SIZE 512

struct line {
    size_t length;
    uint8_t text[LINE_SIZE];
};

static bool in_mid_line;

void log_bytes(const uint8_t *bytes, size_t size)
{
    const uint8_t data = port_in8(PARALLEL_DATA);
    const uint8_t control = port_in8(PARALLEL_CONTROL);

    port_out8(PARALLEL_CONTROL, CONTROL_READY);
    for (size_t i = 0; i < size; i++) {
        port_out8(PARALLEL_DATA, bytes[i]);
        port_out8(PARALLEL_CONTROL, CONTROL_READY | CONTROL_STROBE);
        port_out8(PARALLEL_CONTROL, CONTROL_READY);
    }
    port_out8(PARALLEL_DATA, data);
    port_out8(PARALLEL_CONTROL, control & CONTROL_KEPT);
    statistics.log_bytes += (uint32_t)size;
    if (size > 0)
        in_mid_line = bytes[size - 1] != '\n';
}

static void put(struct line *line, char c)
{
    if (line->length < LINE_SIZE)
        line->text[line->length++] = (uint8_t)c;
}

/* Divides in two steps of 64 by 32 bits, because there is no library for the 64-bit division. */
static uint32_t divide(uint64_t *value, uint32_t divisor)
{
    const uint32_t high = (uint32_t)(*value >> 32);
    uint32_t quotient;
    uint32_t remainder;

    __asm__("divl %4"
            : "=a"(quotient), "=d"(remainder)
            : "0"((uint32_t)*value), "1"(high % divisor), "r"(divisor)
            : "cc");
    *value = (uint64_t)(high / divisor) << 32 | quotient;
    return remainder;
}

static void put_number(struct line *line, uint64_t value, uint32_t base, unsigned width)
{
    char digits[20];
    unsigned count = 0;

    do
        digits[count++] = "0123456789abcdef"[divide(&value, base)];
    while (value != 0 && count < sizeof digits);
    for (unsigned i = count; i < width; i++)
        put(line, '0');
    while (count > 0)
        put(line, digits[--count]);
}

static void put_string(struct line *line, const char *text)
{
    while (*text != '\0')
        put(line, *text++);
}

void log_text(const char *format, ...)
{
    struct line line = {.length = 0};
    va_list arguments;

    if (in_mid_line)
        put(&line, '\n');
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        unsigned width = 0;
        bool wide = false;

        if (*format != '%') {
            put(&line, *format);
            continue;
        }
        for (format++; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (unsigned)(*format - '0');
        for (; *format == 'l'; format++)
            wide = true;
        switch (*format) {
        case 's':
            put_string(&line, va_arg(arguments, const char *));
            break;
        case 'c':
            put(&line, (char)va_arg(arguments, int));
            break;
        case 'u':
        case 'x':
            put_number(&line, wide ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t),
                       *format == 'u' ? 10 : 16, width);
            break;
        default:
            put(&line, *format);
            break;
        }
    }
    va_end(arguments);
    log_bytes(line.text, line.length);
}
