# A20 off and on through port 92h, the keyboard controller and INT 15h/24xx, and the wrap seen.
# Not here: what port 92h reads after the keyboard controller changed A20 (chipsets differ).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set LOW, 0x600                         # linear; its alias is LOW + 1 MiB

guest:
    cli
    call install_ivt
    lgdt gdt_pointer
    movw $0xffff, %ax
    movw %ax, %es
    say "at the start\n"
    call see
    .irp way, port92, controller_command, controller_output, bios
    .irp state, off, on, off, off, on, on
    say "\way \state\n"
    call \way\()_\state
    call see
    .endr
    .endr
    say "mixed: off by one, on by the same again\n"
    call port92_off
    call far_fetch
    call protected_view
    call port92_on
    call far_fetch
    call protected_view
    call bios_status
    call port92_off
    call bios_status
    call port92_on
    finish "a20"

# writes through both addresses and reads both
see:
    movl $0x10101010, LOW
    movl $0x20202020, %es:LOW + 0x10
    movl LOW, %eax
    show "  low ", %eax
    movl %es:LOW + 0x10, %eax
    show " high ", %eax
    addl $0x01010101, LOW
    movl %es:LOW + 0x10, %eax
    show " high ", %eax
    movl LOW, %eax
    show " low ", %eax
    # an access across the boundary: ES:000e is 0ffffe, behind it 0 or 100000
    movl $0x600df00d, %es:0x10
    movl $0x0ddba11e, 0
    movzwl %es:0x10, %eax
    show " behind ffff: ", %eax, 4
    movl %es:0x0e, %eax
    shrl $16, %eax
    show " across: ", %eax, 4
    say "\n"
    ret

port92_off:
    inb $0x92, %al
    andb $0xfc, %al
    outb %al, $0x92
    jmp port92_show
port92_on:
    inb $0x92, %al
    orb $2, %al
    andb $0xfe, %al
    outb %al, $0x92
port92_show:
    inb $0x92, %al
    movzbl %al, %eax
    andb $2, %al
    show "  port 92h bit 1: ", %eax, 2
    say "\n"
    ret

# DDh and DFh: A20 by one command
controller_command_off:
    movb $0xdd, %al
    jmp controller_send
controller_command_on:
    movb $0xdf, %al
controller_send:
    call controller_ready
    outb %al, $0x64
    call controller_ready
    ret

# D1h and the output port
controller_output_off:
    movb $0xdd, %ah
    jmp controller_output
controller_output_on:
    movb $0xdf, %ah
controller_output:
    call controller_ready
    movb $0xd1, %al
    outb %al, $0x64
    call controller_ready
    movb %ah, %al
    outb %al, $0x60
    call controller_ready
    ret

# waits until the input buffer is empty; AX kept
controller_ready:
    pushw %ax
1:  inb $0x64, %al
    testb $2, %al
    jnz 1b
    popw %ax
    ret

bios_off:
    movw $0x2400, %ax
    jmp bios_call
bios_on:
    movw $0x2401, %ax
    jmp bios_call
bios_status:
    movw $0x2402, %ax
    call bios_call
    movw $0x2403, %ax
bios_call:
    movzwl %ax, %edx
    int $0x15
    cli
    setc %cl
    movzbl %cl, %ecx
    show "  INT 15h/", %edx, 4
    movzwl %ax, %eax
    show " ax=", %eax, 4
    show " cf=", %ecx, 2
    cmpw $0x2403, %dx
    jne 1f
    movzwl %bx, %ebx
    show " bx=", %ebx, 4
1:  say "\n"
    ret

# FFFF:LOW+10: MOV AL, 'h' with A20 on; 0000:LOW: MOV AL, 'l'
far_fetch:
    movl $0xcb9068b0, %es:LOW + 0x10
    movl $0xcb906cb0, LOW
    wbinvd
    lcall $0xffff, $LOW + 0x10
    movzbl %al, %eax
    show "  fetched ", %eax, 2
    say "\n"
    ret

# 32-bit: 1, 2 and 3 MiB
protected_view:
    enter_protected
    ljmpl $CODE32, $1f
    code32
1:  movw $DATA32, %ax
    movw %ax, %fs
    xorl %ecx, %ecx
2:  movl %ecx, %edx
    shll $20, %edx
    leal 0x11110000(%ecx), %eax
    movl %eax, %fs:LOW(%edx)
    incl %ecx
    cmpl $6, %ecx
    jb 2b
    xorl %ecx, %ecx
2:  movl %ecx, %edx
    shll $20, %edx
    movl %fs:LOW(%edx), %eax
    show "  ", %eax
    incl %ecx
    cmpl $6, %ecx
    jb 2b
    say "\n"
    movw $DATA16, %ax
    movw %ax, %fs
    ljmpl $CODE16, $1f
    code16
1:  leave_protected
    ljmp $0, $1f
1:  ret

    .balign 8
gdt:
    standard_descriptors
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end
