# The only program of d16's user space: says TINY-INIT-OK on the console, and waits for ever.
# Not here: the file system around it (d16-linux.sh).
# SPDX-License-Identifier: GPL-2.0-only
        .globl _start
_start: movl $4, %eax                   # write
        movl $1, %ebx
        movl $text, %ecx
        movl $text_end - text, %edx
        int $0x80
wait:   movl $29, %eax                  # pause
        int $0x80
        jmp wait
text:   .ascii "\r\nTINY-INIT-OK\r\n"
text_end:
