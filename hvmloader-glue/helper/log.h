/* What the helper says, to whoever runs it: a line of text at a time. Not here: what a domain's
 * record keeps (record.h). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HELPER_LOG_H
#define HELPER_LOG_H

#include <stdbool.h>
#include <stdint.h>

/* Also say what is only of interest when looking for a fault. Off at start. */
void log_set_verbose(bool verbose);

/* Where lines go; standard error at start. Not copied. */
void log_set_sink(void (*sink)(const char *line));

/* One line, without a newline at its end. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
