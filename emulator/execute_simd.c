/* MMX, SSE, SSE2 and SSE3 as a table of operand forms; FXSAVE, FXRSTOR, MXCSR, fences, CLFLUSH.
 * Not here: what the operations compute: the host's unit does (native.c). MOVNTI (execute_move.c).
 */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "native.h"

/* --- forms ----------------------------------------------------------------------------------- */

/* One opcode with one mandatory prefix. SDM vol. 2, tables. */
#define FORM_SIZE     0x001fu /* bytes of the memory operand; 0: a memory operand is #UD */
#define FORM_REGISTER 0x0020u /* r/m may be a register */
#define FORM_ALIGNED  0x0040u /* #GP(0) unless the memory operand is 16-byte aligned */
#define FORM_STORE    0x0080u /* the r/m operand is written */
#define FORM_TO_GPR   0x0100u /* ModRM.reg is a general register, written */
#define FORM_RM_GPR   0x0200u /* a register as r/m is a general one */
#define FORM_WAIT     0x0400u /* with a memory operand, too: #MF when an x87 exception is pending */
#define FORM_MMX      0x0800u /* no XMM state: CR4.OSFXSR does not matter */

/* Letters as in: X 16 aligned bytes, U 16 bytes, Q 8, D 4, W 2; R register only; then _S store,
 * _M memory only; M in front: MMX. */
enum {
    X = 16 | FORM_ALIGNED | FORM_REGISTER,
    X_S = X | FORM_STORE,
    X_SM = 16 | FORM_ALIGNED | FORM_STORE,
    X_W = X | FORM_WAIT,
    U = 16 | FORM_REGISTER,
    U_S = U | FORM_STORE,
    U_M = 16,
    Q = 8 | FORM_REGISTER,
    Q_S = Q | FORM_STORE,
    Q_M = 8,
    Q_SM = 8 | FORM_STORE,
    Q_W = Q | FORM_WAIT,
    Q_TO_GPR = Q | FORM_TO_GPR,
    D = 4 | FORM_REGISTER,
    D_S = D | FORM_STORE,
    D_TO_GPR = D | FORM_TO_GPR,
    D_GPR = D | FORM_RM_GPR,
    D_GPR_S = D_GPR | FORM_STORE,
    W_GPR = 2 | FORM_REGISTER | FORM_RM_GPR,
    R = FORM_REGISTER,
    R_TO_GPR = R | FORM_TO_GPR,
    M = FORM_MMX | FORM_WAIT,
};

/* Rows of forms by mandatory prefix: none, 66, F3, F2. 0: #UD. */
enum row {
    INVALID,
    MOVUPS_LOAD,
    MOVUPS_STORE,
    MOVLPS_LOAD,
    MOVHPS_LOAD,
    MOVLPS_STORE,
    PACKED,
    MOVAPS_STORE,
    CVTPI2PS,
    MOVNTPS,
    CVTPS2PI,
    COMISS,
    MOVMSK,
    ARITHMETIC,
    RECIPROCAL,
    CVTPS2PD,
    CVTDQ2PS,
    UNPACK_LOW,
    INTEGER,
    INTEGER_XMM,
    MOVD_LOAD,
    MOVQ_LOAD,
    SHUFFLE,
    SHIFT_IMMEDIATE,
    EMMS,
    HORIZONTAL,
    MOVD_STORE,
    MOVQ_STORE,
    PINSRW,
    PEXTRW,
    MOVQ_XMM,
    CVTPD2DQ,
    MOVNTQ,
    LDDQU,
    MASKMOV,
    ROW_COUNT
};

static const uint16_t forms[ROW_COUNT][4] = {
    [MOVUPS_LOAD] = {U, U, D, Q},
    [MOVUPS_STORE] = {U_S, U_S, D_S, Q_S},
    [MOVLPS_LOAD] = {Q, Q_M, X, Q}, /* registers: MOVHLPS; F3 MOVSLDUP, F2 MOVDDUP */
    [MOVHPS_LOAD] = {Q, Q_M, X, 0}, /* registers: MOVLHPS; F3 MOVSHDUP */
    [MOVLPS_STORE] = {Q_SM, Q_SM, 0, 0},
    [PACKED] = {X, X, 0, 0},
    [MOVAPS_STORE] = {X_S, X_S, 0, 0},
    [CVTPI2PS] = {Q, Q, D_GPR, D_GPR}, /* from memory the x87 state is not touched */
    [MOVNTPS] = {X_SM, X_SM, 0, 0},
    [CVTPS2PI] = {Q_W, X_W, D_TO_GPR, Q_TO_GPR},
    [COMISS] = {D, Q, 0, 0},
    [MOVMSK] = {R_TO_GPR, R_TO_GPR, 0, 0},
    [ARITHMETIC] = {X, X, D, Q},
    [RECIPROCAL] = {X, 0, D, 0},
    [CVTPS2PD] = {Q, X, D, Q},
    [CVTDQ2PS] = {X, X, X, 0},
    [UNPACK_LOW] = {M | D, X, 0, 0},
    [INTEGER] = {M | Q, X, 0, 0},
    [INTEGER_XMM] = {0, X, 0, 0},
    [MOVD_LOAD] = {M | D_GPR, D_GPR, 0, 0},
    [MOVQ_LOAD] = {M | Q, X, U, 0},
    [SHUFFLE] = {M | Q, X, X, X},
    [SHIFT_IMMEDIATE] = {M | R, R, 0, 0}, /* which ModRM.reg exist is left to the unit */
    [EMMS] = {M | R, 0, 0, 0},
    [HORIZONTAL] = {0, X, 0, X},
    [MOVD_STORE] = {M | D_GPR_S, D_GPR_S, Q, 0}, /* F3: MOVQ load */
    [MOVQ_STORE] = {M | Q_S, X_S, U_S, 0},
    [PINSRW] = {M | W_GPR, W_GPR, 0, 0},
    [PEXTRW] = {M | R_TO_GPR, R_TO_GPR, 0, 0},
    [MOVQ_XMM] = {0, Q_S, R, R}, /* F3 MOVQ2DQ, F2 MOVDQ2Q */
    [CVTPD2DQ] = {0, X, Q, X},
    [MOVNTQ] = {M | Q_SM, X_SM, 0, 0},
    [LDDQU] = {0, 0, 0, U_M},
    [MASKMOV] = {M | R, R, 0, 0},
};

#define FIRST_OPCODE 0x10u

static const uint8_t rows[0x100 - FIRST_OPCODE] = {
#define ROW(byte)         [(byte)-FIRST_OPCODE]
#define ROWS(first, last) [(first)-FIRST_OPCODE...(last) - FIRST_OPCODE]
    ROW(0x10) = MOVUPS_LOAD,
    ROW(0x11) = MOVUPS_STORE,
    ROW(0x12) = MOVLPS_LOAD,
    ROW(0x13) = MOVLPS_STORE,
    ROWS(0x14, 0x15) = PACKED,
    ROW(0x16) = MOVHPS_LOAD,
    ROW(0x17) = MOVLPS_STORE,
    ROW(0x28) = PACKED,
    ROW(0x29) = MOVAPS_STORE,
    ROW(0x2a) = CVTPI2PS,
    ROW(0x2b) = MOVNTPS,
    ROWS(0x2c, 0x2d) = CVTPS2PI,
    ROWS(0x2e, 0x2f) = COMISS,
    ROW(0x50) = MOVMSK,
    ROW(0x51) = ARITHMETIC,
    ROWS(0x52, 0x53) = RECIPROCAL,
    ROWS(0x54, 0x57) = PACKED,
    ROWS(0x58, 0x59) = ARITHMETIC,
    ROW(0x5a) = CVTPS2PD,
    ROW(0x5b) = CVTDQ2PS,
    ROWS(0x5c, 0x5f) = ARITHMETIC,
    ROWS(0x60, 0x62) = UNPACK_LOW,
    ROWS(0x63, 0x6b) = INTEGER,
    ROWS(0x6c, 0x6d) = INTEGER_XMM,
    ROW(0x6e) = MOVD_LOAD,
    ROW(0x6f) = MOVQ_LOAD,
    ROW(0x70) = SHUFFLE,
    ROWS(0x71, 0x73) = SHIFT_IMMEDIATE,
    ROWS(0x74, 0x76) = INTEGER,
    ROW(0x77) = EMMS,
    ROWS(0x7c, 0x7d) = HORIZONTAL,
    ROW(0x7e) = MOVD_STORE,
    ROW(0x7f) = MOVQ_STORE,
    ROW(0xc2) = ARITHMETIC,
    ROW(0xc4) = PINSRW,
    ROW(0xc5) = PEXTRW,
    ROW(0xc6) = PACKED,
    ROW(0xd0) = HORIZONTAL,
    ROWS(0xd1, 0xd5) = INTEGER,
    ROW(0xd6) = MOVQ_XMM,
    ROW(0xd7) = PEXTRW,
    ROWS(0xd8, 0xe5) = INTEGER,
    ROW(0xe6) = CVTPD2DQ,
    ROW(0xe7) = MOVNTQ,
    ROWS(0xe8, 0xef) = INTEGER,
    ROW(0xf0) = LDDQU,
    ROWS(0xf1, 0xf6) = INTEGER,
    ROW(0xf7) = MASKMOV,
    ROWS(0xf8, 0xfe) = INTEGER,
#undef ROW
#undef ROWS
};

static const uint8_t mandatory_prefixes[4] = {0, 0x66, 0xf3, 0xf2};

/* F2 and F3 win over 66. */
static unsigned mandatory_prefix(const struct instruction *i)
{
    if (i->repeat != REPEAT_NONE)
        return i->repeat == REPEAT_E ? 2 : 3;
    return i->operand_prefix;
}

/* --- rules ----------------------------------------------------------------------------------- */

/* SDM vol. 3, table 13-1 and 12.1: CR0.EM and CR4.OSFXSR make it #UD, CR0.TS #NM. */
static void check_available(struct processor *p, bool mmx)
{
    if ((p->cr0 & CR0_EM) || (!mmx && !(p->cr4 & CR4_OSFXSR)))
        raise_ud(p);
    if (p->cr0 & CR0_TS)
        raise_fault(p, EXCEPTION_NM);
}

/* --- MASKMOVQ, MASKMOVDQU -------------------------------------------------------------------- */

/* The bytes of ModRM.reg whose byte in r/m has its sign bit set, to DS:(E)DI. All of the operand
 * must be writable, selected or not. */
static void masked_move(struct processor *p, const struct instruction *i, bool mmx)
{
    uint32_t offset = address_register(p, i, EDI), length = mmx ? 8 : 16;
    /* MOVQ or MOVDQU [EAX], reg; the same [EAX+16], r/m: prefix, 0F 7F, ModRM, displacement. */
    const uint8_t code[] = {REPEAT_E, 0x0f, 0x7f, (uint8_t)(0x40 | i->reg << 3), 0,
                            REPEAT_E, 0x0f, 0x7f, (uint8_t)(0x40 | i->rm << 3),  16};
    const uint8_t mmx_code[] = {0x0f, 0x7f, (uint8_t)(0x40 | i->reg << 3), 0,
                                0x0f, 0x7f, (uint8_t)(0x40 | i->rm << 3),  16};
    uint8_t buffer[32] __attribute__((aligned(16)));

    if (mmx)
        native_wait(p);
    native_operand_check(p, i, offset, length, 8, true);
    if (mmx)
        native_run(p, mmx_code, sizeof(mmx_code), buffer, NULL);
    else
        native_run(p, code, sizeof(code), buffer, NULL);
    for (unsigned n = 0; n < length; n++)
        if (buffer[16 + n] & 0x80)
            memory_write(p, i->segment, offset + n, 1, buffer[n]);
}

/* --- all others ------------------------------------------------------------------------------ */

static bool has_immediate(unsigned opcode)
{
    return (opcode >= 0x70 && opcode <= 0x73) || (opcode >= 0xc2 && opcode <= 0xc6);
}

/* The instruction with its memory operand as [EAX] or its general register as ECX; *length is set.
 */
static void rewrite(const struct instruction *i, unsigned form, uint8_t code[6], unsigned *length)
{
    unsigned n = 0, reg = form & FORM_TO_GPR ? ECX : i->reg;
    uint8_t prefix = mandatory_prefixes[mandatory_prefix(i)];

    if (prefix)
        code[n++] = prefix;
    code[n++] = 0x0f;
    code[n++] = i->opcode;
    if (i->opcode != 0x77) {
        unsigned rm = form & FORM_RM_GPR ? 0xc0 | ECX : 0xc0u | i->rm;

        code[n++] = (uint8_t)(reg << 3 | (i->memory ? 0 : rm));
    }
    if (has_immediate(i->opcode))
        code[n++] = (uint8_t)i->immediate;
    *length = n;
}

static void memory_form(struct processor *p, const struct instruction *i, unsigned form,
                        const uint8_t *code, unsigned length, uint32_t *value)
{
    uint8_t buffer[16] __attribute__((aligned(16)));
    uint32_t offset = effective_address(p, i), size = form & FORM_SIZE;
    bool store = form & FORM_STORE;
    unsigned alignment = size;

    if (size == 16)
        alignment = form & FORM_ALIGNED ? 16 : 1;
    if (form & FORM_WAIT)
        native_wait(p);
    native_operand_check(p, i, offset, size, alignment, store);
    if (!store)
        memory_read_bytes(p, i->segment, offset, buffer, size);
    native_run(p, code, length, buffer, value);
    if (store)
        memory_write_bytes(p, i->segment, offset, buffer, size);
}

void simd(struct processor *p, const struct instruction *i)
{
    unsigned form = forms[rows[i->opcode - FIRST_OPCODE]][mandatory_prefix(i)];
    unsigned general = NO_REGISTER, length;
    uint32_t value;
    uint8_t code[6];

    if (!(form & (i->memory ? FORM_SIZE : FORM_REGISTER)))
        raise_ud(p);
    check_available(p, form & FORM_MMX);
    if (i->opcode == 0xf7) {
        masked_move(p, i, form & FORM_MMX);
        return;
    }
    if (form & FORM_TO_GPR)
        general = i->reg;
    else if ((form & FORM_RM_GPR) && !i->memory)
        general = i->rm;
    rewrite(i, form, code, &length);
    /* Without a general register this is gpr[8], which is 0 and stays so. */
    value = p->gpr[general];
    if (i->memory)
        memory_form(p, i, form, code, length, &value);
    else
        native_run(p, code, length, NULL, &value);
    p->gpr[general] = value;
}

/* --- group 15 -------------------------------------------------------------------------------- */

/* An FXSAVE image: its fields that the unit does not know, and how much FXSAVE writes of it outside
 * 64-bit mode. SDM vol. 1, table 10-2. */
#define IMAGE_SIZE                 512u
#define IMAGE_OPCODE               6u
#define IMAGE_INSTRUCTION_OFFSET   8u
#define IMAGE_INSTRUCTION_SELECTOR 12u
#define IMAGE_OPERAND_OFFSET       16u
#define IMAGE_OPERAND_SELECTOR     20u
#define IMAGE_WRITTEN              288u

/* FXSAVE (ModRM /0) and FXRSTOR (/1). Whether they move XMM registers and MXCSR with CR4.OSFXSR=0
 * is the implementation's choice; here they always do. */
static void fxsave_fxrstor(struct processor *p, const struct instruction *i)
{
    const uint8_t code[] = {0x0f, 0xae, (uint8_t)(i->reg << 3)};
    uint8_t image[IMAGE_SIZE] __attribute__((aligned(16)));
    uint32_t offset = effective_address(p, i);
    bool save = i->reg == 0;

    if (p->cr0 & (CR0_EM | CR0_TS))
        raise_fault(p, EXCEPTION_NM);
    native_take_pointers(p);
    segment_linear(p, i->segment, offset, IMAGE_SIZE, save);
    segment_linear(p, i->segment, offset, 4, save);
    native_operand_check(p, i, offset, IMAGE_SIZE, 16, save);
    if (save) {
        native_run(p, code, sizeof(code), image, NULL);
        host_write(image + IMAGE_OPCODE, 2, p->fpu_opcode);
        host_write(image + IMAGE_INSTRUCTION_OFFSET, 4, p->fpu_instruction_offset);
        host_write(image + IMAGE_INSTRUCTION_SELECTOR, 2, p->fpu_instruction_selector);
        host_write(image + IMAGE_OPERAND_OFFSET, 4, p->fpu_operand_offset);
        host_write(image + IMAGE_OPERAND_SELECTOR, 2, p->fpu_operand_selector);
        memory_write_bytes(p, i->segment, offset, image, IMAGE_WRITTEN);
    } else {
        memory_read_bytes(p, i->segment, offset, image, IMAGE_SIZE);
        native_run(p, code, sizeof(code), image, NULL);
        p->fpu_opcode = (uint16_t)host_read(image + IMAGE_OPCODE, 2) & 0x7ff;
        p->fpu_instruction_offset = host_read(image + IMAGE_INSTRUCTION_OFFSET, 4);
        p->fpu_instruction_selector = (uint16_t)host_read(image + IMAGE_INSTRUCTION_SELECTOR, 2);
        p->fpu_operand_offset = host_read(image + IMAGE_OPERAND_OFFSET, 4);
        p->fpu_operand_selector = (uint16_t)host_read(image + IMAGE_OPERAND_SELECTOR, 2);
    }
}

/* LDMXCSR (/2) and STMXCSR (/3). */
static void mxcsr(struct processor *p, const struct instruction *i)
{
    const uint8_t code[] = {0x0f, 0xae, (uint8_t)(i->reg << 3)};

    check_available(p, false);
    memory_form(p, i, i->reg == 3 ? D_S : D, code, sizeof(code), NULL);
}

/* CLFLUSH: checked like a load; memory is coherent as it is. */
static void clflush(struct processor *p, const struct instruction *i)
{
    uint32_t linear = segment_linear(p, i->segment, effective_address(p, i), 1, false);

    linear_probe(p, linear, 1, access_privilege(p));
}

void group15(struct processor *p, const struct instruction *i)
{
    if (mandatory_prefix(i) != 0)
        raise_ud(p);
    if (!i->memory) {
        /* LFENCE, MFENCE, SFENCE: the interpreter's accesses are in program order anyway. */
        if (i->reg < 5)
            raise_ud(p);
    } else if (i->reg < 2) {
        fxsave_fxrstor(p, i);
    } else if (i->reg < 4) {
        mxcsr(p, i);
    } else if (i->reg == 7) {
        clflush(p, i);
    } else {
        raise_ud(p); /* XSAVE and its kin: CR4.OSXSAVE cannot be set */
    }
}
