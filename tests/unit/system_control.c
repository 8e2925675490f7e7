/* Control registers, debug registers and EFER: which values fault, what a write changes and what it
 * leaves alone. Not here: interrupt flag, tables, SYSENTER (system_rules.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "system_machine.h"

#define MOV_CR0_EAX 0x0f, 0x22, 0xc0
#define MOV_CR3_EAX 0x0f, 0x22, 0xd8
#define MOV_CR4_EAX 0x0f, 0x22, 0xe0
#define WRMSR       0x0f, 0x30
#define RDMSR       0x0f, 0x32
#define MSR_EFER    0xc0000080u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define DR6_BD      0x2000u
#define DR7_GD      0x2000u
#define PDPT        0x00180000u

static void set_cr0(uint32_t value)
{
    machine_protected(machine, 0, 32);
    machine->state.gpr[EAX] = value;
}

static void cr0_values(void **state)
{
    static const struct {
        uint32_t value, result;
        int vector;
    } cases[] = {
        {CR0_PE | CR0_NE, CR0_PE | CR0_NE | CR0_ET, ENDED},
        {CR0_PG, 0, 13},
        {CR0_PE | CR0_NW, 0, 13},
        {CR0_PE | CR0_NW | CR0_CD, CR0_PE | CR0_NW | CR0_CD | CR0_ET, ENDED},
        {CR0_PE | 0x1ffaffc0u, CR0_PE | CR0_ET, ENDED}, /* bits that do not exist stay 0 */
        {CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_AM | CR0_WP,
         CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_AM | CR0_WP | CR0_ET, ENDED},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        set_cr0(cases[n].value);
        assert_int_equal(RUN(MOV_CR0_EAX), cases[n].vector);
        if (cases[n].vector == ENDED)
            assert_int_equal(machine->state.cr0, cases[n].result);
        else
            assert_int_equal(machine->state.cr0, CR0_PE | CR0_ET | CR0_NE);
    }
}

/* LMSW sets PE and cannot clear it; it reaches MP, EM and TS alone. */
static void machine_status_word(void **state)
{
    (void)state;
    set_cr0(0xfffffff0u | CR0_TS | CR0_MP);
    assert_int_equal(RUN(0x0f, 0x01, 0xf0), ENDED); /* lmsw ax */
    assert_int_equal(machine->state.cr0, CR0_PE | CR0_ET | CR0_NE | CR0_TS | CR0_MP);

    set_cr0(0xabcd0000u);
    machine->state.cr0 |= CR0_WP;
    assert_int_equal(RUN(0x0f, 0x01, 0xe3), ENDED); /* smsw ebx */
    assert_int_equal(machine->state.gpr[EBX], CR0_PE | CR0_ET | CR0_NE | CR0_WP);
    set_cr0(0);
    machine->state.cr0 |= CR0_WP;
    machine->state.gpr[EBX] = 0xdddddddd;
    assert_int_equal(RUN(0x66, 0x0f, 0x01, 0xe3), ENDED); /* smsw bx */
    assert_int_equal(machine->state.gpr[EBX], 0xdddd0000u | CR0_PE | CR0_ET | CR0_NE);
    set_cr0(0);
    machine_write_32(machine, MACHINE_DATA, 0xeeeeeeee);
    assert_int_equal(RUN(0x0f, 0x01, 0x25, 0x00, 0x00, 0x03, 0x00), ENDED); /* smsw [30000h] */
    assert_int_equal(machine_read_32(machine, MACHINE_DATA),
                     0xeeee0000u | CR0_PE | CR0_ET | CR0_NE);

    set_cr0(0);
    machine->state.cr0 |= CR0_TS | CR0_EM;
    assert_int_equal(RUN(0x0f, 0x06), ENDED); /* clts */
    assert_int_equal(machine->state.cr0, CR0_PE | CR0_ET | CR0_NE | CR0_EM);
}

/* Descriptor caches outlive both directions of CR0.PE: this is big real mode. */
static void protection_keeps_caches(void **state)
{
    (void)state;
    machine_real_mode(machine);
    machine_segment(machine, FS, 0x1234, 0x00abc000, 0xffffffff, ATTRIBUTES_DATA_0);
    /* mov eax, cr0; inc ax; mov cr0, eax; dec ax; mov cr0, eax; mov ax, 4321h; mov fs, ax */
    assert_int_equal(
        RUN(0x0f, 0x20, 0xc0, 0x40, MOV_CR0_EAX, 0x48, MOV_CR0_EAX, 0xb8, 0x21, 0x43, 0x8e, 0xe0),
        ENDED);
    assert_int_equal(machine->state.cr0 & CR0_PE, 0);
    assert_int_equal(machine->state.segment[FS].selector, 0x4321);
    assert_int_equal(machine->state.segment[FS].base, 0x43210);
    assert_int_equal(machine->state.segment[FS].limit, 0xffffffff);
    assert_int_equal(machine->state.segment[CS].base, 0x50000);
    assert_int_equal(machine->state.cpl, 0);
}

/* CR1 and CR5 to CR7 do not exist at any level; those that exist are for CPL 0. */
static void which_exist(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 8; number++) {
        bool exists = number == 0 || (number >= 2 && number <= 4);

        for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
            int expected = !exists ? 6 : cpl ? 13 : ENDED;

            machine_protected(machine, cpl, 32);
            assert_int_equal(RUN(0x0f, 0x20, (uint8_t)(0xc1 | number << 3)), expected);
        }
    }
}

static void cr4_values(void **state)
{
    static const struct {
        uint32_t value;
        int vector;
    } cases[] = {
        {0x7ff, ENDED}, {0, ENDED}, {0x800, 13}, {0x2000, 13}, {0x40000, 13}, {0x80000000u, 13},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        machine_protected(machine, 0, 32);
        machine->state.cr4 = CR4_DE;
        machine->state.gpr[EAX] = cases[n].value;
        assert_int_equal(RUN(MOV_CR4_EAX), cases[n].vector);
        assert_int_equal(machine->state.cr4, cases[n].vector == ENDED ? cases[n].value : CR4_DE);
    }
    /* A bit that came with the state may stay. */
    machine_protected(machine, 0, 32);
    machine->state.cr4 = 0x2000;
    machine->state.gpr[EAX] = 0x2000 | CR4_PSE;
    assert_int_equal(RUN(MOV_CR4_EAX), ENDED);
    assert_int_equal(machine->state.cr4, 0x2000 | CR4_PSE);
}

/* PAE tables that map the first 2 MiB 1:1 by one large page. */
static void pae_tables(uint64_t extra)
{
    machine_write_32(machine, PDPT, (PDPT + 0x1000) | 1);
    machine_write_32(machine, PDPT + 24, (uint32_t)extra);
    machine_write_32(machine, PDPT + 28, (uint32_t)(extra >> 32));
    machine_write_32(machine, PDPT + 0x1000, 0x87);
}

/* The page-directory-pointer entries are read, and judged, when paging comes on, when CR3 is
 * written, and when CR4.PAE changes; with paging off nobody looks. */
static void pae_pointers(void **state)
{
    static const uint64_t bad[] = {3, 5, 0x21, 0x101, 0x8000000000000001ull};

    (void)state;
    for (unsigned n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
        machine_protected(machine, 0, 32);
        machine->state.cr4 = CR4_PAE;
        machine->state.gpr[EAX] = PDPT;
        pae_tables(bad[n]);
        assert_int_equal(RUN(MOV_CR3_EAX), ENDED);
        machine_protected(machine, 0, 32);
        machine->state.cr4 = CR4_PAE;
        machine->state.cr3 = PDPT;
        machine->state.gpr[EAX] = machine->state.cr0 | CR0_PG;
        pae_tables(bad[n]);
        assert_int_equal(RUN(MOV_CR0_EAX), 13);
        assert_int_equal(machine->state.cr0 & CR0_PG, 0);
    }
    machine_protected(machine, 0, 32);
    machine->state.cr4 = CR4_PAE;
    machine->state.cr3 = PDPT;
    machine->state.gpr[EAX] = machine->state.cr0 | CR0_PG;
    pae_tables(0);
    /* Then: a good CR3 again, then one whose entries are bad. */
    assert_int_equal(RUN(MOV_CR0_EAX, 0xb8, 0x00, 0x00, 0x18, 0x00, MOV_CR3_EAX, 0xc7, 0x05, 0x08,
                         0x00, 0x18, 0x00, 0x03, 0x00, 0x00, 0x00, MOV_CR3_EAX),
                     13);
    assert_int_equal(machine->state.cr0 & CR0_PG, CR0_PG);
    assert_int_equal(machine->state.cr3, PDPT);

    machine_protected(machine, 0, 32);
    machine_paging(machine);
    machine->state.gpr[EAX] = CR4_PAE;
    machine_write_32(machine, MACHINE_TABLES + 0x18, 0x23);
    assert_int_equal(RUN(MOV_CR4_EAX), 13);
    assert_int_equal(machine->state.cr4, 0);
}

static void set_efer(uint64_t value)
{
    machine->state.gpr[ECX] = MSR_EFER;
    machine->state.gpr[EAX] = (uint32_t)value;
    machine->state.gpr[EDX] = (uint32_t)(value >> 32);
}

static void extended_features(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    set_efer(EFER_SCE | EFER_LME | EFER_NXE | EFER_LMA); /* LMA is not ours to write */
    assert_int_equal(RUN(WRMSR, 0x31, 0xc0, RDMSR), ENDED);
    assert_int_equal(machine->state.efer, EFER_SCE | EFER_LME | EFER_NXE);
    assert_int_equal(machine->state.gpr[EAX], EFER_SCE | EFER_LME | EFER_NXE);
    assert_int_equal(machine->state.gpr[EDX], 0);

    machine_protected(machine, 0, 32);
    set_efer(2);
    assert_int_equal(RUN(WRMSR), 13);
    machine_protected(machine, 0, 32);
    set_efer(1ull << 32);
    assert_int_equal(RUN(WRMSR), 13);
    machine_protected(machine, 0, 32);
    machine_paging(machine);
    set_efer(EFER_LME);
    assert_int_equal(RUN(WRMSR), 13);
    assert_int_equal(machine->state.efer, 0);

    /* Paging with LME and without PAE. */
    machine_protected(machine, 0, 32);
    machine->state.efer = EFER_LME;
    machine->state.gpr[EAX] = machine->state.cr0 | CR0_PG;
    assert_int_equal(RUN(MOV_CR0_EAX), 13);

    /* An MSR that the platform does not have. */
    machine_protected(machine, 0, 32);
    machine->state.gpr[ECX] = 0x1234;
    assert_int_equal(RUN(RDMSR), 13);
    machine_protected(machine, 0, 32);
    machine->state.gpr[ECX] = 0x1234;
    assert_int_equal(RUN(WRMSR), 13);
}

/* The hidden bases of FS and GS, where the processor has such MSRs. */
static void segment_bases(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine->state.gpr[ECX] = MSR_FS_BASE;
    assert_int_equal(RUN(WRMSR), 13);
    machine_protected(machine, 0, 32);
    machine->msr[machine->msr_count++].index = MSR_FS_BASE;
    machine->msr[machine->msr_count++].index = MSR_GS_BASE;
    machine->state.gpr[ECX] = MSR_GS_BASE;
    machine->state.gpr[EAX] = 0x00012340;
    machine_write_32(machine, 0x12344, 0xcafef00d);
    /* WRMSR; XOR EAX, EAX; RDMSR; MOV EBX, GS:[4] */
    assert_int_equal(RUN(WRMSR, 0x31, 0xc0, RDMSR, 0x65, 0x8b, 0x1d, 4, 0, 0, 0), ENDED);
    assert_int_equal(machine->state.segment[GS].base, 0x00012340);
    assert_int_equal(machine->state.segment[GS].limit, 0xffffffff);
    assert_int_equal(machine->state.gpr[EAX], 0x00012340);
    assert_int_equal(machine->state.gpr[EDX], 0);
    assert_int_equal(machine->state.gpr[EBX], 0xcafef00d);
    /* Not canonical. */
    machine_protected(machine, 0, 32);
    machine->msr[machine->msr_count++].index = MSR_FS_BASE;
    machine->state.gpr[ECX] = MSR_FS_BASE;
    machine->state.gpr[EDX] = 0x00008000;
    assert_int_equal(RUN(WRMSR), 13);
}

/* --- debug registers ---------------------------------------------------------------------------
 */

static void debug_values(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine->state.gpr[EAX] = 0xffffffff;
    machine->state.gpr[EBX] = 0;
    /* mov dr6, eax; mov ecx, dr6; mov dr6, ebx; mov edx, dr4 */
    assert_int_equal(RUN(0x0f, 0x23, 0xf0, 0x0f, 0x21, 0xf1, 0x0f, 0x23, 0xf3, 0x0f, 0x21, 0xe2),
                     ENDED);
    assert_int_equal(machine->state.gpr[ECX], 0xffffefff);
    assert_int_equal(machine->state.gpr[EDX], DR6_FIXED);

    machine_protected(machine, 0, 32);
    machine->state.gpr[EAX] = ~(uint32_t)(0xff | DR7_GD);
    /* mov dr7, eax; mov ecx, dr5 */
    assert_int_equal(RUN(0x0f, 0x23, 0xf8, 0x0f, 0x21, 0xe9), ENDED);
    assert_int_equal(machine->state.gpr[ECX], 0xffff0700);

    machine_protected(machine, 0, 32);
    machine->state.cr4 = CR4_DE;
    assert_int_equal(RUN(0x0f, 0x21, 0xe1), 6); /* mov ecx, dr4 */
    machine_protected(machine, 3, 32);
    assert_int_equal(RUN(0x0f, 0x21, 0xc1), 13); /* mov ecx, dr0 */
}

/* DR7.GD: #DB before the access, BD tells it, and the handler finds GD clear. */
static void debug_guard(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine->state.dr[7] = DR7_FIXED | DR7_GD;
    machine->state.gpr[EAX] = 0x5555;
    assert_int_equal(RUN(0x0f, 0x23, 0xc0), 1); /* mov dr0, eax */
    assert_int_equal(machine->state.dr[0], 0);
    assert_int_equal(machine->state.dr[6] & DR6_BD, DR6_BD);
    assert_int_equal(machine->state.dr[7] & DR7_GD, 0);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE);
}

/* A data breakpoint armed by MOV DR7 is seen by the very next instruction. */
static void debug_arming(void **state)
{
    (void)state;
    machine_protected(machine, 0, 32);
    machine->state.dr[0] = MACHINE_DATA;
    machine->state.gpr[EAX] = 0x000d0002; /* DR0 global, write, 4 bytes */
    machine->state.gpr[EBX] = MACHINE_DATA + 3;
    assert_int_equal(RUN(0x88, 0x0b, 0x0f, 0x23, 0xf8, 0x88, 0x0b), 1); /* mov [ebx], cl twice */
    assert_int_equal(machine->state.dr[6] & 0xf, 1);
    assert_int_equal(machine_stack(machine, 0, 4), MACHINE_CODE + 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cr0_values, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(machine_status_word, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(protection_keeps_caches, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(which_exist, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(cr4_values, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(pae_pointers, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(extended_features, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(segment_bases, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(debug_values, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(debug_guard, machine_set_up, machine_tear_down),
        cmocka_unit_test_setup_teardown(debug_arming, machine_set_up, machine_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
