/* What compiled programs do: a linked list, a matrix product, a state machine over text, a CRC.
 * Not here: the frame that calls it (ckern.s). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>
#include <stdint.h>

#define LIST_LENGTH 64
#define MATRIX_SIZE 20
#define STATE_COUNT 8

struct item {
    struct item *next;
    uint16_t value;
    uint16_t index;
};

/* States of the reader of numbers. */
enum { START, DIGITS, SIGN, FRACTION, EXPONENT, EXPONENT_DIGITS, FINISHED, INVALID };

static struct item pool[LIST_LENGTH];
static uint16_t left[MATRIX_SIZE][MATRIX_SIZE], right[MATRIX_SIZE][MATRIX_SIZE];
static int32_t product[MATRIX_SIZE][MATRIX_SIZE];
static const char numbers[] =
    "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,"
    "+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^";

uint32_t kernel(uint32_t iterations);

static uint16_t crc_byte(uint8_t data, uint16_t crc)
{
    for (int bit = 0; bit < 8; bit++) {
        uint8_t odd = (uint8_t)((data & 1) ^ (crc & 1));

        data >>= 1;
        if (odd) {
            crc ^= 0x4002;
            crc >>= 1;
            crc |= 0x8000;
        } else {
            crc >>= 1;
        }
    }
    return crc;
}

static uint16_t crc_word(uint16_t data, uint16_t crc)
{
    crc = crc_byte((uint8_t)data, crc);
    return crc_byte((uint8_t)(data >> 8), crc);
}

static uint16_t list_fill(uint16_t seed)
{
    for (unsigned n = 0; n < LIST_LENGTH; n++) {
        seed = (uint16_t)(seed * 25173u + 13849u);
        pool[n].value = seed >> 7;
        pool[n].index = (uint16_t)n;
        pool[n].next = n < LIST_LENGTH - 1 ? &pool[n + 1] : NULL;
    }
    return seed;
}

static struct item *list_reverse(struct item *list)
{
    struct item *done = NULL;

    while (list) {
        struct item *next = list->next;

        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static struct item *list_find(struct item *list, uint16_t value)
{
    while (list && list->value != value)
        list = list->next;
    return list;
}

/* Merge sort, bottom up: runs of 1, 2, 4... until one merge does it all. */
static struct item *list_sort(struct item *list)
{
    for (int run = 1;; run *= 2) {
        struct item *first = list, **tail = &list;
        int merges = 0;

        while (first) {
            struct item *second = first;
            int first_left = 0, second_left;

            merges++;
            for (int n = 0; n < run; n++) {
                first_left++;
                second = second->next;
                if (!second)
                    break;
            }
            second_left = second ? run : 0;
            while (first_left > 0 || second_left > 0) {
                struct item *taken;

                if (first_left > 0 && (second_left == 0 || first->value <= second->value)) {
                    taken = first;
                    first = first->next;
                    first_left--;
                } else {
                    taken = second;
                    second = second->next;
                    second_left = second ? second_left - 1 : 0;
                }
                *tail = taken;
                tail = &taken->next;
            }
            first = second;
        }
        *tail = NULL;
        if (merges <= 1)
            return list;
    }
}

static void matrix_multiply(uint16_t seed)
{
    for (int row = 0; row < MATRIX_SIZE; row++) {
        for (int column = 0; column < MATRIX_SIZE; column++) {
            left[row][column] = (uint16_t)(seed + row * column);
            right[row][column] = (uint16_t)(seed ^ (row + column));
        }
    }
    for (int row = 0; row < MATRIX_SIZE; row++) {
        for (int column = 0; column < MATRIX_SIZE; column++) {
            int32_t sum = 0;

            for (int n = 0; n < MATRIX_SIZE; n++)
                sum += (int16_t)left[row][n] * (int16_t)right[n][column];
            product[row][column] = sum;
        }
    }
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static unsigned next_state(unsigned state, char c)
{
    switch (state) {
    case START:
        if (is_digit(c))
            return DIGITS;
        if (c == '+' || c == '-')
            return SIGN;
        if (c == '.')
            return FRACTION;
        return c == ',' ? START : INVALID;
    case DIGITS:
        if (c == '.')
            return FRACTION;
        if (c == ',')
            return FINISHED;
        return is_digit(c) ? DIGITS : INVALID;
    case SIGN:
        if (is_digit(c))
            return DIGITS;
        return c == '.' ? FRACTION : INVALID;
    case FRACTION:
        if (c == 'e' || c == 'E')
            return EXPONENT;
        if (c == ',')
            return FINISHED;
        return is_digit(c) ? FRACTION : INVALID;
    case EXPONENT:
        return c == '+' || c == '-' ? EXPONENT_DIGITS : INVALID;
    case EXPONENT_DIGITS:
        if (c == ',')
            return FINISHED;
        return is_digit(c) ? EXPONENT_DIGITS : INVALID;
    default:
        return c == ',' ? FINISHED : INVALID;
    }
}

/* CRC of how many numbers ended in which state. */
static uint16_t read_numbers(const char *text)
{
    uint16_t count[STATE_COUNT] = {0};
    uint16_t crc = 0;
    unsigned state = START;

    for (; *text; text++) {
        unsigned next = next_state(state, *text);

        if (next == FINISHED) {
            count[state]++;
            next = START;
        }
        state = next;
    }
    for (unsigned n = 0; n < STATE_COUNT; n++)
        crc = crc_word(count[n], crc);
    return crc;
}

uint32_t kernel(uint32_t iterations)
{
    uint32_t sum = 0;
    uint16_t crc = 0;

    for (; iterations; iterations--) {
        uint16_t seed = list_fill((uint16_t)iterations);
        struct item *list = list_reverse(pool);
        struct item *found = list_find(list, pool[5].value);

        if (found)
            crc = crc_word(found->index, crc);
        list = list_sort(list);
        crc = crc_word(list->value, crc);
        matrix_multiply(seed);
        sum += (uint32_t)(product[3][7] ^ (product[11][2] / 7));
        crc = crc_word(read_numbers(numbers), crc);
    }
    return sum ^ ((uint32_t)crc << 8);
}
