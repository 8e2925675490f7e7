/* The self-test blob's assembly: header, entry, both ways into the guest world, IDT stubs, and the
 * pieces of guest code that C cannot express. Not here: any check. */
/* SPDX-License-Identifier: GPL-2.0-only */
#define WORLD_SWITCH_MAGIC 0x17101966
#define HANDOFF_MAGIC      0x41564d48
#define SELECTOR_CODE      0x08
#define SELECTOR_DATA      0x10
#define SELECTOR_TASK      0x18

    .section .header, "ax"
    .globl  blob_entry
blob_entry:
    jmp     start
    .org    8
    .globl  header_magic
header_magic:
    .long   WORLD_SWITCH_MAGIC
    .long   new_context
    .long   old_context
    .long   blob_statistics

    .text
start:
    /* Nothing but the registers may be used before they are noted. */
    movl    %eax, start_registers
    movl    %edx, start_registers + 4
    movl    %esp, start_registers + 8
    movl    %cr0, %eax
    movl    %eax, start_registers + 12
    movl    %cr4, %eax
    movl    %eax, start_registers + 16
    sgdt    start_gdtr
    sidt    start_idtr
    movl    $blob_stack_top, %esp
    pushfl
    popl    start_registers + 20
    cld
    call    blob_main
1:  hlt
    jmp     1b

/* load_tables(gdtr *, idtr *): also reloads every segment register. */
    .globl  load_tables
load_tables:
    movl    4(%esp), %eax
    lgdt    (%eax)
    movl    8(%esp), %eax
    lidt    (%eax)
    ljmp    $SELECTOR_CODE, $1f
1:  movl    $SELECTOR_DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    %eax, %fs
    movl    %eax, %gs
    movl    $SELECTOR_TASK, %eax
    ltr     %ax
    ret

/* invoke_self(): INVOKE from wherever we are; comes back in the NEW context. */
    .globl  invoke_self
invoke_self:
    pushal
    movl    %esp, saved_esp
    movl    $0x10, %eax
    movl    %eax, %cr0
    ud2

/* run_by_world_switch(): RESTOREs OLD; comes back at the next INVOKE. */
    .globl  run_by_world_switch
run_by_world_switch:
    pushal
    movl    %esp, saved_esp
    movl    restore_cr0, %eax
    movl    %eax, %cr0
    ud2

/* run_by_hypercall(block): 1 when the guest ran and came back, 0 when the request was refused. */
    .globl  run_by_hypercall
run_by_hypercall:
    pushal
    movl    %esp, saved_esp
    movl    $34, %eax
    movl    $24, %ebx
    xorl    %ecx, %ecx
    movl    36(%esp), %edx
    movl    $HANDOFF_MAGIC, %edi
    vmcall
    popal
    movl    $0, %eax
    ret

/* Where every return to the blob arrives: NEW.eip, and RIP of the registered entry context. */
    .globl  blob_returned
blob_returned:
    movl    %esp, returned_esp
    movl    saved_esp, %esp
    popal
    movl    $1, %eax
    ret

/* hypercall(eax, ebx, ecx, edx, edi): VMCALL. */
    .globl  hypercall
hypercall:
    pushl   %ebx
    pushl   %edi
    movl    12(%esp), %eax
    movl    16(%esp), %ebx
    movl    20(%esp), %ecx
    movl    24(%esp), %edx
    movl    28(%esp), %edi
    vmcall
    popl    %edi
    popl    %ebx
    ret

/* probe(instruction, eax, ecx, edx): runs `instruction` (a routine), and returns the vector of the
 * exception that it raised, or -1. EAX and EDX afterwards are in probe_eax and probe_edx. */
    .globl  probe
probe:
    pushal
    movl    %esp, probe_esp
    movl    40(%esp), %eax
    movl    44(%esp), %ecx
    movl    48(%esp), %edx
    call    *36(%esp)
    movl    %eax, probe_eax
    movl    %edx, probe_edx
    movl    $0, probe_esp
    popal
    movl    $-1, %eax
    ret
probe_raised:
    movl    probe_esp, %esp
    movl    $0, probe_esp
    popal
    movl    exception_vector, %eax
    ret

    .macro  probe_instruction name, instruction:vararg
    .globl  \name
\name:
    \instruction
    ret
    .endm
    probe_instruction probe_rdmsr, rdmsr
    probe_instruction probe_wrmsr, wrmsr
    probe_instruction probe_vmxoff, vmxoff
    probe_instruction probe_xsetbv, xsetbv
    probe_instruction probe_invd, invd
    probe_instruction probe_mov_cr0, movl %eax, %cr0
    probe_instruction probe_mov_cr3, movl %eax, %cr3
    probe_instruction probe_mov_cr4, movl %eax, %cr4
    probe_instruction probe_fpu, fnop
    .globl  probe_rep_insb, probe_rep_outsb
probe_rep_insb:                                 /* EAX = to, ECX = count, EDX = port */
    movl    %eax, %edi
    rep insb
    movl    %ecx, %eax
    ret
probe_rep_outsb:                                /* EAX = from, ECX = count, EDX = port */
    movl    %eax, %esi
    rep outsb
    movl    %ecx, %eax
    ret
    .globl  probe_single_step_cpuid
probe_single_step_cpuid:                        /* one CPUID under TF */
    pushfl
    orl     $0x100, (%esp)
    popfl
    cpuid
    nop
    ret

/* Code of the guest world. */
    .globl  guest_leave, guest_leave16, guest_call, guest_lmsw, guest_sti_leave, guest_step_leave
guest_leave:                                    /* clears PE without touching a flag */
    movl    $0x10, %eax
    movl    %eax, %cr0
    .globl  guest_left
guest_left:
    ud2
    .code16
guest_leave16:
    movl    $0x10, %eax
    movl    %eax, %cr0
    .globl  guest_left16
guest_left16:
    ud2
    .code32
guest_call:                                     /* runs guest_function, then leaves */
    call    *guest_function
    jmp     guest_leave
guest_lmsw:                                     /* PE clear and TS set in the source */
    movl    $8, %eax
    lmsw    %ax
    .globl  guest_lmsw_end
guest_lmsw_end:
    jmp     guest_leave
guest_sti_leave:                                /* the STI shadow covers MOV CR0 */
    movl    $0x10, %eax
    sti
    movl    %eax, %cr0
    ud2
guest_step_leave:                               /* leaves with TF set */
    pushfl
    orl     $0x100, (%esp)
    movl    $0x10, %eax
    popfl
    movl    %eax, %cr0
    .globl  guest_step_left
guest_step_left:
    ud2

/* Tasks for the task-switch test; each notes that it ran, and goes on as its TSS type demands. */
    .globl  task_by_call, task_by_jump, task_by_gate, task_code16
task_by_call:
    incl    task_runs
    pushfl
    popl    task_eflags
    str     %ax
    movzwl  %ax, %eax
    movl    %eax, task_tr
    iretl
    jmp     task_by_call
task_by_jump:
    incl    task_runs
    ljmp    $SELECTOR_TASK, $0
    jmp     task_by_jump
task_by_gate:                                   /* entered with an error code on the stack */
    popl    task_error
    incl    task_runs
    movl    $task_resume, main_tss + 0x20       /* EIP of the task that faulted */
    iretl
    jmp     task_by_gate
    .code16
task_code16:
    addr32 incl task_runs
    iretw
    jmp     task_code16
    .code32
    .globl  raise_gp, call_task, jump_task
raise_gp:                                       /* #GP with selector 0x7ff8; resumes at task_resume */
    movl    $0x7ff8, %eax
    movl    %eax, %fs
task_resume:
    ret
call_task:
    lcall   *4(%esp)
    ret
jump_task:
    ljmp    *4(%esp)
    ret

/* IDT stubs, 16 bytes each. Vectors below 32 go to the probe, the others are counted. */
    .balign 16
    .globl  idt_stubs
idt_stubs:
    .set    vector, 0
    .rept   256
    .balign 16
    .if     vector >= 32 || (vector != 8 && (vector < 10 || vector > 14) && vector != 17)
    pushl   $0
    .endif
    pushl   $vector
    jmp     idt_common
    .set    vector, vector + 1
    .endr
idt_common:
    pushal
    cmpl    $32, 32(%esp)
    jae     1f
    pushl   %esp
    call    blob_exception                      /* returns when a probe is waiting */
    jmp     probe_raised
1:  pushl   32(%esp)
    call    blob_interrupt
    addl    $4, %esp
    popal
    addl    $8, %esp
    iretl

    .bss
    .balign 16
    .space  8192
    .globl  blob_stack_top
blob_stack_top:
    .space  8192
    .globl  guest_stack_top
guest_stack_top:
    .globl  start_registers, start_gdtr, start_idtr, returned_esp, probe_esp, probe_eax, probe_edx
    .globl  restore_cr0, guest_function
start_registers:
    .space  24
start_gdtr:
    .space  8
start_idtr:
    .space  8
saved_esp:
    .space  4
returned_esp:
    .space  4
probe_esp:
    .space  4
probe_eax:
    .space  4
probe_edx:
    .space  4
restore_cr0:
    .space  4
guest_function:
    .space  4

    .section .note.GNU-stack, "", @progbits
