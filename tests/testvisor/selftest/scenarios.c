/* The self-test's scenarios: each ends the run in its own way, which the runner looks for in the
 * log. Not here: what the runner expects (run). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "../hardware.h"
#include "blob.h"

static uint32_t page_directory[1024] __attribute__((aligned(4096)));

static void triple_fault(void)
{
    static const uint8_t no_idt[6];

    __asm__ volatile("lidt %0; int3" ::"m"(no_idt));
}

static void halt(void)
{
    __asm__ volatile("cli; hlt");
}

static void bad_ds(struct world_switch_context *c)
{
    c->ds.selector = SELECTOR_DATA | 3;
}

static void real_mode_cs(struct world_switch_context *c)
{
    c->cs.attributes = 0x93;
    c->cs.limit = 0xffff;
}

static void bad_ds_code(struct world_switch_context *c)
{
    c->ds.selector = SELECTOR_CODE | 3;
    c->ds.attributes = 0xc09b;
}

static void enter_bad(void (*spoil)(struct world_switch_context *))
{
    struct world_switch_context c = flat_context(guest_leave);

    enter_blob_world();
    spoil(&c);
    run_guest(&c);
}

static void entry_fails_on_ds(void)
{
    enter_bad(bad_ds);
}

static void entry_fails_on_cs(void)
{
    enter_bad(real_mode_cs);
}

/* Bochs enters this state, though the SDM forbids it. */
static void entry_of_bad_ds_code(void)
{
    enter_bad(bad_ds_code);
}

static void missing_magic(void)
{
    *(volatile uint32_t *)header_magic = 0;
    invoke_self();
}

/* Xen 3.1 overlooks the missing magic: PE=0 in the view only, and code runs on. */
static void missing_magic_overlooked(void)
{
    *(volatile uint32_t *)header_magic = 0;
    __asm__ volatile("mov %0, %%cr0" ::"r"(CR0_ET));
    check("CR0 view without PE", cr0_read(), CR0_ET);
    shut_down();
}

static void shadow_hazard(void)
{
    struct world_switch_context c = flat_context(guest_sti_leave);

    enter_blob_world();
    run_guest(&c);
}

static void paged_twice(void)
{
    for (uint32_t i = 0; i < 1024; i++)
        page_directory[i] = i << 22 | 0x87u;
    enter_blob_world();
    new_context.cr0 |= CR0_PG;
    new_context.cr3 = (uint32_t)page_directory;
    new_context.cr4 = CR4_PSE;
    for (unsigned i = 0; i < 2; i++) {
        struct world_switch_context c = flat_context(guest_leave);

        run_guest(&c);
        check("INVOKE into a paged context", cr0_read() & CR0_PG, CR0_PG);
    }
}

static void long_mode(void)
{
    probe(probe_wrmsr, EFER_LME, MSR_EFER, 0);
    cr4_write(CR4_PAE);
    cr3_write((uint32_t)page_directory);
    cr0_write(cr0_read() | CR0_PG);
}

static void peek_outside_blob(void)
{
    (void)cpuid(0x40000003u, 0x100000);
}

static void task_switch_refused(void)
{
    blob_gdt[SELECTOR_TASKS / 8] = blob_gdt[SELECTOR_TASK / 8] & ~0x0000020000000000ull;
    jump_task(0, SELECTOR_TASKS);
}

static void real_mode_without_register(void)
{
    cr0_write(CR0_ET);
}

static void reset_once(void (*reset)(void))
{
    if (counters()->resets == 0) {
        *(volatile uint32_t *)RESET_MARK_ADDRESS = 0x5a5a5a5au;
        reset();
    }
    shut_down();
}

static void reset_by_port92(void)
{
    port_out8(0x92, 3);
}

static void reset_by_8042(void)
{
    port_out8(0x64, 0xfe);
}

static void reset_by_cf9(void)
{
    port_out8(0xcf9, 6);
}

static void port92(void)
{
    reset_once(reset_by_port92);
}

static void keyboard_controller(void)
{
    reset_once(reset_by_8042);
}

static void cf9(void)
{
    reset_once(reset_by_cf9);
}

void run_scenario(uint32_t number)
{
    static void (*const scenarios[])(void) = {
        [1] = triple_fault,
        [2] = halt,
        [3] = entry_fails_on_ds,
        [4] = entry_fails_on_cs,
        [5] = missing_magic,
        [6] = shadow_hazard,
        [7] = paged_twice,
        [8] = long_mode,
        [9] = peek_outside_blob,
        [10] = task_switch_refused,
        [11] = port92,
        [12] = keyboard_controller,
        [13] = cf9,
        [14] = real_mode_without_register,
        [15] = entry_of_bad_ds_code,
        [16] = missing_magic_overlooked,
    };

    if (number < sizeof scenarios / sizeof scenarios[0])
        scenarios[number]();
    say_number("not ok: no scenario, or it came back: ", number);
    shut_down();
}
