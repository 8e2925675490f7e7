# What NT's and OpenBSD's loaders do for each BIOS call: PE and PG cleared and set by one write, with
# 4 GiB limits, a TSS and an IDT of protected mode waiting. Also built KEPT.
# Not here: paging itself (paging.s), one segment at a time (bigreal.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "timer.inc"

.set DIRECTORY, 0x20000                 # page directory; a table for 0, one for HIGH
.set HIGH, 0x80000000                   # the image once more, as NT's loader has itself
.set BUFFER, 0x5000
.set TRIPS, 200

    code16
guest:
    cli
    call install_ivt
    keep_state
    enter_ring0
    call make_pages
    movl $DIRECTORY, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  movl $HIGH + 1f, %eax               # on in the high half
    jmp *%eax
1:  call 2f
2:  popl %eax
    subl $2b, %eax
    show "runs at ", %eax
    say "\n"
    call services
    call many
    call read_disk
    call timer_in_both
    movl $1f, %eax
    jmp *%eax
1:  movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    leave_ring0
    release_state
    finish "ntloader"

    code32
# identity for the first MiB and the same at HIGH
make_pages:
    movl $DIRECTORY, %edi
    xorl %eax, %eax
    movl $1024, %ecx
    rep stosl
    movl $DIRECTORY + 0x1003, DIRECTORY
    movl $DIRECTORY + 0x2003, DIRECTORY + HIGH / 0x400000 * 4
    movl $DIRECTORY + 0x1000, %edi
    movl $2, %edx
2:  movl $3, %eax
    movl $256, %ecx
1:  stosl
    addl $0x1000, %eax
    loop 1b
    xorl %eax, %eax
    movl $768, %ecx
    rep stosl
    decl %edx
    jnz 2b
    ret

# One BIOS call from 32-bit paged code: the registers are in call_*, the interrupt in AL. Goes to the
# low half, clears PG and PE in one write, and comes back the same way.
bios:
    movb %al, bios_interrupt + 1
    movl $1f, %eax
    jmp *%eax
1:  movl %esp, bios_esp
    ljmp $CODE16, $1f
    code16
1:  movl %cr0, %eax
    andl $~(CR0_PG | CR0_PE), %eax
    movl %eax, %cr0
    ljmp $0, $1f
1:  xorw %ax, %ax                       # the caches stay as they were: flat
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $RING0_STACK - 0x200, %esp
    lidt real_idt_pointer
    movl call_ax, %eax
    movl call_bx, %ebx
    movl call_cx, %ecx
    movl call_dx, %edx
    sti
bios_interrupt:
    int $0
    cli
    pushfw
    popw call_flags
    movl %eax, call_ax
    movl %ebx, call_bx
    movl %ecx, call_cx
    movl %edx, call_dx
    lgdt gdt_pointer
    lidt idt_pointer
    movl %cr0, %eax
    orl $CR0_PG | CR0_PE, %eax
    movl %eax, %cr0
    ljmpl $CODE32, $1f
    code32
1:  movw $DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl bios_esp, %esp
    movl $HIGH + 1f, %eax
    jmp *%eax
1:  ret

.macro service interrupt, ax, bx=0, cx=0, dx=0
    movl $\ax, call_ax
    movl $\bx, call_bx
    movl $\cx, call_cx
    movl $\dx, call_dx
    movb $\interrupt, %al
    call bios
.endm

services:
    service 0x10, 0x0e2b, 7
    service 0x10, 0x0f00
    movl call_ax, %eax
    show "INT 10h/0f ", %eax, 4
    service 0x12, 0
    movl call_ax, %eax
    show " INT 12h ", %eax, 4
    service 0x15, 0x8800
    movl call_ax, %eax
    show " INT 15h/88 ", %eax, 4
    service 0x16, 0x0100
    movl call_flags, %eax
    andl $0x40, %eax
    show " INT 16h/01 zf=", %eax, 2
    say "\n"
    ret

# the BIOS called again and again, with a short stretch between, and some long ones
many:
    movl $TRIPS, many_left
    movl $0, many_sum
1:  service 0x16, 0x0100
    movl many_left, %eax
    testl $31, %eax
    jnz 3f
    movl $0x4000, %ecx
2:  decl %ecx
    jnz 2b
3:  service 0x12, 0
    movl call_ax, %eax
    addl %eax, many_sum
    decl many_left
    jnz 1b
    movl many_sum, %eax
    show "sum of all trips ", %eax
    movl %cr0, %eax
    andl $CR0_PG | CR0_PE, %eax
    show " cr0 ", %eax
    movl %esp, %eax
    show " esp ", %eax
    say "\n"
    ret

read_disk:
    movl $4, many_left
1:  movl $0x55555555, BUFFER + 508
    movzbl boot_drive, %edx
    movl %edx, call_dx
    movl $0x0201, call_ax
    movl $BUFFER, call_bx
    movl $0x0001, call_cx
    movb $0x13, %al
    call bios
    movl call_ax, %eax
    show "INT 13h ", %eax, 4
    movl HIGH + BUFFER + 508, %eax
    shrl $16, %eax
    show " ", %eax, 4
    say " "
    decl many_left
    jnz 1b
    say "\n"
    ret

# IRQ0 in protected mode at its own vector; then the BIOS gets its 8259s back, and counts
timer_in_both:
    movl $3, many_left
1:  movb $0x20, pic_base
    call arm_timer_32
    xorl %ebp, %ebp                     # for the reporter
    sti
    hlt
    cli
    movb $0x08, pic_base
    movl $0x46c, %ebx
    movl (%ebx), %ebx
    movl %ebx, seen
    call arm_timer_32
2:  movl 0x46c, %eax
    cmpl seen, %eax
    jne 3f
    service 0x16, 0x0100                # interrupts are on in there
    jmp 2b
3:  say "counted\n"
    decl many_left
    jnz 1b
    ret

    .balign 4
many_left:
    .long 0
many_sum:
    .long 0
seen:
    .long 0
bios_esp:
    .long 0
call_ax:
    .long 0
call_bx:
    .long 0
call_cx:
    .long 0
call_dx:
    .long 0
call_flags:
    .long 0

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end

trap_set trap, 32, 4, 1
    .balign 8
idt:
trap_gates trap, CODE32, INTERRUPT32
idt_end:
table_pointer idt_pointer, idt, idt_end
