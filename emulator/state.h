/* The exact architectural state of one vCPU, hidden descriptor caches included: what the transports
 * carry and the entry predicate judges. Not here: how the interpreter keeps it while it runs. */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef EMULATOR_STATE_H
#define EMULATOR_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* Segment registers in the processor's own encoding order; the VMCS uses the same. */
enum segment_register { ES, CS, SS, DS, FS, GS, LDTR, TR, SEGMENT_REGISTER_COUNT };

enum general_register { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, GENERAL_REGISTER_COUNT };

/* Attributes (access rights) in the VMCS layout, SDM vol. 3, 25.4.1 (table "Format of Access
 * Rights"). */
#define ATTRIBUTE_TYPE        0x0000000fu
#define ATTRIBUTE_ACCESSED    0x00000001u /* with S=1 */
#define ATTRIBUTE_WRITABLE    0x00000002u /* with S=1, data */
#define ATTRIBUTE_READABLE    0x00000002u /* with S=1, code */
#define ATTRIBUTE_EXPAND_DOWN 0x00000004u /* with S=1, data */
#define ATTRIBUTE_CONFORMING  0x00000004u /* with S=1, code */
#define ATTRIBUTE_CODE        0x00000008u /* with S=1 */
#define ATTRIBUTE_BUSY        0x00000002u /* with S=0, TSS */
#define ATTRIBUTE_S           0x00000010u
#define ATTRIBUTE_DPL         0x00000060u
#define ATTRIBUTE_DPL_SHIFT   5
#define ATTRIBUTE_P           0x00000080u
#define ATTRIBUTE_AVL         0x00001000u
#define ATTRIBUTE_L           0x00002000u
#define ATTRIBUTE_DB          0x00004000u
#define ATTRIBUTE_G           0x00008000u
#define ATTRIBUTE_UNUSABLE    0x00010000u

#define CR0_PE 0x00000001u
#define CR0_MP 0x00000002u
#define CR0_EM 0x00000004u
#define CR0_TS 0x00000008u
#define CR0_ET 0x00000010u
#define CR0_NE 0x00000020u
#define CR0_WP 0x00010000u
#define CR0_AM 0x00040000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u

#define CR4_VME        0x00000001u
#define CR4_PVI        0x00000002u
#define CR4_TSD        0x00000004u
#define CR4_DE         0x00000008u
#define CR4_PSE        0x00000010u
#define CR4_PAE        0x00000020u
#define CR4_MCE        0x00000040u
#define CR4_PGE        0x00000080u
#define CR4_PCE        0x00000100u
#define CR4_OSFXSR     0x00000200u
#define CR4_OSXMMEXCPT 0x00000400u

#define EFLAGS_CF     0x00000001u
#define EFLAGS_FIXED  0x00000002u /* bit 1, always set */
#define EFLAGS_PF     0x00000004u
#define EFLAGS_AF     0x00000010u
#define EFLAGS_ZF     0x00000040u
#define EFLAGS_SF     0x00000080u
#define EFLAGS_TF     0x00000100u
#define EFLAGS_IF     0x00000200u
#define EFLAGS_DF     0x00000400u
#define EFLAGS_OF     0x00000800u
#define EFLAGS_IOPL   0x00003000u
#define EFLAGS_NT     0x00004000u
#define EFLAGS_RF     0x00010000u
#define EFLAGS_VM     0x00020000u
#define EFLAGS_AC     0x00040000u
#define EFLAGS_VIF    0x00080000u
#define EFLAGS_VIP    0x00100000u
#define EFLAGS_ID     0x00200000u
#define EFLAGS_STATUS (EFLAGS_CF | EFLAGS_PF | EFLAGS_AF | EFLAGS_ZF | EFLAGS_SF | EFLAGS_OF)
/* Every bit that exists (SDM vol. 1, 3.4.3). */
#define EFLAGS_DEFINED 0x003f7fd7u

#define EFER_SCE 0x00000001u
#define EFER_LME 0x00000100u
#define EFER_LMA 0x00000400u
#define EFER_NXE 0x00000800u

#define DR6_FIXED 0xffff0ff0u
#define DR7_FIXED 0x00000400u

/* What inhibits events at the next instruction boundary (SDM vol. 3, table 25-3). */
#define SHADOW_STI    1u
#define SHADOW_MOV_SS 2u

/* One segment register with its descriptor cache. `limit` is byte granular (G applied). */
struct segment_state {
    uint16_t selector;
    uint32_t attributes;
    uint32_t base;
    uint32_t limit;
};

struct table_register {
    uint32_t base;
    uint32_t limit; /* 0..0xffff */
};

struct guest_state {
    uint32_t gpr[GENERAL_REGISTER_COUNT];
    uint32_t eip;
    uint32_t eflags;
    uint32_t cr0, cr2, cr3, cr4;
    uint32_t dr[8]; /* 4 and 5 unused */
    struct segment_state segment[SEGMENT_REGISTER_COUNT];
    struct table_register gdtr, idtr;
    uint64_t efer;
    uint32_t pending_debug; /* DR6 bits of a debug trap still to be delivered, or 0 */
    uint8_t cpl;            /* 0..3 */
    uint8_t shadow;         /* SHADOW_* */
    bool a20;               /* the address line is enabled */
};

#endif
