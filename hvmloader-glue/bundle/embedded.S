/* The files that the bundler carries: both stubs, both blobs.
 * Not here: what is done with them (compose.c).
 * SPDX-License-Identifier: GPL-2.0-only */
    .section .rodata.embedded, "a"

    .macro  file name, path
    .balign 4
    .globl  \name, \name\()_size
\name:
    .incbin "\path"
    .balign 4
\name\()_size:
    .long   \name\()_size - \name
    .endm

    file    embedded_stub3, STUB3
    file    embedded_stub4, STUB4
    file    embedded_blob3, BLOB3
    file    embedded_blob4, BLOB4

    .section .note.GNU-stack, "", @progbits
