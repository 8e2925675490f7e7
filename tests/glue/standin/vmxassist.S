/* A stand-in for vmxassist: its header, and code that says that it, and nothing else, has been run.
 * Not here: anything that vmxassist does.
 * SPDX-License-Identifier: GPL-2.0-only */
    .text
    jmp     entry
    .org    8
    .long   0x17101966
    .long   0xd1000
    .long   0xd10ac
entry:
    movl    $0x0badb10b, %eax
    hlt
    .org    VMXASSIST_SIZE
