/* VMCALL dispatch, the hypercall page, the trace service.
 * Not here: the hand-off (handoff.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "hypercall.h"

#include <string.h>

#include <hvmassist/handoff.h>
#include <hvmassist/trace.h>

#include "abi.h"
#include "exits.h"
#include "handoff.h"
#include "hardware.h"
#include "log.h"
#include "machine.h"
#include "trace_ring.h"
#include "vmcs.h"

#define HVM_OP            34u
#define GUEST_REQUEST     24u
#define ERROR_PERMISSION  ((uint32_t)-1)
#define ERROR_INVALID     ((uint32_t)-22)
#define ERROR_NO_FUNCTION ((uint32_t)-38)
#define STUB_SIZE         32u
#define PAGE_SIZE         4096u
#define TRACE_MOST        4096u

bool hypercall_fill_page(uint64_t value)
{
    const uint32_t address = (uint32_t)value;
    uint8_t *page = (uint8_t *)address;

    if (value >> 32 != 0 || (address & (PAGE_SIZE - 1)) != 0 || !machine_is_ram(address, PAGE_SIZE))
        return false;
    memset(page, 0xcc, PAGE_SIZE);
    for (uint32_t i = 0; i < PAGE_SIZE / STUB_SIZE; i++) {
        const uint8_t stub[9] = {0xb8, (uint8_t)i, 0, 0, 0, 0x0f, 0x01, 0xc1, 0xc3};

        memcpy(page + i * STUB_SIZE, stub, sizeof stub);
    }
    return true;
}

static uint32_t trace(uint32_t address, uint32_t length)
{
    if (length > TRACE_MOST || (length > 0 && !machine_is_ram(address, length)))
        return ERROR_INVALID;
    log_bytes((const uint8_t *)address, length);
    return 0;
}

/* Xen refuses hypercalls from CPL 3 and from virtual-8086 mode. */
static bool is_permitted(void)
{
    return vcpu_cpl() == 0 && (vmcs_read(VMCS_GUEST_RFLAGS) & RFLAGS_VM) == 0;
}

void exit_vmcall(void)
{
    const struct guest_registers *arguments = vcpu.registers;
    uint32_t result = ERROR_NO_FUNCTION;

    if (!is_permitted()) {
        result = ERROR_PERMISSION;
    } else if (arguments->eax == HVMASSIST_TRACE_TEXT) {
        result = trace(arguments->ebx, arguments->ecx);
    } else if (arguments->eax == HVMASSIST_TRACE_RING) {
        result = (uint32_t)trace_ring_start();
    } else if (abi->context_size == 0 && arguments->eax == HVM_OP &&
               arguments->ebx == GUEST_REQUEST) {
        if (arguments->ecx != 0)
            result = ERROR_INVALID;
        else if (arguments->edi != HANDOFF_MAGIC)
            result = 0; /* a request for somebody else */
        else if (handoff_request(arguments->edx))
            return;
        else
            result = 0;
    }
    vcpu.registers->eax = result;
    vcpu_skip_instruction();
}
