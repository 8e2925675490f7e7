# Single step and an execution breakpoint through both halves of a mode switch, in the interpreter's
# reach all along. Not here: steps in one mode (debug.s), a step that begins in the window (window.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

# The window's CS is a real-mode selector that the GDT has too, with the same base, so that IRET comes
# back to the same place in both modes. The IVT serves as IDT: vector 1 is at 4 for one, at 8 for the
# other.
.set WINDOW_CS, FIRST_OWN
.set WINDOW_BASE, WINDOW_CS << 4
.set LOG, 0x1000
.set TF, 0x100
.set LINE, 16                           # bytes of a record: IP CS FLAGS -, CR0, DR6

guest:
    cli
    call install_ivt
    movl $step, 4
    movl gate_of_step, %eax
    movl %eax, 8
    movl gate_of_step + 4, %eax
    movl %eax, 12
    lgdt gdt_pointer
    .irp trip, 1, 2, 3
    say "single step\n"
    movl $TF, trip_flags
    call trip
    .endr
    .irp label, window, sixteen, back
    say "breakpoint at \label\n"
    movl $0, trip_flags
    movl $trip_\label, %eax
    movl %eax, %dr0
    movl $0x00000702, %eax              # G0, LE, GE
    movl %eax, %dr7
    call trip
    movl $0x400, %eax
    movl %eax, %dr7
    .endr
    finish "stepflip"

trip:
    movw $LOG, log_pointer
    ljmp $WINDOW_CS, $1f - WINDOW_BASE
1:  pushfl
    movl trip_flags, %eax
    orl %eax, (%esp)
    popfl
    nop
    movl %cr0, %eax
    orb $CR0_PE, %al
    movl %eax, %cr0
trip_window:
    nop
    jmp 2f
2:  ljmp $CODE16, $3f
3:  movw $DATA16, %ax
trip_sixteen:
    movw %ax, %ds
    movw %ax, %ss                       # a shadow: the next one is not stepped over
    movw %ax, %es
    movw $3, %cx
    xorw %si, %si
    cld
    rep lodsb
    pushw %ax
    popw %bx
    smsw %ax
    ljmp $WINDOW_CS, $4f - WINDOW_BASE
4:  movl %cr0, %eax
    andb $~CR0_PE, %al
    movl %eax, %cr0
trip_back:
    nop
    ljmp $0, $5f
5:  xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw %ax, %es
    pushfl
    andl $~TF, (%esp)
    popfl
    movw $LOG, %si
6:  cmpw log_pointer, %si
    jae 7f
    movl 2(%si), %eax
    show "  cs=", %eax, 4
    movzwl 2(%si), %ecx
    movzwl (%si), %eax
    cmpw $WINDOW_CS, %cx
    jne 8f
    addw $WINDOW_BASE, %ax
8:  subw $trip, %ax
    show " trip+", %eax, 4
    movl 4(%si), %eax
    andl $0x7702, %eax
    show " flags ", %eax, 4
    movl 8(%si), %eax
    andl $1, %eax
    show " pe=", %eax, 2
    movl 12(%si), %eax
    andl $0xe00f, %eax
    show " dr6 ", %eax, 4
    say "\n"
    addw $LINE, %si
    jmp 6b
7:  ret

# #DB in either mode, in 16-bit code at base 0; only SS is used, whose base is 0 too
step:
    pushal
    movw %sp, %bp
    movw %ss:log_pointer, %di
    movw 32(%bp), %ax
    movw %ax, %ss:(%di)
    movw 34(%bp), %ax
    movw %ax, %ss:2(%di)
    movw 36(%bp), %ax
    movw %ax, %ss:4(%di)
    movl %cr0, %eax
    movl %eax, %ss:8(%di)
    movl %dr6, %eax
    movl %eax, %ss:12(%di)
    testb $1, %al                       # a breakpoint: over it this once
    jz 1f
    movl $0x400, %eax
    movl %eax, %dr7
1:  movl $0xffff0ff0, %eax
    movl %eax, %dr6
    addw $LINE, %ss:log_pointer
    popal
    iretw

log_pointer:
    .word 0
trip_flags:
    .long 0
gate_of_step:
    gate CODE16, step, INTERRUPT16

    .balign 8
gdt:
    standard_descriptors
    descriptor WINDOW_BASE, 0xffff, 0x009b
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end
