# Brings a workload to its place without a BIOS: a 64 KiB ROM that copies it and jumps.
# Not here: the workload (image.bin, at the ROM's start).
# SPDX-License-Identifier: GPL-2.0-only
.code16
.text
rom:
    .incbin "image.bin"
    .org 0xff00
start:
    cld
    xorw %ax, %ax
    movw %ax, %es
    movw $0x7e00, %di
    xorw %si, %si
    movw $(0xfc00 - 0x7e00) / 2, %cx
    rep movsw %cs:(%si), %es:(%di)
    ljmp $0, $0x7e00
    .org 0xfff0
    ljmp $0xf000, $start
    .org 0x10000
