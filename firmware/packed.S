/* The low image as it is loaded: the blob's header, what unpacks the blob over it, and the packed blob.
 * Not here: the blob's own way in (entry.S), packing (pack.c).
 *
 * Entered like the blob itself, by the first processor only: from then on the blob's header is here.
 * Everything is moved to the end of the region first, from where it is unpacked to its start. */
/* SPDX-License-Identifier: GPL-2.0-only */

#define HEADER_SIZE 0x1c

    .text
    .globl  start
start:
    jmp     move
    .org    8
    .incbin IMAGE, 8, HEADER_SIZE - 8

move:
    cld
    movl    $(end - start), %ecx
    leal    start - 1(%ecx), %esi
    movl    $(REGION_END - 1), %edi
    std
    rep movsb
    cld
    movl    $(REGION_END - (end - packed)), %esi
    movl    $start, %edi
    movl    $(REGION_END - (end - unpack)), %eax
    jmp     *%eax

packed:
    .incbin PACKED

/* Last, since what is in front is written over. ESI: packed bytes. EDI: where they go. There is no
 * stack. Each group begins with a byte: with bit 7 clear, as many bytes less one follow; set, bits 6:0
 * and 3 are the length of what lies behind at a distance of two bytes. */
unpack:
    xorl    %eax, %eax
    lodsb
    movl    %eax, %ecx
    btrl    $7, %ecx
    jc      1f
    incl    %ecx
    rep movsb
    jmp     2f
1:  addl    $3, %ecx
    lodsw
    movl    %esi, %ebx
    movl    %edi, %esi
    subl    %eax, %esi
    rep movsb
    movl    %ebx, %esi
2:  cmpl    $(start + IMAGE_SIZE), %edi
    jb      unpack
    movl    $start, %eax
    jmp     *%eax
    .balign 4, 0
end:
