/* Interrupts and exceptions of the blob itself: the IDT, keeping an external interrupt, fixups.
 * Not here: what the stubs jump to (trap_entry.S), delivering anything to the guest (the
 * interpreter does).
 *
 * Any vector can be an external interrupt: until the guest moves them, the 8259s have the BIOS'
 * bases and IRQ 0 arrives where #DF is. An exception is told from it by its error code (the
 * position of our CS in the frame) or by IF=0 in the frame, where no external interrupt can be. */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "traps.h"

#include "hardware.h"
#include "panic.h"
#include "pic.h"

#include <stddef.h>

#define GATE_PRESENT_INTERRUPT_32 0x8e00u
#define STUBS_IN_GROUP            16u
#define STUB_SIZE                 4u
#define JMP_SIZE                  5u
#define PUSH_IMM8                 0x6au
#define JMP_REL8                  0xebu
#define JMP_REL32                 0xe9u
#define VECTOR_COUNT              256u
#define VECTOR_DB                 1u
#define VECTOR_NMI                2u
#define VECTOR_GP                 13u
#define DR6_BD                    0x2000u
#define RET                       0xc3u
#define INSTRUCTION_LENGTH_LIMIT  15u
/* Exceptions without an error code that a bug in the blob could raise: #DE #DB #BP #OF #BR #UD #NM
 * #MF #MC #XM. */
#define EXCEPTIONS_WITHOUT_ERROR 0x000d00fbu

/* What trap_common pushed, and the processor before it. */
struct trap_frame {
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
    uint32_t vector; /* sign-extended byte */
    uint32_t tail[4];
};

struct return_frame {
    uint32_t eip, cs, eflags;
};

struct fixup {
    uint32_t instruction, target;
};

extern const uint8_t trap_common[], arrival[], switch_code[], switch_code_end[], native_fault[];
extern const struct fixup fixups_start[], fixups_end[];

int native_window(const uint8_t *code, struct native_call *call);
/* Called by trap_common. Returns 1 when an error code lies between frame and EIP, else 0. */
unsigned trap_handle(struct trap_frame *frame);

static uint8_t trap_stubs[VECTOR_COUNT / STUBS_IN_GROUP][STUBS_IN_GROUP * STUB_SIZE + JMP_SIZE];
static uint64_t idt[VECTOR_COUNT];
static const struct descriptor_table idt_register = {sizeof idt - 1, (uint32_t)idt};

/* The switch stack has no vCPU yet. */
static struct arrival_events arrival_events;

/* PUSH vector; JMP to the end of the group, where a longer JMP goes to trap_common. Made here,
 * because 1 KiB of code is more than the image can spare. */
static uint32_t make_stub(unsigned vector)
{
    uint8_t *group = trap_stubs[vector / STUBS_IN_GROUP];
    uint8_t *end = group + STUBS_IN_GROUP * STUB_SIZE;
    uint8_t *stub = group + vector % STUBS_IN_GROUP * STUB_SIZE;
    uint32_t distance = (uint32_t)trap_common - (uint32_t)(end + JMP_SIZE);

    stub[0] = PUSH_IMM8;
    stub[1] = (uint8_t)vector;
    stub[2] = JMP_REL8;
    stub[3] = (uint8_t)(end - (stub + STUB_SIZE));
    end[0] = JMP_REL32;
    __builtin_memcpy(end + 1, &distance, sizeof distance);
    return (uint32_t)stub;
}

void traps_start(void)
{
    for (unsigned n = 0; n < VECTOR_COUNT; n++) {
        const uint32_t entry = make_stub(n);

        idt[n] = (uint64_t)((entry & 0xffff0000u) | GATE_PRESENT_INTERRUPT_32) << 32 |
                 (CODE_SELECTOR << 16 | (entry & 0xffffu));
    }
    traps_load();
}

void traps_load(void)
{
    __asm__ volatile("lidt %0" : : "m"(idt_register));
}

const struct descriptor_table *traps_idt(void)
{
    return &idt_register;
}

struct arrival_events traps_take_arrival_events(void)
{
    struct arrival_events taken = arrival_events;

    arrival_events = (struct arrival_events){.interrupt = false};
    return taken;
}

/* #GP of an MSR access: continues after it. */
static bool fix_up_instruction(unsigned vector, struct return_frame *r)
{
    if (vector != VECTOR_GP)
        return false;
    for (const struct fixup *f = fixups_start; f < fixups_end; f++) {
        if (f->instruction == r->eip) {
            r->eip = f->target;
            return true;
        }
    }
    return false;
}

/* Any exception of the guest's own FPU code. */
static bool fix_up_native(unsigned vector, const struct vcpu *vcpu, struct trap_frame *frame,
                          struct return_frame *r)
{
    if (vcpu == NULL || r->eip - (uint32_t)vcpu->native_code >= sizeof vcpu->native_code)
        return false;
    frame->eax = vector;
    r->eip = (uint32_t)native_fault;
    return true;
}

/* The guest's breakpoints are still armed while the switch code begins, and armed again when it
 * ends; with DR7.GD the first look at a debug register faults as well (and the processor clears
 * GD). */
static bool ignore_debug(unsigned vector, struct return_frame *r)
{
    uint32_t dr6;

    if (vector != VECTOR_DB)
        return false;
    DEBUG_REGISTER_READ(6, dr6);
    if (dr6 & DR6_BD) {
        arrival_events.general_detect = true;
        DEBUG_REGISTER_WRITE(6, dr6 & ~DR6_BD);
        return true;
    }
    if (r->eip - (uint32_t)switch_code >= (uint32_t)(switch_code_end - switch_code))
        return false;
    r->eflags |= EFLAGS_RF;
    return true;
}

static void keep_interrupt(struct vcpu *vcpu, uint8_t vector, struct return_frame *r)
{
    if (r->eip == (uint32_t)arrival) {
        arrival_events.interrupt = true;
        arrival_events.vector = vector;
    } else {
        vcpu_keep_interrupt(vcpu, vector);
    }
    r->eflags &= ~EFLAGS_IF; /* one at a time */
}

static void note_nmi(struct vcpu *vcpu)
{
    if (vcpu == NULL)
        arrival_events.nmi = true;
    else
        processor_signal_nmi(&vcpu->processor);
}

static bool is_external(unsigned vector, bool has_error, const struct vcpu *vcpu,
                        const struct return_frame *r)
{
    if (has_error || !(r->eflags & EFLAGS_IF))
        return false;
    if (vcpu == NULL)
        return r->eip == (uint32_t)arrival && vector != VECTOR_DB;
    pic_arrived((uint8_t)vector);
    return vector >= 32 || !(EXCEPTIONS_WITHOUT_ERROR >> vector & 1) || pic_owns((uint8_t)vector);
}

unsigned trap_handle(struct trap_frame *frame)
{
    const unsigned vector = frame->vector & 0xff;
    const bool has_error = frame->tail[1] != CODE_SELECTOR;
    struct return_frame *r = (struct return_frame *)&frame->tail[has_error];
    struct vcpu *vcpu = vcpu_of_stack(frame);

    if (vector == VECTOR_NMI && !has_error)
        note_nmi(vcpu);
    else if (is_external(vector, has_error, vcpu, r))
        keep_interrupt(vcpu, (uint8_t)vector, r);
    else if (!fix_up_native(vector, vcpu, frame, r) && !fix_up_instruction(vector, r) &&
             !ignore_debug(vector, r))
        panic_exception(vcpu, vector, has_error ? frame->tail[0] : 0, r->eip, r->eflags);
    return has_error;
}

int traps_run_native(struct vcpu *vcpu, const uint8_t *code, unsigned length,
                     struct native_call *call)
{
    uint32_t eflags;
    int result;

    if (length > INSTRUCTION_LENGTH_LIMIT)
        panic_bug(vcpu, "native code too long");
    for (unsigned n = 0; n < length; n++)
        vcpu->native_code[n] = code[n];
    vcpu->native_code[length] = RET;
    call->eflags = (call->eflags & EFLAGS_STATUS) | EFLAGS_FIXED;
    /* With IF=0 whatever happens in there is an exception of the code. */
    eflags = interrupts_save();
    result = native_window(vcpu->native_code, call);
    interrupts_restore(eflags);
    call->eflags &= EFLAGS_STATUS;
    return result;
}
