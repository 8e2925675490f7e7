/* Runs kept inputs once each, without the fuzzer: for other compilers, coverage, and a finding's
 * own repetition. Not here: making inputs. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _DEFAULT_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lockstep.h"

#define NAME_LIMIT   128u
#define INPUT_LIMIT  4096u
#define CORPUS_LIMIT (4u << 20)

struct kept {
    char name[NAME_LIMIT];
    uint8_t bytes[INPUT_LIMIT];
    size_t length;
};

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* A line of the corpus: a name, a blank, bytes in hexadecimal. False when it is none. */
static bool parse(const char *line, struct kept *kept)
{
    size_t name = strcspn(line, " ");
    const char *at = line + name;

    if (name == 0 || name >= NAME_LIMIT)
        return false;
    memcpy(kept->name, line, name);
    kept->name[name] = '\0';
    at += *at == ' ';
    for (kept->length = 0; *at != '\0'; kept->length++, at += 2) {
        int high = digit(at[0]), low = high < 0 ? -1 : digit(at[1]);

        if (low < 0 || kept->length == INPUT_LIMIT)
            return false;
        kept->bytes[kept->length] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A finding aborts, so each input has a process of its own. */
static bool passes(const struct kept *kept)
{
    pid_t child;
    int status;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        lockstep_run(kept->bytes, kept->length);
        exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* The whole file, closed again: a child that exits would move its position. NULL: see errno. */
static char *read_corpus(const char *path)
{
    static char text[CORPUS_LIMIT];
    FILE *input = fopen(path, "r");
    size_t length;

    if (input == NULL)
        return NULL;
    length = fread(text, 1, sizeof text - 1, input);
    fclose(input);
    text[length] = '\0';
    return text;
}

int main(int count, char **arguments)
{
    static struct kept kept;
    unsigned passed = 0, failed = 0, number = 0;
    char *text = count == 2 ? read_corpus(arguments[1]) : NULL, *line;

    if (text == NULL) {
        fprintf(stderr, "usage: %s corpus\n  lines of: name, bytes in hexadecimal\n", arguments[0]);
        return 2;
    }
    while ((line = strsep(&text, "\n")) != NULL) {
        number++;
        if (line[0] == '#' || line[0] == '\0')
            continue;
        if (!parse(line, &kept)) {
            fprintf(stderr, "%s:%u: not an input\n", arguments[1], number);
            return 2;
        }
        if (passes(&kept)) {
            passed++;
            continue;
        }
        failed++;
        printf("finding: %s\n", kept.name);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
