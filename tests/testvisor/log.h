/* The log: the parallel port, where text of the testvisor and of the blob goes, apart from the
 * guest's. Not here: what is worth logging. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_LOG_H
#define TESTVISOR_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes `size` bytes as they are. Leaves the port's data and control register as found. */
void log_bytes(const uint8_t *bytes, size_t size);

/* Writes formatted text, on a line of its own if the blob's last line is not finished. Knows %s,
 * %c, %u, %x, %llu, %llx, %%, with a zero-padded width for the numbers. */
__attribute__((format(printf, 1, 2))) void log_text(const char *format, ...);

#endif
