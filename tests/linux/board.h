/* A PC without a BIOS around one interpreter: RAM, the devices that Linux cannot do without, a
 * clock that counts instructions. Not here: what is loaded into it (main.c). */
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LINUX_BOARD_H
#define TESTS_LINUX_BOARD_H

#include <stdio.h>

#include "interrupt_controllers.h"
#include "interval_timer.h"
#include "processor.h"

#define BOARD_RAM_SIZE (256u << 20) /* from physical 0; there is no other memory */

/* Instructions a second of the guest's time, which also passes while it is halted. */
#define BOARD_HZ 100000000u

enum board_end {
    BOARD_RESET,   /* through the keyboard controller */
    BOARD_SILENT,  /* halted, and nothing will ever wake it */
    BOARD_FAULT,   /* a triple fault */
    BOARD_TOO_LONG /* the instructions that it may take are used up */
};

struct board {
    struct processor processor;
    uint8_t *ram; /* BOARD_RAM_SIZE bytes */
    FILE *serial; /* what the guest sends to COM1; the caller's */

    struct interrupt_controllers interrupts;
    struct interval_timer timer;
    uint64_t halted; /* instructions' worth of time in HLT */
    bool open;
    int accepted; /* vector, or -1 */

    uint8_t line_control, modem_control, interrupt_enable; /* of COM1's 16550 */
    bool transmitter_told; /* that it is empty, since the last byte */
    uint8_t speaker;       /* port 61's bits 0 and 1 */
    uint8_t clock_index;   /* port 70 */
    uint64_t sysenter[3];  /* MSRs 174 to 176 */
    bool reset, silent;
};

/* A board with zeroed RAM and its processor at reset, that keeps decoded code in the `code_size`
 * bytes at `code` (see processor_keep_code). Exits with a message when there is no memory. Owned
 * by the caller, released by board_destroy. */
struct board *board_create(FILE *serial, void *code, size_t code_size);
void board_destroy(struct board *board);

/* Runs at most `instructions`. */
enum board_end board_run(struct board *board, uint64_t instructions);

#endif
