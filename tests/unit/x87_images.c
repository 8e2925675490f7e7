/* FNSTENV, FNSAVE, FLDENV, FRSTOR and FXSAVE images in every format, with the guest's own
 * instruction and operand pointers. Not here: the registers in them (x87_silicon.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "native.h"
#include "native_compare.h"

#define HLT 0xf4

/* Where the images go: offset in DS. */
#define IMAGE      0x100u
#define NEXT_IMAGE 0x200u
#define LAST_IMAGE 0x300u

static struct machine *machine;

static int create(void **state)
{
    (void)state;
    machine = machine_create();
    return 0;
}

static int destroy(void **state)
{
    (void)state;
    machine_destroy(machine);
    return 0;
}

/* DS:[EBX] (32-bit) and DS:[BX] (16-bit) is the operand of the FLD; DS is the 64 KiB at 3xxxx. */
static void prepare(bool real)
{
    native_host_reset();
    if (real) {
        machine_real_mode(machine);
        machine->state.eip = 0x4321;
        machine_segment(machine, CS, 0x1234, 0x12340, 0xffff, ATTRIBUTES_REAL);
    } else {
        machine_protected(machine, 0, 32);
        machine_segment(machine, DS, SELECTOR_DATA_0, 0x30000, 0xffff, 0x4093);
    }
    machine->native = native_host_run;
    machine->state.gpr[EBX] = 0x5678;
}

static void run_code(const uint8_t *code, size_t length)
{
    static const uint8_t hlt = HLT;
    uint32_t where = machine->state.segment[CS].base + machine->state.eip;

    machine_write(machine, where, code, length);
    machine_write(machine, where + (uint32_t)length, &hlt, 1);
    machine_load(machine);
    assert_true(machine_run_to_halt(machine, 1000));
    assert_int_equal(machine_vector(machine), -1);
}

#define RUN(...) run_code((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static const uint8_t *image(uint32_t offset)
{
    return machine->ram + 0x30000 + offset;
}

static void expect_image(uint32_t offset, const uint8_t *expected, size_t length)
{
    static const uint8_t untouched[16];

    assert_memory_equal(image(offset), expected, length);
    assert_memory_equal(image(offset) + length, untouched, sizeof(untouched));
}

#define EXPECT(offset, ...)                                                                        \
    expect_image(offset, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* After FLD dword: TOP 7, R7 zero. Its opcode bits are 1 (D9) and ModRM. */
#define CW_SW_TW_16 0x7f, 0x03, 0x00, 0x38, 0xff, 0x7f
#define CW_SW_TW_32 0x7f, 0x03, 0xff, 0xff, 0x00, 0x38, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff

/* --- the four formats, SDM vol. 1, figures 8-9 to 8-12 --------------------------------------- */

/* Code for FLD dword [(E)BX] with a prefix that the pointer includes, then FNSTENV [IMAGE], which
 * leaves the pointers alone and is done twice. */

static void protected_32(void **state)
{
    (void)state;
    prepare(false);
    /* EIP 20000, selector 08; operand 10:5678 */
    RUN(0x3e, 0xd9, 0x03, 0xd9, 0x35, 0x00, 0x01, 0, 0, 0xd9, 0x35, 0x00, 0x02, 0, 0);
    EXPECT(IMAGE, CW_SW_TW_32, 0x00, 0x00, 0x02, 0x00, 0x08, 0x00, 0x03, 0x01, 0x78, 0x56, 0, 0,
           0x10, 0x00, 0xff, 0xff);
    EXPECT(NEXT_IMAGE, CW_SW_TW_32, 0x00, 0x00, 0x02, 0x00, 0x08, 0x00, 0x03, 0x01, 0x78, 0x56, 0,
           0, 0x10, 0x00, 0xff, 0xff);
}

static void protected_16(void **state)
{
    (void)state;
    prepare(false);
    machine->state.eip = MACHINE_CODE + 0x4321;
    RUN(0x3e, 0xd9, 0x03, 0x66, 0xd9, 0x35, 0x00, 0x01, 0, 0);
    EXPECT(IMAGE, CW_SW_TW_16, 0x21, 0x43, 0x08, 0x00, 0x78, 0x56, 0x10, 0x00);
}

/* CS:IP 1234:4321 is 16661, DS:BX 3000:5678 is 35678; FLD is D9 07 there. */
static void real_32(void **state)
{
    (void)state;
    prepare(true);
    RUN(0x3e, 0xd9, 0x07, 0x66, 0xd9, 0x36, 0x00, 0x01);
    EXPECT(IMAGE, CW_SW_TW_32, 0x61, 0x66, 0xff, 0xff, 0x07, 0x11, 0x00, 0x00, 0x78, 0x56, 0xff,
           0xff, 0x00, 0x30, 0x00, 0x00);
}

static void real_16(void **state)
{
    (void)state;
    prepare(true);
    RUN(0x3e, 0xd9, 0x07, 0xd9, 0x36, 0x00, 0x01);
    EXPECT(IMAGE, CW_SW_TW_16, 0x61, 0x66, 0x07, 0x11, 0x78, 0x56, 0x00, 0x30);
}

/* Virtual-8086 mode has the real-mode formats: the same CS:IP and DS:BX. */
static void virtual_8086(void **state)
{
    (void)state;
    prepare(false);
    machine->state.eflags |= EFLAGS_VM | EFLAGS_IOPL;
    machine->state.cpl = 3;
    for (unsigned segment = ES; segment <= GS; segment++)
        machine_segment(machine, segment, 0x3000, 0x30000, 0xffff, 0xf3);
    machine_segment(machine, CS, 0x1234, 0x12340, 0xffff, 0xf3);
    machine->state.eip = 0x4321;
    machine->state.gpr[ESP] = 0x8000;
    machine_write(machine, 0x12340 + 0x4321, "\x3e\xd9\x07\xd9\x36\x00\x01\xf4", 8);
    machine_load(machine);
    assert_true(machine_run_to_halt(machine, 1000)); /* HLT: #GP */
    EXPECT(IMAGE, CW_SW_TW_16, 0x61, 0x66, 0x07, 0x11, 0x78, 0x56, 0x00, 0x30);
}

/* --- which instruction and operand are the last ---------------------------------------------- */

/* FNSTENV [IMAGE] with 32-bit operands in protected mode: the pointer fields. */
static void expect_pointers(uint32_t instruction, uint16_t code, uint16_t opcode, uint32_t operand,
                            uint16_t data)
{
    assert_int_equal(host_read(image(IMAGE) + 12, 4), instruction);
    assert_int_equal(host_read(image(IMAGE) + 16, 2), code);
    assert_int_equal(host_read(image(IMAGE) + 18, 2), opcode);
    assert_int_equal(host_read(image(IMAGE) + 20, 4), operand);
    assert_int_equal(host_read(image(IMAGE) + 24, 2), data);
}

#define FNSTENV_IMAGE 0xd9, 0x35, 0x00, 0x01, 0x00, 0x00

static void register_operands_keep_operand_pointer(void **state)
{
    (void)state;
    prepare(false);
    /* FLD dword [EBX]; FLD1; FNOP */
    RUN(0xd9, 0x03, 0xd9, 0xe8, 0xd9, 0xd0, FNSTENV_IMAGE);
    expect_pointers(MACHINE_CODE + 4, SELECTOR_CODE_0, 0x1d0, 0x5678, SELECTOR_DATA_0);
}

static void control_instructions_keep_both(void **state)
{
    (void)state;
    prepare(false);
    machine_write_16(machine, 0x30010, 0x037f);
    /* FLD dword [EBX]; FLDCW [10]; FNSTCW [12]; FNSTSW [14]; FNSTSW AX; FNCLEX; FWAIT; FNSETPM */
    RUN(0xd9, 0x03, 0xd9, 0x2d, 0x10, 0, 0, 0, 0xd9, 0x3d, 0x12, 0, 0, 0, 0xdd, 0x3d, 0x14, 0, 0, 0,
        0xdf, 0xe0, 0xdb, 0xe2, 0x9b, 0xdb, 0xe4, FNSTENV_IMAGE);
    expect_pointers(MACHINE_CODE, SELECTOR_CODE_0, 0x103, 0x5678, SELECTOR_DATA_0);
    assert_int_equal(machine_read_16(machine, 0x30012), 0x037f);
    assert_int_equal(machine_read_16(machine, 0x30014), 0x3800);
}

/* An instruction that a fault kept from running is not the last one. */
static void faulting_instructions_keep_both(void **state)
{
    (void)state;
    prepare(false);
    /* The handler of #GP: FNSTENV [IMAGE]; HLT */
    machine_write(machine, MACHINE_HANDLERS + 13 * 16, "\xd9\x35\x00\x01\x00\x00\xf4", 7);
    /* FLD dword [EBX]; FADD dword [ffffe] */
    machine_write(machine, MACHINE_CODE, "\xd9\x03\xd8\x05\xfe\xff\x0f\x00", 8);
    machine_load(machine);
    assert_true(machine_run_to_halt(machine, 1000));
    expect_pointers(MACHINE_CODE, SELECTOR_CODE_0, 0x103, 0x5678, SELECTOR_DATA_0);
}

/* The instruction that raised the exception, not the one that reported it. */
static void pending_exception_names_its_instruction(void **state)
{
    (void)state;
    prepare(false);
    machine_write_16(machine, 0x30010, 0x0340);
    machine_write(machine, MACHINE_HANDLERS + 16 * 16, "\xd9\x35\x00\x01\x00\x00\xf4", 7);
    /* FLDCW [10]; FLD1; FLDZ; FDIVP; FLD dword [EBX]: #MF */
    machine_write(machine, MACHINE_CODE, "\xd9\x2d\x10\0\0\0\xd9\xe8\xd9\xee\xde\xf9\xd9\x03", 14);
    machine_load(machine);
    assert_true(machine_run_to_halt(machine, 1000));
    expect_pointers(MACHINE_CODE + 10, SELECTOR_CODE_0, 0x6f9, 0, 0);
    assert_int_equal(host_read(image(IMAGE), 2), 0x0340);
    assert_int_equal(host_read(image(IMAGE) + 4, 2), 0xb084);
}

static void initialisation_clears_both(void **state)
{
    (void)state;
    prepare(false);
    RUN(0xd9, 0x03, 0xdb, 0xe3, FNSTENV_IMAGE);
    expect_pointers(0, 0, 0, 0, 0);
    /* FNSAVE stores them first. */
    prepare(false);
    RUN(0xd9, 0x03, 0xdd, 0x35, 0x00, 0x02, 0, 0, FNSTENV_IMAGE);
    expect_pointers(0, 0, 0, 0, 0);
    assert_int_equal(host_read(image(NEXT_IMAGE) + 12, 4), MACHINE_CODE);
    assert_int_equal(host_read(image(NEXT_IMAGE) + 20, 4), 0x5678);
    assert_int_equal(host_read(image(IMAGE) + 8, 2), 0xffff);
}

/* --- loads ----------------------------------------------------------------------------------- */

/* FLDENV of a written image, FNSTENV in the same format: the same, but for reserved bits. */
static void reload(bool real, const uint8_t *code, size_t code_length, const uint8_t *from,
                   const uint8_t *expected, size_t length)
{
    prepare(real);
    machine_write(machine, 0x30000 + NEXT_IMAGE, from, length);
    run_code(code, code_length);
    expect_image(IMAGE, expected, length);
}

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define LIST(...)                                                                                  \
    (const uint8_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void environment_comes_back(void **state)
{
    static const uint8_t words[] = {0x7f, 0x02, 0x41, 0x31, 0xff, 0xff, 0x11,
                                    0x22, 0x33, 0x5c, 0x55, 0x66, 0x77, 0x88};
    static const uint8_t real_words[] = {0x7f, 0x02, 0x41, 0x31, 0xff, 0xff, 0x11,
                                         0x22, 0x33, 0x54, 0x55, 0x66, 0x00, 0x80};

    (void)state;
    /* Protected, 16: all words are as they were. */
    reload(false, BYTES(0x66, 0xd9, 0x25, 0, 2, 0, 0, 0x66, 0xd9, 0x35, 0, 1, 0, 0), words, words,
           sizeof(words));
    /* Real, 16: opcode and the high nibbles, bit 11 and the low bits of the last word are 0. */
    reload(true, BYTES(0xd9, 0x26, 0, 2, 0xd9, 0x36, 0, 1), words, real_words, sizeof(words));
    /* Protected, 32. */
    reload(false, BYTES(0xd9, 0x25, 0, 2, 0, 0, 0xd9, 0x35, 0, 1, 0, 0),
           LIST(0x7f, 2, 0, 0, 0x41, 0x31, 0, 0, 0xff, 0xff, 0, 0, 1, 2, 3, 4, 5, 6, 0xff, 0xff, 9,
                10, 11, 12, 13, 14, 0, 0),
           LIST(0x7f, 2, 0xff, 0xff, 0x41, 0x31, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5,
                6, 0xff, 0x07, 9, 10, 11, 12, 13, 14, 0xff, 0xff),
           28);
    /* Real, 32: 32-bit linear addresses in two parts. */
    reload(true, BYTES(0x66, 0xd9, 0x26, 0, 2, 0x66, 0xd9, 0x36, 0, 1),
           LIST(0x7f, 2, 0, 0, 0x41, 0x31, 0, 0, 0xff, 0xff, 0, 0, 1, 2, 0, 0, 0xf5, 0x6f, 0x87,
                0xf9, 9, 10, 0, 0, 0xff, 0x3f, 0x22, 0xf1),
           LIST(0x7f, 2, 0xff, 0xff, 0x41, 0x31, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 0xff,
                0xff, 0xf5, 0x67, 0x87, 0x09, 9, 10, 0xff, 0xff, 0x00, 0x30, 0x22, 0x01),
           28);
}

/* FNSAVE and FRSTOR: header and registers meet at the right place in both sizes. */
static void state_comes_back(void **state)
{
    static const uint8_t pi[10] = {0x35, 0xc2, 0x68, 0x21, 0xa2, 0xda, 0x0f, 0xc9, 0x00, 0x40};

    (void)state;
    prepare(false);
    /* FLDPI; FNSAVE [IMAGE]; FRSTOR [IMAGE]; FNSAVE [NEXT_IMAGE] */
    RUN(0xd9, 0xeb, 0xdd, 0x35, 0, 1, 0, 0, 0xdd, 0x25, 0, 1, 0, 0, 0xdd, 0x35, 0, 2, 0, 0);
    assert_memory_equal(image(IMAGE) + 28, pi, 10);
    assert_memory_equal(image(IMAGE), image(NEXT_IMAGE), 108);
    assert_int_equal(image(IMAGE)[108], 0);
    prepare(true);
    RUN(0xd9, 0xeb, 0xdd, 0x36, 0, 1, 0xdd, 0x26, 0, 1, 0xdd, 0x36, 0, 2);
    assert_memory_equal(image(IMAGE) + 14, pi, 10);
    assert_memory_equal(image(IMAGE), image(NEXT_IMAGE), 94);
    assert_int_equal(image(IMAGE)[94], 0);
}

/* --- FXSAVE and FXRSTOR ---------------------------------------------------------------------- */

/* SDM vol. 1, table 10-2: opcode at 6, instruction pointer at 8, operand pointer at 16; 288 bytes
 * are written outside 64-bit mode. */
static void fxsave_pointers(void **state)
{
    static const uint8_t rest[NATIVE_HOST_IMAGE - UNIT_VISIBLE];

    (void)state;
    prepare(false);
    /* FLD dword [EBX]; FXSAVE [IMAGE]; FNINIT; FXRSTOR [IMAGE]; FXSAVE [LAST_IMAGE] */
    RUN(0xd9, 0x03, 0x0f, 0xae, 0x05, 0, 1, 0, 0, 0xdb, 0xe3, 0x0f, 0xae, 0x0d, 0, 1, 0, 0, 0x0f,
        0xae, 0x05, 0, 3, 0, 0);
    assert_memory_equal(image(IMAGE) + 6,
                        LIST(0x03, 0x01, 0, 0, 2, 0, 8, 0, 0, 0, 0x78, 0x56, 0, 0, 0x10, 0, 0, 0),
                        18);
    assert_memory_equal(image(LAST_IMAGE), image(IMAGE), UNIT_VISIBLE);
    assert_memory_equal(image(LAST_IMAGE) + UNIT_VISIBLE, rest, sizeof(rest));
}

/* --- between the unit and the processor ------------------------------------------------------ */

/* A guest that ran on the hardware left its pointers in the unit; they count until the interpreter
 * runs an x87 instruction of its own, and go back when it is done. */
static void pointers_change_hands(void **state)
{
    uint8_t unit[NATIVE_HOST_IMAGE];

    (void)state;
    prepare(false);
    native_host_get(unit);
    host_write(unit + 6, 2, 0x155);
    host_write(unit + 8, 4, 0x1111);
    host_write(unit + 16, 4, 0x2222);
    native_host_set(unit);
    RUN(FNSTENV_IMAGE);
    assert_int_equal(host_read(image(IMAGE) + 12, 4), 0x1111);
    assert_int_equal(host_read(image(IMAGE) + 18, 2), 0x155);
    assert_int_equal(host_read(image(IMAGE) + 20, 4), 0x2222);
    /* FLD1 has no memory operand. */
    prepare(false);
    native_host_set(unit);
    RUN(0xd9, 0xe8, FNSTENV_IMAGE);
    assert_int_equal(host_read(image(IMAGE) + 12, 4), MACHINE_CODE);
    assert_int_equal(host_read(image(IMAGE) + 20, 4), 0x2222);

    native_give_pointers(&machine->processor);
    assert_false(machine->processor.fpu_used);
    native_host_get(unit);
    assert_int_equal(host_read(unit + 6, 2), 0x1e8);
    assert_int_equal(host_read(unit + 8, 4), MACHINE_CODE);
    assert_int_equal(host_read(unit + 16, 4), 0x2222);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protected_32),
        cmocka_unit_test(protected_16),
        cmocka_unit_test(real_32),
        cmocka_unit_test(real_16),
        cmocka_unit_test(virtual_8086),
        cmocka_unit_test(register_operands_keep_operand_pointer),
        cmocka_unit_test(control_instructions_keep_both),
        cmocka_unit_test(faulting_instructions_keep_both),
        cmocka_unit_test(pending_exception_names_its_instruction),
        cmocka_unit_test(initialisation_clears_both),
        cmocka_unit_test(environment_comes_back),
        cmocka_unit_test(state_comes_back),
        cmocka_unit_test(fxsave_pointers),
        cmocka_unit_test(pointers_change_hands),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
