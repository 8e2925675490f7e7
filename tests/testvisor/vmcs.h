/* The VMCS: field encodings, control bits, exit reasons, and access to the current VMCS.
 * Not here: what the testvisor puts into it (vmx.c), nor what an exit means (exits.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTVISOR_VMCS_H
#define TESTVISOR_VMCS_H

#include <stdint.h>

/* Source: SDM vol. 3, appendix B. The eight segment fields of one kind are 2 apart in the order
 * ES, CS, SS, DS, FS, GS, LDTR, TR. */
enum vmcs_field {
    VMCS_GUEST_ES_SELECTOR = 0x0800,
    VMCS_HOST_ES_SELECTOR = 0x0c00,
    VMCS_HOST_CS_SELECTOR = 0x0c02,
    VMCS_HOST_TR_SELECTOR = 0x0c0c,
    VMCS_IO_BITMAP_A = 0x2000,
    VMCS_IO_BITMAP_B = 0x2002,
    VMCS_GUEST_LINK_POINTER = 0x2800,
    VMCS_GUEST_DEBUGCTL = 0x2802,
    VMCS_PIN_CONTROLS = 0x4000,
    VMCS_PROCESSOR_CONTROLS = 0x4002,
    VMCS_EXCEPTION_BITMAP = 0x4004,
    VMCS_PAGE_FAULT_MASK = 0x4006,
    VMCS_PAGE_FAULT_MATCH = 0x4008,
    VMCS_CR3_TARGET_COUNT = 0x400a,
    VMCS_EXIT_CONTROLS = 0x400c,
    VMCS_EXIT_MSR_STORE_COUNT = 0x400e,
    VMCS_EXIT_MSR_LOAD_COUNT = 0x4010,
    VMCS_ENTRY_CONTROLS = 0x4012,
    VMCS_ENTRY_MSR_LOAD_COUNT = 0x4014,
    VMCS_ENTRY_EVENT = 0x4016,
    VMCS_ENTRY_EVENT_ERROR = 0x4018,
    VMCS_ENTRY_EVENT_LENGTH = 0x401a,
    VMCS_INSTRUCTION_ERROR = 0x4400,
    VMCS_EXIT_REASON = 0x4402,
    VMCS_EXIT_EVENT = 0x4404,
    VMCS_IDT_VECTORING = 0x4408,
    VMCS_IDT_VECTORING_ERROR = 0x440a,
    VMCS_EXIT_INSTRUCTION_LENGTH = 0x440c,
    VMCS_EXIT_INSTRUCTION_INFORMATION = 0x440e,
    VMCS_GUEST_ES_LIMIT = 0x4800,
    VMCS_GUEST_GDTR_LIMIT = 0x4810,
    VMCS_GUEST_IDTR_LIMIT = 0x4812,
    VMCS_GUEST_ES_ATTRIBUTES = 0x4814,
    VMCS_GUEST_INTERRUPTIBILITY = 0x4824,
    VMCS_GUEST_ACTIVITY = 0x4826,
    VMCS_GUEST_SYSENTER_CS = 0x482a,
    VMCS_HOST_SYSENTER_CS = 0x4c00,
    VMCS_CR0_MASK = 0x6000,
    VMCS_CR4_MASK = 0x6002,
    VMCS_CR0_SHADOW = 0x6004,
    VMCS_CR4_SHADOW = 0x6006,
    VMCS_EXIT_QUALIFICATION = 0x6400,
    VMCS_GUEST_CR0 = 0x6800,
    VMCS_GUEST_CR3 = 0x6802,
    VMCS_GUEST_CR4 = 0x6804,
    VMCS_GUEST_ES_BASE = 0x6806,
    VMCS_GUEST_GDTR_BASE = 0x6816,
    VMCS_GUEST_IDTR_BASE = 0x6818,
    VMCS_GUEST_DR7 = 0x681a,
    VMCS_GUEST_RSP = 0x681c,
    VMCS_GUEST_RIP = 0x681e,
    VMCS_GUEST_RFLAGS = 0x6820,
    VMCS_GUEST_PENDING_DEBUG = 0x6822,
    VMCS_GUEST_SYSENTER_ESP = 0x6824,
    VMCS_GUEST_SYSENTER_EIP = 0x6826,
    VMCS_HOST_CR0 = 0x6c00,
    VMCS_HOST_CR3 = 0x6c02,
    VMCS_HOST_CR4 = 0x6c04,
    VMCS_HOST_FS_BASE = 0x6c06,
    VMCS_HOST_GS_BASE = 0x6c08,
    VMCS_HOST_TR_BASE = 0x6c0a,
    VMCS_HOST_GDTR_BASE = 0x6c0c,
    VMCS_HOST_IDTR_BASE = 0x6c0e,
    VMCS_HOST_SYSENTER_ESP = 0x6c10,
    VMCS_HOST_SYSENTER_EIP = 0x6c12,
    VMCS_HOST_RSP = 0x6c14,
    VMCS_HOST_RIP = 0x6c16,
};

/* Index of a segment register in the VMCS, in instruction information, and in all our tables. */
enum segment_index {
    SEGMENT_ES,
    SEGMENT_CS,
    SEGMENT_SS,
    SEGMENT_DS,
    SEGMENT_FS,
    SEGMENT_GS,
    SEGMENT_LDTR,
    SEGMENT_TR,
    SEGMENT_COUNT
};

/* Access rights. Source: SDM vol. 3, 24.4.1. */
#define ATTRIBUTES_TYPE     0x0000fu
#define ATTRIBUTES_S        0x00010u
#define ATTRIBUTES_DPL      0x00060u
#define ATTRIBUTES_P        0x00080u
#define ATTRIBUTES_L        0x02000u
#define ATTRIBUTES_DB       0x04000u
#define ATTRIBUTES_G        0x08000u
#define ATTRIBUTES_UNUSABLE 0x10000u

/* Controls. Source: SDM vol. 3, 24.6, 24.7, 24.8. */
#define PIN_EXTERNAL_INTERRUPT_EXITING 0x00000001u
#define PROCESSOR_INTERRUPT_WINDOW     0x00000004u
#define PROCESSOR_HLT_EXITING          0x00000080u
#define PROCESSOR_IO_BITMAPS           0x02000000u

#define INTERRUPTIBILITY_STI    0x1u
#define INTERRUPTIBILITY_MOV_SS 0x2u
#define ACTIVITY_ACTIVE         0u
#define ACTIVITY_HLT            1u

/* Event injection and IDT-vectoring format. Source: SDM vol. 3, 24.8.3. */
#define EVENT_VALID              0x80000000u
#define EVENT_HAS_ERROR          0x00000800u
#define EVENT_TYPE               0x00000700u
#define EVENT_EXTERNAL_INTERRUPT 0x00000000u
#define EVENT_NMI                0x00000200u
#define EVENT_HARDWARE_EXCEPTION 0x00000300u
#define EVENT_SOFTWARE_INTERRUPT 0x00000400u
#define EVENT_PRIVILEGED_TRAP    0x00000500u
#define EVENT_SOFTWARE_EXCEPTION 0x00000600u

/* Exit reasons that this processor can give. Source: SDM vol. 3, appendix C. */
enum exit_reason {
    EXIT_EXCEPTION = 0,
    EXIT_EXTERNAL_INTERRUPT = 1,
    EXIT_TRIPLE_FAULT = 2,
    EXIT_INIT = 3,
    EXIT_SIPI = 4,
    EXIT_INTERRUPT_WINDOW = 7,
    EXIT_TASK_SWITCH = 9,
    EXIT_CPUID = 10,
    EXIT_HLT = 12,
    EXIT_INVD = 13,
    EXIT_VMCALL = 18,
    EXIT_VMCLEAR = 19,
    EXIT_VMLAUNCH = 20,
    EXIT_VMPTRLD = 21,
    EXIT_VMPTRST = 22,
    EXIT_VMREAD = 23,
    EXIT_VMRESUME = 24,
    EXIT_VMWRITE = 25,
    EXIT_VMXOFF = 26,
    EXIT_VMXON = 27,
    EXIT_CR_ACCESS = 28,
    EXIT_IO = 30,
    EXIT_RDMSR = 31,
    EXIT_WRMSR = 32,
    EXIT_ENTRY_FAILURE_STATE = 33,
    EXIT_ENTRY_FAILURE_MSR = 34,
    EXIT_ENTRY_FAILURE_CHECK = 41,
    EXIT_WBINVD = 54,
    EXIT_XSETBV = 55,
};
#define EXIT_REASON_ENTRY_FAILED 0x80000000u

/* Reports a VMWRITE of a field that this processor does not have, and ends the run. */
__attribute__((noreturn)) void vmcs_write_failed(uint32_t field, uint32_t value);

static inline uint32_t vmcs_read(uint32_t field)
{
    uint32_t value;
    __asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"(field) : "cc");
    return value;
}

static inline void vmcs_write(uint32_t field, uint32_t value)
{
    __asm__ goto("vmwrite %1, %0; jbe %l[failed]" ::"r"(field), "rm"(value) : "cc" : failed);
    return;
failed:
    vmcs_write_failed(field, value);
}

/* A 64-bit field from a 32-bit host: the encoding plus one is its high half. */
static inline void vmcs_write64(uint32_t field, uint64_t value)
{
    vmcs_write(field, (uint32_t)value);
    vmcs_write(field + 1, (uint32_t)(value >> 32));
}

/* VMCS field of one segment register; `kind` is the field of ES. */
static inline uint32_t vmcs_segment(uint32_t kind, unsigned segment)
{
    return kind + 2 * segment;
}

#endif
