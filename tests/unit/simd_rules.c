/* MMX and SSE rules that user mode on the host cannot show: CR0, CR4, page faults; general
 * registers; what is left out. Not here: encodings (simd_silicon.c), FXSAVE's pointers
 * (x87_images.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "memory.h"
#include "native_compare.h"

#define HLT       0xf4
#define NO_VECTOR (-1)
#define CR4_SSE   (CR4_OSFXSR | CR4_OSXMMEXCPT)

/* In an FXSAVE image. */
#define UNIT_MXCSR 24u
#define UNIT_MM    32u
#define UNIT_XMM   160u

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

/* The unit after FNINIT, EBX and EDI at MACHINE_DATA. */
static void prepare(unsigned cpl)
{
    native_host_reset();
    machine_protected(machine, cpl, 32);
    machine->native = native_host_run;
    machine->state.cr4 |= CR4_SSE;
    machine->state.gpr[EBX] = machine->state.gpr[EDI] = MACHINE_DATA;
}

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

/* `bytes` into MMn (while TOP is 0) or XMMn. */
static void set_register(uint32_t where, unsigned n, const void *bytes, size_t length)
{
    uint8_t unit[NATIVE_HOST_IMAGE];

    native_host_get(unit);
    memcpy(unit + where + 16 * n, bytes, length);
    native_host_set(unit);
}

static void get_register(uint32_t where, unsigned n, void *bytes, size_t length)
{
    uint8_t unit[NATIVE_HOST_IMAGE];

    native_host_get(unit);
    memcpy(bytes, unit + where + 16 * n, length);
}

/* --- control registers ----------------------------------------------------------------------- */

/* What an instruction asks for. */
enum need {
    ANYTHING,  /* nothing: fences, CLFLUSH */
    NEEDS_MMX, /* EM #UD, TS #NM */
    NEEDS_SSE, /* and CR4.OSFXSR, else #UD */
    NEEDS_X87, /* EM or TS #NM: FXSAVE, FXRSTOR */
};

static int expected(enum need need, uint32_t cr0, bool osfxsr)
{
    if (need == ANYTHING)
        return NO_VECTOR;
    if (need == NEEDS_X87)
        return (cr0 & (CR0_EM | CR0_TS)) != 0 ? EXCEPTION_NM : NO_VECTOR;
    if ((cr0 & CR0_EM) || (need == NEEDS_SSE && !osfxsr))
        return EXCEPTION_UD;
    return cr0 & CR0_TS ? EXCEPTION_NM : NO_VECTOR;
}

/* SDM vol. 3, tables 12-1 and 13-1; vol. 2, each instruction. */
static void control_registers(void **state)
{
    static const struct {
        enum need need;
        uint8_t length, code[6];
    } cases[] = {
        {NEEDS_MMX, 3, {0x0f, 0x6f, 0xc1}},             /* MOVQ mm, mm */
        {NEEDS_MMX, 3, {0x0f, 0x7f, 0x03}},             /* MOVQ m64, mm */
        {NEEDS_MMX, 2, {0x0f, 0x77}},                   /* EMMS */
        {NEEDS_MMX, 3, {0x0f, 0xd4, 0xc1}},             /* PADDQ mm, mm: of SSE2 */
        {NEEDS_MMX, 4, {0x0f, 0x70, 0xc1, 0x1b}},       /* PSHUFW: of SSE */
        {NEEDS_MMX, 3, {0x0f, 0xf7, 0xc1}},             /* MASKMOVQ */
        {NEEDS_MMX, 3, {0x0f, 0xe7, 0x03}},             /* MOVNTQ */
        {NEEDS_MMX, 3, {0x0f, 0xd7, 0xc1}},             /* PMOVMSKB r32, mm */
        {NEEDS_SSE, 3, {0x0f, 0x58, 0xc1}},             /* ADDPS */
        {NEEDS_SSE, 3, {0x0f, 0x28, 0x03}},             /* MOVAPS xmm, m128 */
        {NEEDS_SSE, 4, {0x66, 0x0f, 0x6f, 0xc1}},       /* MOVDQA */
        {NEEDS_SSE, 4, {0xf3, 0x0f, 0xd6, 0xc1}},       /* MOVQ2DQ */
        {NEEDS_SSE, 4, {0xf2, 0x0f, 0xd6, 0xc1}},       /* MOVDQ2Q */
        {NEEDS_SSE, 3, {0x0f, 0x2a, 0x03}},             /* CVTPI2PS xmm, m64 */
        {NEEDS_SSE, 3, {0x0f, 0x2c, 0xc1}},             /* CVTTPS2PI mm, xmm */
        {NEEDS_SSE, 4, {0x66, 0x0f, 0xf7, 0xc1}},       /* MASKMOVDQU */
        {NEEDS_SSE, 5, {0x66, 0x0f, 0xc4, 0xc1, 0x01}}, /* PINSRW xmm */
        {NEEDS_SSE, 4, {0xf2, 0x0f, 0xf0, 0x03}},       /* LDDQU */
        {NEEDS_SSE, 3, {0x0f, 0xae, 0x13}},             /* LDMXCSR */
        {NEEDS_SSE, 3, {0x0f, 0xae, 0x1b}},             /* STMXCSR */
        {NEEDS_X87, 3, {0x0f, 0xae, 0x03}},             /* FXSAVE */
        {NEEDS_X87, 3, {0x0f, 0xae, 0x0b}},             /* FXRSTOR */
        {ANYTHING, 3, {0x0f, 0xae, 0xe8}},              /* LFENCE */
        {ANYTHING, 3, {0x0f, 0xae, 0xf0}},              /* MFENCE */
        {ANYTHING, 3, {0x0f, 0xae, 0xf8}},              /* SFENCE */
        {ANYTHING, 3, {0x0f, 0xae, 0x3b}},              /* CLFLUSH */
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
        for (unsigned bits = 0; bits < 16; bits++) {
            uint32_t cr0 = (bits & 7) << 1; /* MP, EM, TS */
            bool osfxsr = bits & 8;

            prepare(0);
            machine->state.cr0 |= cr0;
            machine->state.cr4 = osfxsr ? CR4_OSFXSR : 0;
            assert_int_equal(run_code(cases[n].code, cases[n].length),
                             expected(cases[n].need, cr0, osfxsr));
        }
}

/* SQRTPS of -1 with the invalid exception unmasked. */
static void unmasked_exception(void **state)
{
    static const uint8_t minus_one[4] = {0, 0, 0x80, 0xbf}, mxcsr[4] = {0, 0x1f, 0, 0};
    uint8_t after[16];

    (void)state;
    for (unsigned xmmexcpt = 0; xmmexcpt < 2; xmmexcpt++) {
        prepare(0);
        set_register(UNIT_XMM, 1, minus_one, 4);
        set_register(UNIT_MXCSR, 0, mxcsr, 4);
        machine->state.cr4 = CR4_OSFXSR | (xmmexcpt ? CR4_OSXMMEXCPT : 0);
        assert_int_equal(RUN(0x0f, 0x51, 0xd1), xmmexcpt ? EXCEPTION_XM : EXCEPTION_UD);
        assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE);
        get_register(UNIT_XMM, 2, after, 4);
        assert_int_equal(host_read(after, 4), 0);
        get_register(UNIT_MXCSR, 0, after, 4);
        assert_int_equal(host_read(after, 4), 0x1f01);
    }
}

static void mxcsr_reserved_bits(void **state)
{
    uint8_t after[4];

    (void)state;
    prepare(0);
    machine_write_32(machine, MACHINE_DATA, 0x00011f80);
    assert_int_equal(RUN(0x0f, 0xae, 0x13), EXCEPTION_GP);
    assert_int_equal(machine_stack(machine, 0, 4), 0);
    get_register(UNIT_MXCSR, 0, after, 4);
    assert_int_equal(host_read(after, 4), 0x1f80);
    prepare(0);
    machine_write_32(machine, MACHINE_DATA, 0x00001fbf);
    assert_int_equal(RUN(0x0f, 0xae, 0x13, 0x0f, 0xae, 0x5b, 0x04), NO_VECTOR);
    assert_int_equal(machine_read_32(machine, MACHINE_DATA + 4), 0x1fbf);
}

/* --- general registers ----------------------------------------------------------------------- */

static void to_general_registers(void **state)
{
    static const uint8_t bytes[16] = {0x81, 2, 0x83, 4, 5, 0x86, 7, 8, 0x89};

    (void)state;
    for (uint8_t r = 0; r < 8; r++) {
        static const uint8_t two_and_half[4] = {0, 0, 0x20, 0x40};

        prepare(0);
        set_register(UNIT_XMM, 3, bytes, sizeof(bytes));
        assert_int_equal(RUN(0x66, 0x0f, 0x7e, (uint8_t)(0xd8 | r)), NO_VECTOR); /* MOVD r, XMM3 */
        assert_int_equal(machine->state.gpr[r], 0x04830281);
        prepare(0);
        set_register(UNIT_XMM, 3, bytes, sizeof(bytes));
        assert_int_equal(RUN(0x66, 0x0f, 0xd7, (uint8_t)(0xc3 | r << 3)), NO_VECTOR); /* PMOVMSKB */
        assert_int_equal(machine->state.gpr[r], 0x125);
        prepare(0);
        set_register(UNIT_XMM, 3, bytes, sizeof(bytes));
        assert_int_equal(RUN(0x66, 0x0f, 0xc5, (uint8_t)(0xc3 | r << 3), 2),
                         NO_VECTOR); /* PEXTRW */
        assert_int_equal(machine->state.gpr[r], 0x8605);
        prepare(0);
        set_register(UNIT_XMM, 5, two_and_half, 4);
        assert_int_equal(RUN(0xf3, 0x0f, 0x2c, (uint8_t)(0xc5 | r << 3)),
                         NO_VECTOR); /* CVTTSS2SI */
        assert_int_equal(machine->state.gpr[r], 2);
        prepare(0);
        assert_int_equal(RUN(0x0f, 0x50, (uint8_t)(0xc0 | r << 3)), NO_VECTOR); /* MOVMSKPS */
        assert_int_equal(machine->state.gpr[r], 0);
        prepare(0);
        machine->state.gpr[EBX] = machine->state.gpr[EDI] = 0x5555;
        assert_int_equal(RUN(0x0f, 0x58, 0xc0), NO_VECTOR); /* ADDPS: none */
        assert_int_equal(machine->state.gpr[r], r == ESP               ? MACHINE_STACK
                                                : r == EBX || r == EDI ? 0x5555
                                                                       : 0);
    }
}

static void from_general_registers(void **state)
{
    uint8_t after[16];

    (void)state;
    for (uint8_t r = 0; r < 8; r++) {
        if (r == ESP)
            continue;
        prepare(0);
        machine->state.gpr[r] = 0x00123456;
        assert_int_equal(RUN(0x66, 0x0f, 0x6e, (uint8_t)(0xf8 | r)), NO_VECTOR); /* MOVD XMM7, r */
        get_register(UNIT_XMM, 7, after, 16);
        assert_int_equal(host_read(after, 4), 0x00123456);
        assert_int_equal(machine->state.gpr[r], 0x00123456);
        prepare(0);
        machine->state.gpr[r] = 0x00123456;
        assert_int_equal(RUN(0x66, 0x0f, 0xc4, (uint8_t)(0xd0 | r), 7),
                         NO_VECTOR); /* PINSRW XMM2 */
        get_register(UNIT_XMM, 2, after, 16);
        assert_int_equal(host_read(after + 14, 2), 0x3456);
        prepare(0);
        machine->state.gpr[r] = (uint32_t)-3;
        assert_int_equal(RUN(0xf2, 0x0f, 0x2a, (uint8_t)(0xc8 | r)), NO_VECTOR); /* CVTSI2SD XMM1 */
        get_register(UNIT_XMM, 1, after, 16);
        assert_int_equal(host_read(after + 4, 4), 0xc0080000);
    }
}

/* --- memory ---------------------------------------------------------------------------------- */

/* MOVUPS across a page boundary into a page that may only be read: nothing is stored. */
static void store_page_fault(void **state)
{
    static const uint8_t ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t page = MACHINE_DATA + MACHINE_PAGE_SIZE;

    (void)state;
    prepare(3);
    set_register(UNIT_XMM, 0, ones, 16);
    machine_paging(machine);
    machine->state.cr4 |= CR4_SSE;
    machine_write_32(machine, machine_page_entry(page), page | 5);
    machine->state.gpr[EBX] = page - 8;
    assert_int_equal(RUN(0x0f, 0x11, 0x03), EXCEPTION_PF);
    assert_int_equal(machine->state.cr2, page);
    assert_int_equal(machine_stack(machine, 0, 4), 7);
    assert_int_equal(machine_read_32(machine, page - 8), 0);
}

/* CLFLUSH is checked as a load; it needs the page, but may not write it. */
static void clflush_faults(void **state)
{
    uint32_t page = MACHINE_DATA + MACHINE_PAGE_SIZE;

    (void)state;
    prepare(3);
    machine_paging(machine);
    machine_write_32(machine, machine_page_entry(page), 0);
    machine->state.gpr[EBX] = page + 5;
    assert_int_equal(RUN(0x0f, 0xae, 0x3b), EXCEPTION_PF);
    assert_int_equal(machine->state.cr2, page + 5);
    assert_int_equal(machine_stack(machine, 0, 4), 4); /* read, user */
    prepare(0);
    machine_segment(machine, DS, SELECTOR_DATA_0, MACHINE_DATA, 0xff, 0x4091);
    machine->state.gpr[EBX] = 0xff;
    assert_int_equal(RUN(0x0f, 0xae, 0x3b), NO_VECTOR);
    prepare(0);
    machine_segment(machine, DS, SELECTOR_DATA_0, MACHINE_DATA, 0xff, 0x4091);
    machine->state.gpr[EBX] = 0x100;
    assert_int_equal(RUN(0x0f, 0xae, 0x3b), EXCEPTION_GP);
}

/* MASKMOVQ: DI alone counts with 16-bit addresses, and a segment override replaces DS. */
static void masked_move_addressing(void **state)
{
    static const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, mask[8] = {0x80, 0, 0xff, 0, 0, 0x80};
    static const uint8_t stored[8] = {1, 0, 3, 0, 0, 6, 0, 0};

    (void)state;
    prepare(0);
    set_register(UNIT_MM, 1, data, 8);
    set_register(UNIT_MM, 2, mask, 8);
    machine_segment(machine, ES, SELECTOR_DATA_0, MACHINE_DATA, 0xffff, 0x4093);
    machine_segment(machine, DS, 0, 0, 0, ATTRIBUTE_UNUSABLE);
    machine->state.gpr[EDI] = 0x00010008;
    assert_int_equal(RUN(0x26, 0x67, 0x0f, 0xf7, 0xca), NO_VECTOR);
    assert_memory_equal(machine->ram + MACHINE_DATA + 8, stored, 8);
    assert_int_equal(machine->state.gpr[EDI], 0x00010008);
}

/* FXSAVE stores 288 of its 512 bytes, but all must be writable. */
static void fxsave_extent(void **state)
{
    (void)state;
    prepare(0);
    machine_segment(machine, DS, SELECTOR_DATA_0, MACHINE_DATA, 0x1ff, 0x4093);
    machine->state.gpr[EBX] = 0;
    machine_write_32(machine, MACHINE_DATA + 284, 0x11111111);
    machine_write_32(machine, MACHINE_DATA + 288, 0x22222222);
    assert_int_equal(RUN(0x0f, 0xae, 0x03), NO_VECTOR);
    assert_int_equal(machine_read_16(machine, MACHINE_DATA), 0x037f);
    assert_int_equal(machine_read_32(machine, MACHINE_DATA + 284), 0);
    assert_int_equal(machine_read_32(machine, MACHINE_DATA + 288), 0x22222222);
    prepare(0);
    machine_segment(machine, DS, SELECTOR_DATA_0, MACHINE_DATA, 0x1fe, 0x4093);
    machine->state.gpr[EBX] = 0;
    assert_int_equal(RUN(0x0f, 0xae, 0x03), EXCEPTION_GP);
    assert_int_equal(machine_read_16(machine, MACHINE_DATA), 0);
}

/* The status flags that COMISS sets reach the interpreter's, others of EFLAGS stay. */
static void compare_flags(void **state)
{
    static const uint8_t one[4] = {0, 0, 0x80, 0x3f};

    (void)state;
    prepare(0);
    set_register(UNIT_XMM, 1, one, 4);
    machine->state.eflags |= EFLAGS_OF | EFLAGS_AF | EFLAGS_DF;
    assert_int_equal(RUN(0x0f, 0x2f, 0xc1), NO_VECTOR); /* 0 < 1 */
    assert_int_equal(machine->state.eflags, EFLAGS_FIXED | EFLAGS_CF | EFLAGS_DF);
}

/* --- left out -------------------------------------------------------------------------------- */

/* #UD, whatever the host has: AMD's MOVNTSS and MOVNTSD; XSAVE, XRSTOR, XSAVEOPT without
 * CR4.OSXSAVE; CLWB, CLFLUSHOPT, PTWRITE; LOCK in front of any of these. */
static void not_provided(void **state)
{
    static const uint8_t codes[][4] = {
        {0xf3, 0x0f, 0x2b, 0x03}, {0xf2, 0x0f, 0x2b, 0x03}, {0x0f, 0xae, 0x23, 0x90},
        {0x0f, 0xae, 0x2b, 0x90}, {0x0f, 0xae, 0x33, 0x90}, {0x66, 0x0f, 0xae, 0x33},
        {0x66, 0x0f, 0xae, 0x3b}, {0xf3, 0x0f, 0xae, 0x23}, {0xf0, 0x0f, 0x58, 0x03},
        {0xf0, 0x0f, 0x11, 0x03}, {0xf0, 0xd8, 0x03, 0x90}, {0xf0, 0x0f, 0xae, 0x03},
        {0x0f, 0xae, 0xc3, 0x90}, {0x0f, 0xae, 0xe3, 0x90},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(codes) / sizeof(codes[0]); n++) {
        prepare(0);
        assert_int_equal(run_code(codes[n], sizeof(codes[n])), EXCEPTION_UD);
        assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_registers),      cmocka_unit_test(unmasked_exception),
        cmocka_unit_test(mxcsr_reserved_bits),    cmocka_unit_test(to_general_registers),
        cmocka_unit_test(from_general_registers), cmocka_unit_test(store_page_fault),
        cmocka_unit_test(clflush_faults),         cmocka_unit_test(masked_move_addressing),
        cmocka_unit_test(fxsave_extent),          cmocka_unit_test(compare_flags),
        cmocka_unit_test(not_provided),
    };

    return cmocka_run_group_tests(tests, create, destroy);
}
