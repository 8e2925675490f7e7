/* Lines to standard error, or to whoever wants them. Not here: their contents. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_SIZE 512

static void to_standard_error(const char *line)
{
    fprintf(stderr, "%s\n", line);
}

static bool speaks_verbosely;
static void (*take_line)(const char *line) = to_standard_error;

void log_set_verbose(bool verbose)
{
    speaks_verbosely = verbose;
}

void log_set_sink(void (*sink)(const char *line))
{
    take_line = sink;
}

static void put(const char *format, va_list arguments)
{
    char line[LINE_SIZE];

    vsnprintf(line, sizeof line, format, arguments);
    take_line(line);
}

void log_line(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    put(format, arguments);
    va_end(arguments);
}

void log_verbose(const char *format, ...)
{
    va_list arguments;

    if (!speaks_verbosely)
        return;
    va_start(arguments, format);
    put(format, arguments);
    va_end(arguments);
}
