# Brings a workload to its place in a PC with a BIOS: a floppy image whose boot sector loads it.
# Not here: the workload (image.bin, from the second sector on).
# SPDX-License-Identifier: GPL-2.0-only

# The BIOS leaves its timer running, and the workload never opens interrupts: one is pending all the
# time, which is not the same to every peer (see rom.s for a machine where none is).
.set SECTORS_PER_TRACK, 18

.code16
.text
boot_sector:
    ljmp $0, $0x7c00 + 1f - boot_sector
1:  xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw $0x7c00, %sp
    sti
    cld
    movb %dl, 0x7c00 + drive - boot_sector
    movw $1, %di                        # the next sector, as an LBA
    movw $0x7e00, %bx
2:  movw %di, %ax
    movb $SECTORS_PER_TRACK, %cl
    divb %cl
    movb %ah, %cl                       # sector, from 1 on
    incb %cl
    movb %al, %ch                       # track and head
    shrb $1, %ch
    movb %al, %dh
    andb $1, %dh
    movb 0x7c00 + drive - boot_sector, %dl
    movw $0x0201, %ax
    int $0x13
    jc 2b
    addw $512, %bx
    incw %di
    cmpw $sectors, %di
    jbe 2b
    cli
    ljmp $0, $0x7e00
drive:
    .byte 0
    .org 510
    .word 0xaa55
image:
    .incbin "image.bin"
    .balign 512
image_end:
    .set sectors, (image_end - image) / 512
    .org 1474560
