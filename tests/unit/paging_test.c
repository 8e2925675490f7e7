/* Page tables: permissions and error codes, accessed and dirty bits, large pages, PAE, accesses
 * over page edges. Not here: segment limits (limit_test.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "case.h"

#define P    0x001u
#define RW   0x002u
#define US   0x004u
#define A    0x020u
#define D    0x040u
#define PS   0x080u
#define PAGE MACHINE_DATA
#define NEXT (MACHINE_DATA + 0x1000)

/* Error code bits, SDM vol. 3, 4.7. */
#define E_P    1u
#define E_WR   2u
#define E_US   4u
#define E_RSVD 8u

enum page_operation { READ, WRITE, MODIFY };

/* mov eax, [ebx] / mov [ebx], eax / inc dword [ebx], then HLT. */
static void start_access(enum page_operation operation, uint32_t linear)
{
    static const uint8_t code[][3] = {{0x8b, 0x03, 0xf4}, {0x89, 0x03, 0xf4}, {0xff, 0x03, 0xf4}};

    machine_code(m, code[operation], sizeof(code[0]));
    machine_save(m);
    m->state.gpr[EBX] = linear;
    m->state.gpr[EAX] = 0x01020304;
    machine_load(m);
}

static void set_page(uint32_t linear, uint32_t flags)
{
    machine_write_32(m, machine_page_entry(linear), linear | flags);
}

/* SDM vol. 3, 4.6.1 and 4.7. The directory entry maps the tables' own pages too, so only its U/S
 * and R/W bits are tried where they do not stop the machine itself. */
static void rights_and_error_codes(void **state)
{
    static const struct {
        unsigned cpl;
        bool wp;
        uint32_t page;
        enum page_operation operation;
        int error; /* -1: allowed */
    } row[] = {
        {0, false, P | RW | US, READ, -1},
        {0, false, P | RW | US, WRITE, -1},
        {0, false, P, READ, -1},
        {0, false, P, WRITE, -1}, /* supervisor without WP */
        {0, true, P, READ, -1},
        {0, true, P, WRITE, E_P | E_WR},
        {0, true, P, MODIFY, E_P | E_WR},
        {0, true, P | US, WRITE, E_P | E_WR},
        {0, true, P | RW, WRITE, -1},
        {0, false, 0, READ, 0},
        {0, false, 0, WRITE, E_WR},
        {0, false, 0, MODIFY, E_WR},
        {3, false, P | RW | US, READ, -1},
        {3, false, P | RW | US, MODIFY, -1},
        {3, false, P | US, READ, -1},
        {3, false, P | US, WRITE, E_P | E_WR | E_US},
        {3, false, P | US, MODIFY, E_P | E_WR | E_US},
        {3, true, P | US, WRITE, E_P | E_WR | E_US},
        {3, false, P | RW, READ, E_P | E_US},
        {3, false, P | RW, WRITE, E_P | E_WR | E_US},
        {3, false, 0, READ, E_US},
        {3, false, 0, WRITE, E_WR | E_US},
        {3, false, RW | US, READ, E_US},
    };

    (void)state;
    for (unsigned n = 0; n < sizeof(row) / sizeof(row[0]); n++) {
        machine_protected(m, row[n].cpl, 32);
        machine_paging(m);
        m->state.cr0 |= row[n].wp ? CR0_WP : 0;
        machine_load(m);
        set_page(PAGE, row[n].page);
        machine_write_32(m, PAGE, 0x99);
        start_access(row[n].operation, PAGE);
        machine_run(m, CASE_BUDGET);
        if (row[n].error < 0) {
            if (machine_vector(m) == EXCEPTION_PF)
                fail_msg("row %u: page fault %x", n, case_frame(0));
            continue;
        }
        if (machine_vector(m) != EXCEPTION_PF || case_frame(0) != (uint32_t)row[n].error)
            fail_msg("row %u: vector %d error %x", n, machine_vector(m), case_frame(0));
        assert_int_equal(m->state.cr2, PAGE);
        assert_int_equal(case_frame(1), MACHINE_CODE);
        /* RF is set in the image of a fault. */
        assert_true(case_frame(3) & EFLAGS_RF);
        assert_int_equal(machine_read_32(m, PAGE), 0x99);
        /* A fault sets neither bit in the entry that caused it. */
        assert_int_equal(machine_read_32(m, machine_page_entry(PAGE)) & (A | D), 0);
    }
}

/* The directory's bits count as well. */
static void the_directory_restricts_too(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_paging(m);
    machine_write_32(m, MACHINE_TABLES + 4, (MACHINE_TABLES + 0x2000) | P | RW); /* 4..8 MiB */
    start_access(READ, 0x00400000);
    case_expect_fault(EXCEPTION_PF, E_P | E_US, MACHINE_CODE);
    machine_protected(m, 3, 32);
    machine_paging(m);
    machine_write_32(m, MACHINE_TABLES + 4, (MACHINE_TABLES + 0x2000) | P | US);
    start_access(WRITE, 0x00400000);
    case_expect_fault(EXCEPTION_PF, E_P | E_US | E_WR, MACHINE_CODE);
    machine_protected(m, 3, 32);
    machine_paging(m);
    machine_write_32(m, MACHINE_TABLES + 4, 0);
    start_access(READ, 0x00400123);
    case_expect_fault(EXCEPTION_PF, E_US, MACHINE_CODE);
    assert_int_equal(m->state.cr2, 0x00400123);
}

static void accessed_and_dirty_bits(void **state)
{
    (void)state;
    for (unsigned operation = READ; operation <= MODIFY; operation++) {
        machine_protected(m, 0, 32);
        machine_paging(m);
        start_access(operation, PAGE + 8);
        case_expect_halt();
        assert_int_equal(machine_read_32(m, machine_page_entry(PAGE)),
                         PAGE | P | RW | US | A | (operation == READ ? 0 : D));
        assert_true(machine_read_32(m, MACHINE_TABLES) & A);
        assert_int_equal(machine_read_32(m, MACHINE_TABLES) & D, 0);
        assert_int_equal(machine_read_32(m, machine_page_entry(NEXT)) & (A | D), 0);
    }
    /* Read first, then written: the cached translation must not lose the dirty bit. */
    machine_protected(m, 0, 32);
    machine_paging(m);
    MACHINE_CODE_BYTES(m, 0xa1, 0x00, 0x00, 0x03, 0x00, 0xa3, 0x00, 0x00, 0x03, 0x00, 0xf4);
    case_expect_halt();
    assert_int_equal(machine_read_32(m, machine_page_entry(PAGE)) & (A | D), A | D);
}

/* Both pages are checked before a byte is written, and CR2 names the page at fault. */
static void accesses_over_a_page_edge(void **state)
{
    for (unsigned operation = READ; operation <= MODIFY; operation++) {
        uint32_t error = operation == READ ? 0 : E_WR;

        machine_protected(m, 0, 32);
        machine_paging(m);
        set_page(NEXT, 0);
        machine_write_32(m, NEXT - 4, 0x55555555);
        start_access(operation, NEXT - 2);
        case_expect_fault(EXCEPTION_PF, error, MACHINE_CODE);
        assert_int_equal(m->state.cr2, NEXT);
        assert_int_equal(machine_read_32(m, NEXT - 4), 0x55555555);
        machine_protected(m, 0, 32);
        machine_paging(m);
        set_page(PAGE, 0);
        start_access(operation, NEXT - 2);
        case_expect_fault(EXCEPTION_PF, error, MACHINE_CODE);
        assert_int_equal(m->state.cr2, NEXT - 2);
    }
    /* Two pages that are not neighbours in physical memory. */
    (void)state;
    machine_protected(m, 0, 32);
    machine_paging(m);
    machine_write_32(m, machine_page_entry(NEXT), 0x00800000 | P | RW);
    start_access(WRITE, NEXT - 1);
    case_expect_halt();
    assert_int_equal(machine_read_8(m, NEXT - 1), 0x04);
    assert_int_equal(machine_read_16(m, 0x00800000), 0x0203);
    assert_int_equal(machine_read_8(m, NEXT), 0);
}

static void instruction_fetches(void **state)
{
    (void)state;
    machine_protected(m, 3, 32);
    machine_paging(m);
    set_page(MACHINE_CODE + 0x1000, P | RW);
    m->state.eip = MACHINE_CODE + 0xffe;
    machine_load(m);
    machine_write_32(m, MACHINE_CODE + 0xffe, 0x00000005); /* add eax, imm32: over the edge */
    case_expect_fault(EXCEPTION_PF, E_P | E_US, MACHINE_CODE + 0xffe);
    assert_int_equal(m->state.cr2, MACHINE_CODE + 0x1000);
    /* One that ends at the edge does not look beyond. */
    machine_protected(m, 0, 32);
    machine_paging(m);
    set_page(MACHINE_CODE + 0x1000, 0);
    m->state.eip = MACHINE_CODE + 0xfff;
    machine_load(m);
    machine_write_8(m, MACHINE_CODE + 0xfff, 0xf4);
    case_expect_halt();
}

static void large_pages(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    machine_paging(m);
    m->state.cr4 = CR4_PSE;
    machine_load(m);
    machine_write_32(m, MACHINE_TABLES + 3 * 4, 0x00800000 | P | RW | PS); /* c00000 -> 800000 */
    start_access(WRITE, 0x00c12344);
    case_expect_halt();
    assert_int_equal(machine_read_32(m, 0x00812344), 0x01020304);
    assert_int_equal(machine_read_32(m, MACHINE_TABLES + 3 * 4), 0x00800000 | P | RW | PS | A | D);
    /* Without CR4.PSE the bit means nothing: the entry names a table (at 800000, all zero). */
    machine_protected(m, 0, 32);
    machine_paging(m);
    machine_write_32(m, MACHINE_TABLES + 3 * 4, 0x00800000 | P | RW | PS);
    start_access(READ, 0x00c12344);
    case_expect_fault(EXCEPTION_PF, 0, MACHINE_CODE);
    /* Bit 21 of a 4 MiB page is reserved. */
    machine_protected(m, 0, 32);
    machine_paging(m);
    m->state.cr4 = CR4_PSE;
    machine_load(m);
    machine_write_32(m, MACHINE_TABLES + 3 * 4, 0x00a00000 | P | RW | PS);
    start_access(READ, 0x00c12344);
    case_expect_fault(EXCEPTION_PF, E_P | E_RSVD, MACHINE_CODE);
    /* So is what would be bit 36 of its address: this processor has 36 bits (PSE-36). */
    machine_protected(m, 0, 32);
    machine_paging(m);
    m->state.cr4 = CR4_PSE;
    machine_load(m);
    machine_write_32(m, MACHINE_TABLES + 3 * 4, 0x00820000 | P | RW | PS);
    start_access(READ, 0x00c12344);
    case_expect_fault(EXCEPTION_PF, E_P | E_RSVD, MACHINE_CODE);
}

/* PAE: the first 16 MiB as 2 MiB pages but for the second 2 MiB, which have a table. */
#define PAE_POINTERS  0x00200000u
#define PAE_DIRECTORY 0x00201000u
#define PAE_TABLE     0x00202000u

static void pae(void)
{
    machine_write_32(m, PAE_POINTERS, PAE_DIRECTORY | P);
    for (uint32_t n = 0; n < 8; n++)
        machine_write_32(m, PAE_DIRECTORY + n * 8, (n << 21) | P | RW | US | PS);
    machine_write_32(m, PAE_DIRECTORY + 2 * 8, PAE_TABLE | P | RW | US);
    for (uint32_t n = 0; n < 512; n++)
        machine_write_32(m, PAE_TABLE + n * 8, (0x00400000 + (n << 12)) | P | RW | US);
}

/* Paging with PAE is turned on by the guest itself, which loads the four pointers. */
static void start_pae(void)
{
    pae();
    MACHINE_CODE_BYTES(m, 0x0f, 0x22, 0xe1,           /* mov cr4, ecx */
                       0x0f, 0x22, 0xda,              /* mov cr3, edx */
                       0x0f, 0x22, 0xc6,              /* mov cr0, esi */
                       0x89, 0x03, 0x8b, 0x3b, 0xf4); /* mov [ebx], eax; mov edi, [ebx] */
    machine_save(m);
    m->state.gpr[ECX] = CR4_PAE;
    m->state.gpr[EDX] = PAE_POINTERS;
    m->state.gpr[ESI] = m->state.cr0 | CR0_PG;
    m->state.gpr[EAX] = 0xcafef00d;
}

static void pae_pages(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    start_pae();
    m->state.gpr[EBX] = 0x00612340; /* a 2 MiB page */
    machine_load(m);
    case_expect_halt();
    assert_int_equal(machine_read_32(m, 0x00612340), 0xcafef00d);
    assert_int_equal(machine_read_32(m, PAE_DIRECTORY + 3 * 8) & (A | D), A | D);
    machine_protected(m, 0, 32);
    start_pae();
    m->state.gpr[EBX] = 0x00412340; /* through the table */
    machine_load(m);
    machine_write_32(m, PAE_TABLE + 0x12 * 8, 0x00700000 | P | RW);
    case_expect_halt();
    assert_int_equal(machine_read_32(m, 0x00700340), 0xcafef00d);
    assert_int_equal(machine_read_32(m, PAE_TABLE + 0x12 * 8), 0x00700000 | P | RW | A | D);
    /* A pointer that is not present: 1..2 GiB. */
    machine_protected(m, 0, 32);
    start_pae();
    m->state.gpr[EBX] = 0x40000000;
    machine_load(m);
    case_expect_fault(EXCEPTION_PF, E_WR, MACHINE_CODE + 9);
    assert_int_equal(m->state.cr2, 0x40000000);
    /* A reserved bit in a table entry. */
    machine_protected(m, 0, 32);
    start_pae();
    m->state.gpr[EBX] = 0x00412340;
    machine_load(m);
    machine_write_32(m, PAE_TABLE + 0x12 * 8 + 4, 0x00100000);
    case_expect_fault(EXCEPTION_PF, E_P | E_WR | E_RSVD, MACHINE_CODE + 9);
    /* The first bit that the processor's physical addresses do not have. */
    machine_protected(m, 0, 32);
    start_pae();
    m->state.gpr[EBX] = 0x00412340;
    machine_load(m);
    machine_write_32(m, PAE_TABLE + 0x12 * 8 + 4, 1u << (36 - 32));
    case_expect_fault(EXCEPTION_PF, E_P | E_WR | E_RSVD, MACHINE_CODE + 9);
    machine_protected(m, 0, 32);
    start_pae();
    machine_load(m);
    machine_write_32(m, PAE_POINTERS + 12, 1u << (36 - 32));
    machine_write_32(m, PAE_POINTERS + 8, PAE_DIRECTORY | P);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE + 6);
    /* It has more when it says so. */
    machine_protected(m, 0, 32);
    machine_address_bits(m, 40);
    start_pae();
    m->state.gpr[EBX] = 0x00412340;
    machine_load(m);
    machine_write_32(m, PAE_TABLE + 0x12 * 8 + 4, 1u << (39 - 32));
    case_expect_halt();
    machine_protected(m, 0, 32);
    machine_address_bits(m, 40);
    start_pae();
    m->state.gpr[EBX] = 0x00412340;
    machine_load(m);
    machine_write_32(m, PAE_TABLE + 0x12 * 8 + 4, 1u << (40 - 32));
    case_expect_fault(EXCEPTION_PF, E_P | E_WR | E_RSVD, MACHINE_CODE + 9);
    /* Reserved bits in a pointer: the MOV to CR0 is #GP(0). */
    machine_protected(m, 0, 32);
    start_pae();
    machine_load(m);
    machine_write_32(m, PAE_POINTERS + 8, 0x1000 | P | RW);
    case_expect_fault(EXCEPTION_GP, 0, MACHINE_CODE + 6);
    /* The pointers are registers: changing memory later does nothing. */
    machine_protected(m, 0, 32);
    start_pae();
    m->state.gpr[EBX] = PAE_POINTERS; /* mov [PAE_POINTERS], eax clears P */
    m->state.gpr[EAX] = 0;
    machine_load(m);
    case_expect_halt();
    assert_int_equal(machine_read_32(m, PAE_POINTERS), 0);
}

/* INVLPG and MOV CR3 make a changed entry visible. */
static void invalidation(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        static const uint8_t head[] = {0xa1, 0x00, 0x00, 0x03, 0x00, /* mov eax, [PAGE] */
                                       0x89, 0x0b};                  /* mov [ebx], ecx */
        static const uint8_t tail[] = {0x8b, 0x15, 0x00, 0x00, 0x03, 0x00, 0xf4}; /* mov edx */
        static const uint8_t invalidate[2][7] = {{0x0f, 0x01, 0x3d, 0x00, 0x00, 0x03, 0x00},
                                                 {0x0f, 0x20, 0xdf, 0x0f, 0x22, 0xdf, 0x90}};
        uint8_t code[sizeof(head) + sizeof(tail) + 7];

        machine_protected(m, 0, 32);
        machine_paging(m);
        memcpy(code, head, sizeof(head));
        memcpy(code + sizeof(head), invalidate[way], 7);
        memcpy(code + sizeof(head) + 7, tail, sizeof(tail));
        machine_code(m, code, sizeof(code));
        machine_write_32(m, PAGE, 0x11111111);
        machine_write_32(m, 0x00800000, 0x22222222);
        machine_save(m);
        m->state.gpr[EBX] = machine_page_entry(PAGE);
        m->state.gpr[ECX] = 0x00800000 | P | RW;
        machine_load(m);
        case_expect_halt();
        assert_int_equal(m->state.gpr[EAX], 0x11111111);
        assert_int_equal(m->state.gpr[EDX], 0x22222222);
    }
}

/* A change of privilege changes what a cached translation allows. */
static void cached_translations_are_bound_to_privilege(void **state)
{
    (void)state;
    machine_protected(m, 0, 32);
    machine_paging(m);
    set_page(PAGE, P | RW); /* supervisor's */
    /* Read it at CPL 0, go to CPL 3 by IRET, read it again. */
    MACHINE_CODE_BYTES(m, 0xa1, 0x00, 0x00, 0x03, 0x00, 0xcf);
    machine_write_32(m, MACHINE_STACK - 20, MACHINE_CODE);
    machine_write_32(m, MACHINE_STACK - 16, SELECTOR_CODE_3 | 3);
    machine_write_32(m, MACHINE_STACK - 12, EFLAGS_FIXED);
    machine_write_32(m, MACHINE_STACK - 8, MACHINE_STACK - 64);
    machine_write_32(m, MACHINE_STACK - 4, SELECTOR_DATA_3 | 3);
    machine_save(m);
    m->state.gpr[ESP] = MACHINE_STACK - 20;
    m->state.segment[DS].attributes |= ATTRIBUTE_DPL; /* survives the return */
    machine_load(m);
    case_expect_fault(EXCEPTION_PF, E_P | E_US, MACHINE_CODE);
}

/* MOV [EBX], EAX over the end of a page table, which its own last but one entry maps, into what its
 * last entry maps: all four bytes go where they went before the first was written. */
static void a_write_over_its_page_table(void **state)
{
    const uint32_t table_end = 0x400000 - 0x1000;
    uint32_t table, entry;

    (void)state;
    machine_protected(m, 0, 32);
    machine_paging(m);
    table = machine_page_entry(0) & ~0xfffu;
    entry = machine_page_entry(table_end);
    machine_write_32(m, machine_page_entry(table_end - 0x1000), table | P | RW);
    machine_write_32(m, entry, MACHINE_MMIO | P | RW);
    start_access(WRITE, table_end - 3);
    assert_true(machine_run_to_halt(m, 10));
    assert_int_equal(machine_read_32(m, entry), 0x02030400 | P | RW | A | D);
    assert_true(m->log_count > 0);
    assert_int_equal(m->log[0].kind, ACCESS_MMIO_WRITE);
    assert_int_equal(m->log[0].address, MACHINE_MMIO);
    assert_int_equal(m->log[0].value, 0x01);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_and_error_codes),
        cmocka_unit_test(the_directory_restricts_too),
        cmocka_unit_test(accessed_and_dirty_bits),
        cmocka_unit_test(accesses_over_a_page_edge),
        cmocka_unit_test(instruction_fetches),
        cmocka_unit_test(large_pages),
        cmocka_unit_test(pae_pages),
        cmocka_unit_test(invalidation),
        cmocka_unit_test(cached_translations_are_bound_to_privilege),
        cmocka_unit_test(a_write_over_its_page_table),
    };

    return CASE_MAIN(tests);
}
