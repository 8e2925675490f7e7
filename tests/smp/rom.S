/* The ROM of a machine with two processors and no hypervisor: puts the low-layout blob in its place,
 * starts it as hvmloader does, and brings along the guest program for both processors.
 * Not here: reading what they print (check.sh).
 *
 * The first processor interprets the program at `guest`, which sends INIT and a start-up IPI through
 * the local APIC. The second processor then runs `second_start` natively, which does what Xen 3.x does
 * for it: enters the blob with EDX = vCPU number and EBX = vector. From there on the blob interprets
 * `second_guest`, while the first processor is interpreted as well. Neither ever leaves the
 * interpreter: nobody would be there to take it. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define ROM           0xffff0000
#define BLOB          0x000d0000
#define BIOS          0x000f0000
#define NATIVE_VECTOR 8                         /* of the start-up IPI: second_start */
#define VECTOR        9                         /* as told to the blob: second_guest */
#define DONE          0x500                     /* set by the second processor, */
#define DONE_CS       0x502                     /* with the CS that it had */
#define CODE          8
#define DATA          16
#define E9            0xe9
#define TURNS         8
#define PAUSE         2000

    .text
blob:
    .incbin BLOB_FILE
blob_end:

/* --- native start ------------------------------------------------------------------------------- */
    .balign 8
gdt:
    .quad   0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_register:
    .word   23
    .long   ROM + gdt

    .macro  flat_data
    movw    $DATA, %ax
    movw    %ax, %ds
    movw    %ax, %es
    movw    %ax, %ss
    .endm

    .macro  copy first, end, to
    movl    $ROM + \first, %esi
    movl    $\to, %edi
    movl    $\end - \first, %ecx
    rep movsb
    .endm

    .code32
flat:
    flat_data
    cld
    /* Host bridge: F0000-FFFFF and C0000-EFFFF become RAM. */
    movw    $0xcf8, %dx
    movl    $0x80000058, %eax
    outl    %eax, %dx
    movw    $0xcfd, %dx
    movb    $0x30, %al
    outb    %al, %dx
    movb    $0x33, %al
    incw    %dx
    outb    %al, %dx
    incw    %dx
    outb    %al, %dx
    movw    $0xcf8, %dx
    movl    $0x8000005c, %eax
    outl    %eax, %dx
    movw    $0xcfc, %dx
    movl    $0x33333333, %eax
    outl    %eax, %dx
    copy    blob, blob_end, BLOB
    copy    guest, guest_end, BIOS
    copy    second_start, second_start_end, NATIVE_VECTOR << 12
    copy    second_guest, second_guest_end, VECTOR << 12
    movb    $0xe9, BIOS + 0xfff0                /* JMP to the segment's start */
    movw    $0x10000 - 0xfff3, BIOS + 0xfff1
    movl    $0x7000, %esp
    xorl    %edx, %edx
    movl    $BLOB, %eax
    jmp     *%eax

    .code16
second_start:
    cli
    lgdtl   %cs:second_gdt_register - second_start
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmpl   $CODE, $(NATIVE_VECTOR << 12) + second_flat - second_start
    .balign 8
second_gdt:
    .quad   0, 0x00cf9b000000ffff, 0x00cf93000000ffff
second_gdt_register:
    .word   23
    .long   (NATIVE_VECTOR << 12) + second_gdt - second_start
    .code32
second_flat:
    flat_data
    xorl    %esp, %esp                          /* the blob must bring its own stack */
    movl    $1, %edx
    movl    $VECTOR, %ebx
    movl    $BLOB, %eax
    jmp     *%eax
second_start_end:

/* --- interpreted -------------------------------------------------------------------------------- */
    .code16
    .macro  say_turns letter
    movw    $TURNS, %cx
1:  movb    $\letter, %al
    outb    %al, $E9
    movw    $PAUSE, %bx
2:  decw    %bx
    jnz     2b
    loop    1b
    .endm

second_guest:
    xorw    %ax, %ax
    movw    %ax, %ds
    say_turns 'b'
    movw    %cs, DONE_CS
    movw    $1, DONE
    cli
    hlt
second_guest_end:

guest:
    xorw    %ax, %ax
    movw    %ax, %es
    movw    %ax, %es:DONE
    /* A 4 GiB limit for DS, to reach the local APIC. CS is not reloaded while PE=1, so that VT-x could
     * not run this state and the blob does not try to hand it over. */
    lgdtl   %cs:guest_gdt_register - guest
    movl    %cr0, %eax
    orb     $1, %al
    movl    %eax, %cr0
    movw    $8, %bx
    movw    %bx, %ds
    andb    $0xfe, %al
    movl    %eax, %cr0
    movl    $0xfee00300, %ebx                   /* interrupt command register */
    movl    $0x01000000, 16(%ebx)
    movl    $0x00004500, (%ebx)                 /* INIT */
    movw    $20000, %cx
1:  loop    1b
    movl    $0x00004600 | NATIVE_VECTOR, (%ebx) /* start-up */
    say_turns 'a'
1:  cmpw    $0, %es:DONE
    je      1b
    cmpw    $VECTOR << 8, %es:DONE_CS
    movw    $good - guest, %si
    je      1f
    movw    $bad - guest, %si
1:  call    say_text
    movw    $shutdown - guest, %si
    movw    $0x8900, %dx
1:  movb    %cs:(%si), %al
    outb    %al, %dx
    incw    %si
    testb   %al, %al
    jnz     1b
    cli
    hlt
say_text:
    movb    %cs:(%si), %al
    testb   %al, %al
    jz      1f
    outb    %al, $E9
    incw    %si
    jmp     say_text
1:  ret
good:
    .asciz  " started\n"
bad:
    .asciz  " started at the wrong place\n"
shutdown:
    .asciz  "Shutdown"
    .balign 8
guest_gdt:
    .quad   0, 0x00cf93000000ffff
guest_gdt_register:
    .word   15
    .long   BIOS + guest_gdt - guest
guest_end:

/* --- reset -------------------------------------------------------------------------------------- */
    .org    0xff00
start:
    cli
    lgdtl   %cs:gdt_register
    movl    %cr0, %eax
    andl    $0x9fffffff, %eax
    orb     $1, %al
    movl    %eax, %cr0
    ljmpl   $CODE, $ROM + flat
    .org    0xfff0
    jmp     start
    .org    0x10000
