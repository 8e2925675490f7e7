# 4 GiB limits carried back into real mode, for each data segment, SS and CS, with INTs between.
# Not here: limits that are smaller than 64 KiB or expand-down (fsgs.s, ssbase.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set FLAT, FIRST_OWN                    # 4 GiB, D/B = 0
.set FLAT_BIG_STACK, FIRST_OWN + 8      # 4 GiB, B = 1
.set FLAT_CODE, FIRST_OWN + 16          # 4 GiB, 16-bit code
.set HIGH, 0x200000
.set BUFFER, 0x1000

guest:
    call install_ivt
    .irp segment, ds, es, fs, gs, ss
    call test_\segment
    .endr
    call big_stack
    call big_code
    finish "bigreal"

# the classic trip: the segment is loaded in the window, without a far jump
.macro make_big segment, selector
    cli
    lgdt gdt_pointer
    enter_protected
    movw $\selector, %ax
    movw %ax, %\segment
    leave_protected
.endm

# reads and counts up the dword at HIGH through the segment
.macro probe segment, text
    say "  \text: "
    try addr32 incl %\segment:HIGH
    addr32 movl %\segment:HIGH, %ebx
    show "[200000]=", %ebx
    show " \segment=", %\segment, 4
    say "\n"
.endm

.macro test segment
test_\segment:
    say "\segment before\n"
    try addr32 movl %\segment:HIGH, %ebx
    try addr32 movw %\segment:0xffff, %bx
    make_big \segment, FLAT
    addr32 movl $0x51515100, %\segment:HIGH
    probe \segment, "selector of protected mode"
    xorw %ax, %ax
    movw %ax, %\segment
    probe \segment, "reloaded with 0"
    sti
    movb $0x0e, %ah
    movw $0x0007, %bx
    movb $'*', %al
    int $0x10
    probe \segment, "INT 10h/0e"
    movb $1, %ah
    int $0x16
    setz %al
    movzbl %al, %eax
    show "  zf=", %eax, 2
    probe \segment, "INT 16h/01"
    pushw %es
    xorw %ax, %ax
    movw %ax, %es
    movw $0x0201, %ax
    movw $BUFFER, %bx
    movw $0x0001, %cx
    xorb %dh, %dh
    movb boot_drive, %dl
    int $0x13
    popw %es
    pushfw
    popw %dx
    movzwl %ax, %eax
    show "  ax=", %eax, 4
    movw BUFFER + 510, %dx
    show " signature=", %edx, 4
    probe \segment, "INT 13h/02"
    pushw %es
    movb $0xc0, %ah
    int $0x15
    movzbl %ah, %eax
    show "  ah=", %eax, 2
    show " es=", %es, 4
    movzbl %es:2(%bx), %eax
    show " model=", %eax, 2
    popw %es
    probe \segment, "INT 15h/c0"
    cli
    xorl %ebp, %ebp
    int $0x30
    probe \segment, "INT 30h"
    .ifnc \segment, ss
    movw $0x1000, %ax
    movw %ax, %\segment
    try addr32 movl %\segment:HIGH - 0x10000, %ebx
    show "  1000:001f0000 ", %ebx
    xorw %ax, %ax
    movw %ax, %\segment
    probe \segment, "and back to 0"
    .endif
    # the BIOS moves a block through protected mode, and gives 64 KiB limits back
    xorw %ax, %ax
    movw %ax, %es
    movw $move_table, %si
    movw $8, %cx
    movb $0x87, %ah
    sti
    int $0x15
    cli
    movzbl %ah, %eax
    show "  INT 15h/87 ah=", %eax, 2
    say "\n"
    try addr32 movl %\segment:HIGH, %ebx
    make_big \segment, FLAT
    try addr32 movl %\segment:HIGH, %ebx
    show "  moved ", %ebx
    say "\n"
    make_big \segment, DATA16
    xorw %ax, %ax
    movw %ax, %\segment
    try addr32 movl %\segment:HIGH, %ebx
    ret
.endm

.irp segment, ds, es, fs, gs, ss
test \segment
.endr

# SS with B = 1 in real mode: the stack pointer is ESP, also above 64 KiB
big_stack:
    say "ss with B=1\n"
    make_big ss, FLAT_BIG_STACK
    movl $0x80000, %esp
    pushw $0x1234
    pushl $0x89abcdef
    call 1f
1:  popw %ax
    subw $1b, %ax
    movzwl %ax, %eax
    show "  call pushed its return address + ", %eax, 4
    addr32 movl %ss:0x7fffa, %eax
    show " [7fffa]=", %eax
    movl %esp, %eax
    show " esp=", %eax
    say "\n"
    int $0x30
    try divb %cs:zero
    movl $0x11112222, %ebp
    enterl $0x10, $0
    movl %ebp, %eax
    show "  enter: ebp=", %eax
    movl %esp, %eax
    show " esp=", %eax
    leavel
    movl %esp, %eax
    show " leave: esp=", %eax
    show " ebp=", %ebp
    movl %esp, %ecx
    enterw $0x10, $0                    # a 16-bit operand: BP only
    show " enterw: ebp=", %ebp
    leavew
    movl %esp, %eax
    movl %ecx, %esp
    show " leavew: esp=", %eax
    say "\n"
    movl $0x123456, %ebp                # BP-relative 16-bit addresses stay 16-bit
    movw $0x7777, 0x6000
    movl $0x6000, %ebp
    movzwl (%bp), %eax
    show "  ss:[bp]=", %eax, 4
    popl %eax
    show " popped ", %eax
    xorl %eax, %eax
    popw %ax
    show " ", %eax, 4
    say "\n"
    movl $STACK_TOP - 2, %esp
    movb $0x0f, %ah
    int $0x10
    movzbl %al, %eax
    show "  INT 10h/0f on the big stack, mode=", %eax, 2
    say "\n"
    make_big ss, DATA16
    xorw %ax, %ax
    movw %ax, %ss
    ret

# CS with a 4 GiB limit in real mode: EIP is not cut to 16 bits
big_code:
    say "cs\n"
    movl $0x000c00ff, %ebx
    pushw %ds
    movw $0x2000, %ax
    movw %ax, %ds
    movl $0xc3669340, 0                 # inc %ax; xchg %ax, %bx; ret with a 32-bit operand
    popw %ds
    movl $0x20000, %ecx
    try calll *%ecx
    show "  64 KiB limit: bx=", %ebx, 4
    say "\n"
    cli
    lgdt gdt_pointer
    enter_protected
    ljmp $FLAT_CODE, $1f
1:  leave_protected
    ljmp $0, $1f
1:  movw $0x1110, %ax
    calll *%ecx
    show "  4 GiB limit: bx=", %ebx, 4
    say "\n"
    enter_protected
    ljmp $CODE16, $1f
1:  leave_protected
    ljmp $0, $1f
1:  try calll *%ecx
    ret
zero:
    .byte 0

    .balign 8
gdt:
    standard_descriptors
    descriptor 0, 0xfffff, 0x8093
    descriptor 0, 0xfffff, 0xc093
    descriptor 0, 0xfffff, 0x809b
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end

# INT 15h/87: source the boot sector's last dword and on, destination HIGH
    .balign 8
move_table:
    .fill 16, 1, 0
    descriptor 0x7dfc, 0xffff, 0x0093
    descriptor HIGH, 0xffff, 0x0093
    .fill 16, 1, 0
