/* The I/O exit: plain and string IN and OUT, split into bytes where a byte device is in front, and
 * the table of ports that the testvisor stands in front of. Not here: what those ports do (pic.c,
 * a20.c, console.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "ports.h"

#include <stdbool.h>
#include <stddef.h>

#include "a20.h"
#include "abi.h"
#include "console.h"
#include "exits.h"
#include "guest_memory.h"
#include "hardware.h"
#include "pic.h"
#include "vmcs.h"

/* Exit qualification. Source: SDM vol. 3, table 27-5. */
#define QUALIFICATION_SIZE(q)   (((q)&7u) + 1)
#define QUALIFICATION_IN(q)     (((q) >> 3 & 1u) != 0)
#define QUALIFICATION_STRING(q) (((q) >> 4 & 1u) != 0)
#define QUALIFICATION_REP(q)    (((q) >> 5 & 1u) != 0)
#define QUALIFICATION_PORT(q)   ((uint16_t)((q) >> 16))
/* Instruction information for INS and OUTS. Source: SDM vol. 3, table 27-8. */
#define INFORMATION_ADDRESS_SIZE(i) ((i) >> 7 & 7u)
#define INFORMATION_SEGMENT(i)      ((i) >> 15 & 7u)

#define ELEMENTS_PER_EXIT 256u /* then the guest gets its interrupts */

/* A port that exits. A null pointer for `read` or `write` stands for the port itself. With `wide`
 * clear, an access of several bytes goes through the byte functions, as the bus of a PC splits it
 * for a byte device; otherwise only byte accesses are special and wider ones reach the machine
 * whole. */
struct hook {
    uint16_t port;
    bool wide;
    bool for_virtual_pic;
    uint8_t (*read)(uint16_t port);
    void (*write)(uint16_t port, uint8_t value);
};

static const struct hook hooks[] = {
    {0x20, false, true, NULL, pic_write},
    {0x21, false, true, NULL, pic_write},
    {0x60, false, false, a20_read_8042_data, a20_write_8042_data},
    {0x64, false, false, NULL, a20_write_8042_command},
    {0x92, false, false, a20_read_port92, a20_write_port92},
    {0xa0, false, true, NULL, pic_write},
    {0xa1, false, true, NULL, pic_write},
    {0xe9, true, false, NULL, console_write_e9},
    {0xcf9, true, false, NULL, reset_write_cf9},
    {0x8900, true, false, NULL, console_write_shutdown},
};

#define HOOK_COUNT (sizeof hooks / sizeof hooks[0])

static uint8_t io_bitmaps[2][4096] __attribute__((aligned(4096)));

void ports_init(void)
{
    for (size_t i = 0; i < HOOK_COUNT; i++) {
        const uint16_t port = hooks[i].port;

        if (!hooks[i].for_virtual_pic || abi->rebases_pic)
            io_bitmaps[port >> 15][(port & 0x7fffu) / 8] |= (uint8_t)(1u << port % 8);
    }
    vmcs_write64(VMCS_IO_BITMAP_A, (uint32_t)io_bitmaps[0]);
    vmcs_write64(VMCS_IO_BITMAP_B, (uint32_t)io_bitmaps[1]);
}

static const struct hook *hook_at(uint32_t port)
{
    for (size_t i = 0; i < HOOK_COUNT; i++)
        if (hooks[i].port == port && (!hooks[i].for_virtual_pic || abi->rebases_pic))
            return &hooks[i];
    return NULL;
}

static bool split(uint16_t port, unsigned size)
{
    if (size == 1)
        return true;
    for (unsigned i = 0; i < size; i++) {
        const struct hook *hook = hook_at((uint32_t)port + i);

        if (hook != NULL && !hook->wide)
            return true;
    }
    return false;
}

static void write_byte(uint16_t port, uint8_t value)
{
    const struct hook *hook = hook_at(port);

    if (hook != NULL && hook->write != NULL)
        hook->write(port, value);
    else
        port_out8(port, value);
}

static uint8_t read_byte(uint16_t port)
{
    const struct hook *hook = hook_at(port);

    return hook != NULL && hook->read != NULL ? hook->read(port) : port_in8(port);
}

static void write_port(uint16_t port, unsigned size, uint32_t value)
{
    if (split(port, size))
        for (unsigned i = 0; i < size; i++)
            write_byte((uint16_t)(port + i), (uint8_t)(value >> 8 * i));
    else if (size == 2)
        port_out16(port, (uint16_t)value);
    else
        port_out32(port, value);
}

static uint32_t read_port(uint16_t port, unsigned size)
{
    uint32_t value = 0;

    if (!split(port, size))
        return size == 2 ? port_in16(port) : port_in32(port);
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)read_byte((uint16_t)(port + i)) << 8 * i;
    return value;
}

/* A register of which the address size decides how many bits count. */
static uint32_t masked(uint32_t value, uint32_t mask, uint32_t whole)
{
    return (whole & ~mask) | (value & mask);
}

/* One element of INS or OUTS. False with a fault injected; memory is checked before the port is
 * read, because a read cannot be undone. */
static bool move_element(uint16_t port, unsigned size, bool in, unsigned segment, uint32_t offset)
{
    const enum guest_access access = in ? GUEST_WRITE : GUEST_READ;
    const bool user = vcpu_cpl() == 3;
    struct guest_fault fault;
    uint32_t linear;
    uint32_t value = 0;

    if (!guest_linear(segment, offset, size, access, &linear, &fault) ||
        !(in ? guest_probe_write(linear, size, user, &fault)
             : guest_read(linear, &value, size, user, &fault))) {
        guest_inject_fault(&fault);
        return false;
    }
    if (in) {
        value = read_port(port, size);
        return guest_write(linear, &value, size, user, &fault);
    }
    write_port(port, size, value);
    return true;
}

/* RIP stays at the instruction until its last element is done, so that what comes in between, a
 * fault or an interrupt, finds the registers as the processor leaves them. */
static void string_io(uint32_t qualification)
{
    const uint32_t information = vmcs_read(VMCS_EXIT_INSTRUCTION_INFORMATION);
    const uint32_t mask = INFORMATION_ADDRESS_SIZE(information) == 0 ? 0xffffu : 0xffffffffu;
    const uint32_t rflags = vmcs_read(VMCS_GUEST_RFLAGS);
    const unsigned size = QUALIFICATION_SIZE(qualification);
    const uint32_t delta = (rflags & RFLAGS_DF) != 0 ? 0 - size : size;
    const bool in = QUALIFICATION_IN(qualification);
    const bool rep = QUALIFICATION_REP(qualification);
    const unsigned segment = in ? SEGMENT_ES : INFORMATION_SEGMENT(information);
    uint32_t *index = in ? &vcpu.registers->edi : &vcpu.registers->esi;
    uint32_t *count = &vcpu.registers->ecx;
    const unsigned most = (rflags & RFLAGS_TF) != 0 ? 1 : ELEMENTS_PER_EXIT;

    for (unsigned i = 0; i < (rep ? most : 1); i++) {
        if (rep && (*count & mask) == 0)
            break;
        if (!move_element(QUALIFICATION_PORT(qualification), size, in, segment, *index & mask))
            return;
        *index = masked(*index + delta, mask, *index);
        if (rep)
            *count = masked(*count - 1, mask, *count);
    }
    if (!rep || (*count & mask) == 0)
        vcpu_skip_instruction();
    else
        vcpu_single_step();
}

void exit_io(void)
{
    const uint32_t qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);
    const uint16_t port = QUALIFICATION_PORT(qualification);
    const unsigned size = QUALIFICATION_SIZE(qualification);
    const uint32_t mask = size == 4 ? 0xffffffffu : (1u << 8 * size) - 1;

    if (QUALIFICATION_STRING(qualification)) {
        string_io(qualification);
        return;
    }
    if (QUALIFICATION_IN(qualification))
        vcpu.registers->eax = masked(read_port(port, size), mask, vcpu.registers->eax);
    else if (port == CONSOLE_PORT && size == 1)
        console_out_al(vcpu.registers->eax);
    else
        write_port(port, size, vcpu.registers->eax);
    vcpu_skip_instruction();
}
