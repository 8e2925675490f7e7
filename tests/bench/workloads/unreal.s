# Big real mode: FS and GS reach 4 GiB, 32-bit addresses at 2 and 3 MiB, prefixes and SIB bytes.
# Not here: protected mode beyond the few instructions that load the limits.
# SPDX-License-Identifier: GPL-2.0-only
.include "workload.inc"

.set SOURCE, 0x200000
.set TARGET, 0x300000
.set DWORDS, 4096

setup:
    cmpw $0, %cs:native
    jne 2f
    inb $0x92, %al                      # A20
    orb $2, %al
    outb %al, $0x92
    lgdt gdt_pointer
    movl %cr0, %eax
    orb $1, %al
    movl %eax, %cr0
    jmp 1f
1:  movw $8, %bx
    movw %bx, %fs
    movw %bx, %gs
    andb $0xfe, %al
    movl %eax, %cr0
    ljmp $0, $2f
2:  movw %cs:segment_big, %ax
    movw %ax, %fs
    movw %ax, %gs
    movl $SOURCE, %edi
    movl $DWORDS, %ecx
    movl $12345, %eax
3:  movl %eax, %fs:(%edi)
    imull $1664525, %eax, %eax
    addl $1013904223, %eax
    addl $4, %edi
    decl %ecx
    jnz 3b
    ret

work:
    iterations 5
    xorl %ebp, %ebp                     # the checksum
1:  movl $SOURCE, %esi
    movl $TARGET, %edi
    xorl %ecx, %ecx
2:  movl %fs:(%esi,%ecx,4), %eax
    addl %gs:4(%esi,%ecx,4), %eax
    roll $3, %eax
    movl %eax, %gs:(%edi,%ecx,4)
    xorl %eax, %ebp
    movb %fs:(%esi,%ecx), %dl
    addb %dl, %fs:0x10000(%edi,%ecx,2)
    movzwl %gs:(%edi,%ecx,2), %ebx
    addl %ebx, %ebp
    incl %ecx
    cmpl $4000, %ecx
    jb 2b
    decl COUNTER
    jnz 1b
    movl %ebp, %eax
    ret

    .balign 4
gdt:
    .quad 0
    .quad 0x00cf93000000ffff            # flat data
gdt_pointer:
    .word 15
    .long gdt
