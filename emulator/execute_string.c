/* String instructions on memory: MOVS CMPS STOS LODS SCAS, and the REP loop.
 * Not here: INS and OUTS (execute_io.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "repeat.h"

/* --- repetition --------------------------------------------------------------------------------
 */

void string_repeat(struct processor *p, const struct instruction *i, unsigned width,
                   string_block *block, bool compares)
{
    struct instruction once = *i;
    uint32_t count = address_register(p, i, ECX);
    uint32_t flags_before = flags_status(p);

    once.repeat = REPEAT_NONE;
    while (count != 0) {
        /* Code that was written over is none of this instruction's. */
        uint32_t done = (p->events & ~EVENT_CODE) == 0 ? block(p, i, width, count) : 0;

        if (done == 0) {
            i->execute(p, &once);
            done = 1;
        }
        count -= done;
        address_register_write(p, i, ECX, count);
        if (count == 0 || (compares && flags_zf(p) != (i->repeat == REPEAT_E)))
            return;
        if (compares)
            flags_put_status(p, flags_before);
        if ((p->events & ~EVENT_CODE) != 0) {
            instruction_repeat(p);
            return;
        }
    }
}

void string_advance(struct processor *p, const struct instruction *i, unsigned number,
                    unsigned width, uint32_t count)
{
    address_register_write(p, i, number, p->gpr[number] + count * string_step(p, width));
}

uint32_t string_read(struct processor *p, const struct instruction *i, unsigned segment,
                     unsigned number, unsigned width)
{
    return memory_read(p, segment, address_register(p, i, number), width);
}

void string_write(struct processor *p, const struct instruction *i, unsigned width, uint32_t value)
{
    memory_write(p, ES, address_register(p, i, EDI), width, value);
}

uint8_t *string_span(struct processor *p, const struct instruction *i, unsigned segment,
                     unsigned number, unsigned width, bool write, uint32_t *count)
{
    uint32_t offset = address_register(p, i, number);
    const struct segment *s = &p->segment[segment];
    bool down = p->eflags_rest & EFLAGS_DF,
         fits = offset < (write ? s->write_bound : s->read_bound);
    uint32_t room = down ? offset : ~offset, linear = s->base + offset, length, run;
    uint8_t *host;

    /* An index that wraps ends the run; so does, on the way down, the start of the page. */
    if (i->address_size == 2)
        room &= 0xffff;
    if (down) {
        uint32_t in_page = linear % PAGE_SIZE;

        room = in_page < room ? in_page : room;
    }
    run = string_elements(room, width);
    run = *count - 1 < run ? *count : run + 1;
    if (down)
        offset -= (run - 1) * width;
    host = memory_span(p, segment, offset, width, write, &length);
    /* The page may just not be in the translation cache, where two pages can displace each other
     * for as long as the instruction runs. */
    if (host == NULL && fits) {
        linear_probe(p, linear, 1, (write ? ACCESS_WRITE : 0) | access_privilege(p));
        host = memory_span(p, segment, offset, width, write, &length);
    }
    if (host == NULL)
        return NULL;
    length = string_elements(length, width);
    if (!down) {
        *count = length < run ? length : run;
        return host;
    }
    /* The run was measured from above, so all of it is needed. */
    *count = run;
    return length < run ? NULL : host + (run - 1) * width;
}

/* --- blocks ------------------------------------------------------------------------------------
 */

/* The processor's own string instruction moves upwards, element by element as far as can be seen,
 * so that overlapping operands come out right. */
static void copy_up(uint8_t *to, const uint8_t *from, unsigned width, uintptr_t count)
{
    if (width == 1)
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    else if (width == 2)
        __asm__ volatile("rep movsw" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    else
        __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void fill_up(uint8_t *to, uint32_t value, unsigned width, uintptr_t count)
{
    if (width == 1)
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
    else if (width == 2)
        __asm__ volatile("rep stosw" : "+D"(to), "+c"(count) : "a"(value) : "memory");
    else
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

static void copy_down(uint8_t *to, const uint8_t *from, unsigned width, uint32_t count)
{
    for (; count != 0; count--, to -= width, from -= width)
        host_write(to, width, host_read(from, width));
}

static uint32_t movs_block(struct processor *p, const struct instruction *i, unsigned width,
                           uint32_t count)
{
    uint8_t *from, *to;

    from = string_span(p, i, i->segment, ESI, width, false, &count);
    if (from == NULL)
        return 0;
    to = string_span(p, i, ES, EDI, width, true, &count);
    if (to == NULL)
        return 0;
    if (p->eflags_rest & EFLAGS_DF) {
        code_written(p, to - (count - 1) * width, count * width);
        copy_down(to, from, width, count);
    } else {
        code_written(p, to, count * width);
        copy_up(to, from, width, count);
    }
    string_advance(p, i, ESI, width, count);
    string_advance(p, i, EDI, width, count);
    return count;
}

static uint32_t stos_block(struct processor *p, const struct instruction *i, unsigned width,
                           uint32_t count)
{
    uint8_t *to = string_span(p, i, ES, EDI, width, true, &count);

    if (to == NULL)
        return 0;
    /* Elements of one value: the direction does not matter. */
    if (p->eflags_rest & EFLAGS_DF)
        to -= (count - 1) * width;
    code_written(p, to, count * width);
    fill_up(to, p->gpr[EAX], width, count);
    string_advance(p, i, EDI, width, count);
    return count;
}

/* RAM has no side effects, so that only the last element is read. */
static uint32_t lods_block(struct processor *p, const struct instruction *i, unsigned width,
                           uint32_t count)
{
    const uint8_t *from = string_span(p, i, i->segment, ESI, width, false, &count);

    if (from == NULL)
        return 0;
    from += (int32_t)((count - 1) * string_step(p, width));
    for (unsigned n = 0; n < width; n++)
        ((uint8_t *)&p->gpr[EAX])[n] = from[n];
    string_advance(p, i, ESI, width, count);
    return count;
}

/* Compares pairs for as long as the prefix says, at most `count`; sets the status flags by the last
 * pair and returns how many were compared. `step_a` is 0 for an accumulator. */
static uint32_t compare(struct processor *p, const struct instruction *i, const uint8_t *a,
                        int32_t step_a, const uint8_t *b, unsigned width, uint32_t count)
{
    int32_t step_b = (int32_t)string_step(p, width);
    bool while_equal = i->repeat == REPEAT_E;
    uint32_t done = 0, x, y;

    do {
        x = host_read(a, width);
        y = host_read(b, width);
        a += step_a;
        b += step_b;
        done++;
    } while (done < count && (x == y) == while_equal);
    flags_set_subtract(p, width, x, y, x - y);
    return done;
}

static uint32_t cmps_block(struct processor *p, const struct instruction *i, unsigned width,
                           uint32_t count)
{
    const uint8_t *a, *b;

    /* The second operand is read first, as faults show. */
    b = string_span(p, i, ES, EDI, width, false, &count);
    if (b == NULL)
        return 0;
    a = string_span(p, i, i->segment, ESI, width, false, &count);
    if (a == NULL)
        return 0;
    count = compare(p, i, a, (int32_t)string_step(p, width), b, width, count);
    string_advance(p, i, ESI, width, count);
    string_advance(p, i, EDI, width, count);
    return count;
}

static uint32_t scas_block(struct processor *p, const struct instruction *i, unsigned width,
                           uint32_t count)
{
    const uint8_t *b = string_span(p, i, ES, EDI, width, false, &count);

    if (b == NULL)
        return 0;
    count = compare(p, i, (const uint8_t *)&p->gpr[EAX], 0, b, width, count);
    string_advance(p, i, EDI, width, count);
    return count;
}

/* --- instructions ------------------------------------------------------------------------------
 */

static void movs(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t value;

    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, movs_block, false);
        return;
    }
    value = string_read(p, i, i->segment, ESI, width);
    string_write(p, i, width, value);
    string_advance(p, i, ESI, width, 1);
    string_advance(p, i, EDI, width, 1);
}

static void stos(struct processor *p, const struct instruction *i, unsigned width)
{
    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, stos_block, false);
        return;
    }
    string_write(p, i, width, register_read(p, EAX, width));
    string_advance(p, i, EDI, width, 1);
}

static void lods(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t value;

    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, lods_block, false);
        return;
    }
    value = string_read(p, i, i->segment, ESI, width);
    register_write(p, EAX, width, value);
    string_advance(p, i, ESI, width, 1);
}

static void cmps(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t a, b;

    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, cmps_block, true);
        return;
    }
    b = string_read(p, i, ES, EDI, width);
    a = string_read(p, i, i->segment, ESI, width);
    flags_set_subtract(p, width, a, b, a - b);
    string_advance(p, i, ESI, width, 1);
    string_advance(p, i, EDI, width, 1);
}

static void scas(struct processor *p, const struct instruction *i, unsigned width)
{
    uint32_t a = register_read(p, EAX, width), b;

    if (i->repeat != REPEAT_NONE) {
        string_repeat(p, i, width, scas_block, true);
        return;
    }
    b = string_read(p, i, ES, EDI, width);
    flags_set_subtract(p, width, a, b, a - b);
    string_advance(p, i, EDI, width, 1);
}

HANDLERS_8_V(movs)
HANDLERS_8_V(stos)
HANDLERS_8_V(lods)
HANDLERS_8_V(cmps)
HANDLERS_8_V(scas)
