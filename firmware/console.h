/* The blob's own text, to port 0xE9.
 * Not here: what the guest writes to that port (bus.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_CONSOLE_H
#define FIRMWARE_CONSOLE_H

#include <stdint.h>

void console_character(char c);

/* A tiny printf: %s, %u (decimal), %x (hexadecimal, with leading zeros to the number of digits
 * given as in %8x, at most 8). Every other character after % is printed as it is. */
__attribute__((format(printf, 1, 2))) void console_format(const char *format, ...);

#endif
