# Register work and small arrays, all of it 16 bit: a bitwise CRC, a bubble sort, a sieve.
# Not here: 32-bit operands, prefixes, far anything (unreal.s, calls.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "workload.inc"

.set BYTES, 0x9000
.set BYTE_COUNT, 256
.set WORDS, 0x9400
.set WORD_COUNT, 64
.set SIEVE, 0xa000
.set SIEVE_SIZE, 2048

setup:
    movw $BYTES, %di
    movw $BYTE_COUNT, %cx
    movw $1, %ax
1:  movb %al, (%di)
    next_random
    incw %di
    loop 1b
    ret

work:
    iterations 4
    xorw %bp, %bp                       # the checksum
again:
    # CRC-16-CCITT, bit by bit
    movw $BYTES, %si
    movw $BYTE_COUNT, %cx
    movw $0xffff, %dx
1:  movb (%si), %al
    incw %si
    xorb %al, %dh
    movb $8, %bl
2:  shlw $1, %dx
    jnc 3f
    xorw $0x1021, %dx
3:  decb %bl
    jnz 2b
    decw %cx
    jnz 1b
    addw %dx, %bp

    # words that begin with it, sorted
    movw $WORDS, %di
    movw $WORD_COUNT, %cx
    movw %dx, %ax
4:  movw %ax, (%di)
    next_random
    addw $2, %di
    decw %cx
    jnz 4b
    movw $WORD_COUNT - 1, %dx
5:  movw %dx, %cx
    movw $WORDS, %si
6:  movw (%si), %ax
    movw 2(%si), %bx
    cmpw %bx, %ax
    jbe 7f
    movw %bx, (%si)
    movw %ax, 2(%si)
7:  addw $2, %si
    decw %cx
    jnz 6b
    decw %dx
    jnz 5b
    movw WORDS + WORD_COUNT, %ax        # the median
    xorw %ax, %bp

    # primes
    movw $SIEVE, %di
    movw $SIEVE_SIZE, %cx
8:  movb $1, (%di)
    incw %di
    decw %cx
    jnz 8b
    movw $2, %si
    xorw %dx, %dx
9:  cmpb $0, SIEVE(%si)
    je 11f
    incw %dx
    movw %si, %bx
    addw %si, %bx
10: cmpw $SIEVE_SIZE, %bx
    jae 11f
    movb $0, SIEVE(%bx)
    addw %si, %bx
    jmp 10b
11: incw %si
    cmpw $SIEVE_SIZE, %si
    jb 9b
    addw %dx, %bp
    iterate again
    movzwl %bp, %eax
    ret
