/* The instructions around each world switch, where the guest's registers are in the processor.
 * Not here: what is saved, filled and decided (world_switch.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout.h"

    .section .text.switch, "ax"
    .globl  switch_code, switch_code_end
switch_code:

/* INVOKE by the guest lands here: NEW.eip. All GPRs but ESP are the guest's. IF is 1, because a guest
 * that writes CR0 in an STI shadow takes the shadow along, and VM entry allows that with IF=1 only;
 * so an interrupt may come before the CLI (trap_handle knows the address). */
    .globl  arrival
arrival:
    cli
arrived:
    lock btsl $0, switch_lock
    jc      wait
    pushal
    cld
    movl    %esp, %eax
    call    world_switch_arrived
wait:
    pause
    jmp     arrived

/* void world_switch_home(struct vcpu *): RESTORE into the blob's own context, already in OLD (EIP =
 * vcpu_landing). CR3 and CR4 are the home ones. */
    .globl  world_switch_home
world_switch_home:
    movl    $HOME_CR0, %ecx
    movl    %ecx, %cr0

/* void world_switch_part(struct vcpu *): the blob's own INVOKE, with registers that say so. */
    .globl  world_switch_part
world_switch_part:
    lock btsl $0, switch_lock
    jc      1f
    movl    $DEPARTURE_MARK, %edi
    movl    %eax, %esi
    movl    %eax, departing
    movl    $INVOKE_CR0, %ecx
    movl    %ecx, %cr0
1:  pause
    jmp     world_switch_part

/* Where that INVOKE lands, IF=0; with several vCPUs another one may clear PE in this very moment. */
    .globl  departure
departure:
    cmpl    $DEPARTURE_MARK, %edi
    jne     arrived
    cmpl    departing, %esi
    jne     arrived
    movl    $0, departing
    movl    %esi, %eax
    call    world_switch_departing              /* OLD, CR2, CR3, CR4, DR0-3, DR6, EFER */
    movl    departure_dr7, %eax
    movl    %eax, %dr7
    movl    $departure_gpr, %esp
    popal
    movl    departure_cr0, %esp
    movl    $0, switch_lock
    movl    %esp, %cr0                          /* ESP comes from OLD */
switch_code_end:

    .section .bss.departure, "aw", @nobits
    .balign 4
    .globl  departing, departure_gpr, departure_cr0, departure_dr7
departing:
    .long   0
departure_gpr:                                  /* in the order of POPAL */
    .space  32
departure_cr0:
    .long   0
departure_dr7:
    .long   0
