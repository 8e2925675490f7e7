# ES, FS and GS loaded once in protected mode and never again, over ten mode flips.
# Not here: SS (ssbase.s) and 4 GiB limits under BIOS calls (bigreal.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"

.set SEL_ES, FIRST_OWN                  # byte granularity, 4 KiB
.set SEL_FS, FIRST_OWN + 8              # page granularity, 2 MiB
.set SEL_GS, FIRST_OWN + 16             # expand-down, 8000-ffff
.set ES_BASE, 0x20000
.set FS_BASE, 0x30000
.set GS_BASE, 0x40000

guest:
    cli
    call install_ivt
    lgdt gdt_pointer
    enter_protected
    ljmp $CODE16, $1f
1:  movw $SEL_ES, %ax
    movw %ax, %es
    movw $SEL_FS, %ax
    movw %ax, %fs
    movw $SEL_GS, %ax
    movw %ax, %gs
    leave_protected
    ljmp $0, $1f
1:  addr32 movl $0xe0000000, %es:0xffc
    addr32 movl $0xf0000000, %fs:0x1ffffc
    addr32 movl $0x60000000, %gs:0x8000
    addr32 movl $0x70000000, %gs:0xfffc

    movw $10, flips
2:  movzwl flips, %eax
    show "flips left ", %eax, 4
    show_selectors ":"
    call probe_real
    # the window alone, then 16-bit and 32-bit protected mode, then the window on the way back
    lidt idt_pointer
    enter_protected
    pushw %es
    popw %ax
    movzwl %ax, %eax
    show "window es=", %eax, 4
    addr32 movl %fs:0x1ffffc, %eax
    show " fs:[1ffffc]=", %eax
    say "\n"
    testw $1, flips
    jz 3f
    ljmp $CODE16, $4f
4:  call probe_16
    jmp 5f
3:  ljmpl $CODE32, $6f
    code32
6:  movw $DATA32, %ax
    movw %ax, %ss
    call probe_32
    movw $DATA16, %ax
    movw %ax, %ss
    ljmp $CODE16, $5f
    code16
5:  leave_protected
    ljmp $0, $7f
7:  xorw %ax, %ax
    movw %ax, %ss
    lidt real_idt_pointer
    decw flips
    jnz 2b
    show_selectors "last:"
    finish "fsgs"
flips:
    .word 0

# accesses at the limits, past them, and across them; then string instructions
.macro probe_set name, bits
    code\bits
probe_\name:
    say "\name "
    a32 movl %es:0xffc, %eax
    show "es:[ffc]=", %eax
    a32 movl %fs:0x1ffffc, %eax
    show " fs:[1ffffc]=", %eax
    a32 movl %gs:0x8000, %eax
    show " gs:[8000]=", %eax
    a32 movl %gs:0xfffc, %eax
    show " gs:[fffc]=", %eax
    say "\n"
    try a32 incl %es:0xffc
    try a32 incl %es:0xffd
    try a32 incb %es:0x1000
    try a32 incl %fs:0x1ffffc
    try a32 incl %fs:0x1ffffd
    try a32 movb %fs:0x200000, %al
    try a32 incl %gs:0x8000
    try a32 incl %gs:0x7fff
    try a32 incl %gs:0xfffc
    try a32 movw %gs:0xffff, %ax
    try a32 movb %gs:0x10000, %al
    movl $0xff8, %edi
    movl $0x1ffff8, %esi
    movl $3, %ecx
    cld
    try rep movsl %fs:(%esi), %es:(%edi)
    show "rep movs stopped at ecx=", %ecx
    show " esi=", %esi
    show " edi=", %edi
    say "\n"
    ret
.endm
probe_set real, 16
probe_set 16, 16
probe_set 32, 32

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    descriptor ES_BASE, 0x00fff, 0x0093
    descriptor FS_BASE, 0x001ff, 0x8093
    descriptor GS_BASE, 0x07fff, 0x0097
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
