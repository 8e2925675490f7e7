/* The silicon oracle: the same code on this processor and in the interpreter must end the same.
 * Not here: any of the parts. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "child.h"
#include "compare.h"
#include "emulated.h"
#include "generate.h"
#include "minimise.h"
#include "rows.h"
#include "vendor.h"

/* Cases of one memory content; new contents cost more than a case. */
#define CASES_PER_MEMORY 512u
#define PRINT_LIMIT      25u
/* Cases that a child runs. */
#define CASES_PER_CHILD 65536u
/* Cases in the file of kept ones. */
#define KEPT_LIMIT 256u
/* From this many instructions on each row must have had its turn. */
#define COMPLETE_RUN 300000u

struct options {
    uint64_t instructions;
    uint64_t seed;
    const char *kept; /* file of kept cases, or NULL */
    bool strict;
    bool rows; /* print what each row did */
};

struct totals {
    uint64_t verdict[VERDICT_COUNT];
    uint64_t instructions;
    uint64_t left_out;
    uint64_t excused;
    uint64_t printed;
    uint32_t row_runs[ROW_LIMIT];
    uint32_t row_failed[ROW_LIMIT];
};

/* Where a run stands; a child goes on where another one has died. */
struct standing {
    struct random random;
    uint64_t cases;       /* so far */
    uint64_t combination; /* of the walk through all */
    uint64_t memory_seed;
    unsigned tenth; /* of the instructions, that has been reported */
    struct oracle_case running;
    struct totals totals;
};

static struct standing *standing; /* shared by all children */

/* --- one case ----------------------------------------------------------------------------------
 */

/* One of each row is enough to see; the count goes on. */
static bool worth_printing(const struct oracle_case *failing, uint16_t row_index)
{
    if (standing->totals.printed >= PRINT_LIMIT ||
        (failing->instruction_count && standing->totals.row_failed[row_index]++))
        return false;
    standing->totals.printed++;
    return true;
}

static void print_row(const struct oracle_case *failing, uint16_t row_index)
{
    char name[32] = "kept case";

    if (failing->instruction_count)
        row_name(&row[row_index], name, sizeof(name));
    printf(" (%s):\n", name);
}

/* The instruction that a failing case ended at, or its last. */
static uint16_t blamed_row(const struct oracle_case *test, const struct comparison *c)
{
    const struct arena_segment *code = arena_find(c->native.registers.selector[CS]);
    uint32_t blamed = test->instruction_count ? test->instruction_count - 1 : 0;

    if (code) {
        uint32_t at = code->base + c->native.registers.eip - ARENA_BASE - test->code_offset;

        for (uint32_t n = 0; n < test->instruction_count; n++) {
            if (test->boundary[n] == at)
                blamed = n;
        }
    }
    return test->row[blamed];
}

/* Instructions of the case's own that ran; the HLTs behind it and turns of a loop do not count. */
static uint64_t executed(const struct oracle_case *test, const struct comparison *comparison)
{
    uint64_t retired = comparison->emulated.instructions;
    uint32_t own = test->instruction_count ? test->instruction_count : 1;

    return retired < own ? retired : own;
}

/* Made small first, so that what is the maker's way of one instruction excuses no other. */
static void disagreement(const struct oracle_case *test, struct comparison *comparison)
{
    struct oracle_case small = *test;
    uint16_t blamed;

    minimise(&small, comparison);
    if (vendor_excuse(&small, comparison)) {
        standing->totals.excused++;
        return;
    }
    standing->totals.verdict[DISAGREE]++;
    blamed = blamed_row(&small, comparison);
    if (!worth_printing(&small, blamed))
        return;
    printf("\ndisagreement");
    print_row(&small, blamed);
    comparison_print(stdout, comparison);
    printf("  ");
    case_print(stdout, &small);
    fflush(stdout);
}

static void run(const struct oracle_case *test)
{
    struct comparison comparison;
    enum verdict verdict;

    standing->running = *test;
    verdict = compare_case(test, &comparison);
    standing->totals.instructions += executed(test, &comparison);
    for (uint32_t n = 0; n < test->instruction_count; n++)
        standing->totals.row_runs[test->row[n]]++;
    if (verdict == DISAGREE)
        disagreement(test, &comparison);
    else
        standing->totals.verdict[verdict]++;
}

/* --- all cases ---------------------------------------------------------------------------------
 */

/* A bar on a terminal, a line for each tenth elsewhere. */
static void progress(uint64_t done, uint64_t wanted)
{
    static time_t last;
    time_t now = time(NULL);
    unsigned tenth = (unsigned)(done * 10 / wanted), filled = (unsigned)(done * 40 / wanted);
    bool bar = isatty(STDERR_FILENO);

    if (bar ? now == last && done < wanted : tenth == standing->tenth)
        return;
    last = now;
    standing->tenth = tenth;
    if (filled > 40)
        filled = 40;
    if (bar)
        fprintf(stderr, "\r[%.*s%*s] ", filled, "########################################",
                40 - (int)filled, "");
    fprintf(stderr, "%" PRIu64 " instructions, %" PRIu64 " disagreements%s", done,
            standing->totals.verdict[DISAGREE], bar && done < wanted ? " " : "\n");
}

/* The walk goes through all combinations in an order that spreads over all rows however few are
 * wanted. */
static uint64_t stride(void)
{
    uint64_t step = 2654435761u;

    while (generate_directed_count() % step == 0 || step % 2 == 0)
        step++;
    return step;
}

/* Half of the instructions from the walk, half from sequences; a block of cases at a time. */
static void run_block(void *argument)
{
    const struct options *options = argument;
    uint64_t combinations = generate_directed_count(), step = stride();

    for (unsigned n = 0; n < CASES_PER_CHILD; n++) {
        struct oracle_case test;
        bool good = true;

        if (standing->totals.instructions >= options->instructions)
            return;
        if (standing->cases++ % CASES_PER_MEMORY == 0)
            standing->memory_seed = random_64(&standing->random);
        if (standing->totals.instructions * 2 < options->instructions) {
            standing->combination = (standing->combination + step) % combinations;
            good = generate_directed(standing->combination, &standing->random, &test);
        } else {
            generate_sequence(&standing->random, &test);
        }
        if (!good) {
            standing->totals.left_out++;
            continue;
        }
        test.memory_seed = standing->memory_seed;
        run(&test);
        if (standing->cases % 1024 == 0)
            progress(standing->totals.instructions, options->instructions);
    }
}

/* The case that the child died of has failed. */
static void report_death(void)
{
    struct oracle_case test = standing->running;

    standing->totals.verdict[DISAGREE]++;
    standing->totals.instructions++;
    if (!worth_printing(&test, test.row[0]))
        return;
    minimise_deadly(&test);
    printf("\nthis program did not survive what the processor did");
    print_row(&test, test.row[0]);
    printf("  ");
    case_print(stdout, &test);
}

static void run_all(struct options *options)
{
    standing->random = random_from(options->seed);
    standing->combination = random_64(&standing->random) % generate_directed_count();
    while (standing->totals.instructions < options->instructions) {
        if (!child_run(run_block, options))
            report_death();
    }
    progress(standing->totals.instructions, options->instructions);
}

static void run_one(void *argument)
{
    run(argument);
}

/* Cases that once failed, one a line, read before any runs: a child that exits would move the
 * file's position. False when the file is wrong. */
static bool run_kept(const char *path)
{
    static struct oracle_case kept[KEPT_LIMIT];
    FILE *input = fopen(path, "r");
    char line[2048];
    unsigned number = 0, count = 0;

    if (!input) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    while (fgets(line, sizeof(line), input)) {
        number++;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (count == KEPT_LIMIT || !case_parse(line, &kept[count])) {
            fprintf(stderr, "%s:%u: not a case, or too many\n", path, number);
            fclose(input);
            return false;
        }
        count++;
    }
    fclose(input);
    for (unsigned n = 0; n < count; n++) {
        if (!child_run(run_one, &kept[n]))
            report_death();
    }
    return true;
}

/* --- reports -----------------------------------------------------------------------------------
 */

/* Every row must have run or have a reason why not; returns how many have neither. */
static unsigned report_rows(bool all)
{
    unsigned missing = 0, ran = 0;

    for (unsigned n = 0; n < row_count; n++) {
        char name[32];

        row_name(&row[n], name, sizeof(name));
        ran += standing->totals.row_runs[n] != 0;
        if (all)
            printf("%-10s %9u %s\n", name, standing->totals.row_runs[n],
                   row[n].excluded ? row[n].excluded : "");
        if (standing->totals.row_runs[n] || row[n].excluded)
            continue;
        /* XOP shares 8f with POP; see row_left_out. */
        if (!row[n].two_byte && row[n].opcode == 0x8f)
            continue;
        printf("%s never ran\n", name);
        missing++;
    }
    printf("%u of %u opcode rows ran, the others are listed with a reason in rows.c\n", ran,
           row_count);
    return missing;
}

static uint64_t number_argument(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 0);

    if (end == text || *end) {
        fprintf(stderr, "%s: not a number\n", text);
        exit(2);
    }
    return value;
}

static struct options read_options(int count, char **arguments)
{
    struct options options = {.instructions = 500000, .seed = 1};
    int option;

    while ((option = getopt(count, arguments, "n:s:k:ur")) != -1) {
        switch (option) {
        case 'n':
            options.instructions = number_argument(optarg);
            break;
        case 's':
            options.seed = strcmp(optarg, "time") ? number_argument(optarg) : (uint64_t)time(NULL);
            break;
        case 'k':
            options.kept = optarg;
            break;
        case 'u':
            options.strict = true;
            break;
        case 'r':
            options.rows = true;
            break;
        default:
            fprintf(stderr,
                    "usage: %s [-n instructions] [-s seed|time] [-k kept-cases] [-u] [-r]\n"
                    "  -u  compare undefined flags too\n  -r  print what each opcode did\n",
                    arguments[0]);
            exit(2);
        }
    }
    return options;
}

int main(int count, char **arguments)
{
    struct options options = read_options(count, arguments);
    unsigned missing;
    cpu_set_t one;

    setvbuf(stdout, NULL, _IOLBF, 0);
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof(one), &one);
    arena_create();
    if (!arena_load_ldt()) {
        printf("modify_ldt is not permitted here: the silicon oracle is skipped\n");
        printf("0 passed, 0 failed, 1 skipped\n");
        return 0;
    }
    standing = child_shared(sizeof(*standing));
    vendor_initialise();
    emulated_initialise();
    rows_initialise();
    compare_strictly(options.strict);
    printf("seed %" PRIu64 "\n", options.seed);
    if (options.kept && !run_kept(options.kept))
        return 2;
    run_all(&options);
    missing = report_rows(options.rows);
    vendor_report(stdout);
    if (options.instructions < COMPLETE_RUN)
        missing = 0;
    printf("%" PRIu64 " instructions; cases left out: %" PRIu64 " as not comparable, %" PRIu64
           " that used what is the host's, %" PRIu64 " that ran too long, %" PRIu64
           " derailed, %" PRIu64 " unstable on the processor itself\n",
           standing->totals.instructions, standing->totals.left_out,
           standing->totals.verdict[LEFT_CODE], standing->totals.verdict[TIMED_OUT],
           standing->totals.verdict[DERAILED], standing->totals.verdict[UNSTABLE]);
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", standing->totals.verdict[AGREE],
           standing->totals.verdict[DISAGREE] + missing);
    return standing->totals.verdict[DISAGREE] || missing;
}
