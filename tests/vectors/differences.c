/* The list of differences; each with the SDM's word on it. Nothing else is excused.
 * Not here: how a difference is applied (run.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "differences.h"

#include <string.h>

#include "state.h"

const struct difference differences[] = {
    {"C286", "9D", NULL, EFLAGS_IOPL | EFLAGS_NT, false,
     "a 286 keeps IOPL and NT at 0 in real mode",
     "SDM vol. 2, POPF; vol. 3, 23.17.2 \"EFLAGS Pushed on the Stack\""},
};
const unsigned difference_count = sizeof(differences) / sizeof(differences[0]);

bool difference_applies(const struct difference *difference, const char *cpu, const char *opcode,
                        const struct moo_test *test)
{
    return !strcmp(difference->cpu, cpu) &&
           (!*difference->opcode || !strcmp(difference->opcode, opcode)) &&
           (!difference->applies || difference->applies(test));
}
