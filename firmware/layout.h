/* Numbers that C and assembly of the blob share: selectors, control registers, stack sizes.
 * Not here: where things are in memory (layout.lds). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIRMWARE_LAYOUT_H
#define FIRMWARE_LAYOUT_H

#define CODE_SELECTOR 0x08 /* flat 32-bit code */
#define DATA_SELECTOR 0x10 /* flat 32-bit data */
#define GDT_LIMIT     0x17

/* CR0 while the blob interprets: PG WP NE ET MP PE. Emulation of the FPU is off and stays off. */
#define HOME_CR0 0x80010033
/* CR0 of the NEW context, paged and unpaged. NW without CD is a pattern that no guest can hold, so
 * that the write which leaves it always differs and always exits. */
#define NEW_CR0_PAGED   0xa0010031
#define NEW_CR0_UNPAGED 0x20000031
/* A value with PE=0: writing it makes the hypervisor INVOKE. */
#define INVOKE_CR0 0x00000030

/* EDI of the blob's own INVOKE, by which it knows itself on the other side. */
#define DEPARTURE_MARK 0x54524150 /* "PART" */

/* In the GDT from which native_switch.S loads an LDT of the blob's. */
#define NATIVE_LDT_SELECTOR 0x08
/* Offsets in struct native_segment and struct native_departure. */
#define NATIVE_SEGMENT_SIZE     32
#define NATIVE_SEGMENT_GDT      16
#define NATIVE_SEGMENT_SELECTOR 22
#define NATIVE_SEGMENT_LOCAL    24
#define NATIVE_GPR              256
#define NATIVE_EIP              288
#define NATIVE_TR_UNTOUCHED     294
#define NATIVE_EFLAGS           296
#define NATIVE_GDTR             300
#define NATIVE_IDTR             306
#define NATIVE_LAST             312

/* How many vCPUs can be interpreted at the same time. */
#define VCPU_COUNT 2
/* Of a vCPU that is interpreted. */
#define STACK_SIZE 4096
/* On the way between guest and blob. */
#define SWITCH_STACK_SIZE 1024

#endif
