/* Reproducible random numbers. Not here: what is drawn. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_ORACLE_RANDOM_H
#define TESTS_ORACLE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline struct random random_from(uint64_t seed)
{
    return (struct random){seed};
}

/* SplitMix64. */
static inline uint64_t random_64(struct random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15ull;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

static inline uint32_t random_32(struct random *random)
{
    return (uint32_t)(random_64(random) >> 32);
}

/* 0..limit-1; limit is not 0. */
static inline uint32_t random_below(struct random *random, uint32_t limit)
{
    return (uint32_t)((uint64_t)random_32(random) * limit >> 32);
}

/* True once in `times`. */
static inline bool random_once_in(struct random *random, uint32_t times)
{
    return random_below(random, times) == 0;
}

#endif
