/* Processes that may die. Not here: what kills them. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "silicon.h"

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(2);
}

void *child_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        die("mmap of shared memory");
    return memory;
}

bool child_run(void (*work)(void *argument), void *argument)
{
    pid_t child;
    int status;

    fflush(NULL);
    child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        silicon_initialise();
        arena_touch();
        work(argument);
        fflush(NULL);
        exit(0);
    }
    while (waitpid(child, &status, 0) != child)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
