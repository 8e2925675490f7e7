# Paging: 4 KiB, 4 MiB and PAE pages, protection, A and D bits, page faults. Also built KEPT.
# Not here: what may be cached: every change of a table is followed by INVLPG or MOV CR3.
# SPDX-License-Identifier: GPL-2.0-only
.include "guest.inc"
.include "kept.inc"
.include "rings.inc"

# Tables and pages, physical = linear below 1 MiB
.set DIRECTORY, 0x40000
.set TABLE_IDENTITY, 0x41000
.set TABLE_TEST, 0x42000
.set PAE_POINTERS, 0x44000
.set PAE_DIRECTORY, 0x45000
.set PAE_TABLE_IDENTITY, 0x46000
.set PAE_TABLE_TEST, 0x47000
.set FRAME, 0x50000                     # eight page frames

.set P, 1
.set RW, 2
.set US, 4
.set PS, 0x80
.set CR4_PSE, 0x10
.set CR4_PAE, 0x20

    code16
guest:
    cli
    call install_ivt
    keep_state
    enter_ring0
    call checks_without_paging
    movl %cr4, %eax
    orl $CR4_PSE, %eax
    movl %eax, %cr4
    say "32-bit paging, ring 0, WP=0\n"
    call build_tables
    movl $DIRECTORY, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  call show_control
    call probe_all
    say "ring 0, WP=1\n"
    call fresh
    movl %cr0, %eax
    orl $CR0_WP, %eax
    movl %eax, %cr0
    call probe_all
    call crossings
    say "ring 3, WP=1\n"
    call fresh
    ring3 probe_ring3
    say "ring 3, WP=0\n"
    call fresh
    movl %cr0, %eax
    andl $~CR0_WP, %eax
    movl %eax, %cr0
    ring3 probe_ring3
    ring3 crossings_ring3
    call accessed_and_dirty
    call stack_faults
    call flip_paging
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  say "PAE, ring 0\n"
    movl %cr4, %eax
    orl $CR4_PAE, %eax
    movl %eax, %cr4
    call fresh_pae
    call show_control
    call probe_all
    say "PAE, ring 3\n"
    call fresh_pae
    ring3 probe_ring3
    call bad_pointers
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  movl %cr4, %eax
    andl $~(CR4_PSE | CR4_PAE), %eax
    movl %eax, %cr4
    xorl %eax, %eax
    movl %eax, %cr3
    leave_ring0
    release_state
    finish "paging"

    code32
show_control:
    show "cr0=", %cr0
    show " cr3=", %cr3
    show " cr4=", %cr4
    say "\n"
    ret

# MOV CR with what is not allowed. Only where the interpreter judges it: in a guest that runs natively a
# hypervisor does, and Xen 3.2 lets NW without CD pass, faults with RF clear, and gives up the domain
# for a page-directory-pointer entry that is not allowed.
checks_without_paging:
.ifdef KEPT
    say "control registers\n"
    movl %cr0, %eax
    orl $CR0_PG, %eax
    andl $~CR0_PE, %eax
    try movl %eax, %cr0                 # PG without PE
    movl %cr0, %eax
    orl $0x20000000, %eax
    andl $~0x40000000, %eax
    try movl %eax, %cr0                 # NW without CD
    movl $0x80000000, %eax
    try movl %eax, %cr4                 # reserved
.endif
    call show_control
    ret

# `count` 4-byte entries of the table, from physical `first` on
.macro identity_entries table, first, count, attributes
    movl $\table, %edi
    movl $\first | \attributes, %eax
    movl $\count, %ecx
1:  movl %eax, (%edi)
    addl $0x1000, %eax
    addl $4, %edi
    decl %ecx
    jnz 1b
.endm

build_tables:
    movl $DIRECTORY, %edi
    movl $0x4000 / 4, %ecx
    xorl %eax, %eax
    cld
    rep stosl
    identity_entries TABLE_IDENTITY, 0, 256, P | RW | US
    movl $TABLE_IDENTITY | P | RW | US, DIRECTORY
    movl $TABLE_TEST | P | RW | US, DIRECTORY + 4
    movl $0 | P | RW | US | PS, DIRECTORY + 2 * 4
    movl $TABLE_TEST | P | US, DIRECTORY + 4 * 4
    movl $TABLE_TEST | P | RW, DIRECTORY + 5 * 4
    movl $0x00200000 | P | RW | US | PS, DIRECTORY + 6 * 4  # bit 21 is reserved
    movl $FRAME | P | RW | US, TABLE_TEST
    movl $FRAME + 0x1000 | P | US, TABLE_TEST + 4
    movl $FRAME + 0x2000 | P | RW, TABLE_TEST + 8
    movl $FRAME + 0x3000 | P, TABLE_TEST + 12
    movl $FRAME + 0x4000 | RW | US, TABLE_TEST + 16
    movl $FRAME | P | RW | US, TABLE_TEST + 20
    ret

# new tables, by way of paging off
fresh:
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  call build_tables
    movl $DIRECTORY, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  ret

fresh_pae:
    movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  call build_pae
    movl $PAE_POINTERS, %eax
    movl %eax, %cr3
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    jmp 1f
1:  ret

build_pae:
    movl $PAE_POINTERS, %edi
    movl $0x4000 / 4, %ecx
    xorl %eax, %eax
    cld
    rep stosl
    movl $PAE_DIRECTORY | P, PAE_POINTERS
    movl $PAE_TABLE_IDENTITY | P | RW | US, PAE_DIRECTORY
    movl $PAE_TABLE_TEST | P | RW | US, PAE_DIRECTORY + 2 * 8       # linear 400000
    movl $0 | P | RW | US | PS, PAE_DIRECTORY + 4 * 8               # 800000
    movl $PAE_TABLE_TEST | P | US, PAE_DIRECTORY + 8 * 8            # 1000000
    movl $PAE_TABLE_TEST | P | RW, PAE_DIRECTORY + 10 * 8           # 1400000
    movl $0x00100000 | P | RW | US | PS, PAE_DIRECTORY + 12 * 8     # 1800000: bit 20 is reserved
    movl $PAE_TABLE_IDENTITY, %edi
    movl $0 | P | RW | US, %eax
    movl $256, %ecx
1:  movl %eax, (%edi)
    addl $0x1000, %eax
    addl $8, %edi
    decl %ecx
    jnz 1b
    movl $FRAME | P | RW | US, PAE_TABLE_TEST
    movl $FRAME + 0x1000 | P | US, PAE_TABLE_TEST + 8
    movl $FRAME + 0x2000 | P | RW, PAE_TABLE_TEST + 16
    movl $FRAME + 0x3000 | P, PAE_TABLE_TEST + 24
    movl $FRAME + 0x4000 | RW | US, PAE_TABLE_TEST + 32
    movl $FRAME | P | RW | US, PAE_TABLE_TEST + 40
    movl $0x80000000, PAE_TABLE_TEST + 44       # execute-disable without EFER.NXE: reserved
    ret

# one read and one write of each kind of page
probe_all:
    movl $linear_addresses, %esi
1:  movl (%esi), %ebx
    show "  ", %ebx
    say "\n"
    try movl (%ebx), %eax
    try movl %eax, (%ebx)
    try lock incl (%ebx)
    addl $4, %esi
    cmpl $linear_addresses_end, %esi
    jb 1b
    call show_tables
    movl $ESCAPE + 1f, %ebp             # a fetch
    movl %esp, escape_esp
    movl $0x404000, %eax
    jmp *%eax
1:  ret

probe_ring3:
    movw $DATA3, %ax
    movw %ax, %ds
    movl $linear_addresses, %esi
1:  movl (%esi), %ebx
    show "  ", %ebx
    say "\n"
    try movl (%ebx), %eax
    try movl %eax, (%ebx)
    try lock incl (%ebx)
    addl $4, %esi
    cmpl $linear_addresses_end, %esi
    jb 1b
    int $0x31

linear_addresses:
    .long 0x00400000, 0x00401000, 0x00402000, 0x00403000, 0x00404000, 0x00405000
    .long 0x00850000, 0x00c00000, 0x01000000, 0x01402000, 0x01400000, 0x01800000, 0xfffff000
linear_addresses_end:

# The entries of all tables with their accessed and dirty bits. Each has been read through once before
# this is called, or cannot be: whether a refused access sets the bits above it is not defined.
show_tables:
    say "  entries"
    movl $DIRECTORY, %edi
    call show_entries
    movl $TABLE_TEST, %edi
    call show_entries
    movl $PAE_DIRECTORY, %edi
    call show_entries
    movl $PAE_TABLE_TEST, %edi
    call show_entries
    say "\n"
    ret
# the non-zero ones among 26 dwords at EDI
show_entries:
    say " |"
    movl $26, %ecx
1:  movl (%edi), %eax
    testl %eax, %eax
    jz 2f
    show " ", %eax
2:  addl $4, %edi
    decl %ecx
    jnz 1b
    ret

# accesses that need two pages: nothing is written when one of them is refused
crossings:
    say "crossings\n"
    movl $0x11111111, FRAME + 0x2ffc
    movl $0x22222222, FRAME + 0x3000
    movl $0x33333333, FRAME + 0x3ffc
    try movl 0x403ffe, %eax             # into the absent page
    try movl 0x404ffe, %eax             # out of it: the lower address is the faulting one
    try movl %eax, 0x402ffe             # RW, then read-only
    try xchgl %eax, 0x402ffd
    movl FRAME + 0x2ffc, %eax
    show "  before ", %eax
    movl FRAME + 0x3000, %eax
    show " behind ", %eax
    movl $0x402ff8, %edi
    movl $8, %ecx
    xorl %eax, %eax
    cld
    try rep stosl
    show " stos: ecx=", %ecx
    show " edi=", %edi
    movl FRAME + 0x2ffc, %eax
    show " ", %eax
    say "\n"
    movl $0x403ff0, %esi
    movl $0x400000, %edi
    movl $0x20, %ecx
    try rep movsb
    show "  movs: ecx=", %ecx
    show " esi=", %esi
    show " edi=", %edi
    say "\n"
    try btsl %ecx, 0x404000
    movl $0x8000, %ecx                  # a bit string: 1000h bytes on
    try btsl %ecx, 0x403000
    ret

crossings_ring3:
    say "ring 3 stack\n"
    movw $DATA3, %ax
    movw %ax, %ds
    movl %esp, %edx
    movl $0x400002, %esp
    try pushl %eax                      # the lower half in a page that is absent (no page at 3ff000)
    movl $0x405004, %esp
    pushl $0x5a5a5a5a
    try pushl %eax                      # 404ffc
    movl %esp, %eax
    popl %ebx
    movl %edx, %esp
    show "  esp ", %eax
    show " popped ", %ebx
    movl 0x400000, %eax                 # the same frame
    show " seen at 400000 ", %eax
    say "\n"
    movl $0x404ff0, %esp
    movl $1f, %ebp
    call 1f
1:  movl %edx, %esp
    movl $0x400000, %esp
    try enterl $0x10, $0
    movl %edx, %esp
    int $0x31

# an entry's accessed and dirty bits after each kind of access
.macro after text, instruction:vararg
    andl $~0x60, TABLE_TEST
    andl $~0x60, DIRECTORY + 4
    invlpg 0x400000
    \instruction
    movl TABLE_TEST, %edx
    andl $0x60, %edx
    show "  \text: page ", %edx, 2
    movl DIRECTORY + 4, %edx
    andl $0x60, %edx
    show " directory ", %edx, 2
    say "\n"
.endm
accessed_and_dirty:
    say "accessed and dirty\n"
    call fresh
    after "nothing", nop
    after "invlpg", invlpg 0x400000
    after "mov from", movl 0x400000, %eax
    after "mov to", movl %eax, 0x400000
    after "cmp", cmpl %eax, 0x400000
    after "add", addl %eax, 0x400000
    after "test", testl %eax, 0x400000
    movl 0x400000, %eax
    after "cmpxchg equal", cmpxchgl %eax, 0x400000
    notl %eax
    after "cmpxchg not equal", cmpxchgl %ecx, 0x400000
    after "lea", leal 0x400000, %eax
    after "bt", btl $0, 0x400000
    after "bts", btsl $0, 0x400000
    after "verr", verr 0x400000
    after "sgdt", sgdt 0x400000
    movl $0x400000, %esi
    after "lods", lodsl
    xorl %ecx, %ecx
    after "rep stos with ecx=0", rep stosl
    movl DIRECTORY + 2 * 4, %eax
    andl $~0x60, DIRECTORY + 2 * 4
    invlpg 0x850000
    movl 0x850000, %eax
    movl DIRECTORY + 2 * 4, %eax
    show "  4 MiB page read ", %eax
    movl %eax, 0x850000
    movl DIRECTORY + 2 * 4, %eax
    show " written ", %eax
    say "\n"
    ret

# the frame of a fault taken in ring 3, with the ring-0 stack reached through another page
stack_faults:
    say "ring-0 stack at 400c00\n"
    movl $0x400c00, tss + 4
    ring3 ring3_fault
    movl $RING0_STACK, tss + 4
    movl FRAME + 0xbfc, %eax
    show "  frame: ", %eax, 4
    movl FRAME + 0xbf8, %eax
    show " ", %eax
    say "\n"
    ret
ring3_fault:
    movw $DATA3, %ax
    movw %ax, %ds
    try movl 0x404444, %eax
    try movl %eax, 0x401111
    int $0x31

# paging off and on again, thirty times
flip_paging:
    movl $30, %ecx
1:  movl %cr0, %eax
    andl $~CR0_PG, %eax
    movl %eax, %cr0
    jmp 2f
2:  incl FRAME
    movl %cr0, %eax
    orl $CR0_PG, %eax
    movl %eax, %cr0
    jmp 3f
3:  incl 0x400000
    decl %ecx
    jnz 1b
    movl 0x405000, %eax
    subl FRAME, %eax
    show "flips: difference ", %eax
    say "\n"
    call show_control
    ret

# page-directory-pointer entries that MOV CR3 refuses, and one that is absent
bad_pointers:
    say "PAE pointers\n"
.ifdef KEPT
    .irp value, 0x02, 0x1e, 0x1e0
    movl $PAE_DIRECTORY | P | \value, PAE_POINTERS + 8
    movl %cr3, %eax
    try movl %eax, %cr3
    .endr
    movl $0x80000000, PAE_POINTERS + 12
    movl $PAE_DIRECTORY | P, PAE_POINTERS + 8
    movl %cr3, %eax
    try movl %eax, %cr3                 # bit 63
    movl $0, PAE_POINTERS + 12
.endif
    movl $PAE_DIRECTORY | P, PAE_POINTERS + 8
    movl %cr3, %eax
    try movl %eax, %cr3
    movl 0x40400000, %eax               # the second GiB is the first one again
    movl 0x400000, %ebx
    subl %ebx, %eax
    show "  alias: ", %eax
    say "\n"
    movl $0, PAE_POINTERS + 8
    try movl 0x80400000, %eax
    movl %cr3, %eax
    movl %eax, %cr3
    try movl 0x40400000, %eax
    ret

trap_set gate32, 32, 4, 1

    .balign 8
gdt:
    standard_descriptors
    ring_descriptors
gdt_end:
idt:
    trap_gates gate32, CODE32, INTERRUPT32, 0x20, level_exit
idt_end:
table_pointer gdt_pointer, gdt, gdt_end
table_pointer idt_pointer, idt, idt_end
