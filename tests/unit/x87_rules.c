/* x87 rules that user mode on the host cannot show: CR0.EM, TS, MP and NE, page faults of stores,
 * addressing, FNSTSW AX. Not here: encodings (x87_silicon.c), stored images (x87_images.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "native_compare.h"

#define HLT 0xf4

/* In an FXSAVE image. */
#define STATUS     2u
#define EXCEPTIONS 0x7fu   /* of the status word's low byte */
#define ERROR_BUSY 0x8080u /* error summary and busy */
#define NO_VECTOR  (-1)

static struct machine *machine;

static int create(void **state)
{
    (void)state;
    machine = machine_create();
    native_host_reset();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    machine_destroy(machine);
    return 0;
}

static void set_protected(void)
{
    machine_protected(machine, 0, 32);
    machine->native = native_host_run;
}

static void set_real(void)
{
    machine_real_mode(machine);
    machine->native = native_host_run;
}

/* Runs the code at CS:EIP to its HLT, or to that of an exception's handler, whose vector is
 * returned. */
static int run_code(const uint8_t *code, size_t length)
{
    static const uint8_t hlt = HLT;
    uint32_t where = machine->state.segment[CS].base + machine->state.eip;

    machine_write(machine, where, code, length);
    machine_write(machine, where + (uint32_t)length, &hlt, 1);
    machine_load(machine);
    assert_true(machine_run_to_halt(machine, 1000));
    return machine_vector(machine);
}

#define RUN(...) run_code((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint32_t unit_word(unsigned offset)
{
    uint8_t unit[NATIVE_HOST_IMAGE];

    native_host_get(unit);
    return host_read(unit + offset, 2);
}

/* A zero divide is pending: FCW 037b, 1/0 computed. */
static void make_pending(void)
{
    uint8_t unit[NATIVE_HOST_IMAGE];

    native_host_reset();
    native_host_get(unit);
    unit[0] = 0x7b;
    unit[STATUS] = 0x04;
    native_host_set(unit);
    assert_int_equal(unit_word(STATUS), 0x8084);
}

/* --- CR0 ------------------------------------------------------------------------------------- */

/* SDM vol. 3, table 2-2: x87 instructions #NM with EM or TS, waiting or not; FWAIT with MP and TS.
 */
static void device_not_available(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 8; bits++)
        for (unsigned real = 0; real < 2; real++) {
            uint32_t cr0 = bits << 1; /* MP, EM, TS */
            int x87 = (cr0 & (CR0_EM | CR0_TS)) != 0 ? EXCEPTION_NM : NO_VECTOR;
            int wait = (cr0 & CR0_MP) && (cr0 & CR0_TS) ? EXCEPTION_NM : NO_VECTOR;
            static const uint8_t code[][2] = {{0xd8, 0xc1}, {0xdb, 0xe3}, {0xdf, 0xe0},
                                              {0xdb, 0xe2}, {0xd9, 0xd0}, {0xdd, 0x07}};

            for (unsigned n = 0; n <= sizeof(code) / sizeof(code[0]); n++) {
                native_host_reset();
                if (real)
                    set_real();
                else
                    set_protected();
                /* FLD qword [EDI], in real mode [BX]. */
                machine->state.gpr[EDI] = MACHINE_DATA;
                machine->state.cr0 |= cr0;
                if (n == sizeof(code) / sizeof(code[0]))
                    assert_int_equal(RUN(0x9b), wait);
                else
                    assert_int_equal(run_code(code[n], 2), x87);
            }
        }
}

/* #NM leaves the unit alone and points at the instruction. */
static void device_not_available_is_a_fault(void **state)
{
    uint8_t before[NATIVE_HOST_IMAGE], after[NATIVE_HOST_IMAGE];

    (void)state;
    native_host_reset();
    native_host_get(before);
    set_protected();
    machine->state.cr0 |= CR0_TS;
    assert_int_equal(RUN(0xd9, 0xe8), EXCEPTION_NM);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE);
    native_host_get(after);
    assert_memory_equal(before, after, UNIT_VISIBLE);
}

static void numeric_error(void **state)
{
    (void)state;
    make_pending();
    set_protected();
    assert_int_equal(RUN(0xd9, 0xe8), EXCEPTION_MF);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE);
    /* In real mode, too, when CR0.NE is 1. */
    set_real();
    machine->state.cr0 |= CR0_NE;
    assert_int_equal(RUN(0x9b), EXCEPTION_MF);
    /* Instructions that do not wait. */
    set_real();
    machine->state.cr0 |= CR0_NE;
    assert_int_equal(RUN(0xdf, 0xe0, 0xdb, 0xe2, 0x9b), NO_VECTOR);
    assert_int_equal(machine->state.gpr[EAX] & 0xffff, 0x8084);
}

/* --- CR0.NE = 0 ------------------------------------------------------------------------------ */

/* Pending exceptions are ignored: the same happens as without them, and they stay pending. */
static void try_ignoring(struct machine *m, struct trial *t, uint8_t pending)
{
    static struct outcome direct, interpreted;
    uint32_t status;

    t->unit[STATUS] = 0;
    t->unit[STATUS + 1] &= 0x7f;
    run_directly(t, &direct);
    t->unit[STATUS] = pending;
    run_interpreted(m, t, &interpreted);
    status = host_read(direct.unit + STATUS, 2);
    if (direct.vector < 0)
        status |= pending | ERROR_BUSY;
    else
        status = pending | ERROR_BUSY | (t->unit[STATUS + 1] & 0x7fu) << 8;
    assert_int_equal(interpreted.vector, direct.vector);
    assert_int_equal(host_read(interpreted.unit + STATUS, 2), status);
    assert_memory_equal(direct.unit + 32, interpreted.unit + 32, UNIT_VISIBLE - 32);
    assert_memory_equal(direct.window, interpreted.window, WINDOW);
    assert_int_equal(direct.unit[4], interpreted.unit[4]);
}

/* Loads of the environment replace what is pending, FLDCW may end it, and those that do not wait
 * are not concerned. */
static bool ignores(unsigned opcode, unsigned modrm)
{
    unsigned reg = modrm >> 3 & 7;

    if (modrm < 0xc0)
        return !((opcode == 0xd9 && reg >= 4) || (opcode == 0xdd && (reg & ~2u) == 4) ||
                 (opcode == 0xdd && reg == 7));
    return !(opcode == 0xdb && reg == 4) && !(opcode == 0xdf && modrm == 0xe0);
}

static void external_error_reporting(void **state)
{
    static struct trial t;
    struct machine *m = compare_machine();
    struct random random = {0x3c6ef372fe94f82bull};

    (void)state;
    m->state.cr0 &= ~CR0_NE;
    for (unsigned opcode = 0xd8; opcode <= 0xdf; opcode++)
        for (unsigned modrm = 0; modrm < 0x100; modrm += modrm < 0xc0 ? 8 : 1)
            for (unsigned n = 0; n < 4; n++) {
                uint8_t unmasked;

                if ((modrm > 0x38 && modrm < 0xc0) || !ignores(opcode, modrm))
                    continue;
                trial_random(&t, &random);
                unmasked = (uint8_t)(1u << random_below(&random, 6));
                t.unit[0] &= (uint8_t)~unmasked;
                t.code[0] = (uint8_t)opcode;
                t.code[1] = (uint8_t)modrm;
                t.length = 2;
                try_ignoring(m, &t, unmasked);
            }
    machine_destroy(m);
}

static void loads_replace_what_is_pending(void **state)
{
    (void)state;
    /* FLDENV of an image without exceptions; then FWAIT with NE=1 would be #MF if one were left. */
    make_pending();
    set_protected();
    machine->state.cr0 &= ~CR0_NE;
    machine->state.gpr[EBX] = MACHINE_DATA;
    machine_write_16(machine, MACHINE_DATA, 0x037b);
    machine_write_16(machine, MACHINE_DATA + 8, 0xffff);
    assert_int_equal(RUN(0xd9, 0x23), NO_VECTOR);
    assert_int_equal(unit_word(STATUS), 0);
    assert_int_equal(unit_word(0), 0x037b);
    /* FRSTOR alike. */
    make_pending();
    set_protected();
    machine->state.cr0 &= ~CR0_NE;
    machine->state.gpr[EBX] = MACHINE_DATA;
    assert_int_equal(RUN(0xdd, 0x23), NO_VECTOR);
    assert_int_equal(unit_word(STATUS), 0);
    /* FLDCW: still there, now masked; unmasked again, pending again. */
    make_pending();
    set_protected();
    machine->state.cr0 &= ~CR0_NE;
    machine->state.gpr[EBX] = MACHINE_DATA;
    machine_write_16(machine, MACHINE_DATA, 0x037f);
    machine_write_16(machine, MACHINE_DATA + 2, 0x037b);
    assert_int_equal(RUN(0xd9, 0x2b), NO_VECTOR);
    assert_int_equal(unit_word(STATUS), 0x0004);
    set_protected();
    machine->state.gpr[EBX] = MACHINE_DATA;
    machine_write_16(machine, MACHINE_DATA + 2, 0x037b);
    assert_int_equal(RUN(0xd9, 0x6b, 0x02, 0x9b), EXCEPTION_MF);
}

/* MMX has the same check, and ignores as well. */
static void mmx_with_pending_error(void **state)
{
    (void)state;
    make_pending();
    set_protected();
    assert_int_equal(RUN(0x0f, 0x6f, 0xc1), EXCEPTION_MF);
    set_protected();
    machine->state.cr0 &= ~CR0_NE;
    assert_int_equal(RUN(0x0f, 0x6f, 0xc1), NO_VECTOR);
    assert_int_equal(unit_word(STATUS), 0x8084);
}

/* --- memory ---------------------------------------------------------------------------------- */

/* FSTP m80 across the end of a writable page: #PF, nothing stored, nothing popped; restartable. */
static void store_page_fault(void **state)
{
    static const uint8_t pi[10] = {0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40};
    uint32_t page = MACHINE_DATA + MACHINE_PAGE_SIZE, where = page - 4;
    uint8_t before[NATIVE_HOST_IMAGE], after[NATIVE_HOST_IMAGE];

    (void)state;
    native_host_reset();
    set_protected();
    assert_int_equal(RUN(0xd9, 0xeb), NO_VECTOR);
    native_host_get(before);
    machine_protected(machine, 3, 32);
    machine->native = native_host_run;
    machine_paging(machine);
    machine_write_32(machine, machine_page_entry(page), page | 5);
    machine->state.gpr[EBX] = where;
    assert_int_equal(RUN(0xdb, 0x3b), EXCEPTION_PF);
    assert_int_equal(machine->state.cr2, page);
    assert_int_equal(machine_stack(machine, 0, 4), 7); /* present, write, user */
    assert_int_equal(machine_stack(machine, 1, 4), MACHINE_CODE);
    native_host_get(after);
    assert_memory_equal(before + 24, after + 24, UNIT_VISIBLE - 24);
    assert_memory_equal(before, after, 6);
    assert_int_equal(machine_read_32(machine, where), 0);

    machine_protected(machine, 3, 32);
    machine->native = native_host_run;
    machine_paging(machine);
    machine->state.gpr[EBX] = where;
    RUN(0xdb, 0x3b); /* its HLT is #GP at CPL 3 */
    assert_memory_equal(machine->ram + where, pi, sizeof(pi));
    assert_int_equal(unit_word(4) & 0xff, 0);
}

/* An operand through SS that does not fit is #SS, through an override #GP; 16-bit addresses wrap.
 */
static void addressing(void **state)
{
    static const uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f};

    (void)state;
    native_host_reset();
    set_real();
    machine->state.gpr[EBP] = 0xfffa;
    assert_int_equal(RUN(0xdd, 0x46, 0x00), EXCEPTION_SS); /* FLD qword [BP] */
    set_real();
    machine->state.gpr[EBX] = 0xfffa;
    assert_int_equal(RUN(0xdd, 0x07), EXCEPTION_GP); /* FLD qword [BX] */
    set_real();
    machine->state.gpr[EBX] = 0xfffa;
    machine->state.gpr[ESI] = 0x0012;
    machine_write(machine, 0x4000c, one, sizeof(one));
    native_host_reset();
    assert_int_equal(RUN(0x64, 0xdd, 0x00), NO_VECTOR); /* FLD qword FS:[BX+SI] */
    {
        uint8_t unit[NATIVE_HOST_IMAGE];

        native_host_get(unit);
        assert_int_equal(host_read(unit + 32 + 8, 2), 0x3fff);
    }
    set_real();
    machine->state.gpr[EBX] = 0xfff9;
    assert_int_equal(RUN(0x64, 0xdd, 0x1f), EXCEPTION_GP); /* FSTP qword FS:[BX] */
    assert_int_equal(unit_word(4) & 0xff, 0x80);           /* not popped */
}

static void status_in_ax(void **state)
{
    (void)state;
    make_pending();
    set_protected();
    machine->state.gpr[EAX] = 0x12345678;
    assert_int_equal(RUN(0xdf, 0xe0), NO_VECTOR);
    assert_int_equal(machine->state.gpr[EAX], 0x12348084);
}

/* FCMOVcc and FCOMI in one program: 1.0 and 0.0, the smaller one moved. */
static void flags_both_ways(void **state)
{
    uint8_t unit[NATIVE_HOST_IMAGE];

    (void)state;
    native_host_reset();
    set_protected();
    machine->state.eflags |= EFLAGS_OF | EFLAGS_SF | EFLAGS_AF;
    /* FLD1; FLDZ; FCOMI ST1 (below); FCMOVB ST1 */
    assert_int_equal(RUN(0xd9, 0xe8, 0xd9, 0xee, 0xdb, 0xf1, 0xda, 0xc1), NO_VECTOR);
    assert_int_equal(machine->state.eflags & EFLAGS_STATUS, EFLAGS_CF);
    native_host_get(unit);
    assert_int_equal(host_read(unit + 32 + 8, 2), 0x3fff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(device_not_available, create, destroy),
        cmocka_unit_test_setup_teardown(device_not_available_is_a_fault, create, destroy),
        cmocka_unit_test_setup_teardown(numeric_error, create, destroy),
        cmocka_unit_test_setup_teardown(external_error_reporting, create, destroy),
        cmocka_unit_test_setup_teardown(loads_replace_what_is_pending, create, destroy),
        cmocka_unit_test_setup_teardown(mmx_with_pending_error, create, destroy),
        cmocka_unit_test_setup_teardown(store_page_fault, create, destroy),
        cmocka_unit_test_setup_teardown(addressing, create, destroy),
        cmocka_unit_test_setup_teardown(status_in_ax, create, destroy),
        cmocka_unit_test_setup_teardown(flags_both_ways, create, destroy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
