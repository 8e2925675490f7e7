# A virtual-8086 monitor that runs the BIOS, as EMM386, BTX and NT's do: interrupts reflected, IF
# virtual at IOPL 0, with paging and without. Also built KEPT. Not here: single instructions (v86.s).
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"
.include "timer.inc"

.set DIRECTORY, 0x20000                 # page directory, and one table behind it
.set BUFFER, 0x5000
.set MONITOR_TSS, RINGS_OWN
.set IOPL3, 0x3000
.set FLAGS_IF, 0x200
.set FLAGS_VM, 0x20000

# In the frame of an entry from virtual-8086 mode, ESP at PUSHAL's registers.
.set F_ERROR, 32
.set F_EIP, 36
.set F_CS, 40
.set F_FLAGS, 44
.set F_ESP, 48
.set F_SS, 52

    code16
guest:
    cli
    call install_ivt
    keep_state
    .irp paging, 0, 1
    .irp flags, IOPL3 + FLAGS_IF, FLAGS_IF
    say "paging \paging, flags \flags\n"
    movb $\paging, with_paging
    movl $\flags, machine_flags
    call session
    .endr
    .endr
    release_state
    finish "monitor"

# One monitor from real mode to real mode, with the program in it.
session:
    call init_pics
    outb_to $0x36, 0x43                 # the timer as the BIOS has it
    outb_to $0, 0x40
    outb_to $0, 0x40
    outb_to $0xb8, 0x21                 # timer, keyboard, floppy
    movl $0, pending
    enter_ring0
    movb $0x89, gdt + MONITOR_TSS + 5   # not busy
    movw $MONITOR_TSS, %ax
    ltr %ax
    cmpb $0, with_paging
    je 1f
    call make_pages
    movl $DIRECTORY, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  movb $1, virtual_if
    movl $program, %eax
    movl machine_flags, %ebx
    movl $0x600, %edx
    call run_v86
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    andb $~BUSY_TYPE, gdt + TSS + 5
    leave_ring0
    ret
.set BUSY_TYPE, 2

# The first 4 MiB, identical, for everybody.
    code32
make_pages:
    movl $DIRECTORY, %edi
    movl $DIRECTORY + 0x1007, %eax
    stosl
    xorl %eax, %eax
    movl $1023, %ecx
    rep stosl
    movl $7, %eax
    movl $1024, %ecx
1:  stosl
    addl $0x1000, %eax
    loop 1b
    ret

# --- the monitor --------------------------------------------------------------------------------

.macro enter_monitor
    pushal
    movw $DATA32, %ax
    movw %ax, %ds
    movw %ax, %es
.endm

# #GP: INT n at any IOPL, the sensitive instructions at IOPL 0, HLT
protection:
    enter_monitor
    movzwl F_CS(%esp), %esi
    shll $4, %esi
    movzwl F_EIP(%esp), %eax
    addl %eax, %esi
    movl $2, %ebp                       # operand size
1:  movzbl (%esi), %eax
    incl %esi
    incw F_EIP(%esp)
    cmpb $0x66, %al
    jne 2f
    movl $4, %ebp
    jmp 1b
2:  movl $emulations, %edi
3:  cmpb $0, (%edi)
    je unknown
    cmpb %al, (%edi)
    je 4f
    addl $5, %edi
    jmp 3b
4:  jmp *1(%edi)
emulations:
    .byte 0xcd
    .long emulate_int
    .byte 0xcf
    .long emulate_iret
    .byte 0x9c
    .long emulate_pushf
    .byte 0x9d
    .long emulate_popf
    .byte 0xfa
    .long emulate_cli
    .byte 0xfb
    .long emulate_sti
    .byte 0xf4
    .long emulate_hlt
    .byte 0

unknown:
    show "  the monitor does not know ", %eax, 2
    movl F_CS(%esp), %eax
    show " at ", %eax, 4
    movl F_EIP(%esp), %eax
    show ":", %eax, 4
    say "\n"
    jmp level_exit

emulate_int:
    movzbl (%esi), %eax
    incw F_EIP(%esp)
    cmpb $0x31, %al
    je level_exit
    call reflect
    jmp leave_monitor
emulate_cli:
    movb $0, virtual_if
    jmp leave_monitor
emulate_sti:
    movb $1, virtual_if
    jmp deliver
emulate_hlt:
    sti                                 # an interrupt here is only noted
    hlt
    cli
    jmp deliver
emulate_pushf:
    movl F_FLAGS(%esp), %eax
    call virtual_flags
    call push_word
    jmp leave_monitor
emulate_popf:
    call pop_word
    call set_flags
    jmp deliver
emulate_iret:
    call pop_word
    movw %ax, F_EIP(%esp)
    call pop_word
    movw %ax, F_CS(%esp)
    call pop_word
    call set_flags
    jmp deliver

# EAX: flags of the frame; IF as the program has it
virtual_flags:
    testl $IOPL3, machine_flags
    jnz 1f
    andl $~FLAGS_IF, %eax
    orl $IOPL3, %eax                    # what a program on a real machine may see
    cmpb $0, virtual_if
    je 1f
    orl $FLAGS_IF, %eax
1:  ret
# AX into the frame (whose offsets are 4 more in a routine); IF goes to virtual_if, IOPL stays
set_flags:
    btl $9, %eax
    setc virtual_if
    andl $0x0dd5, %eax
    andl $~0x0dd5, F_FLAGS + 4(%esp)
    orl %eax, F_FLAGS + 4(%esp)
    ret
# AX to and from the program's stack; 4 bytes where the operand size in EBP says so
push_word:
    subw %bp, F_ESP + 4(%esp)
    movzwl F_SS + 4(%esp), %edi
    shll $4, %edi
    movzwl F_ESP + 4(%esp), %ebx
    cmpl $4, %ebp
    je 1f
    movw %ax, (%edi,%ebx)
    ret
1:  movl %eax, (%edi,%ebx)
    ret
pop_word:
    movzwl F_SS + 4(%esp), %edi
    shll $4, %edi
    movzwl F_ESP + 4(%esp), %ebx
    movl (%edi,%ebx), %eax
    addw %bp, F_ESP + 4(%esp)
    ret

# AL: vector, to the program's own handler
reflect:
    movzbl %al, %ecx
    movl $2, %ebp
    movl F_FLAGS + 4(%esp), %eax
    call virtual_flags
    popl %edx                           # so that the frame is where push_word wants it
    call push_word
    movl F_CS(%esp), %eax
    call push_word
    movl F_EIP(%esp), %eax
    call push_word
    movl (,%ecx,4), %eax
    movw %ax, F_EIP(%esp)
    shrl $16, %eax
    movw %ax, F_CS(%esp)
    movb $0, virtual_if
    testl $IOPL3, machine_flags
    jz 1f
    andl $~FLAGS_IF, F_FLAGS(%esp)
1:  jmp *%edx

# an interrupt: noted, and delivered when the program lets it in
.macro irq number
irq_\number:
    enter_monitor
    orl $1 << \number, pending
    testl $FLAGS_VM, 40(%esp)           # no error code: EFLAGS are here
    jnz interrupted
    popal                               # of the monitor's own HLT
    iretl
.endm
.irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
irq \number
.endr
# make the frame one with an error code
interrupted:
    popal
    pushl $0
    pushal
deliver:
    cmpl $0, pending
    je leave_monitor
    testl $IOPL3, machine_flags
    jz 1f
    testl $FLAGS_IF, F_FLAGS(%esp)
    jz leave_monitor
    jmp 2f
1:  cmpb $0, virtual_if
    je leave_monitor
2:  bsfl pending, %eax
    btrl %eax, pending
    addb $0x08, %al
    cmpb $0x10, %al
    jb 3f
    addb $0x60, %al
3:  call reflect
leave_monitor:
    popal
    addl $4, %esp
    iretl

virtual_if:
    .byte 0
with_paging:
    .byte 0
    .balign 4
pending:
    .long 0
machine_flags:
    .long 0

# --- the program --------------------------------------------------------------------------------

    code16
program:
    pushfw
    popw %ax
    movzwl %ax, %eax
    andw $0x3200, %ax
    show "  flags ", %eax, 4
    cli
    pushfl
    popl %eax
    andl $0x3200, %eax
    show " cli ", %eax, 4
    sti
    pushfw
    popw %ax
    movzwl %ax, %eax
    andw $0x3200, %ax
    show " sti ", %eax, 4
    say "\n"
    movb $0x0f, %ah
    int $0x10
    movzwl %ax, %eax
    show "  INT 10h/0f ", %eax, 4
    movw $0x0e2a, %ax
    movw $7, %bx
    int $0x10
    int $0x12
    movzwl %ax, %eax
    show " INT 12h ", %eax, 4
    movb $1, %ah
    int $0x16
    setz %al
    movzbl %al, %eax
    show " INT 16h/01 zf=", %eax, 2
    movb $0x88, %ah
    int $0x15
    movzwl %ax, %eax
    show " INT 15h/88 ", %eax, 4
    say "\n"
    movw $3, %bp                        # the floppy: IRQ6 and DMA
1:  movw $0, BUFFER + 510
    xorw %ax, %ax
    movw %ax, %es
    movw $BUFFER, %bx
    movw $0x0001, %cx
    xorb %dh, %dh
    movb boot_drive, %dl
    movw $0x0201, %ax
    int $0x13
    setc %cl
    movzwl %ax, %eax
    show "  INT 13h/02 ", %eax, 4
    movzbl %cl, %ecx
    show " cf=", %ecx, 2
    movzwl BUFFER + 510, %eax
    show " ", %eax, 4
    decw %bp
    jnz 1b
    say "\n"
    movl 0x46c, %ebx                    # HLT until the BIOS has counted three ticks
    addl $3, %ebx
2:  sti
    hlt
    cmpl %ebx, 0x46c
    jb 2b
    say "  ticked\n"
    cli                                 # and none comes while the program shuts it out
    movl 0x46c, %ebx
    movl $0x20000, %ecx
3:  decl %ecx
    jnz 3b
    cmpl %ebx, 0x46c
    sete %al
    movzbl %al, %eax
    show "  shut out ", %eax, 2
    sti
    nop
    nop
    say "\n"
    int $0x31

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
    descriptor_at monitor_tss, (monitor_tss_end - monitor_tss - 1), 0x0089
gdt_end:
table_pointer gdt_pointer, gdt, gdt_end

    .balign 8
idt:
    .irp vector, 00, 01, 02, 03, 04, 05, 06, 07, 08
    gate CODE32, trap_\vector, INTERRUPT32
    .endr
    .quad 0
    .irp vector, 0a, 0b, 0c
    gate CODE32, trap_\vector, INTERRUPT32
    .endr
    gate CODE32, protection, INTERRUPT32
    gate CODE32, trap_0e, INTERRUPT32
    .fill 17, 8, 0
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    gate CODE32, irq_\number, INTERRUPT32
    .endr
    .fill 2, 8, 0
idt_end:
table_pointer idt_pointer, idt, idt_end
trap_set trap, 32, 4, 1

    .balign 16
monitor_tss:
    .long 0
    .long RING0_STACK, DATA32
    .fill 22, 4, 0
    .word 0, monitor_bitmap - monitor_tss
monitor_bitmap:
    .fill 0x500 / 8, 1, 0               # what the BIOS uses
    .byte 0xff
monitor_tss_end:
