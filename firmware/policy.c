/* When an enterable guest is given to the hardware, and when it is kept for a short stretch.
 * Not here: whether it is enterable (emulator), nor how it goes (transport.h).
 *
 * A boot loader goes to protected mode and back for each BIOS call, a million times a boot, and
 * often for fewer instructions than the way out and back in costs. So a stretch of protected mode
 * stays here until interpreting it has cost as much as leaving would have (its *patience*); then
 * it leaves. Whatever the guest does, that costs at most twice as much as leaving at once; and no
 * stretch is held longer, so a program that lives in protected mode has left after that many
 * instructions.
 *
 * Stretches that were longer than the patience are not tried each time: after one, the next stretch
 * that begins in the same way leaves at once, after two in a row the next three, and so on up to
 * SKIPS_MOST; each one that was short after all takes half of that back. "In the same way" means
 * the last far branches: the BIOS service that has returned, and the jump into protected mode.
 *
 * Instructions are counted, not time, so that a run can be repeated; and a stretch that runs
 * natively is never timed, because the noise of a hypervisor is as long as what would be measured.
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy.h"

#include <stddef.h>

#define LESSONS    32u /* a power of two */
#define LEVEL_MOST 6u
#define BRANCHES   3u /* that tell one beginning from another */

/* What was learnt of stretches that begin in one way. vCPUs share them without a lock: a lost
 * lesson costs a little time, no more. */
static struct lesson {
    uint8_t level; /* long ones in a row */
    uint8_t skips; /* stretches that leave at once before the next one is tried */
} lessons[LESSONS];

static bool one_way;

const uint32_t policy_never = 0;

static struct lesson *lesson_of(const struct processor *p)
{
    const uint32_t count = sizeof p->branch_source / sizeof p->branch_source[0];
    uint32_t hash = 0;

    for (uint32_t n = 1; n <= BRANCHES; n++)
        hash = hash * 31 + p->branch_source[(p->branch_index - n) % count];
    return &lessons[(hash ^ hash >> 7 ^ hash >> 14) % LESSONS];
}

/* A stretch begins, the first since the one that `stay` is about has ended by itself. True: stay.
 */
static bool begin(struct stay *stay, struct processor *p)
{
    struct lesson *lesson = lesson_of(p);

    if (stay->lesson != NULL) {
        struct lesson *before = stay->lesson;

        before->level /= 2;
        stay->lesson = NULL;
    }
    stay->stretch = p->mode_switches;
    if (lesson->skips > 0) {
        lesson->skips--;
        return false;
    }
    stay->lesson = lesson;
    stay->end = p->retired + policy_round_trip / POLICY_INTERPRETED;
    return true;
}

/* Short stretches stay. */
static bool stays(struct stay *stay, struct processor *p)
{
    struct lesson *lesson;

    if (stay->stretch != p->mode_switches && !begin(stay, p))
        return false;
    lesson = stay->lesson;
    if (lesson == NULL)
        return false;
    if (p->retired < stay->end) {
        processor_stay(p, stay->end - p->retired);
        return true;
    }
    stay->lesson = NULL;
    if (lesson->level < LEVEL_MOST)
        lesson->level++;
    lesson->skips = (uint8_t)((1u << lesson->level) - 1);
    return false;
}

bool policy_leave(struct vcpu *vcpu)
{
    struct processor *p = &vcpu->processor;

    /* An acknowledged interrupt or a noted NMI cannot go along; the interpreter delivers it first.
     */
    if (vcpu->interrupt_kept || (p->events & EVENT_NMI))
        return false;
    if (one_way && !(p->cr0 & CR0_PG))
        return false;
    if (vcpu->refused && p->retired <= vcpu->refused_at)
        return false;
    return one_way || policy_round_trip < POLICY_INTERPRETED || !stays(&vcpu->stay, p);
}

void policy_refused(struct vcpu *vcpu)
{
    /* Asked again at once, with nothing executed in between: the answer must be no for once. */
    vcpu->refused = true;
    vcpu->refused_at = vcpu->processor.retired;
}

void policy_one_way(void)
{
    one_way = true;
}
